"""Mechanisms of resistance to immunotherapy in a case: supported, contradicted, or no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.trials import (
    CriterionMatch,
    Question,
    criteria_of,
    criterion_as_data,
    matcher_of,
    trial_match,
)
from nenuphar.report.figures.mechanism_map import Chapter, Entry
from nenuphar.report.mechanism_chapters import chapter_of, place_of

Evidence = Literal["support", "contradiction", "no_data"]

MECHANISM_NOTE = (
    "Support means that the case shows what a source links to resistance or sensitivity, often in "
    "other tumours; it is no proof that the mechanism acts. No data is not absence."
)

_EVIDENCE: dict[Truth, Evidence] = {
    Truth.MET: "support",
    Truth.NOT_MET: "contradiction",
    Truth.UNDETERMINED: "no_data",
}


@dataclass(frozen=True)
class MechanismMatch:
    """What a case says of a mechanism.

    Attributes:
        record: The mechanism.
        evidence: Support, contradiction, or no data.
        computable: Whether any fact of a case can tell.
        criteria: How its criteria came out.
        own_tumour: Whether the source saw it in the kind of tumour that the case has; None where
            the entity of the case does not tell.
    """

    record: Mapping[str, Any]
    evidence: Evidence
    computable: bool
    criteria: tuple[CriterionMatch, ...]
    own_tumour: bool | None


def match_mechanisms(assessment: Assessment, knowledge: KnowledgeBase) -> list[MechanismMatch]:
    """Return what a case says of every mechanism, in the order of chapters and ids."""
    matcher = matcher_of(assessment, knowledge)
    matches = []
    for mechanism in _mechanisms(knowledge):
        record, criteria = mechanism.record, matcher.match(mechanism.criteria)
        truth = trial_match(record, criteria).eligibility if criteria else Truth.UNDETERMINED
        own = _seen_in(record["evidence_tumour"], assessment, knowledge)
        matches.append(MechanismMatch(record, _EVIDENCE[truth], bool(criteria), criteria, own))
    key = _place
    return sorted(matches, key=lambda match: (key(match.record), match.record["id"]))


@lru_cache(maxsize=4)
def _mechanisms(knowledge: KnowledgeBase) -> tuple[Question, ...]:
    """Return the mechanisms in the order of their ids; some have no criteria."""
    return tuple(
        Question(record, criteria_of(record["criteria"]) if record.get("criteria") else ())
        for record in knowledge.kinds("mechanism")
    )


def _place(record: Mapping[str, Any]) -> tuple[int, int]:
    return place_of(record["class"], chapter_of(record["class"], record["category"]))


def _seen_in(
    tumours: Sequence[str], assessment: Assessment, knowledge: KnowledgeBase
) -> bool | None:
    hierarchy = knowledge.hierarchies["tumour_entity"]
    found = {c.value for c in assessment.of("tumour.entity")}
    if len(found) != 1 or (entity := found.pop()) is None or entity not in hierarchy:
        return None
    answers = {hierarchy.is_a(entity, tumour) for tumour in tumours if tumour in hierarchy}
    if Truth.MET in answers:
        return True
    return None if Truth.UNDETERMINED in answers else False


def chapters(matches: Sequence[MechanismMatch]) -> list[Chapter]:
    """Return the mechanisms by chapter, as the map draws them.

    A chapter is supported where one of its mechanisms is, contradicted where some are and none is
    supported; resistance and response are told apart in its entries.
    """
    grouped: dict[tuple[str, str], list[MechanismMatch]] = {}
    for match in matches:
        side = match.record["class"]
        title = chapter_of(side, match.record["category"])
        grouped.setdefault((side, title), []).append(match)
    return [
        Chapter(
            side,
            title,
            _of_chapter(own),
            tuple(dict.fromkeys(entry_of(m) for m in own if m.evidence != "no_data")),
            tuple(sorted({s for m in own for s in m.record.get("strategies", ())})),
            len(own),
        )
        for (side, title), own in sorted(grouped.items(), key=lambda item: place_of(*item[0]))
    ]


def _of_chapter(own: Sequence[MechanismMatch]) -> Evidence:
    seen = {match.evidence for match in own}
    return next((e for e in ("support", "contradiction") if e in seen), "no_data")


def entry_of(match: MechanismMatch) -> Entry:
    """Return a mechanism as the map names it."""
    record = match.record
    return Entry(
        f"{record['target']} {record['direction'].replace('_', ' ')}",
        match.evidence,
        record["effect"],
        ", ".join(record["evidence_tumour"]),
    )


def mechanism_as_data(match: MechanismMatch) -> dict[str, Any]:
    """Return a match as plain data for JSON."""
    record = match.record
    copied = ("class", "category", "target", "direction", "effect", "evidence_tumour", "setting")
    return {
        "mechanism": record["id"],
        **{name: record[name] for name in copied},
        "evidence": match.evidence,
        "computable": match.computable,
        "seen_in_the_tumour_of_the_case": match.own_tumour,
        "criteria": [criterion_as_data(criterion) for criterion in match.criteria],
        "strategies": list(record.get("strategies", ())),
        "negative_evidence": list(record.get("negative_evidence", ())),
        "summary": record["summary"],
        "sources": record["sources"],
    }
