"""Draw cohorts in which it is known how the groups arose: from cells of origin or alterations.

Effects, shares and noise are assumptions that make cohorts which can or cannot be told apart; they
say nothing about any population. What follows the source is the shape alone: which of the sets the
group is drawn from, whether cells of origin and surroundings are bound to each other (immune-
mediated parallel evolution), whether surroundings select alterations (immune-mediated divergent
evolution). Source: doi:10.1172/JCI186702, Figure 2B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUPS = ("A", "B", "C")
ORIGIN = ("location", "lineage_1", "lineage_2")
ALTERATIONS = tuple(f"altered_{i}" for i in range(1, 7))
MICROENVIRONMENT = ("t_cells", "macrophages", "monocytes", "fibroblasts")

TRUTHS = {
    "none": (False, False, False),
    "spontaneous_parallel": (True, False, False),
    "spontaneous_divergent": (False, True, False),
    "immune_parallel": (True, False, True),
    "immune_divergent": (False, True, True),
    "microenvironment_alone": (False, False, True),
    "bystander": (True, False, False),
}
"""What a cohort can be drawn from: whether origin, alterations and surroundings set the group. A
bystander goes with the cell of origin, as surroundings may that have no part in the group."""

_LOCATED = 0.8
"""Share of tumours whose location is the usual one of their cell of origin (assumption)."""

_LINEAGE_NOISE = 0.6
"""Spread of a lineage programme around that of its cell of origin (assumption)."""

_ALTERED = 0.3
"""Share of tumours that carry an alteration where nothing selects it (assumption)."""

_CROSSTALK = 0.6
"""How far cells of origin shift their surroundings, or surroundings select alterations, where a
hypothesis binds them (assumption)."""


@dataclass(frozen=True)
class DrawnCohort:
    """A drawn cohort.

    Attributes:
        records: One row a tumour, all text, some of it missing: `tumour`, `group` and the features.
        truth: The key of `TRUTHS` that it was drawn from.
    """

    records: pl.DataFrame
    truth: str


def draw_evolution(
    truth: str, tumours: int, effect: float = 2.0, missing: float = 0.03, seed: int = 0
) -> DrawnCohort:
    """Draw a cohort; the same seed gives the same cohort.

    Args:
        truth: One of `TRUTHS`.
        tumours: How many, at least 1.
        effect: Spread of the log-odds of a group that each set which sets it brings.
        missing: Share of values that the records leave out.
        seed: Seed of the generator.

    Raises:
        ValueError: No such truth, fewer than one tumour, or a share that is none.
    """
    if truth not in TRUTHS:
        raise ValueError(f"{truth!r} is none of {', '.join(TRUTHS)}")
    if tumours < 1 or not 0 <= missing < 1:
        raise ValueError(f"cannot draw {tumours} tumours with a share of {missing} missing")
    by_origin, by_alteration, by_surroundings = TRUTHS[truth]
    rng = np.random.default_rng([seed, *truth.encode()])
    cell = rng.integers(0, len(GROUPS), tumours)
    surroundings = rng.normal(size=(tumours, len(MICROENVIRONMENT)))
    if (by_origin and by_surroundings) or truth == "bystander":
        surroundings += _CROSSTALK * rng.normal(size=(len(GROUPS), len(MICROENVIRONMENT)))[cell]
    pull = np.zeros((tumours, len(ALTERATIONS)))
    if by_alteration and by_surroundings:
        pull = surroundings @ rng.normal(size=(len(MICROENVIRONMENT), len(ALTERATIONS)))
    usual = np.log(_ALTERED / (1 - _ALTERED))
    altered = rng.random(pull.shape) < 1 / (1 + np.exp(-usual - _CROSSTALK * pull))
    log_odds = np.zeros((tumours, len(GROUPS)))
    if by_origin:
        log_odds += effect * np.eye(len(GROUPS))[cell] * np.sqrt(len(GROUPS))
    if by_alteration:
        log_odds += effect * _pulled(altered.astype(float), rng)
    if by_surroundings:
        log_odds += effect * _pulled(surroundings, rng)
    odds = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    reached = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    group = (rng.random((tumours, 1)) > reached).sum(axis=1)
    records = _records(cell, altered, surroundings, group, rng)
    return DrawnCohort(_thinned(records, missing, rng), truth)


def _pulled(features: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Log-odds of every group from features: unit spread over tumours, directions drawn."""
    pulls = features @ rng.normal(size=(features.shape[1], len(GROUPS)))
    pulls -= pulls.mean(axis=1, keepdims=True)
    spread = (pulls - pulls.mean(axis=0)).std()
    return (pulls - pulls.mean(axis=0)) / (spread or 1.0)


def _records(
    cell: NDArray[np.int64],
    altered: NDArray[np.bool_],
    surroundings: NDArray[np.float64],
    group: NDArray[np.int64],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Lay out as text what a record would hold: proxies of the cell of origin, not the cell."""
    tumours = len(cell)
    elsewhere = rng.random(tumours) > _LOCATED
    place = np.where(elsewhere, rng.integers(0, len(GROUPS), tumours), cell)
    angle = 2 * np.pi * cell / len(GROUPS)
    width = len(str(tumours))
    columns: dict[str, list[str]] = {
        "tumour": [f"SIM-{i + 1:0{width}}" for i in range(tumours)],
        "group": [GROUPS[g] for g in group],
        "location": [("proximal", "middle", "distal")[p] for p in place],
    }
    for name, centre in zip(ORIGIN[1:], (np.cos(angle), np.sin(angle)), strict=True):
        columns[name] = _texts(centre + _LINEAGE_NOISE * rng.normal(size=tumours))
    for i, name in enumerate(ALTERATIONS):
        columns[name] = ["yes" if one else "no" for one in altered[:, i]]
    for i, name in enumerate(MICROENVIRONMENT):
        columns[name] = _texts(surroundings[:, i])
    return pl.DataFrame(columns)


def _texts(numbers: NDArray[np.float64]) -> list[str]:
    return [f"{number:.3f}" for number in numbers]


def _thinned(records: pl.DataFrame, missing: float, rng: np.random.Generator) -> pl.DataFrame:
    """Leave out some values of features, as records do."""
    kept = [records["tumour"], records["group"]]
    for name in (*ORIGIN, *ALTERATIONS, *MICROENVIRONMENT):
        there = pl.Series(rng.random(records.height) >= missing)
        empty = pl.Series([None], dtype=pl.String).new_from_index(0, records.height)
        kept.append(records[name].zip_with(there, empty).alias(name))
    return pl.DataFrame(kept)
