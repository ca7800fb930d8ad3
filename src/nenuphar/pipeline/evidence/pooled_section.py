"""What studies report for the kind of tumour that a case has: the section of its page.

Strategies are pooled one by one and never together; a single study stands with its exact interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.report.citing import short_source
from nenuphar.report.section import Section, section
from nenuphar.report.words import Words

ENDPOINT, RATIO = "ORR", "HR_OS"
STRATEGIES = {
    "ici_mono": "Checkpoint inhibitor alone",
    "dual_ici": "Two checkpoint inhibitors",
    "antiangiogenic_ici": "Anti-angiogenic + checkpoint inhibitor",
    "chemo_ici": "Chemotherapy + checkpoint inhibitor",
    "prrt_ici": "PRRT + checkpoint inhibitor",
    "chemo": "Chemotherapy",
    "prrt": "PRRT",
    "antiangiogenic": "Anti-angiogenic",
    "targeted": "Targeted therapy",
    "ssa": "Somatostatin analogue",
    "other": "Other",
}
"""Strategies of the records, in words."""


@dataclass(frozen=True)
class Pooled:
    """What studies report on a population.

    Attributes:
        population: The population asked for.
        forest: Responses by strategy as SVG; empty where no study gives counts.
        parts: Pooled estimate of every strategy, as plain data, by its name in words.
        ratios: Pooled hazard ratio of death, as plain data; None where no study gives an interval.
        others: Further figures as printed: study, treatment, endpoint, figure, where.
        aside: Records of the same question that stay out, with the reason.
        notes: What to keep in mind.
    """

    population: str
    forest: str
    parts: Mapping[str, Mapping[str, Any]]
    ratios: Mapping[str, Any] | None
    others: tuple[tuple[str, str, str, str, str], ...]
    aside: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def pooled_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section; None where the entity is not known or nothing is reported on it."""
    entity, grade = _only(assessment, "tumour.entity"), _only(assessment, "tumour.grade")
    found = evidence_on(knowledge, entity, grade) if entity else None
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
        forest=Markup(found.forest),  # noqa: S704 - drawn here, text escaped
    )


def _only(assessment: Assessment, fact: str) -> str:
    """Return the one value to which all specimens come; empty where they differ or none does."""
    values = {c.value for c in assessment.of(fact) if c.status in ("met", "provisional")}
    return values.pop() or "" if len(values) == 1 else ""


@lru_cache(maxsize=64)
def evidence_on(knowledge: KnowledgeBase, entity: str, grade: str) -> Pooled | None:
    """Return what studies report on an entity and grade, or on the closest that has reports.

    Args:
        knowledge: The knowledge base.
        entity: Code of the entity; a wider one is taken where nothing is reported on it.
        grade: Code of the grade; it narrows NET only.
    """
    from nenuphar.methods.evidence.selection import within

    outcomes = knowledge.kinds("outcome")
    for population in _populations(knowledge, entity, grade):
        own = [r for r in outcomes if within(r, population, knowledge.above)]
        if own:
            return _pooled(knowledge, population, own)
    return None


def _populations(knowledge: KnowledgeBase, entity: str, grade: str) -> list[str]:
    """Return populations from the closest to the widest; NEN as a whole says too little."""
    hierarchy = knowledge.hierarchies["tumour_entity"]
    if entity not in hierarchy:
        return []
    above = sorted(hierarchy.ancestors(entity), key=lambda code: -len(hierarchy.ancestors(code)))
    wider = [code for code in above if code in ("net", "nec", "sclc", "lcnec", "carcinoid")]
    graded = [f"{grade.lower()} {entity}"] if entity == "net" and grade[:1] == "G" else []
    return [*graded, entity, *wider]


def _pooled(knowledge: KnowledgeBase, population: str, own: Sequence[Mapping[str, Any]]) -> Pooled:
    from nenuphar.methods.evidence.estimate import EvidenceError
    from nenuphar.methods.evidence.hazard import pool_hazards
    from nenuphar.methods.evidence.pool import pool
    from nenuphar.methods.evidence.selection import Question, Selection, select
    from nenuphar.report.figures.small_forest import small_forest

    def chosen(endpoint: str) -> Selection | None:
        try:
            return select(own, Question(endpoint, by="strategy"), knowledge.above)
        except EvidenceError:
            return None

    counted, ratios = chosen(ENDPOINT), chosen(RATIO)
    parts = {}
    for code, name in STRATEGIES.items():
        rows = [row for row in (counted.counts if counted else ()) if row.subgroup == code]
        if rows:
            parts[name] = asdict(pool(rows))
    studies = [study for part in parts.values() for study in part["studies"]]
    title = f"Objective response, {population}, by strategy"
    frame = {"measure": "proportion", "studies": studies, **dict.fromkeys(_EMPTY), "pooled": False}
    forest = small_forest(frame, list(parts.items()), title) if parts else ""
    used = {record for each in (counted, ratios) if each for record in each.records}
    return Pooled(
        population,
        forest,
        parts,
        asdict(pool_hazards(ratios.ratios)) if ratios and ratios.ratios else None,
        tuple(_printed(r, knowledge) for r in own if r["id"] not in used and _has_figure(r)),
        tuple((a.study, a.reason) for each in (counted, ratios) if each for a in each.set_aside),
        counted.notes if counted else (),
    )


_EMPTY = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")


def _has_figure(record: Mapping[str, Any]) -> bool:
    return record.get("value") is not None


def _printed(record: Mapping[str, Any], kb: KnowledgeBase) -> tuple[str, str, str, str, str]:
    """Return a figure as printed: study, treatment, endpoint, figure, where it stands."""
    units = {"percent": "%", "months": " months", "weeks": " weeks", "hazard_ratio": "", "": ""}
    unit = record.get("unit", "")
    figure = f"{record['value']:g}"
    if record.get("value_high") is not None:
        figure += f" to {record['value_high']:g}"
    figure += units.get(unit, f" {unit}")
    low, high = record.get("ci_low"), record.get("ci_high")
    if low is not None or high is not None:
        ends = ("not reached" if end is None else f"{end:g}" for end in (low, high))
        figure += f" ({' to '.join(ends)})"
    if record.get("n") is not None:
        events = record.get("events")
        figure += f", n = {record['n']}" if events is None else f", {events}/{record['n']}"
    where = short_source(record["sources"][0], kb)
    treatment = record.get("arm") or record.get("regimen") or ""
    return record["study"], treatment, record["endpoint"].replace("_", " "), figure, where
