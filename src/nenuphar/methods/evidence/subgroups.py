"""Do subgroups differ? Each pooled by itself, and one test between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import EvidenceError, PooledEstimate, PoolingPlan
from nenuphar.methods.evidence.glmm import likelihood_ratio
from nenuphar.methods.evidence.heterogeneity import cochran_q
from nenuphar.methods.evidence.pool import as_arrays, fit_proportions, pool


@dataclass(frozen=True, slots=True)
class SubgroupComparison:
    """Subgroups side by side.

    Attributes:
        subgroups: Pooled estimate of each, by name, in order of appearance.
        test: `likelihood ratio` (GLMM, one tau² for all) or `Q between` (a tau² for each).
        statistic: Chi-squared statistic; None if no study has an event, or every patient has.
        df: Its degrees of freedom.
        p_value: Probability of a larger difference if the subgroups were alike; None likewise.
        notes: Cautions.
    """

    subgroups: tuple[tuple[str, PooledEstimate], ...]
    test: str
    statistic: float | None
    df: int
    p_value: float | None
    notes: tuple[str, ...] = ()


def compare_subgroups(
    counts: Sequence[StudyCounts], plan: PoolingPlan | None = None
) -> SubgroupComparison:
    """Pool every subgroup and test whether they differ.

    The likelihood ratio of the GLMM allows subgroups without events. Subgroups of one study are
    taken as independent, as they hold different patients.

    Args:
        counts: Rows with `subgroup` set; rows without one are refused.
        plan: Model and estimator.

    Raises:
        EvidenceError: Rows without a subgroup, or fewer than two subgroups.

    Source: doi:10.1002/9780470743386.ch19 (Q between).
    """
    plan = plan or PoolingPlan()
    nameless = [row.study for row in counts if not row.subgroup]
    if nameless:
        raise EvidenceError(f"no subgroup is given for {', '.join(nameless)}; fill the column in.")
    names = list(dict.fromkeys(str(row.subgroup) for row in counts))
    if len(names) < 2:
        raise EvidenceError(f"only one subgroup ({', '.join(names)}); a comparison needs two.")
    groups = {name: [row for row in counts if row.subgroup == name] for name in names}
    statistic = _statistic(counts, groups, plan)
    df = len(names) - 1
    return SubgroupComparison(
        tuple((name, pool(rows, plan)) for name, rows in groups.items()),
        "likelihood ratio" if plan.method == "glmm" else "Q between",
        statistic,
        df,
        None if statistic is None else float(special.chdtrc(df, statistic)),
        _cautions(groups),
    )


def _statistic(
    counts: Sequence[StudyCounts], groups: dict[str, list[StudyCounts]], plan: PoolingPlan
) -> float | None:
    events, n = as_arrays(counts)
    if events.sum() in (0, n.sum()):
        return None
    if plan.method != "glmm":
        return _q_between(list(groups.values()), plan)
    membership = np.array([[float(row.subgroup == name) for name in groups] for row in counts])
    return likelihood_ratio(events, n, np.ones((len(n), 1)), membership)


def _q_between(groups: Sequence[Sequence[StudyCounts]], plan: PoolingPlan) -> float:
    wald = replace(plan, ci="z")
    fits = [fit_proportions(*as_arrays(rows), wald) for rows in groups]
    means = np.array([float(fit.beta[0]) for fit in fits])
    variances = np.array([float(fit.covariance[0, 0]) for fit in fits])
    return cochran_q(means, variances, np.ones((len(fits), 1)))


def _cautions(groups: dict[str, list[StudyCounts]]) -> tuple[str, ...]:
    small = [name for name, rows in groups.items() if sum(row.n for row in rows) < 20]
    if not small:
        return ()
    return (
        f"Fewer than 20 patients in {', '.join(small)}: the P value is an approximation for "
        "large numbers; read the intervals.",
    )
