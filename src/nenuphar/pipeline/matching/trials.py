"""Trials matched to a patient, criterion by criterion, or to all patients of a cohort in columns.

Sorting is by how complete the data are; it says nothing about how suitable a trial is. What a
record says of recruitment was true when its source was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from nenuphar.domain.case import Case
from nenuphar.domain.conclusion import Trace
from nenuphar.domain.observation import Row
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth, all_of
from nenuphar.engine.asking import AssessedReader, ask, is_provisional, variant_questions
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    Criterion,
    HasVariant,
    Not,
    parse_criterion,
)
from nenuphar.methods import treatment_lines
from nenuphar.pipeline.case import Assessment, assess_rows, plan_of
from nenuphar.pipeline.molecular import describe as molecular
from nenuphar.report.criteria import CriterionWords, criterion_words, may_turn

NOT_SUITABILITY = (
    "Sorted by how complete the data are, which is not suitability. Criteria are those that the "
    "source prints, not the whole protocol. Recruitment is as of the date "
    "of its source, never as of today; ask the registry and the trial site."
)


@dataclass(frozen=True)
class Question:
    """A trial, or whatever else is asked of patients criterion by criterion.

    Attributes:
        record: The record as plain data.
        criteria: Its criteria; all must be met.
    """

    record: Mapping[str, Any]
    criteria: tuple[Criterion, ...]

    @property
    def id(self) -> str:
        """Id of the record."""
        return str(self.record["id"])


@dataclass(frozen=True)
class CriterionMatch:
    """How one criterion came out.

    Attributes:
        asks: The criterion in words.
        truth: Met, not met or undetermined.
        provisional: Whether a determined answer rests on a provisional value.
        messages: What the patient shows and what was asked for, for what decided.
        missing: Facts that would decide it.
        tests: What to do to learn them.
        may_change: Facts that may change with time and could turn the answer.
        trace: How it was evaluated.
    """

    asks: str
    truth: Truth
    provisional: bool
    messages: tuple[str, ...]
    missing: tuple[str, ...]
    tests: tuple[str, ...]
    may_change: tuple[str, ...]
    trace: Trace


@dataclass(frozen=True)
class TrialMatch:
    """How a patient and a trial fit.

    Attributes:
        record: The trial.
        eligibility: All criteria together.
        provisional: Whether a determined answer would fall with a provisional value.
        criteria: Each of them.
    """

    record: Mapping[str, Any]
    eligibility: Truth
    provisional: bool
    criteria: tuple[CriterionMatch, ...]

    @property
    def completeness(self) -> float:
        """Share of the criteria that the data determine, 0 to 1, to four places."""
        open_ones, every = self.count(Truth.UNDETERMINED), len(self.criteria)
        return round((every - open_ones) / every, 4)

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that would decide what is open; none where a failed criterion decides."""
        if self.eligibility is not Truth.UNDETERMINED:
            return ()
        return tuple(sorted({fact for match in self.criteria for fact in match.missing}))

    def count(self, truth: Truth) -> int:
        """Return the number of criteria that came out so."""
        return sum(match.truth is truth for match in self.criteria)


