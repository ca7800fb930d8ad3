"""What could be done in a case: treatments by drug, the section of its page.

Sources speak of one drug in several places; the section gathers what they say, with what fits the
case first. Nothing is concluded here that a match does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nenuphar.domain.observation import show_value
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.treatment_lines import REGIMEN
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.therapies import (
    THERAPY_NOTE,
    TherapyMatch,
    event_words,
    match_therapies,
    predictive_words,
    same_drug_key,
    therapy_as_data,
)
from nenuphar.report.citing import short_source
from nenuphar.report.section import Section, section

_TRUTHS = (Truth.MET, Truth.UNDETERMINED, Truth.NOT_MET)
_STATUSES = ("approved", "routine", "emerging", "withdrawn")
_FACTORS = ("met", "not_met", "undetermined", "not_computable", "none", "not_stated")
_RANKS = {"met": 0, "none": 1, "not_stated": 1, "not_computable": 1, "undetermined": 2}
Given = tuple[frozenset[str], str]
"""Key of a drug that the patient had, and the line."""

VISIBLE = 6
"""Lines that stand open in a part of the section; the rest is folded."""


@dataclass(frozen=True)
class DrugLine:
    """What the sources say of one drug for a case.

    Attributes:
        drug: Its name.
        status: How far it has come, the furthest of what applies.
        population: Whether the case belongs to a population that it is for.
        matches: What is said of it, what fits best first.
        given: Lines in which the patient had it.
    """

    drug: str
    status: str
    population: Truth
    matches: tuple[TherapyMatch, ...]
    given: str

    @property
    def predictive(self) -> TherapyMatch:
        """The match that tells most of the predictive factor."""
        return min(self.matches, key=lambda match: _FACTORS.index(match.predictive))


def therapy_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section; None where no treatment fits or may fit."""
    matches = match_therapies(assessment, knowledge)
    near = [match for match in matches if match.population is not Truth.NOT_MET]
    if not near:
        return None
    given = _given(assessment, knowledge)
    known = any(c.value for c in assessment.of("tumour.entity") if c.status in _CONCLUDED)
    against = [match for match in near if _speaks_against(match)] if known else []
    lines = drug_lines([match for match in near if not _speaks_against(match)], given)
    elsewhere = {m.record["drug"] for m in matches} - {m.record["drug"] for m in near}
    parts = [
        (title, [_shown(line, knowledge) for line in lines if test(line)])
        for title, test in _PARTS.items()
    ]
    return section(
        "therapies.html",
        anchor="therapies",
        title="What could be done",
        data={
            "note": THERAPY_NOTE,
            "therapies": [therapy_as_data(match) for match in near],
            "for_other_populations": sorted(elsewhere),
        },
        note=THERAPY_NOTE,
        parts_of=[(title, part) for title, part in parts if part and known],
        unknown=[] if known else sorted({line.drug for line in lines}, key=str.casefold),
        visible=VISIBLE,
        against=[_said(match, knowledge) for match in against],
        elsewhere=sorted(elsewhere, key=str.casefold),
    )


_CONCLUDED = ("met", "provisional")


def _speaks_against(match: TherapyMatch) -> bool:
    """Whether a match is evidence against alone; what was withdrawn keeps its history beside it."""
    return bool(match.record.get("negative")) and match.record["status"] != "withdrawn"


_PARTS: dict[str, Callable[[DrugLine], bool]] = {
    "In use, for a population to which the case belongs": lambda line: (
        line.population is Truth.MET and line.status in ("approved", "routine")
    ),
    "In use, for a population to which the case may belong": lambda line: (
        line.population is Truth.UNDETERMINED and line.status in ("approved", "routine")
    ),
    "Emerging": lambda line: line.status == "emerging",
    "Withdrawn": lambda line: line.status == "withdrawn",
}


