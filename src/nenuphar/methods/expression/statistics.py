"""What each scoring method adds up over the genes of a signature, and what it makes of the sums.

Every method here is a sum over genes of a number that depends on the gene's place in its own
sample only. Genes with equal values share the places they occupy: a gene counts with the mean of
what it would count in each of them, so that no score depends on the order of genes.

The numbers are rounded to a binary grid so coarse (about 1e-13 of the largest sum) that their sums
are exact in double precision. An exact sum does not depend on the order of its terms: a sample
alone, a cohort, dense or sparse, plain or compiled give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Method = Literal["ssgsea", "aucell", "ucell", "singscore", "ulm", "zscore"]
RANK_METHODS = ("ssgsea", "aucell", "ucell", "singscore")
VALUE_METHODS = ("ulm", "zscore")
METHODS = (*RANK_METHODS, *VALUE_METHODS)
_MANTISSA = 52


class OptionError(ValueError):
    """An option outside what the method allows."""


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of the methods; each default is the peers' unless it says otherwise.

    n_up: AUCell, how many of the highest genes the recovery curve covers; None is 5% of all genes.
    max_rank: UCell, the rank at which all lower genes are cut off (never above the gene number).
    zeros_last: UCell, zeros count as cut off where nothing is below zero (pyucell, UCell).
    missing_last: UCell, unmeasured genes count as cut off. The peers do so; here the default is
        to leave them out, since not measured is not low.
    w_neg: UCell, weight of the genes expected low.
    exponent: ssGSEA, the power to which ranks weigh (0.25).
    normalise: ssGSEA, `none` (raw enrichment score), `genes` (divided by the number of genes, so
        that it does not grow with the platform) or `range` (the peers' NES: divided by the range
        over all samples and signatures, which makes it depend on the cohort).
    centre: singscore, whether 0 is the middle (its default) or the lowest value.
    subtract_mean: z-score, whether the sample's mean is taken off every gene (decoupler's default,
        which takes it off the weighted mean and so differs where weights are not all alike).
    slope: ULM, the slope in place of its t value.
    """

    n_up: int | None = None
    max_rank: int = 1500
    zeros_last: bool = True
    missing_last: bool = False
    w_neg: float = 1.0
    exponent: float = 0.25
    normalise: Literal["none", "genes", "range"] = "none"
    centre: bool = True
    subtract_mean: bool = True
    slope: bool = False

    def __post_init__(self) -> None:
        if self.n_up is not None and self.n_up < 2:
            raise OptionError(f"n_up is {self.n_up}; the recovery curve needs at least 2 genes")
        if self.max_rank < 2:
            raise OptionError(f"max_rank is {self.max_rank}; UCell needs at least 2")
        if self.exponent < 0:
            raise OptionError(f"exponent is {self.exponent}; ssGSEA needs 0 or more")
        if self.normalise not in {"none", "genes", "range"}:
            raise OptionError(f"normalise is {self.normalise!r}; choose none, genes or range")

    def places_covered(self, n_genes: int) -> int:
        """AUCell's number of top places among `n_genes` (5%, rounded up, at least 2)."""
        asked = int(np.ceil(0.05 * n_genes)) if self.n_up is None else self.n_up
        return min(max(asked, 2), n_genes)


@dataclass(frozen=True, slots=True)
class RankStatistic:
    """Numbers by place, for the K sums that a rank method needs.

    tables: K × (2N + 1). Where `expected` is false, the entry at first + last place of a tied
        group (the two are equal for a lone gene) is what each of its genes counts. Where true,
        entry p is the total of the places 1 to p, and a tied group shares its part of it.
        Entry 0, no place, is 0.
    grid: the K powers of two that the numbers are multiples of.
    zero_last: what a zero counts where nothing is below it; NaN leaves zeros to their place.
    """

    tables: Floats
    expected: NDArray[np.bool_]
    grid: Floats
    zero_last: Floats


def grid_for(bound: float) -> float:
    """The finest power of two of which numbers adding up to at most `bound` are exact multiples."""
    return float(2.0 ** (np.ceil(np.log2(max(bound, 1e-300))) - _MANTISSA))


