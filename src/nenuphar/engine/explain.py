"""Evaluate all rules on one case, fact by fact, and keep every reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nenuphar.domain.conclusion import (
    Conclusion,
    Input,
    RuleStatus,
    RuleTrace,
    SaidCaution,
    Stamp,
    Status,
    Trace,
)
from nenuphar.domain.observation import Origin, Row, Value, show_value
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.engine.combine import (
    BUILT_IN_CAUTIONS,
    SILENT,
    Finding,
    RuleOutcome,
    combine,
    crosswalk,
    listing,
)
from nenuphar.engine.plan import (
    NO_CONTEXT,
    Plan,
    direct_facts,
    facts_read,
    soft_parts,
    trees_of,
)
from nenuphar.engine.rows import PatientRows, belongs, rows_over
from nenuphar.engine.tracer import Seen, trace
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Rule

_RowKey = tuple[Scope, tuple[str, ...], str]


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
class _Reader:
    """What rules see of a case while they speak in one context."""

    plan: Plan
    rows: PatientRows
    decided: dict[tuple[str, _RowKey], Decided] = field(default_factory=dict)
    context: str = NO_CONTEXT

    @property
    def knowledge(self) -> KnowledgeBase:
        return self.plan.knowledge

    def see(self, row: Row, fact: str) -> Seen:
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
        decided = self.decided[fact, _row_key(place)]
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
        return rows_over(self.rows, row, scope)


@dataclass
class _Firm:
    """A reader that takes provisional values for open ones."""

    reader: _Reader

    @property
    def knowledge(self) -> KnowledgeBase:
        return self.reader.knowledge

    def see(self, row: Row, fact: str) -> Seen:
        seen = self.reader.see(row, fact)
        return Seen(None, seen.missing) if seen.soft else seen

    def below(self, row: Row, scope: Scope) -> list[Row]:
        return self.reader.below(row, scope)


def explain(
    plan: Plan, rows: PatientRows, stamp: Stamp, *, every: bool = False
) -> list[Conclusion]:
    """Conclude everything that can be concluded about one patient.

    Args:
        plan: What the knowledge base concludes, in order.
        rows: The patient's rows.
        stamp: What the conclusions are made with.
        every: Also list quiet facts of which nothing is known.

    Returns:
        One conclusion for each derived fact and row of its scope, in the order of the plan.
    """
    reader = _Reader(plan, rows)
    conclusions = list(_measurements(plan, rows, reader, stamp))
    for fact in plan.order:
        for row in rows[plan.scope(fact)]:
            decided = _decide(plan, fact, row, reader)
            reader.decided[fact, _row_key(row)] = decided
            _say_cautions(plan, fact, row, reader, decided)
            is_open = decided.finding.status == "undetermined"
            if every or not (is_open and _is_silent(plan, fact, row)):
                conclusions.append(_conclude(plan, fact, row, reader, decided, stamp))
    conclusions += _crosswalks(plan, rows, reader, stamp)
    conclusions += _listings(plan, rows, reader, stamp)
    return conclusions


def _is_silent(plan: Plan, fact: str, row: Row) -> bool:
    """Whether an open fact goes unlisted on a row."""
    return plan.is_quiet(fact) and not any(name in row.values for name in plan.listed_with(fact))


def _measurements(
    plan: Plan, rows: PatientRows, reader: _Reader, stamp: Stamp
) -> Iterable[Conclusion]:
    """What methods computed; they ran before, so that rules can read it like what was observed."""
    for fact, method in plan.measured.items():
        read = [name for name in method.inputs if not plan.is_derived(name)]
        for row in rows[plan.scope(fact)]:
            value = row.values.get(fact)
            known = value is not None
            if not known and _is_silent(plan, fact, row):
                continue
            yield Conclusion(
                fact,
                row.scope,
                row.key,
                row.assessor,
                str(row.date) if row.date else "",
                show_value(value) if known else None,
                "met" if known else "undetermined",
                () if known else tuple(sorted(method.inputs)),
                rule_id=method.id if known else "",
                rule_version=str(method.version) if known else "",
                inputs=tuple(_inputs(plan, read, row, reader)),
                stamp=stamp,
            )


def _crosswalks(
    plan: Plan, rows: PatientRows, reader: _Reader, stamp: Stamp
) -> Iterable[Conclusion]:
    for fact, listed in plan.crosswalks.items():
        read = facts_read(trees_of(plan.rules[listed]))  # every edition counts, not only its own
        for row in rows[plan.scope(listed)]:
            findings = reader.decided[listed, _row_key(row)].findings
            named = [(name, found) for name, found in findings.items() if name != NO_CONTEXT]
            found = crosswalk(listed, named)
            yield Conclusion(
                fact,
                row.scope,
                row.key,
                row.assessor,
                str(row.date) if row.date else "",
                found.value,
                found.status,
                found.missing,
                inputs=(
                    Input(listed, found.value or "", derived=True),
                    *_inputs(plan, read, row, reader),
                ),
                stamp=stamp,
            )


def _listings(plan: Plan, rows: PatientRows, reader: _Reader, stamp: Stamp) -> Iterable[Conclusion]:
    for fact, listed in plan.listings.items():
        for row in rows[plan.scope(fact)]:
            decided = [
                (label, reader.decided[name, _row_key(row)]) for label, name in listed.items()
            ]
            found = listing([(label, one.finding) for label, one in decided])
            yield Conclusion(
                fact,
                row.scope,
                row.key,
                row.assessor,
                str(row.date) if row.date else "",
                found.value,
                found.status,
                found.missing,
                found.alternatives,
                inputs=tuple(
                    Input(name, one.finding.value or "", derived=True)
                    for name, (_, one) in zip(listed.values(), decided, strict=True)
                ),
                stamp=stamp,
            )


def _row_key(row: Row) -> _RowKey:
    return row.scope, row.key, row.assessor


def _decide(plan: Plan, fact: str, row: Row, reader: _Reader) -> Decided:
    hierarchy = plan.knowledge.hierarchy_of(fact)
    findings: dict[str, Finding] = {}
    traces: dict[str, tuple[RuleTrace, ...]] = {}
    for context in plan.contexts(fact):
        reader.context = context
        coverage = plan.coverage(fact, context)
        spoken = trace(coverage, row, reader) if coverage is not None else None
        if spoken is not None and spoken.truth is Truth.NOT_MET:
            findings[context], traces[context] = SILENT, ()
            continue
        ran = [_run(rule, row, reader) for rule in plan.rules_in(fact, context)]
        found = combine([outcome for outcome, _ in ran], hierarchy)
        if spoken is not None and spoken.truth is Truth.UNDETERMINED:
            found = without_context(found, spoken.missing)
        findings[context] = found
        traces[context] = tuple(rule_trace for _, rule_trace in ran)
    reader.context = NO_CONTEXT
    primary = _primary(plan, fact, row, reader, findings)
    return Decided(findings, primary, traces[primary])


def _primary(plan: Plan, fact: str, row: Row, reader: _Reader, findings: dict[str, Finding]) -> str:
    """Choose the context that the row itself belongs to.

    Where the edition is not known, or has no rules, the rules without an edition speak; what they
    conclude is then provisional and names what would tell the edition.
    """
    chooser = plan.knowledge.facts[fact].context
    if not chooser or plan.edition:
        return NO_CONTEXT
    seen = reader.see(row, chooser)
    if isinstance(seen.value, str) and seen.value in findings:
        return seen.value
    if seen.value is None:
        findings[NO_CONTEXT] = without_context(findings[NO_CONTEXT], seen.missing)
    return NO_CONTEXT


def without_context(finding: Finding, missing: Sequence[str]) -> Finding:
    """Return a finding as it stands when nobody knows which edition applies."""
    status: Status = "provisional" if finding.status == "met" else finding.status
    named = tuple(sorted({*finding.missing, *missing}))
    cautions = tuple(c for c in finding.cautions if c != "no_rule_applies")
    return Finding(finding.value, status, named, finding.alternatives, finding.rule_ids, cautions)


def _run(rule: Rule, row: Row, reader: _Reader) -> tuple[RuleOutcome, RuleTrace]:
    when = trace(rule.when, row, reader)
    exception = rule.exception
    unless = trace(exception, row, reader) if exception is not None else None
    status, missing = _outcome(when, unless)
    if status in ("met", "provisional"):
        soft = _soft_views(rule, row, reader)
        status = "provisional" if soft else status
        missing |= {name for names in soft for name in names}
    kb = reader.knowledge
    rule_trace = RuleTrace(
        rule.id,
        rule.version,
        kb.hash_of(rule.id),
        rule.concludes.value,
        status,
        tuple(sorted(missing)),
        when,
        unless,
        rule.explanation,
        tuple(_cite(kb, s.source, s.locator, s.reference) for s in rule.sources),
    )
    where = rule.silent_where
    silent = where is not None and trace(where, row, reader).truth is Truth.MET
    return RuleOutcome(rule, status, frozenset(missing), silent), rule_trace


def _outcome(when: Trace, unless: Trace | None) -> tuple[RuleStatus, set[str]]:
    exception = unless.truth if unless is not None else Truth.NOT_MET
    if when.truth is Truth.NOT_MET or exception is Truth.MET:
        return "not_met", set()
    missing = set(when.missing) | set(unless.missing if unless is not None else ())
    if when.truth is Truth.UNDETERMINED:
        return "undetermined", missing
    return ("met", set()) if exception is Truth.NOT_MET else ("provisional", missing)


def _soft_views(rule: Rule, row: Row, reader: _Reader) -> list[tuple[str, ...]]:
    """Return, for every provisional thing that a rule rests on, what would settle it.

    A fact of the row itself counts wherever the rule reads it; a quantified part counts where it
    would be open without the provisional values of its rows.
    """
    names = (name for name in direct_facts(rule) if reader.plan.is_derived(name))
    soft = [seen.missing for name in names if (seen := reader.see(row, name)).soft]
    for part in soft_parts(rule, reader.plan):
        firm = trace(part, row, _Firm(reader))
        open_ = firm.truth is Truth.UNDETERMINED
        if open_ and trace(part, row, reader).truth is not Truth.UNDETERMINED:
            soft.append(firm.missing)
    return soft


def _cite(kb: KnowledgeBase, source: str, locator: str, reference: str) -> str:
    text = ", ".join(part for part in (kb.citations.get(source, source), locator) if part)
    return f"{text}, citing {reference}" if reference else text


def _say_cautions(plan: Plan, fact: str, row: Row, reader: _Reader, decided: Decided) -> None:
    for context, finding in decided.findings.items():
        reader.context = context
        spoken = () if finding == SILENT else plan.cautions_in(fact, context)
        said = tuple(
            caution.id for caution in spoken if trace(caution.when, row, reader).truth is Truth.MET
        )
        if said:
            decided.findings[context] = Finding(
                finding.value,
                finding.status,
                finding.missing,
                finding.alternatives,
                finding.rule_ids,
                (*finding.cautions, *said),
            )
    reader.context = NO_CONTEXT


def _conclude(
    plan: Plan, fact: str, row: Row, reader: _Reader, decided: Decided, stamp: Stamp
) -> Conclusion:
    finding, kb = decided.finding, plan.knowledge
    versions = ";".join(str(kb.rules[rule_id].version) for rule_id in finding.rule_ids)
    read = _facts_behind(plan, fact, decided)
    return Conclusion(
        fact=fact,
        scope=row.scope,
        key=row.key,
        assessor=row.assessor,
        date=str(row.date) if row.date else "",
        value=finding.value,
        status=finding.status,
        missing=finding.missing,
        alternatives=finding.alternatives,
        cautions=tuple(SaidCaution(c, _words(kb, c)) for c in finding.cautions),
        context=decided.primary,
        by_context=tuple(
            (context, found.value or "", found.status)
            for context, found in decided.findings.items()
            if context != NO_CONTEXT and found != SILENT
        ),
        rule_id=";".join(finding.rule_ids),
        rule_version=versions,
        rules=decided.traces,
        inputs=tuple(_inputs(plan, read, row, reader)),
        stamp=stamp,
    )


def _words(kb: KnowledgeBase, caution: str) -> str:
    return BUILT_IN_CAUTIONS.get(caution) or kb.cautions[caution].says


def _facts_behind(plan: Plan, fact: str, decided: Decided) -> set[str]:
    """Return what a conclusion rests on: what its rules, its cautions and its edition read."""
    kb = plan.knowledge
    trees = trees_of(kb.rules[rule.rule_id] for rule in decided.traces)
    said = (kb.cautions.get(caution) for caution in decided.finding.cautions)
    trees += [caution.when for caution in said if caution is not None]
    chooser = "" if plan.edition else kb.facts[fact].context
    return (facts_read(trees) | {chooser}) - {fact, ""}


def _inputs(plan: Plan, facts: Iterable[str], row: Row, reader: _Reader) -> Iterable[Input]:
    """Yield every value that was read, row by row; a fact of which nothing is known once, bare."""
    for fact in sorted(facts):
        derived = plan.is_derived(fact)
        found = [
            Input(fact, show_value(seen.value), derived=True, row=_name(place, row))
            if derived
            else _observed_input(
                fact, seen.value, place.origins.get(fact, Origin()), _name(place, row)
            )
            for place in reader.places(row, fact)
            if (seen := reader.see(place, fact)).value is not None
        ]
        yield from found or [Input(fact, "", derived=derived)]


def _name(place: Row, row: Row) -> str:
    """Name a row of a narrower scope; the row itself and wider ones need no name."""
    return "" if row.scope.within(place.scope) else place.name


def _observed_input(fact: str, value: Value, origin: Origin, row: str) -> Input:
    shown = show_value(value)
    return Input(fact, shown, origin.record, origin.text, origin.date, origin.assay, row=row)
