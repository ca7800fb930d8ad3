"""What rules see of one case: what was observed, and what was concluded of it before."""

from __future__ import annotations

from dataclasses import dataclass, field

from nenuphar.domain.conclusion import RuleTrace
from nenuphar.domain.observation import Row
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import Finding
from nenuphar.engine.plan import NO_CONTEXT, Plan
from nenuphar.engine.rows import PatientRows, belongs, rows_over
from nenuphar.engine.tracer import Seen
from nenuphar.knowledge.base import KnowledgeBase

RowKey = tuple[Scope, tuple[str, ...], str]
"""Scope, key and assessor of a row."""


@dataclass
class Decided:
    """A derived fact on one row: the finding of every context, and which of them is primary."""

    findings: dict[str, Finding]
    primary: str
    traces: tuple[RuleTrace, ...] = ()

    @property
    def finding(self) -> Finding:
        """The finding of the primary context."""
        return self.findings[self.primary]


@dataclass
class CaseReader:
    """What rules see of a case while they speak in one context."""

    plan: Plan
    rows: PatientRows
    decided: dict[tuple[str, RowKey], Decided] = field(default_factory=dict)
    context: str = NO_CONTEXT
    _seen: dict[tuple[int, str, str], Seen] = field(default_factory=dict, init=False)

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that the rules are of."""
        return self.plan.knowledge

    def see(self, row: Row, fact: str) -> Seen:
        """Return the value of a fact for a row; where it has none, what would decide it."""
        # Facts are decided before they are read, and rows are not changed in between.
        key = id(row), fact, self.context if self.plan.is_derived(fact) else NO_CONTEXT
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = self._look(row, fact)
        return seen

    def _look(self, row: Row, fact: str) -> Seen:
        place = self._row_of(row, self.plan.scope(fact))
        if place is None:
            return Seen(None, (fact,))
        if not self.plan.is_derived(fact):
            value = place.values.get(fact)
            return Seen(value, () if value is not None else (fact,))
        finding = self._finding(fact, place)
        value = finding.value if finding.stands else None
        return Seen(value, finding.missing or (fact,), finding.status == "provisional")

    def _finding(self, fact: str, place: Row) -> Finding:
        decided = self.decided[fact, row_key(place)]
        context = self.plan.context_read(fact, self.context)
        return decided.finding if context is None else decided.findings[context]

    def places(self, row: Row, fact: str) -> list[Row]:
        """Return the rows from which a rule on a row may read a fact."""
        scope = self.plan.scope(fact)
        if not row.scope.within(scope):
            return self.below(row, scope)
        place = self._row_of(row, scope)
        return [place] if place is not None else []

    def _row_of(self, row: Row, scope: Scope) -> Row | None:
        """Return the row of a wider scope in which a row lies, or the row itself."""
        if row.scope is scope:
            return row
        return next((other for other in self.rows[scope] if belongs(row, other)), None)

    def below(self, row: Row, scope: Scope) -> list[Row]:
        """Return the rows of a narrower scope that lie within a row."""
        return rows_over(self.rows, row, scope)


@dataclass
class FirmReader:
    """A reader that takes provisional values for open ones."""

    reader: CaseReader

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that the rules are of."""
        return self.reader.knowledge

    def see(self, row: Row, fact: str) -> Seen:
        """Return the value of a fact for a row; none where it is provisional."""
        seen = self.reader.see(row, fact)
        return Seen(None, seen.missing) if seen.soft else seen

    def below(self, row: Row, scope: Scope) -> list[Row]:
        """Return the rows of a narrower scope that lie within a row."""
        return self.reader.below(row, scope)


def row_key(row: Row) -> RowKey:
    """Return what tells a row of a case from all others."""
    return row.scope, row.key, row.assessor
