"""Tumour mutational burden per megabase with its Poisson interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nenuphar.methods.genomics.thresholds import Cutoffs, shipped_cutoffs

Material = Literal["tissue", "blood"]


class TerritoryError(ValueError):
    """A count or a territory that no burden can be worked out from."""


@dataclass(frozen=True, slots=True)
class MutationalBurden:
    """A burden; all rates in mutations per Mb.

    Attributes:
        material: `tissue` or `blood`; burdens of different material are different facts.
        mutations: Counted mutations.
        territory: Covered territory; Mb.
        rate: Mutations per Mb.
        low: Lower bound of the interval.
        high: Upper bound of the interval.
        status: `high`, `low`, or `undetermined` where the interval holds the cut-off or the
            territory is small.
        by_rate: `high` or `low` by the rate alone, as a label would read it.
        cutoff: The cut-off that was read.
        cautions: What to bear in mind.
    """

    material: Material
    mutations: int
    territory: float
    rate: float
    low: float
    high: float
    status: str
    by_rate: str
    cutoff: float
    cautions: tuple[str, ...]


def tumour_mutational_burden(
    mutations: int,
    territory: float,
    material: Material = "tissue",
    *,
    after_alkylator: bool | None = None,
    cutoffs: Cutoffs | None = None,
) -> MutationalBurden:
    """Work out the burden and its exact Poisson interval.

    With k mutations its bounds are half the chi-square quantiles with 2k and 2k + 2 degrees of
    freedom, over the territory.

    Args:
        mutations: Mutations counted as the assay counts them.
        territory: Covered territory; Mb, not bases.
        material: What was sequenced.
        after_alkylator: Whether the specimen was taken after an alkylating agent, if known.
        cutoffs: `tmb.*`; the shipped ones if left out.

    Raises:
        TerritoryError: A negative count, or a territory that is not above 0 or beyond a genome.

    Source:
        Garwood 1936, doi:10.1093/biomet/28.3-4.437; cut-offs as their records say.
    """
    # Half of a quantile of chi-squared, without `scipy.stats`, which takes half a second to load.
    from scipy.special import gammaincinv

    if mutations < 0 or not 0 < territory <= 3300:
        raise TerritoryError(
            f"{mutations} mutations over {territory} Mb: the count must not be negative, and the "
            "territory lies between 0 and 3300 Mb (a panel of 1.2 million bases is 1.2)"
        )
    cutoffs = cutoffs or shipped_cutoffs()
    tail = (1 - cutoffs["tmb.confidence"]) / 2
    low = gammaincinv(mutations, tail) if mutations else 0.0
    high = gammaincinv(mutations + 1, 1 - tail)
    rate, low, high = mutations / territory, float(low) / territory, float(high) / territory
    cut = cutoffs[f"tmb.{material}_high"]
    cautions = []
    small = territory < cutoffs["tmb.territory_min"]
    if small:
        cautions.append("the territory is too small for a class")
    if after_alkylator:
        cautions.append("taken after an alkylating agent: not a validated selector")
    if material == "blood":
        cautions.append("blood TMB is not exchangeable with tissue TMB; the cut-off is a trial's")
    certain = "high" if low >= cut else "low" if high < cut else "undetermined"
    return MutationalBurden(
        material,
        mutations,
        territory,
        rate,
        low,
        high,
        "undetermined" if small else certain,
        "high" if rate >= cut else "low",
        cut,
        tuple(cautions),
    )
