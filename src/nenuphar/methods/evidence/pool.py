"""Pooling of proportions over studies: the GLMM, or inverse variance of transformed values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from nenuphar.methods.evidence import effects
from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import (
    EvidenceError,
    PooledEstimate,
    PoolingPlan,
    StudyEstimate,
)
from nenuphar.methods.evidence.glmm import fit_logistic, saturated_gain
from nenuphar.methods.evidence.heterogeneity import Heterogeneity, typical_variance
from nenuphar.methods.evidence.inverse_variance import Fit, fit_inverse_variance
from nenuphar.methods.evidence.overlap import DoubleCountingError, double_counted

Floats = npt.NDArray[np.float64]

_FEW = 5


def pool(counts: Sequence[StudyCounts], plan: PoolingPlan | None = None) -> PooledEstimate:
    """Pool events among patients over studies.

    One study, or studies that all lack events (or non-events), are not pooled: the result then
    is the plain proportion of all patients with its Clopper-Pearson interval, `pooled` is False
    and `notes` says why.

    Args:
        counts: One row per study or per disjoint subgroup of a study; nothing missing.
        plan: Model, estimator and interval; the GLMM by default.

    Raises:
        DoubleCountingError: A study stands twice, or as a whole beside its subgroup.
        EvidenceError: There are no studies, or the model has no finite estimate.

    Source: doi:10.1002/sim.4040 (GLMM); doi:10.1002/jrsm.1348 (against Freeman-Tukey).
    """
    plan = plan or PoolingPlan()
    events, n = as_arrays(counts)
    if len(n) == 1 or events.sum() in (0, n.sum()):
        return _plain(counts, plan)
    fit = fit_proportions(events, n, plan)
    spread, mean = fit.heterogeneity, float(fit.beta[0])
    error = float(np.sqrt(fit.covariance[0, 0]))
    back = back_transform(n, plan)
    half, reach = fit.quantile(plan.level) * error, prediction_reach(fit, plan)
    low, high, least, most, middle = (
        float(back(mean + shift)) for shift in (-half, half, -reach, reach, 0.0)
    )
    return PooledEstimate(
        estimate=middle,
        ci_low=low,
        ci_high=high,
        tau2=spread.tau2,
        i2=spread.i2,
        prediction_low=least,
        prediction_high=most,
        k=len(n),
        studies=_studies(counts, plan, fit.weights),
        measure="proportion",
        method=plan.method,
        h2=spread.h2,
        q=spread.q,
        q_df=spread.q_df,
        q_p=spread.q_p,
        model_estimate=mean,
        standard_error=error,
        notes=_notes(counts, plan),
    )


def leave_one_out(
    counts: Sequence[StudyCounts], plan: PoolingPlan | None = None
) -> tuple[tuple[StudyCounts, PooledEstimate], ...]:
    """Pool again without each row in turn: what a study adds.

    Returns:
        The row left out, and the pool of the others.

    Raises:
        EvidenceError: There are fewer than two rows.
    """
    if len(counts) < 2:
        raise EvidenceError("leaving one study out of one leaves none; give two or more.")
    return tuple(
        (row, pool([*counts[:place], *counts[place + 1 :]], plan))
        for place, row in enumerate(counts)
    )


def as_arrays(counts: Sequence[StudyCounts]) -> tuple[Floats, Floats]:
    """Return events and patients as arrays of shape (k,), after refusing double counting.

    Raises:
        DoubleCountingError: A study stands twice, or as a whole beside its subgroup.
        EvidenceError: There are no rows.
    """
    if not counts:
        raise EvidenceError("there are no studies to pool.")
    reasons = double_counted(counts)
    if reasons:
        raise DoubleCountingError(reasons)
    return (
        np.array([row.events for row in counts], dtype=float),
        np.array([row.n for row in counts], dtype=float),
    )


def fit_proportions(events: Floats, n: Floats, plan: PoolingPlan, x: Floats | None = None) -> Fit:
    """Fit the chosen model to counts, on its own scale (log odds, or double arcsine).

    For the GLMM, I² and H² rest on the typical variance of half-corrected log odds and Q is the
    likelihood ratio against one proportion per study, as in R metafor's `rma.glmm`.

    Raises:
        EvidenceError: The GLMM has no finite estimate.
    """
    if plan.method == "freeman-tukey":
        return fit_inverse_variance(*effects.freeman_tukey(events, n), plan, x)
    y, v = effects.logit(events, n)
    if plan.method == "logit":
        return fit_inverse_variance(y, v, plan, x)
    design = np.ones((len(n), 1)) if x is None else x
    model = fit_logistic(events, n, design)
    df = len(n) - design.shape[1]
    h2 = 1 + model.tau2 / typical_variance(v, design) if df > 0 else 1.0
    q = saturated_gain(events, n, design)
    p = float(special.chdtrc(df, q)) if df > 0 else 1.0
    spread = Heterogeneity(model.tau2, 1 - 1 / h2, h2, q, df, p)
    t_df = df if plan.ci == "hk" and df > 0 else None
    return Fit(model.beta, model.covariance, spread, t_df)


def back_transform(n: Floats, plan: PoolingPlan) -> Callable[[float], Floats]:
    """Return the function from the model's scale to a proportion."""
    if plan.method != "freeman-tukey":
        return effects.inverse_logit
    size = effects.back_transform_size(n, plan.back_transform_n)
    return lambda value: effects.inverse_freeman_tukey(value, size)


