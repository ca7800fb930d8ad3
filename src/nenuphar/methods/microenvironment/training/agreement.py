"""How far immune classes by one method agree with those by another, on tumours left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import KFold

from nenuphar.methods.microenvironment.training.readings import Numbers

COLD, INTERMEDIATE, HOT = 0, 1, 2
PLACES = (0.9, 0.75, 0.75)
"""Shares of a cohort below the cut-offs: T cells of a hot tumour, of one with few, myeloid-rich."""

Cuts = tuple[float, float, float]
"""T cells of a hot tumour, T cells of one that has more than few, myeloid cells of a rich one."""

FOLDS, REPEATS, RESAMPLES = 5, 5, 1000


@dataclass(frozen=True)
class Agreement:
    """Agreement of two readings of the same tumours.

    Attributes:
        kappa: Cohen's kappa, linear weights; mean of the repeats.
        low: Lower end of its 95% interval (bootstrap of tumours).
        high: Upper end.
        opposite: Tumours hot by one and cold by the other, of all (share 0 to 1).
    """

    kappa: float
    low: float
    high: float
    opposite: float


def classes(
    t_cells: Numbers, myeloid: Numbers, cuts: tuple[float, float, float]
) -> NDArray[np.int64]:
    """Class of each tumour as the rules have it: hot, intermediate (myeloid-rich too), cold."""
    hot, few, rich = cuts
    return np.where(t_cells >= hot, HOT, np.where((t_cells >= few) | (myeloid >= rich), 1, COLD))


def cuts_at(t_cells: Numbers, myeloid: Numbers) -> Cuts:
    """Cut-offs at the same places of any cohort."""
    hot, few, rich = PLACES
    return (
        float(np.quantile(t_cells, hot)),
        float(np.quantile(t_cells, few)),
        float(np.quantile(myeloid, rich)),
    )


def agreement(one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> Agreement:
    """Agreement of two methods, cut-offs of both set on four fifths and used on the last.

    Args:
        one: T cells and myeloid cells by one method, in any unit.
        other: The same by another.
    """
    pairs = []
    for seed in range(REPEATS):
        ours = np.empty(len(one[0]), dtype=np.int64)
        theirs = ours.copy()
        for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(ours):
            for told, (t, m) in ((ours, one), (theirs, other)):
                told[test] = classes(t[test], m[test], cuts_at(t[train], m[train]))
        pairs.append((ours, theirs))
    kappas = [cohen_kappa_score(a, b, weights="linear") for a, b in pairs]
    rng = np.random.default_rng(0)
    a, b = pairs[0]
    drawn = (rng.integers(0, len(a), len(a)) for _ in range(RESAMPLES))
    spread = [cohen_kappa_score(a[i], b[i], weights="linear") for i in drawn]
    low, high = np.quantile(spread, (0.025, 0.975))
    opposite = np.mean([np.mean(np.abs(x - y) == HOT - COLD) for x, y in pairs])
    return Agreement(float(np.mean(kappas)), float(low), float(high), float(opposite))


def rank_correlation(one: Numbers, other: Numbers) -> float:
    """Spearman correlation."""
    return float(spearmanr(one, other).statistic)