def rank_statistic(method: str, n_genes: int, largest_set: int, options: Options) -> RankStatistic:
    """The place tables of a method for samples of `n_genes` and sets up to `largest_set` genes."""
    places = np.arange(2 * n_genes + 1) / 2  # mean place of a group, from first + last
    ascending = n_genes + 1 - places
    zero_last = np.nan
    if method == "ssgsea":
        weight = np.maximum(ascending, 0) ** options.exponent
        rows, expected = [weight * ascending, weight, ascending], False
    elif method == "singscore":
        rows, expected = [ascending], False
    elif method == "ucell":
        cut = min(options.max_rank, n_genes)
        rows, expected = [np.minimum(places, cut)], False
        zero_last = float(cut) if options.zeros_last else np.nan
    else:
        covered = options.places_covered(n_genes)
        each = np.maximum(covered - np.arange(n_genes + 1.0), 0)
        each[0] = 0
        total = np.concatenate([np.cumsum(each), np.zeros(n_genes)])
        rows, expected = [total], True
    tables = np.stack(rows)
    top = (np.abs(tables).max(axis=1) if not expected else np.array([float(n_genes)])) * largest_set
    grid = np.array([grid_for(bound) for bound in top])
    if not expected:
        tables = np.rint(tables / grid[:, None]) * grid[:, None]
    tables[:, 0] = 0.0
    k = len(rows)
    return RankStatistic(tables, np.full(k, expected), grid, np.full(k, zero_last))


def rank_scores(
    method: str, sums: Floats, sizes: NDArray[np.int64], n_genes: int, options: Options
) -> Floats:
    """Scores of gene sets from their sums.

    sums: samples × K × sets; sizes: genes of each set; returns samples × sets, NaN where the
    score does not exist (a set of all genes, or too large for the cut-off).
    """
    n = sizes.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "ssgsea":
            outside = (n_genes * (n_genes + 1) / 2 - sums[:, 2]) / (n_genes - n)
            score = sums[:, 0] / sums[:, 1] - outside
            scores = score / n_genes if options.normalise == "genes" else score
        elif method == "singscore":
            low, high = (n + 1) / 2, n_genes - (n - 1) / 2
            scores = (sums[:, 0] / n - low) / (high - low) - (0.5 if options.centre else 0.0)
        elif method == "ucell":
            low, high = n * (n + 1) / 2, n * min(options.max_rank, n_genes)
            scores = 1 - (sums[:, 0] - low) / np.where(high > low, high - low, np.nan)
        else:
            covered = options.places_covered(n_genes)
            counted = np.minimum(n, covered - 1)
            scores = sums[:, 0] / (counted * covered - counted * (counted + 1) / 2)
    scores[~np.isfinite(scores)] = np.nan
    return scores


def combine_directions(
    method: str, scores: Floats, up: NDArray[np.int64], down: NDArray[np.int64], options: Options
) -> Floats:
    """One score per signature from its high and its low set.

    scores: samples × sets; up and down: per signature the column of the set, -1 where it has none.
    ssGSEA and AUCell take the difference; UCell the weighted one, never below 0 (its authors');
    singscore adds the score of the low genes in the reversed ranking (its authors').
    """
    combined = np.zeros((scores.shape[0], up.size))
    has_up, has_down = up >= 0, down >= 0
    combined[:, has_up] = scores[:, up[has_up]]
    low = scores[:, down[has_down]]
    if method == "ucell":
        combined[:, has_down] = np.maximum(combined[:, has_down] - options.w_neg * low, 0)
    elif method == "singscore" and not options.centre:
        combined[:, has_down] += 1 - low
    else:
        combined[:, has_down] -= low
    return combined


def value_scores(
    method: str,
    sums: Floats,
    mean: Floats,
    squares: Floats,
    n_genes: int,
    totals: Floats,
    sizes: NDArray[np.int64],
    options: Options,
) -> Floats:
    """Z-scores or linear-model t values from weighted sums of values.

    sums: samples × signatures, Σ w·x; mean and squares: per sample, the mean and the sum of
    squared deviations over all genes; totals: Σw, Σ|w| and Σw² of each signature; sizes: its genes.
    NaN where the sample is constant.
    """
    total, absolute, squared = totals
    centred = sums - mean[:, None] * total
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(squares / (n_genes - 1))[:, None]
        if method == "zscore":
            above = centred if options.subtract_mean else sums
            scores = above / absolute * np.sqrt(sizes) / deviation
        else:
            spread = squared - total * total / n_genes
            if options.slope:
                scores = centred / spread
            else:
                r = centred / np.sqrt(spread * squares[:, None])
                scores = r * np.sqrt((n_genes - 2) / ((1 - r) * (1 + r)))
    scores[~np.isfinite(scores)] = np.nan
    return scores