def prediction_reach(fit: Fit, plan: PoolingPlan) -> float:
    """Return half the width of the prediction interval, on the model's scale.

    With `riley` and fewer than three studies it is infinite.
    """
    spread = float(np.sqrt(fit.covariance[0, 0] + fit.heterogeneity.tau2))
    if plan.prediction == "as-ci":
        return fit.quantile(plan.level) * spread
    df = fit.heterogeneity.q_df - 1
    return float(special.stdtrit(df, 0.5 + plan.level / 2)) * spread if df > 0 else float("inf")


def _plain(counts: Sequence[StudyCounts], plan: PoolingPlan) -> PooledEstimate:
    events, n = sum(row.events for row in counts), sum(row.n for row in counts)
    if len(counts) == 1:
        note = "One study only: nothing to pool; its own proportion with the exact interval."
    else:
        what = "No study has an event" if events == 0 else "Every patient has the event"
        note = (
            f"{what}: no model can be fitted; {events}/{n} over all studies with the exact "
            "interval, which takes the studies as alike."
        )
    low, high = effects.clopper_pearson(events, n, plan.level)
    return PooledEstimate(
        estimate=events / n,
        ci_low=low,
        ci_high=high,
        tau2=None,
        i2=None,
        prediction_low=None,
        prediction_high=None,
        k=len(counts),
        studies=_studies(counts, plan, None),
        measure="proportion",
        method=plan.method,
        pooled=False,
        notes=(note,),
    )


def _studies(
    counts: Sequence[StudyCounts], plan: PoolingPlan, weights: Floats | None
) -> tuple[StudyEstimate, ...]:
    rows = []
    for place, row in enumerate(counts):
        low, high = effects.clopper_pearson(row.events, row.n, plan.level)
        weight = None if weights is None else float(weights[place])
        share = row.events / row.n
        rows.append(
            StudyEstimate(row.study, share, low, high, row.events, row.n, row.subgroup, weight)
        )
    return tuple(rows)


def _notes(counts: Sequence[StudyCounts], plan: PoolingPlan) -> tuple[str, ...]:
    notes = []
    if len(counts) < _FEW:
        notes.append(
            f"Only {len(counts)} studies: how much they differ (tau², I², prediction interval) "
            "is poorly known."
        )
    empty = [row.study for row in counts if row.events in (0, row.n)]
    if plan.method == "logit" and empty:
        notes.append(f"Half an event and half a non-event added to: {', '.join(empty)}.")
    if plan.method == "glmm" and plan.ci == "hk":
        notes.append(
            "Hartung-Knapp is not defined for the GLMM; its interval uses Student's t with "
            f"{len(counts) - 1} degrees of freedom."
        )
    sizes = [row.n for row in counts]
    if plan.method == "freeman-tukey" and max(sizes) > 10 * min(sizes):
        notes.append(
            "Freeman-Tukey is turned back at one study size and can mislead where sizes differ "
            "this much (doi:10.1002/jrsm.1348); see the GLMM."
        )
    return tuple(notes)
