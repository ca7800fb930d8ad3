"""Treatments matched to a patient: population, predictive factor, evidence for and against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from nenuphar.domain.truth import Truth, all_of
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import Criterion, parse_criterion
from nenuphar.knowledge.repairs import repaired
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.trials import (
    CriterionMatch,
    criteria_of,
    criterion_as_data,
    matcher_of,
    one_of,
    trial_match,
)

Predictive = Literal["met", "not_met", "undetermined", "none", "not_computable", "not_stated"]

NO_FACTOR = "no validated predictive factor"
_WHOLE_ENTITY = frozenset({"NET", "all NET", "NEN", "all NEN", "SCLC"})
_NO_FACTOR_TEXTS = frozenset({"none", "not yet identified"})
_ORDER = {"approved": 0, "routine": 1, "emerging": 2, "withdrawn": 3}

THERAPY_NOTE = (
    "Statements of the sources for a population, not advice for a patient. Predictive factors tell "
    "who responds; prognostic ones do not and are not used here."
)


@dataclass(frozen=True)
class TherapyMatch:
    """How a patient and a treatment fit.

    Attributes:
        record: The treatment, with a repaired value in place of the printed one.
        population: Whether the patient belongs to the population; undetermined at most where a
            reader has to judge a part of it.
        provisional: Whether that rests on a provisional value.
        criteria: The criteria of the population.
        as_stated_only: What of the population no criterion computes; empty where all is computed.
        predictive: How the predictive factor came out; `none` where the source says that there is
            none, `not_computable` where it is only named, `not_stated` where it is silent.
        predictive_criteria: How its criteria came out.
        regulatory: Decisions of authorities on the same drug.
    """

    record: Mapping[str, Any]
    population: Truth
    provisional: bool
    criteria: tuple[CriterionMatch, ...]
    as_stated_only: str
    predictive: Predictive
    predictive_criteria: tuple[CriterionMatch, ...]
    regulatory: tuple[Mapping[str, Any], ...]


def match_therapies(assessment: Assessment, knowledge: KnowledgeBase) -> list[TherapyMatch]:
    """Match all treatments to an assessed patient.

    Returns:
        One match for each record: population met first, then open, then not met; within these
        approved before routine before emerging before withdrawn, in the order of ids.
    """
    matcher = matcher_of(assessment, knowledge)
    matches = []
    for treatment in _treatments(knowledge):
        record, beyond = treatment.record, _beyond(treatment.record)
        joined = trial_match(record, matcher.match(treatment.population))
        predictive = matcher.match(treatment.factor)
        matches.append(
            TherapyMatch(
                record,
                _capped(joined.eligibility, beyond),
                joined.provisional,
                joined.criteria,
                beyond,
                _predictive(record, predictive),
                predictive,
                treatment.regulatory,
            )
        )
    truths = [Truth.MET, Truth.UNDETERMINED, Truth.NOT_MET]
    return sorted(
        matches,
        key=lambda match: (
            truths.index(match.population),
            _ORDER.get(match.record["status"], 9),
            match.record["id"],
        ),
    )


@dataclass(frozen=True)
class _Treatment:
    """A treatment with its criteria, and the decisions of authorities on its drug."""

    record: Mapping[str, Any]
    population: tuple[Criterion, ...]
    factor: tuple[Criterion, ...]
    regulatory: tuple[Mapping[str, Any], ...]


@lru_cache(maxsize=4)
def _treatments(knowledge: KnowledgeBase) -> tuple[_Treatment, ...]:
    """Return the treatments in the order of their ids, repaired values in place of printed ones."""
    events = [repaired(event) for event in knowledge.kinds("regulatory_event")]
    records = [repaired(printed) for printed in knowledge.kinds("therapy")]
    return tuple(
        _Treatment(
            record,
            population_of(record),
            _factor_tree(record),
            tuple(event for event in events if _same_drug(event, record)),
        )
        for record in records
    )


def population_of(record: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """Return the criteria of a treatment: those it states, or its entity, grade and site."""
    if record.get("criteria"):
        return criteria_of(record["criteria"])
    trees: list[dict[str, Any]] = [{"fact": "tumour.entity", "is_a": record["entity"]}]
    if grades := list(record.get("grade", ())):
        if "G3" in grades and record["entity"] == "nen":
            grades.append("high_grade")
        trees.append({"fact": "tumour.grade", "in": grades})
    if sites := record.get("site", ()):
        trees.append({"any": [{"fact": "tumour.site", "is_a": site} for site in sites]})
    return tuple(one_of(parse_criterion(tree, literals=True)) for tree in trees)


def _beyond(record: Mapping[str, Any]) -> str:
    """Return what of the population no criterion computes."""
    if record.get("criteria") or record["population"] in _WHOLE_ENTITY:
        return str(record.get("as_stated_only", ""))
    return f"{record['population']}, of which entity, grade and site alone are computed"


def _capped(truth: Truth, as_stated_only: str) -> Truth:
    """Leave to a reader what fits only so far as it is computable."""
    return Truth.UNDETERMINED if as_stated_only and truth is Truth.MET else truth


def _factor_tree(record: Mapping[str, Any]) -> tuple[Criterion, ...]:
    tree = record.get("predictive_criteria")
    return criteria_of(tree) if tree else ()


def _predictive(record: Mapping[str, Any], matches: tuple[CriterionMatch, ...]) -> Predictive:
    if matches:
        return all_of(match.truth for match in matches).value
    text = record.get("predictive_factor", "")
    if text in _NO_FACTOR_TEXTS:
        return "none"
    if not text:
        return "not_stated"
    return "not_computable"


def same_drug_key(drug: str) -> frozenset[str]:
    """Return what two ways of writing one drug or combination have in common."""
    return _words(drug)


def event_words(event: Mapping[str, Any]) -> str:
    """Return a decision of an authority in words, without the drug; says what is not stated."""
    when = " ".join(part for part in (event.get("authority", ""), event.get("date", "")) if part)
    what = event["event"].replace("_", " ")
    return f"{what} ({when or 'date not stated'}), {event['indication']}"


def _same_drug(event: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether a decision is on the drug, or on the combination that its indication names."""
    decided, treatment = _words(event["drug"]), _words(record["drug"])
    return decided <= treatment <= decided | _words(event["indication"])


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().replace("+", " ").replace(",", " ").split()) - {"and", "with"}


