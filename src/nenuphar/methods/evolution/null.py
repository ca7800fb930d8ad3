"""Whether what a parent set adds is more than chance: the gain where it has nothing to add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nenuphar.methods.evolution.likelihood import log_likelihood, out_of_fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RIDGE = 1.0
_ENOUGH, _LEAST = 10, 39


@dataclass(frozen=True, eq=False)
class Null:
    """Gains under permutation beside the gain seen.

    Attributes:
        seen: Gain of adding the set, in nats a tumour, on one dealing of folds.
        drawn: Gains on the same folds with the set permuted, sorted.
        p_value: Share of gains at least as large, the one seen counted in.
    """

    seen: float
    drawn: NDArray[np.float64]
    p_value: float


def permutation_null(
    base: Sequence[NDArray[np.float64]],
    added: NDArray[np.float64],
    group: NDArray[np.int64],
    fold: NDArray[np.int64],
    prior_sd: float,
    permutations: int,
    seed: list[int],
    step: Callable[[int], None],
) -> Null:
    """Permute what the base leaves unexplained of an added set, and measure what it then gains.

    Permuting the set as it stands would also break its tie with the base, and a set that repeats
    the base would look like a discovery. So the set is split into what a ridge regression on the
    base explains and the rest, and the rest is permuted among tumours (Freedman and Lane).
    Drawing ends early where ten permutations have gained as much: the set is then chance.

    Args:
        base: Columns of the parent sets that are there already, none or some.
        added: Columns of the set that is added.
        group: Group of every tumour.
        fold: Fold of every tumour; the same in all permutations.
        prior_sd: See `likelihood.out_of_fold`.
        permutations: How many at most.
        seed: Seed of the permutations.
        step: Told how many more are done.

    Source: Freedman and Lane 1983, doi:10.1080/07350015.1983.10509354; Besag and Clifford 1991,
        doi:10.1093/biomet/78.2.301.
    """
    low = log_likelihood(out_of_fold(base, group, fold, prior_sd), group).mean()

    def gain(columns: NDArray[np.float64]) -> float:
        found = out_of_fold([*base, columns], group, fold, prior_sd)
        return float(log_likelihood(found, group).mean() - low)

    seen = gain(added)
    explained = _explained(base, added)
    rest = added - explained
    rng = np.random.default_rng(seed)
    drawn: list[float] = []
    exceeded = 0
    while len(drawn) < permutations and (exceeded < _ENOUGH or len(drawn) < _LEAST):
        drawn.append(gain(explained + rest[rng.permutation(len(rest))]))
        exceeded += drawn[-1] >= seen
        step(1)
    step(permutations - len(drawn))
    return Null(seen, np.sort(drawn), (1 + exceeded) / (1 + len(drawn)))


def _explained(
    base: Sequence[NDArray[np.float64]], added: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What the base explains of the added set, by ridge regression; nothing without a base."""
    if not base:
        return np.zeros_like(added)
    from sklearn.linear_model import Ridge

    known = _filled(np.hstack(base))
    spread = known.std(axis=0)
    known /= np.where(spread > 0, spread, 1.0)
    target = _filled(added)
    return Ridge(alpha=_RIDGE).fit(known, target).predict(known).reshape(target.shape)


def _filled(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with missing values at their mean."""
    return np.where(np.isnan(columns), np.nanmean(columns, axis=0), columns)
