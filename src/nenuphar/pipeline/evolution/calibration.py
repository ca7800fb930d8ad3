"""How often the comparison finds the truth of drawn cohorts, says another, or cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.evolution.compare import Comparison, Progress, compare_hypotheses
from nenuphar.methods.evolution.features import (
    ALTERATIONS,
    MICROENVIRONMENT,
    ORIGIN,
    design_of,
)
from nenuphar.pipeline.evolution.analysis import limits_of, settings_of
from nenuphar.simulate import evolution as drawn

if TYPE_CHECKING:
    import polars as pl

ROLES = {
    ORIGIN: drawn.ORIGIN,
    ALTERATIONS: drawn.ALTERATIONS,
    MICROENVIRONMENT: drawn.MICROENVIRONMENT,
}
"""Roles of the columns of a drawn cohort."""

LIGHT = {"permutations": 99, "simulations": 40, "repeats": 3, "sizes": ()}
"""A lighter analysis than that of one cohort, since hundreds are analysed."""


_WEAK = {"low_power", "surroundings_unseen"}
"""Reasons that speak of power."""


def calibrate(
    knowledge: KnowledgeBase,
    cohorts: int,
    tumours: Sequence[int],
    effects: Sequence[float],
    truths: Sequence[str] = tuple(drawn.TRUTHS),
    seed: int = 0,
    progress: Progress = lambda step, done, of: None,
) -> pl.DataFrame:
    """Draw cohorts from every truth and count what is concluded of them.

    Args:
        knowledge: The knowledge base.
        cohorts: How many of each truth, size and effect.
        tumours: Sizes.
        effects: See `simulate.evolution.draw_evolution`.
        truths: Keys of `simulate.evolution.TRUTHS`.
        seed: Seed of the first cohort of each kind.
        progress: Told what is done, how far, and of how much.

    Returns:
        One row for each truth, size and effect: `truth, tumours, effect, cohorts`, how many were
        `right`, `wrong` (another hypothesis was favoured) and left open (`cannot_tell`), of the
        cohorts with power (`powered`) how many were right (`powered_right`), and of all on how
        many the side was right or wrong, and the surroundings.
    """
    import polars as pl

    kinds = list(product(truths, tumours, effects))
    rows, done = [], 0
    for truth, size, effect in kinds:
        found = []
        for number in range(cohorts):
            found.append(_compared(knowledge, truth, size, effect, seed + number))
            done += 1
            progress(f"{truth}, {size} tumours", done, len(kinds) * cohorts)
        kind = {"truth": truth, "tumours": size, "effect": effect}
        rows.append(kind | _counted(truth, found))
    return pl.DataFrame(rows)


def _compared(
    knowledge: KnowledgeBase, truth: str, tumours: int, effect: float, seed: int
) -> Comparison:
    cohort = drawn.draw_evolution(truth, tumours, effect, seed=seed)
    limits = limits_of(knowledge)
    design = design_of(cohort.records, ROLES, limits)
    settings = settings_of(knowledge, **LIGHT, seed=seed)
    return compare_hypotheses(design, settings, limits.tumours_min)


HOLDS = {"bystander": "spontaneous_parallel"}
"""Which hypothesis holds in cohorts that are not drawn plainly from one."""


def _counted(truth: str, found: Sequence[Comparison]) -> dict[str, Any]:
    powered = [one for one in found if one.power and not _WEAK & set(one.reasons)]
    by_origin, by_alteration, by_surroundings = drawn.TRUTHS[truth]
    truth = HOLDS.get(truth, truth)
    side = ORIGIN if by_origin else ALTERATIONS if by_alteration else ""
    sides = list(_settled(found, "side"))
    surroundings = list(_settled(found, "surroundings"))
    right_role, wrong_role = (
        ("adds", "adds_nothing") if by_surroundings else ("adds_nothing", "adds")
    )
    return {
        "cohorts": len(found),
        "right": sum(one.favoured == truth for one in found),
        "wrong": sum(one.favoured not in ("", truth) for one in found),
        "cannot_tell": sum(not one.favoured for one in found),
        "powered": len(powered),
        "powered_right": sum(one.favoured == truth for one in powered),
        "side_right": sum(one == side for one in sides if one),
        "side_wrong": sum(one != side for one in sides if one),
        "surroundings_right": surroundings.count(right_role),
        "surroundings_wrong": surroundings.count(wrong_role),
    }


def _settled(found: Sequence[Comparison], name: str) -> Iterator[str]:
    for one in found:
        if one.settled is not None:
            yield getattr(one.settled, name)