def predictive_words(match: TherapyMatch) -> str:
    """Return what is known of the predictive factor, in words."""
    text = match.record.get("predictive_factor", "")
    said = {
        "none": NO_FACTOR,
        "not_stated": "predictive factor not stated",
        "not_computable": f"{text}: part of the criteria" if match.record.get("criteria") else
        f"{text}: not computable, read the source",
    }  # fmt: skip
    return said.get(match.predictive) or f"{text}: {match.predictive.replace('_', ' ')}"


def therapy_as_data(match: TherapyMatch) -> dict[str, Any]:
    """Return a match as plain data for JSON."""
    record = match.record
    copied = ("drug", "drug_class", "status", "population", "line", "region", "evidence")
    return {
        "therapy": record["id"],
        **{name: record.get(name, "") for name in copied},
        "repaired": record.get("repaired"),
        "population_match": match.population.value,
        "provisional": match.provisional,
        "criteria": [criterion_as_data(criterion) for criterion in match.criteria],
        "as_stated_only": match.as_stated_only,
        "predictive_factor": record.get("predictive_factor", ""),
        "predictive_factor_match": match.predictive,
        "predictive_required": bool(record.get("predictive_required", False)),
        "predictive_criteria": [criterion_as_data(c) for c in match.predictive_criteria],
        "evidence_against": bool(record.get("negative", False)),
        "note": record.get("note", ""),
        "regulatory": [
            {name: event.get(name, "") for name in ("event", "indication", "authority", "date")}
            for event in match.regulatory
        ],
        "sources": record["sources"],
    }
