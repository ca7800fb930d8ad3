"""From a cohort to what it says of the hypotheses, with thresholds and hypotheses from records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.evolution.compare import (
    Comparison,
    Progress,
    compare_hypotheses,
)
from nenuphar.methods.evolution.features import Design, Limits, design_of
from nenuphar.methods.evolution.settings import Settings
from nenuphar.pipeline.evolution.reading import Cohort

_PREFIX = "reported_statement.hypothesis."


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis as its record has it.

    Attributes:
        key: Short name, such as `spontaneous_parallel`.
        record: Id of the record.
        name: As the source calls it.
        statement: What it says.
        parents: What the group depends on.
        sources: Where it stands.
    """

    key: str
    record: str
    name: str
    statement: str
    parents: frozenset[str]
    sources: tuple[dict[str, str], ...]


def hypotheses_of(knowledge: KnowledgeBase) -> list[Hypothesis]:
    """Return the hypotheses that stand as graphs, those without surroundings first."""
    found = []
    for record in knowledge.kinds("reported_statement"):
        told = record.get("hypothesis") or {}
        if told.get("parents"):
            key = record["id"].removeprefix(_PREFIX).split(".")[0]
            parents = frozenset(told["parents"])
            one = Hypothesis(
                key, record["id"], told["name"], record["statement"], parents,
                tuple(record["sources"]),
            )  # fmt: skip
            found.append(one)
    return sorted(found, key=lambda one: (len(one.parents), sorted(one.parents), one.key))


def limits_of(knowledge: KnowledgeBase) -> Limits:
    """Return what a cohort must hold."""
    value = _values(knowledge)
    counts = {name: int(value[name]) for name in ("level_min", "group_min", "tumours_min")}
    return Limits(value["measured_min"], **counts)


def settings_of(knowledge: KnowledgeBase, **given: Any) -> Settings:
    """Return how a cohort is analysed.

    Args:
        knowledge: The knowledge base.
        given: What a run may choose: `permutations`, `simulations`, `repeats`, `seed`, `sizes`.
    """
    value = _values(knowledge)
    settings = Settings(
        {one.key: one.parents for one in hypotheses_of(knowledge)},
        prior_sd=value["prior_sd"],
        matters_share=value["matters_share"],
        power_min=value["power_min"],
        alpha=value["alpha"],
        restates_min=value["restates_min"],
    )
    return replace(settings, **given)


def _values(knowledge: KnowledgeBase) -> dict[str, float]:
    return {
        name.removeprefix("evolution."): one.value
        for name, one in knowledge.thresholds.items()
        if name.startswith("evolution.")
    }


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was asked of a cohort, what it was asked on, and what it says."""

    design: Design
    settings: Settings
    comparison: Comparison
    hypotheses: tuple[Hypothesis, ...]


def analyse(
    cohort: Cohort,
    knowledge: KnowledgeBase,
    progress: Progress = lambda step, done, of: None,
    **given: Any,
) -> Analysis:
    """Compare the hypotheses on a cohort.

    Args:
        cohort: From `reading.read_cohort`.
        knowledge: The knowledge base.
        progress: Told what is done, how far, and of how much.
        given: See `settings_of`.
    """
    limits = limits_of(knowledge)
    design = design_of(cohort.table, cohort.features, limits)
    settings = settings_of(knowledge, **given)
    compared = compare_hypotheses(design, settings, limits.tumours_min, progress)
    return Analysis(design, settings, compared, tuple(hypotheses_of(knowledge)))
