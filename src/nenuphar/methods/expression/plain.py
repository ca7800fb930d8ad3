"""Sums over one sample at a time with NumPy alone: the path for a few samples, without a compiler.

It gives the same bits as `kernels`; the tests hold the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nenuphar.methods.expression.gene_sets import GeneSets
    from nenuphar.methods.expression.statistics import RankStatistic

    Floats = NDArray[np.float64]

TOP_BITS = 51


def place_values(
    positive_first: NDArray[np.floating], zeros: int, statistic: RankStatistic
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """What each gene of one sample counts.

    positive_first: the values that are not zero, in falling order; zeros: how many are zero.
    Returns K × groups, the group of each value, and what a zero counts (K).
    """
    n = positive_first.size
    above = int(np.searchsorted(-positive_first, 0.0))
    starts = np.flatnonzero(np.r_[n > 0, positive_first[1:] != positive_first[:-1]])
    group = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, n]))
    first = starts + 1 + np.where(starts >= above, zeros, 0)
    last = first + np.diff(np.r_[starts, n]) - 1
    values = _at(statistic, first, last)
    zero = np.zeros(statistic.grid.size)
    if zeros:
        zero = _at(statistic, np.array([above + 1]), np.array([above + zeros]))[:, 0]
        if above == n:
            zero = np.where(np.isnan(statistic.zero_last), zero, statistic.zero_last)
    return values, group, zero


def _at(statistic: RankStatistic, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    tables, grid = statistic.tables, statistic.grid[:, None]
    if not statistic.expected[0]:
        return tables[:, first + last]
    shared = (tables[:, last] - tables[:, first - 1]) / (last - first + 1)
    return np.rint(shared / grid) * grid


def rank_sums(
    values: NDArray[np.floating], columns: NDArray[np.integer], sets: GeneSets,
    statistic: RankStatistic,
) -> Floats:  # fmt: skip
    """The K sums of every set for one sample, K × sets.

    values and columns: the genes that are not zero; all others are zero.
    """
    n_genes, k = sets.start.size - 1, statistic.grid.size
    order = np.argsort(-values, kind="stable")
    by_group, group, zero = place_values(values[order], n_genes - values.size, statistic)
    counts = np.repeat(zero[:, None], n_genes, axis=1)
    counts[:, columns[order]] = by_group[:, group]
    gathered = counts[:, sets.entry_gene]
    m = sets.sizes.size
    return np.stack([np.bincount(sets.entry_set, gathered[i], minlength=m) for i in range(k)])


def scale_for(bound: float) -> float:
    """The power of two that makes numbers adding up to `bound` into exact whole numbers."""
    return float(np.ldexp(1.0, TOP_BITS - int(np.frexp(bound)[1])))


def value_sums(
    values: NDArray[np.floating], sets: GeneSets, n_genes: int
) -> tuple[Floats, float, float]:
    """Weighted sums of one sample's values per set, its mean and its squared deviations.

    values: the whole sample, zeros included. Every sum is exact on a grid set by the largest
    value, hence the same in any order of genes.
    """
    x = values.astype(np.float64)
    largest = float(np.abs(x).max(initial=0.0))
    m = sets.sizes.size
    if largest == 0.0:
        return np.zeros(m), 0.0, 0.0
    scale = scale_for(largest * n_genes)
    mean = float(np.rint(x * scale).sum()) / scale / n_genes
    wide = scale_for(4.0 * largest * largest * n_genes)
    squares = float(np.rint((x - mean) * (x - mean) * wide).sum()) / wide
    heavy = scale_for(largest * float(sets.totals[1].max()))
    part = np.rint(sets.entry_weight * x[sets.entry_gene] * heavy)
    return np.bincount(sets.entry_set, part, minlength=m) / heavy, mean, squares
