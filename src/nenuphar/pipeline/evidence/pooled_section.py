"""What studies report for the kind of tumour that a case has: the section of its page.

Strategies are pooled one by one and never together; a single study stands with its exact interval.
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.evidence.pooled import Pooled, evidence_on
from nenuphar.report.figures.small_forest import small_forest
from nenuphar.report.section import Section, section
from nenuphar.report.words import Words


def pooled_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section; None where the entity is not known or nothing is reported on it."""
    entity, grade = _only(assessment, "tumour.entity"), _only(assessment, "tumour.grade")
    return _section_on(knowledge, entity, grade) if entity else None


def _only(assessment: Assessment, fact: str) -> str:
    """Return the one value to which all specimens come; empty where they differ or none does."""
    values = {c.value for c in assessment.of(fact) if c.status in ("met", "provisional")}
    return values.pop() or "" if len(values) == 1 else ""


@lru_cache(maxsize=64)
def _section_on(knowledge: KnowledgeBase, entity: str, grade: str) -> Section | None:
    """Return the section, which is the same for all patients of an entity and grade."""
    found = evidence_on(knowledge, entity, grade)
    if found is None:
        return None
    words = Words(knowledge)
    asked = words.value("tumour.entity", entity) + (f", {grade}" if grade.startswith("G") else "")
    return section(
        "pooled.html",
        anchor="evidence",
        title="What studies report",
        data={
            "population": found.population,
            "objective_response": dict(found.parts),
            "hazard_ratio_of_death": found.ratios,
            "set_aside": [list(pair) for pair in found.aside],
        },
        found=found,
        asked=asked,
        forest=Markup(_forest(found)),  # noqa: S704 - drawn here, text escaped
    )


def _forest(found: Pooled) -> str:
    """Draw responses by strategy; nothing where no study gives counts."""
    studies = [study for part in found.parts.values() for study in part["studies"]]
    title = f"Objective response, {found.population}, by strategy"
    frame = {"measure": "proportion", "studies": studies, **dict.fromkeys(_EMPTY), "pooled": False}
    return small_forest(frame, list(found.parts.items()), title) if found.parts else ""


_EMPTY = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")
