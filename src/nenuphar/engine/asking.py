"""Criterion trees that no rule owns (eligibility), asked of patients: one at a time or in columns.

A tree over facts of specimens is asked of the index specimen of the patient: `index` over the
specimens, so that where none is marked, or several were read differently, it is determined only if
all agree. A tree over facts of the patient and of treatment lines alone is asked of the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nenuphar.domain.conclusion import Conclusion, Trace
from nenuphar.domain.observation import Row
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.engine.known import Known
from nenuphar.engine.plan import Plan
from nenuphar.engine.rows import PatientRows, belongs, rows_over
from nenuphar.engine.tracer import Seen, trace
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Criterion,
    HasVariant,
    Leaf,
    Not,
    Over,
    walk,
)


def direct_parts(tree: Criterion) -> Iterator[Leaf | Over]:
    """Yield the leaves and quantified parts of a tree, without what lies inside the latter."""
    match tree:
        case AllOf(children) | AnyOf(children) | AtLeast(_, children):
            for child in children:
                yield from direct_parts(child)
        case Not(child):
            yield from direct_parts(child)
        case _:
            yield tree


def is_about_patient(tree: Criterion, plan: Plan) -> bool:
    """Whether a tree reads facts of the patient and of treatment lines alone."""
    return all(
        Scope(part.scope) in (Scope.TREATMENT_LINE, Scope.TIME_POINT)
        if isinstance(part, Over)
        else plan.scope(part.fact) is Scope.PATIENT
        for part in direct_parts(tree)
    )


def as_question(tree: Criterion, plan: Plan) -> Criterion:
    """Return a tree as it is asked of a patient."""
    if is_about_patient(tree, plan):
        return tree
    return Over("index", Scope.SPECIMEN.value, tree)


def variant_questions(trees: Iterable[Criterion]) -> dict[str, HasVariant]:
    """Return the variant questions of trees, by the name of their column."""
    parts = (part for tree in trees for part in walk(tree))
    return {part.fact: part for part in parts if isinstance(part, HasVariant)}


@dataclass
class AssessedReader:
    """What a tree sees of a patient whose facts are concluded."""

    plan: Plan
    rows: PatientRows
    concluded: Mapping[tuple[str, tuple[str, ...], str], Conclusion]
    _seen: dict[tuple[int, str], Seen] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, plan: Plan, rows: PatientRows, conclusions: Iterable[Conclusion]) -> AssessedReader:
        """Make a reader of a patient's rows and of what was concluded about them."""
        return cls(plan, rows, {(c.fact, c.key, c.assessor): c for c in conclusions})

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base behind the conclusions."""
        return self.plan.knowledge

    def see(self, row: Row, fact: str) -> Seen:
        """Return what a row shows of a fact of its own or a wider scope."""
        seen = self._seen.get((id(row), fact))
        if seen is None:
            seen = self._seen[id(row), fact] = self._look(row, fact)
        return seen

    def _look(self, row: Row, fact: str) -> Seen:
        scope = self.plan.scope(fact)
        place: Row | None = row
        if row.scope is not scope:
            place = next((other for other in self.rows[scope] if belongs(row, other)), None)
        if place is None:
            return Seen(None, (fact,))
        if not self.plan.is_derived(fact):
            value = place.values.get(fact)
            return Seen(value, () if value is not None else (fact,))
        found = self.concluded.get((fact, place.key, place.assessor))
        if found is None:  # a quiet fact of which nothing is known
            return Seen(None, (fact,))
        if found.status in ("met", "provisional"):
            return Seen(found.value, found.missing, found.status == "provisional")
        return Seen(None, found.missing or (fact,))

    def below(self, row: Row, scope: Scope) -> list[Row]:
        """Return the rows that a quantifier runs over, asked on a row."""
        return rows_over(self.rows, row, scope)


_QUESTIONS: Known[Criterion, Criterion] = Known(lambda tree: None)
"""Trees as they are asked of a patient."""


def ask(tree: Criterion, reader: AssessedReader) -> Trace:
    """Ask a tree of the patient.

    Returns:
        The trace; for a tree over specimens, that of `index`, with one child for each specimen that
        could be the index. Where all are marked as something else, the answer is undetermined.
    """
    patient = reader.rows[Scope.PATIENT][0]
    ways = _QUESTIONS.of(tree, reader.knowledge)
    question = ways.get(()) or ways.keep((), as_question(tree, reader.plan))
    asked = trace(question, patient, reader)
    if asked.op != "index" or asked.children:
        return asked
    missing = asked.missing or (f"{Scope.SPECIMEN.value}.is_index",)
    return Trace("index", Truth.UNDETERMINED, wanted=asked.wanted, missing=missing)


def is_provisional(asked: Trace) -> bool:
    """Whether an answer is determined but rests on a provisional value."""
    return bool(asked.truth.value != "undetermined" and any(leaf.soft for leaf in leaves(asked)))


def leaves(asked: Trace) -> Sequence[Trace]:
    """Return the leaves of a trace in the order of the tree."""
    if not asked.children:
        return [asked] if asked.fact else []
    return [leaf for child in asked.children for leaf in leaves(child)]