def criteria_of(tree: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """Return the criteria that a tree joins by `all`; a tree of another kind is one criterion.

    Criteria that read alike are one object, whatever asks them: records share most of theirs.
    """
    parsed = _two_sided(parse_criterion(tree, literals=True))
    return tuple(map(one_of, parsed.children if isinstance(parsed, AllOf) else (parsed,)))


@lru_cache(maxsize=4096)
def one_of(tree: Criterion) -> Criterion:
    """Return the first criterion that read like this one."""
    return tree


def _two_sided(node: Criterion) -> Criterion:
    """Write `between` as two comparisons, so that each side says how it came out."""
    match node:
        case Between(fact, low, high, note):
            sides = Compare(fact, "ge", low, note), Compare(fact, "le", high, note)
            return AllOf(sides)
        case AllOf(children):
            return AllOf(tuple(map(_two_sided, children)))
        case AnyOf(children):
            return AnyOf(tuple(map(_two_sided, children)))
        case Not(child):
            return Not(_two_sided(child))
        case _:
            return node


@lru_cache(maxsize=4)
def trials_of(knowledge: KnowledgeBase) -> tuple[Question, ...]:
    """Return the trials whose criteria are known, in the order of their ids."""
    return tuple(
        Question(record, criteria_of(record["criteria"]))
        for record in knowledge.kinds("trial")
        if record.get("criteria")
    )


def questions_of_trials(knowledge: KnowledgeBase) -> dict[str, HasVariant]:
    """Return all variant questions: of rules, trials, therapies and mechanisms."""
    trees = [
        tree
        for record in knowledge.kinds("trial", "therapy", "mechanism")
        for name in ("criteria", "predictive_criteria")
        if record.get(name)
        for tree in criteria_of(record[name])
    ]
    return {**plan_of(knowledge).variant_columns, **variant_questions(trees)}


def assess_with_questions(case: Case, knowledge: KnowledgeBase) -> Assessment:
    """Assess a case with the answers to the variant questions of trials, therapies, mechanisms."""
    rows = rows_of_case(case, questions_of_trials(knowledge))
    molecular.describe_case(case, rows, knowledge)
    return assess_rows(case.patient, rows, knowledge)


def reader_of(assessment: Assessment, knowledge: KnowledgeBase) -> AssessedReader:
    """Return what criteria see of an assessed patient; the assessment itself stays as it is."""
    rows = {scope: [*own] for scope, own in assessment.rows.items()}
    rows[Scope.PATIENT] = [_copied(row) for row in rows[Scope.PATIENT]]
    treatment_lines.count_rows(rows, systemic_codes(knowledge))
    return AssessedReader.of(plan_of(knowledge), rows, assessment.conclusions)


def _copied(row: Row) -> Row:
    values, origins = dict(row.values), dict(row.origins)
    return Row(row.scope, row.key, row.assessor, row.date, values, origins)


def systemic_codes(knowledge: KnowledgeBase) -> frozenset[str]:
    """Return the codes of systemic treatments."""
    hierarchy = knowledge.hierarchy_of(treatment_lines.REGIMEN)
    if hierarchy is None:
        return frozenset()
    return hierarchy.descendants(treatment_lines.SYSTEMIC) | {treatment_lines.SYSTEMIC}


def match_case(
    assessment: Assessment,
    knowledge: KnowledgeBase,
    trials: Sequence[Question] | None = None,
) -> list[TrialMatch]:
    """Match trials to an assessed patient.

    Args:
        assessment: What is concluded about the patient.
        knowledge: The knowledge base.
        trials: The trials; all with criteria if None.

    Returns:
        One match for each trial, the most completely documented first, and of these the one with
        the most criteria.
    """
    matcher = matcher_of(assessment, knowledge)
    chosen = trials_of(knowledge) if trials is None else trials
    matches = [trial_match(trial.record, matcher.match(trial.criteria)) for trial in chosen]
    return sorted(
        matches,
        key=lambda match: (-match.completeness, -len(match.criteria), match.record["id"]),
    )


class Matcher:
    """Matches criteria to one assessed patient, each once, whichever records ask it."""

    def __init__(self, assessment: Assessment, knowledge: KnowledgeBase) -> None:
        """Take in the patient."""
        self._reader = reader_of(assessment, knowledge)
        self._words = criterion_words(knowledge)
        self._known: dict[int, tuple[Criterion, CriterionMatch]] = {}

    def match(self, criteria: Iterable[Criterion]) -> tuple[CriterionMatch, ...]:
        """Match criteria to the patient, each with its reasons."""
        return tuple(map(self._one, criteria))

    def _one(self, tree: Criterion) -> CriterionMatch:
        known = self._known.get(id(tree))
        if known is None:
            found = _match(tree, ask(tree, self._reader), self._reader.knowledge, self._words)
            known = self._known[id(tree)] = (tree, found)
        return known[1]


_MATCHERS: WeakKeyDictionary[Assessment, Matcher] = WeakKeyDictionary()


def matcher_of(assessment: Assessment, knowledge: KnowledgeBase) -> Matcher:
    """Return what matches criteria to a patient: one for trials, treatments and mechanisms."""
    found = _MATCHERS.get(assessment)
    if found is None:
        found = _MATCHERS[assessment] = Matcher(assessment, knowledge)
    return found


def _match(
    tree: Criterion, asked: Trace, knowledge: KnowledgeBase, words: CriterionWords
) -> CriterionMatch:
    return CriterionMatch(
        words.tree(tree),
        asked.truth,
        is_provisional(asked),
        words.messages(asked),
        asked.missing,
        tuple(words.words.ask(fact) for fact in asked.missing),
        may_turn(asked, knowledge),
        asked,
    )


def trial_match(record: Mapping[str, Any], criteria: tuple[CriterionMatch, ...]) -> TrialMatch:
    """Join criteria: all must be met; a failure is provisional if every failed criterion is."""
    truth = all_of(match.truth for match in criteria)
    if truth is Truth.NOT_MET:
        provisional = all(m.provisional for m in criteria if m.truth is Truth.NOT_MET)
    else:
        provisional = truth is Truth.MET and any(match.provisional for match in criteria)
    return TrialMatch(record, truth, provisional, criteria)


def match_as_data(match: TrialMatch) -> dict[str, Any]:
    """Return a match as plain data for JSON."""
    record = match.record
    return {
        "trial": record["id"],
        "nct_id": record.get("nct_id", ""),
        "name": record["name"],
        "recruitment_status": record.get("recruitment_status", ""),
        "status_as_of": record.get("status_as_of", ""),
        "eligibility": match.eligibility.value,
        "provisional": match.provisional,
        "completeness": match.completeness,
        "missing": list(match.missing),
        "criteria": [criterion_as_data(criterion) for criterion in match.criteria],
        "sources": record["sources"],
    }


def criterion_as_data(match: CriterionMatch) -> dict[str, Any]:
    """Return how one criterion came out as plain data for JSON."""
    return {
        "asks": match.asks,
        "truth": match.truth.value,
        "provisional": match.provisional,
        "messages": list(match.messages),
        "missing": list(match.missing),
        "would_decide": list(match.tests),
        "could_change_with": list(match.may_change),
    }
