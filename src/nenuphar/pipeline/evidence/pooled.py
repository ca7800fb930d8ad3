"""What studies report on a population, by strategy; worked out ahead for the shipped knowledge.

It depends on the records alone, never on a patient, and fitting it loads numerical libraries for
which whoever opens one case would wait. `make kb` therefore writes `pooled.json` beside this file.
Where the records are not those that it was made from, the same is worked out on the spot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.citing import short_source

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
        parts: Pooled estimate of every strategy, as plain data, by its name in words.
        ratios: Pooled hazard ratio of death, as plain data; None where no study gives an interval.
        others: Further figures as printed: study, treatment, endpoint, figure, where.
        aside: Records of the same question that stay out, with the reason.
        notes: What to keep in mind.
    """

    population: str
    parts: Mapping[str, Mapping[str, Any]]
    ratios: Mapping[str, Any] | None
    others: tuple[tuple[str, str, str, str, str], ...]
    aside: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


AHEAD = Path(__file__).with_name("pooled.json")
"""What studies report on every population, as `Pooled`, with a digest of the records behind it."""

_BEHIND = ("outcome", "source", "terminology")


def evidence_on(knowledge: KnowledgeBase, entity: str, grade: str) -> Pooled | None:
    """Return what studies report on an entity and grade, or on the closest that has reports.

    Args:
        knowledge: The knowledge base.
        entity: Code of the entity; a wider one is taken where nothing is reported on it.
        grade: Code of the grade; it narrows NET only.
    """
    ahead = _worked_out_ahead(knowledge)
    for population in _populations(knowledge, entity, grade):
        found = work_out(knowledge, population) if ahead is None else ahead.get(population)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=4)
def _worked_out_ahead(knowledge: KnowledgeBase) -> dict[str, Pooled] | None:
    """Read what was worked out ahead; None where it is not of these records."""
    try:
        data = json.loads(AHEAD.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if data["digest"] != digest_of(knowledge):
        return None
    return {name: Pooled(**fields) for name, fields in data["populations"].items()}


def digest_of(knowledge: KnowledgeBase) -> str:
    """Hash the records on which pooled evidence rests."""
    text = json.dumps(knowledge.kinds(*_BEHIND), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=64)
def work_out(knowledge: KnowledgeBase, population: str) -> Pooled | None:
    """Pool what studies report on a population; None where nothing is reported on it."""
    from nenuphar.methods.evidence.selection import within

    outcomes = knowledge.kinds("outcome")
    own = [record for record in outcomes if within(record, population, knowledge.above)]
    return _pooled(knowledge, population, own) if own else None


def every_population(knowledge: KnowledgeBase) -> list[str]:
    """Return every population that a case may belong to, in alphabetical order."""
    entities = knowledge.terminologies["tumour_entity"].concepts
    grades = ("", *knowledge.facts["tumour.grade"].values)
    asked = (_populations(knowledge, entity, grade) for entity in entities for grade in grades)
    return sorted({population for each in asked for population in each})


def write_ahead(knowledge: KnowledgeBase) -> bool:
    """Write `pooled.json` where it is not of these records; return whether it was written."""
    if _worked_out_ahead(knowledge) is not None:
        return False
    found = {name: work_out(knowledge, name) for name in every_population(knowledge)}
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(asdict(one), ensure_ascii=False, allow_nan=False)}"
        for name, one in found.items()
        if one is not None
    )
    digest = json.dumps(digest_of(knowledge))
    text = f'{{"digest": {digest}, "populations": {{\n{lines}\n}}}}\n'
    AHEAD.write_text(text, encoding="utf-8")
    return True


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
    used = {record for each in (counted, ratios) if each for record in each.records}
    return Pooled(
        population,
        parts,
        asdict(pool_hazards(ratios.ratios)) if ratios and ratios.ratios else None,
        tuple(_printed(r, knowledge) for r in own if r["id"] not in used and _has_figure(r)),
        tuple((a.study, a.reason) for each in (counted, ratios) if each for a in each.set_aside),
        counted.notes if counted else (),
    )


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


if __name__ == "__main__":
    from nenuphar.knowledge.base import load_knowledge

    write_ahead(load_knowledge())
