"""Pooling of hazard ratios from printed ratios and confidence intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nenuphar.methods.evidence.counts import RejectedRow, require_columns, text_of
from nenuphar.methods.evidence.effects import log_ratio
from nenuphar.methods.evidence.estimate import (
    EvidenceError,
    PooledEstimate,
    PoolingPlan,
    StudyEstimate,
)
from nenuphar.methods.evidence.inverse_variance import fit_inverse_variance
from nenuphar.methods.evidence.overlap import DoubleCountingError, plain_name
from nenuphar.methods.evidence.pool import prediction_reach

_COLUMNS = ("hr", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """A hazard ratio as printed; below 1 favours the treated arm.

    Attributes:
        study: Name of the study.
        hr: Hazard ratio, above 0.
        ci_low: Lower limit, above 0.
        ci_high: Upper limit.
        level: Confidence level of the printed interval, a fraction.
    """

    study: str
    hr: float
    ci_low: float
    ci_high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse intervals that cannot belong to the ratio.

        Raises:
            EvidenceError: A value is not above 0, or the interval excludes its estimate.
        """
        problem = impossible_ratio(self.hr, self.ci_low, self.ci_high)
        if problem:
            raise EvidenceError(f"{self.study}: {problem[1]}; {problem[2]}")


def impossible_ratio(hr: float, ci_low: float, ci_high: float) -> tuple[str, str, str] | None:
    """Return column, reason and fix for a ratio that its interval cannot belong to."""
    values = zip(_COLUMNS, (hr, ci_low, ci_high), strict=True)
    wrong = next((column for column, value in values if not 0 < value < float("inf")), None)
    if wrong:
        return wrong, f"{wrong} is not above 0", "give the ratio itself, not its logarithm."
    if not ci_low <= hr <= ci_high:
        reason = f"the interval {ci_low:g}-{ci_high:g} excludes its estimate {hr:g}"
        return "ci_low", reason, "check the three numbers against the source."
    if ci_low == ci_high:
        return "ci_low", "the interval has no width", "check the limits against the source."
    return None


def read_hazards(
    rows: Iterable[Mapping[str, Any]],
    lines: Sequence[int] | None = None,
) -> tuple[tuple[HazardRatio, ...], tuple[RejectedRow, ...]]:
    """Read rows with `study`, `hr`, `ci_low`, `ci_high`; impossible ones are rejected.

    Args:
        rows: One mapping per row, in the order of the file.
        lines: Line of every row in the file; below a header of one line if None.

    Raises:
        TableError: There are no rows, or a column is missing.
    """
    table = [{str(key).strip().lower(): value for key, value in row.items()} for row in rows]
    require_columns(table, ("study", *_COLUMNS))
    accepted: list[HazardRatio] = []
    rejected: list[RejectedRow] = []
    for line, row in zip(lines or range(2, len(table) + 2), table, strict=True):
        result = _read_row(line, row)
        if isinstance(result, HazardRatio):
            accepted.append(result)
        else:
            rejected.append(result)
    return tuple(accepted), tuple(rejected)


