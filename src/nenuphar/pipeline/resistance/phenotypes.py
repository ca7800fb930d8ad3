"""Resistance phenotypes: what every definition set that applies says of a line, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.engine.columnar import CohortEvaluator, Decisions
from nenuphar.engine.contest import join_names
from nenuphar.engine.frames import Frames
from nenuphar.engine.plan import Plan, make_plan
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.resistance.definition_sets import RANGE, RANGE_SET, SETS

BESIDE = {"platinum_sensitivity": "platinum.sensitivity", "relapse_timing": "relapse.timing"}
"""What is concluded beside the phenotypes: the column of the results, and its fact."""

RAPID = "line.rapid_progression"

_PREFIX = "resistance."


@lru_cache(maxsize=64)
def _plan(knowledge: KnowledgeBase, sets: tuple[str, ...]) -> Plan:
    """Return the part of the plan that concludes the phenotypes of some sets."""
    plan = make_plan(knowledge)
    wanted = {BESIDE.get(name, _PREFIX + name) for name in sets}
    if RANGE_SET in sets:
        wanted |= {f"{_PREFIX}{RANGE_SET}_{months}" for months in RANGE}
    order = tuple(fact for fact in plan.order if fact in wanted)
    return replace(plan, order=order, crosswalks={}, listings={}, measured={})


def phenotypes(
    lines: pl.DataFrame, knowledge: KnowledgeBase | None = None, sets: Sequence[str] = SETS
) -> pl.DataFrame:
    """Conclude the phenotype of every line under every definition set.

    Args:
        lines: Described lines, see `reading.read_timelines`.
        knowledge: The knowledge base; the shipped one by default.
        sets: The definition sets to conclude.

    Returns:
        One row for each set (those run at single cut-offs included) and line, sets one after the
        other: `row` (number of the line), `definition_set`, `phenotype`, `status`, `rule_id`,
        `missing`, `could_be`. Sets that do not apply to a line are left out.
    """
    kb = knowledge or load_knowledge()
    patients = lines.select("patient_id").unique(maintain_order=True)
    frames: Frames = {Scope.PATIENT: patients, Scope.TREATMENT_LINE: lines}
    decided = CohortEvaluator(_plan(kb, tuple(sets)), frames).run()
    return pl.concat([_applied(fact, one) for fact, one in decided.items()])


def _applied(fact: str, decided: Decisions) -> pl.DataFrame:
    """Give every line to which a set applies the finding of its class."""
    found = decided.primary
    height = found.value.len()
    classes = pl.DataFrame(
        {
            "phenotype": found.value,
            "status": found.status,
            "rule_id": join_names(found.rules, height),
            "missing": join_names(found.missing, height),
            "could_be": join_names(found.alternatives, height),
        }
    )
    # Where no rule fits and nothing is missing, the set is made for another regimen or setting.
    applies = (pl.col("status") != "undetermined") | (pl.col("missing") != "")
    ids = decided.ids.alias("id").to_frame().with_row_index("row")
    chosen = ids.filter(classes.select(applies).to_series().gather(decided.ids))
    name = pl.lit(fact.removeprefix(_PREFIX)).alias("definition_set")
    return pl.concat(
        [chosen.select("row", name), classes.select(pl.all().gather(chosen["id"]))],
        how="horizontal",
    )


def with_and_without_rapid(
    lines: pl.DataFrame, knowledge: KnowledgeBase, sets: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Conclude phenotypes with and without the branch for rapid progression, in one run.

    Returns:
        What `phenotypes` returns for the lines as they are, and as if no progression was rapid.
    """
    calm = lines.with_columns(pl.lit(value=False).alias(RAPID))
    both = phenotypes(pl.concat([lines, calm], how="diagonal"), knowledge, sets)
    own = pl.col("row") < lines.height
    return both.filter(own), both.filter(~own).with_columns(pl.col("row") - lines.height)
