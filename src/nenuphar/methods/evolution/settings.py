"""How a cohort is analysed, and what its groups leave unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nenuphar.methods.evolution.verdict import SIDES, Parents

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Settings:
    """How a cohort is analysed.

    Attributes:
        hypotheses: Parents of the group under each hypothesis: origin or alterations, each with and
            without the microenvironment.
        prior_sd: See `likelihood.out_of_fold`.
        matters_share: Least gain that matters, as a share of what is not known of the group before
            anything is known of the tumour (its entropy).
        power_min: Least power for an answer.
        alpha: Chance at which an added set is taken for more than chance.
        restates_min: Share of the entropy of the groups that a feature accounts for from which on
            the groups may have been drawn up from it.
        folds: Folds of the cross-validation.
        repeats: How often folds are dealt anew.
        permutations: Permutations of every null.
        simulations: Simulated cohorts of every power.
        seed: Seed of folds, permutations and simulations.
        sizes: How many times as many tumours are tried where the data cannot tell.
    """

    hypotheses: Mapping[str, Parents]
    prior_sd: float
    matters_share: float
    power_min: float
    alpha: float = 0.05
    restates_min: float = 0.6
    folds: int = 5
    repeats: int = 5
    permutations: int = 199
    simulations: int = 100
    seed: int = 0
    sizes: tuple[int, ...] = (2, 4)

    def matters(self, group: NDArray[np.int64]) -> float:
        """Least gain that matters, in nats a tumour."""
        return self.matters_share * entropy(group)

    def chance_of(self, base: Parents) -> float:
        """Chance at which a set added to a base counts; shared where either side is tried."""
        return self.alpha / len(SIDES) if not base else self.alpha


def entropy(group: NDArray[np.int64]) -> float:
    """What is not known of the group before anything is known of the tumour, in nats."""
    share = np.bincount(group) / len(group)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())
