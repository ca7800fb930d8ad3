"""Where shares of cells lie among those of a reference cohort: a description, no class.

What ships are quantiles of the cohort; no row of it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval

FILE = Path(__file__).parent / "lung-nen-quantiseq.json"
STEP = 5
"""Distance of the stored quantiles, in percent."""

DESCRIBED = {
    "immune.fraction.cd8": "CD8 T cells",
    "immune.fraction.treg": "regulatory T cells",
    "immune.fraction.b_cell": "B cells",
    "immune.macrophages": "macrophages",
    "immune.fraction.neutrophil": "neutrophils",
}
"""Shares that are described, in this order."""


@dataclass(frozen=True)
class ShareCohort:
    """Shares of cells of a cohort in numbers.

    Attributes:
        source: DOI of the cohort.
        method: The method that measured the shares (`immune.fraction_method`).
        samples: Samples behind it.
        quantiles: By fact its share (percent) at 0, 5, ... 100 percent of the cohort.
    """

    source: str
    method: str
    samples: int
    quantiles: Mapping[str, tuple[float, ...]]


@cache
def load_share_cohort() -> ShareCohort:
    """The shipped cohort: lung neuroendocrine neoplasms by quanTIseq."""
    record = json.loads(FILE.read_text(encoding="utf-8"))
    quantiles = {name: tuple(values) for name, values in record["quantiles"].items()}
    return ShareCohort(record["source"], record["method"], record["samples"], quantiles)


def share_positions(values: Mapping[str, Value]) -> dict[str, Value]:
    """Say where the shares of a specimen lie among the cohort.

    Args:
        values: Facts of the specimen, `immune.macrophages` included; shares in percent.

    Returns:
        `immune.shares_in_cohort`; nothing where another method measured the shares, or it is not
        said which: shares of one method are not those of another. Only exact shares are placed.
    """
    cohort = load_share_cohort()
    if values.get("immune.fraction_method") != cohort.method:
        return {}
    told = []
    for fact, name in DESCRIBED.items():
        share = values.get(fact)
        if isinstance(share, Interval) and share.lo == share.hi:
            told.append(f"{name} {_place(share.lo, cohort.quantiles[fact])}")
    if not told:
        return {}
    return {"immune.shares_in_cohort": ";".join([*told, f"of {cohort.samples} tumours"])}


def _place(share: float, quantiles: tuple[float, ...]) -> str:
    """Return how much of the cohort lies below a share, in words and steps of five percent."""
    place = (bisect_right(quantiles, share) - 1) * STEP
    if place < STEP:
        return f"among the lowest {STEP}%"
    return "above all" if place >= 100 else f"above {place}%"