def drug_lines(matches: Iterable[TherapyMatch], given: Sequence[Given] = ()) -> list[DrugLine]:
    """Gather matches by drug: what fits before what may fit, further come before less far come."""
    grouped: dict[frozenset[str], list[TherapyMatch]] = {}
    for match in matches:
        grouped.setdefault(same_drug_key(match.record["drug"]), []).append(match)
    lines = [_drug_line(own, given) for own in grouped.values()]
    return sorted(
        lines,
        key=lambda line: (
            _TRUTHS.index(line.population),
            _STATUSES.index(line.status),
            _RANKS.get(line.predictive.predictive, 3),
            line.drug.casefold(),
        ),
    )


def _drug_line(
    own: Sequence[TherapyMatch], given: Sequence[tuple[frozenset[str], str]]
) -> DrugLine:
    best = min(own, key=lambda match: _TRUTHS.index(match.population)).population
    fitting = [match for match in own if match.population is best]
    status = min((m.record["status"] for m in fitting), key=_STATUSES.index)
    drug = own[0].record["drug"]
    ordered = sorted(own, key=lambda match: _TRUTHS.index(match.population))
    before = "; ".join(line for name, line in given if name == same_drug_key(drug))
    return DrugLine(drug, status, best, tuple(ordered), before)


def _shown(line: DrugLine, knowledge: KnowledgeBase) -> dict[str, Any]:
    events = dict.fromkeys(event_words(e) for match in line.matches for e in match.regulatory)
    factor = line.predictive
    return {
        "line": line,
        "factor": predictive_words(factor),
        "factor_truth": factor.predictive if factor.predictive in _RANKED else "",
        "said": _merged([_said(match, knowledge) for match in line.matches]),
        "repairs": list(
            dict.fromkeys(text for m in line.matches if (text := _repair(m.record, knowledge)))
        ),
        "regions": list(dict.fromkeys(r for m in line.matches if (r := m.record.get("region")))),
        "events": list(events),
    }


_RANKED = ("met", "not_met", "undetermined")


def _said(match: TherapyMatch, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return what one place of a source says, and how the case stands to it."""
    record = match.record
    source = record["sources"][0]
    tests = dict.fromkeys(test for criterion in match.criteria for test in criterion.tests)
    return {
        "drug": record["drug"],
        "population": record["population"],
        "line": record.get("line", ""),
        "evidence": record.get("evidence", ""),
        "truth": match.population.value,
        "provisional": match.provisional,
        "as_stated": match.as_stated_only,
        "tests": list(tests) if match.population is Truth.UNDETERMINED else [],
        "source": short_source(source, knowledge),
    }


def _each(texts: Iterable[str]) -> list[str]:
    """Return every text once, without empty ones."""
    return [text for text in dict.fromkeys(texts) if text]


def _merged(said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what several places say in the same words."""
    joined: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in said:
        key = tuple(str(part) for name, part in one.items() if name != "source")
        if key in joined:
            joined[key]["source"] += f"; {one['source']}"
        else:
            joined[key] = dict(one)
    return list(joined.values())


def _repair(record: Mapping[str, Any], knowledge: KnowledgeBase) -> str:
    """Return what is printed in place of a repaired value, and why it was repaired."""
    repair = record.get("repaired")
    if not repair:
        return ""
    name = repair["field"]
    printed = knowledge.raw[record["id"]].get(name, "nothing")
    return f"{name.replace('_', ' ')} printed as {printed}: {repair['reason']}"


def _given(assessment: Assessment, knowledge: KnowledgeBase) -> list[Given]:
    """Return the key of every drug that the patient certainly had, with its line."""
    hierarchy = knowledge.hierarchy_of(REGIMEN)
    found: list[Given] = []
    if hierarchy is None:
        return found
    concepts = knowledge.terminologies[knowledge.facts[REGIMEN].hierarchy].concepts
    for row in assessment.rows[Scope.TREATMENT_LINE]:
        code = row.values.get(REGIMEN)
        if code is None or (given := show_value(code)) not in hierarchy:
            continue
        ended = _ended(row.values)
        found += [
            (same_drug_key(concepts[code].name), f"line {row.key[-1]}{ended}")
            for code in (given, *sorted(hierarchy.ancestors(given)))
        ]
    return found


def _ended(values: Mapping[str, Any]) -> str:
    progressed = values.get("treatment.progressed")
    if not isinstance(progressed, bool):
        return ""
    return ", progressed" if progressed else ", no progression"
