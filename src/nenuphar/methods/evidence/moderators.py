"""Meta-regression: does the effect change with a number known of every study?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import EvidenceError, PoolingPlan
from nenuphar.methods.evidence.inverse_variance import Fit, fit_inverse_variance
from nenuphar.methods.evidence.pool import as_arrays, fit_proportions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One line of a regression table, on the model's scale per unit of the moderator.

    Attributes:
        name: `intercept`, or the moderator.
        estimate: Log odds (ratio), double arcsine, or log hazard ratio.
        standard_error: Its standard error.
        ci_low: Lower confidence limit.
        ci_high: Upper confidence limit.
        p_value: Two-sided.
    """

    name: str
    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """A fitted meta-regression.

    Attributes:
        coefficients: Intercept first.
        tau2: Variance between studies left unexplained, on the model's scale.
        i2: Its share of the total variance, a fraction.
        q: Residual heterogeneity statistic.
        q_moderators: Test of all moderators together: chi-squared, or F under Hartung-Knapp.
        q_moderators_p: Its P value.
        k: Studies used.
        missing: Studies left out because a moderator is missing.
    """

    coefficients: tuple[Coefficient, ...]
    tau2: float
    i2: float
    q: float
    q_moderators: float
    q_moderators_p: float
    k: int
    missing: tuple[str, ...] = ()


def regress_proportions(
    counts: Sequence[StudyCounts], moderators: Sequence[str], plan: PoolingPlan | None = None
) -> MetaRegression:
    """Regress proportions on study-level numbers, on the model's scale.

    Studies that lack a moderator are left out and named in `missing`.

    Args:
        counts: Rows with `moderators`.
        moderators: Names of the moderators.
        plan: Model, estimator and interval.

    Raises:
        EvidenceError: Too few studies, a moderator that does not vary, or no finite estimate.

    Source: doi:10.1002/sim.1186.
    """
    plan = plan or PoolingPlan()
    complete = [all(name in row.moderators for name in moderators) for row in counts]
    used = [row for row, whole in zip(counts, complete, strict=True) if whole]
    missing = tuple(row.study for row, whole in zip(counts, complete, strict=True) if not whole)
    values = np.array([[row.moderators[name] for name in moderators] for row in used], float)
    design, unscale = _design(values.reshape(len(used), len(moderators)), moderators)
    fit = fit_proportions(*as_arrays(used), plan, design)
    return _table(fit, unscale, moderators, plan, missing)


def regress_effects(
    y: Floats, v: Floats, moderators: dict[str, Floats], plan: PoolingPlan | None = None
) -> MetaRegression:
    """Regress effects with known variances (such as log hazard ratios) on moderators.

    Args:
        y: Effects, shape (k,).
        v: Sampling variances, shape (k,).
        moderators: Values of shape (k,) by name; nothing missing.
        plan: Estimator and interval.

    Raises:
        EvidenceError: Too few studies, or a moderator that does not vary.
    """
    plan = plan or PoolingPlan()
    names = list(moderators)
    design, unscale = _design(np.column_stack([moderators[name] for name in names]), names)
    return _table(fit_inverse_variance(y, v, plan, design), unscale, names, plan, ())


def _design(values: Floats, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Standardised design, and the matrix that turns its coefficients into those per unit."""
    k, m = values.shape
    if k < m + 2:
        raise EvidenceError(
            f"{k} studies have a value for {', '.join(names)}; {m + 2} are the least needed."
        )
    centre, scale = values.mean(axis=0), values.std(axis=0)
    constant = [name for name, spread in zip(names, scale, strict=True) if spread == 0]
    if constant:
        raise EvidenceError(
            f"{', '.join(constant)} is the same in every study; nothing to regress."
        )
    design = np.column_stack([np.ones(k), (values - centre) / scale])
    if np.linalg.matrix_rank(design) < m + 1:
        raise EvidenceError(f"{', '.join(names)} determine each other; leave one out.")
    unscale = np.diag(np.append(1.0, 1 / scale))
    unscale[0, 1:] = -centre / scale
    return design, unscale


def _table(
    fit: Fit,
    unscale: Floats,
    names: Sequence[str],
    plan: PoolingPlan,
    missing: tuple[str, ...],
) -> MetaRegression:
    beta = unscale @ fit.beta
    covariance = unscale @ fit.covariance @ unscale.T
    errors = np.sqrt(np.diag(covariance))
    half = fit.quantile(plan.level) * errors
    p = _two_sided(beta / errors, fit.df)
    coefficients = tuple(
        Coefficient(name, *(float(number) for number in numbers))
        for name, *numbers in zip(
            ["intercept", *names], beta, errors, beta - half, beta + half, p, strict=True
        )
    )
    wald = float(beta[1:] @ np.linalg.solve(covariance[1:, 1:], beta[1:]))
    m, spread = len(names), fit.heterogeneity
    if fit.df is None:
        statistic, overall = wald, float(special.chdtrc(m, wald))
    else:
        statistic, overall = wald / m, float(special.fdtrc(m, fit.df, wald / m))
    k = spread.q_df + m + 1
    return MetaRegression(
        coefficients, spread.tau2, spread.i2, spread.q, statistic, overall, k, missing
    )


def _two_sided(z: Floats, df: int | None) -> Floats:
    tail = special.ndtr(-np.abs(z)) if df is None else special.stdtr(df, -np.abs(z))
    return np.asarray(2 * tail)