def pool_hazards(ratios: Sequence[HazardRatio], plan: PoolingPlan | None = None) -> PooledEstimate:
    """Pool hazard ratios by inverse variance on the log scale.

    Standard errors come from the width of the printed intervals. One ratio is not pooled: it is
    returned as printed, `pooled` False. Any GLMM setting of the plan is ignored.

    Args:
        ratios: One per study, all in the same direction; nothing missing.
        plan: Estimator of tau², interval and level.

    Raises:
        DoubleCountingError: A study stands twice.
        EvidenceError: There are no ratios.

    Source: doi:10.1186/1745-6215-8-16.
    """
    plan = plan or PoolingPlan()
    _refuse(ratios)
    y, v = log_effects(ratios)
    if len(ratios) == 1:
        return _alone(ratios[0])
    fit = fit_inverse_variance(y, v, plan)
    mean, error = float(fit.beta[0]), float(np.sqrt(fit.covariance[0, 0]))
    half, reach = fit.quantile(plan.level) * error, prediction_reach(fit, plan)
    middle, low, high, least, most = (
        float(np.exp(mean + shift)) for shift in (0.0, -half, half, -reach, reach)
    )
    spread, weights = fit.heterogeneity, fit.weights
    shares = [None] * len(ratios) if weights is None else [float(w) for w in weights]
    return PooledEstimate(
        estimate=middle,
        ci_low=low,
        ci_high=high,
        tau2=spread.tau2,
        i2=spread.i2,
        prediction_low=least,
        prediction_high=most,
        k=len(ratios),
        studies=tuple(_study(r, w) for r, w in zip(ratios, shares, strict=True)),
        measure="hazard_ratio",
        method="inverse variance of log hazard ratios",
        h2=spread.h2,
        q=spread.q,
        q_df=spread.q_df,
        q_p=spread.q_p,
        model_estimate=mean,
        standard_error=error,
        notes=_lopsided(ratios),
    )


def log_effects(ratios: Sequence[HazardRatio]) -> tuple[np.ndarray, np.ndarray]:
    """Return log hazard ratios and their variances, both of shape (k,)."""
    pairs = [log_ratio(r.hr, r.ci_low, r.ci_high, r.level) for r in ratios]
    return np.array([float(y) for y, _ in pairs]), np.array([float(v) for _, v in pairs])


def _refuse(ratios: Sequence[HazardRatio]) -> None:
    if not ratios:
        raise EvidenceError("there are no hazard ratios to pool.")
    names = [plain_name(ratio.study) for ratio in ratios]
    twice = sorted(
        {r.study for r, name in zip(ratios, names, strict=True) if names.count(name) > 1}
    )
    if twice:
        raise DoubleCountingError([f"{name} is listed more than once." for name in twice])


def _study(ratio: HazardRatio, weight: float | None) -> StudyEstimate:
    return StudyEstimate(ratio.study, ratio.hr, ratio.ci_low, ratio.ci_high, weight=weight)


def _alone(ratio: HazardRatio) -> PooledEstimate:
    return PooledEstimate(
        estimate=ratio.hr,
        ci_low=ratio.ci_low,
        ci_high=ratio.ci_high,
        tau2=None,
        i2=None,
        prediction_low=None,
        prediction_high=None,
        k=1,
        studies=(_study(ratio, None),),
        measure="hazard_ratio",
        method="as printed",
        pooled=False,
        notes=("One study only: nothing to pool; the ratio and its interval are as printed.",),
    )


def _lopsided(ratios: Sequence[HazardRatio]) -> tuple[str, ...]:
    """Name ratios far from the middle of their interval, beyond what rounding explains."""
    odd = []
    for ratio in ratios:
        low, middle, high = np.log([ratio.ci_low, ratio.hr, ratio.ci_high])
        rounding = 0.006 * (1 / ratio.ci_low + 1 / ratio.hr)
        if abs(middle - (low + high) / 2) > rounding + 0.05 * (high - low):
            odd.append(ratio.study)
    if not odd:
        return ()
    return (f"The ratio lies off the middle of its interval in: {', '.join(odd)}; check it.",)


def _read_row(line: int, row: Mapping[str, Any]) -> HazardRatio | RejectedRow:
    study = text_of(row["study"])

    def reject(column: str, reason: str, fix: str) -> RejectedRow:
        return RejectedRow(line, study, column, text_of(row[column])[:40], reason, fix)

    if not study:
        return reject("study", "the study has no name", "name it.")
    numbers = []
    for column in _COLUMNS:
        try:
            numbers.append(float(text_of(row[column])))
        except ValueError:
            return reject(column, f"{column} is missing or not a number", "fill it in.")
    problem = impossible_ratio(*numbers)
    return reject(*problem) if problem else HazardRatio(study, *numbers)
