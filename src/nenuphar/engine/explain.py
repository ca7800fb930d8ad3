"""Evaluate all rules on one case, fact by fact, and keep every reason."""

from __future__ import annotations

from collections.abc import Sequence

from nenuphar.domain.conclusion import Conclusion, RuleStatus, RuleTrace, Stamp, Status, Trace
from nenuphar.domain.observation import Row
from nenuphar.domain.truth import Truth
from nenuphar.engine.combine import SILENT, Finding, RuleOutcome, combine
from nenuphar.engine.conclude import conclude, crosswalks, is_silent, listings, measurements
from nenuphar.engine.known import Known
from nenuphar.engine.plan import (
    NO_CONTEXT,
    Plan,
    direct_facts,
    direct_parts,
    soft_parts,
    trees_of,
)
from nenuphar.engine.reading import CaseReader, Decided, FirmReader, row_key
from nenuphar.engine.rows import PatientRows
from nenuphar.engine.tracer import trace
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import Leaf, Over
from nenuphar.knowledge.schema import Rule


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
    reader = CaseReader(plan, rows)
    conclusions = list(measurements(plan, rows, reader, stamp))
    for fact in plan.order:
        for row in rows[plan.scope(fact)]:
            decided = _decide(plan, fact, row, reader)
            reader.decided[fact, row_key(row)] = decided
            _say_cautions(plan, fact, row, reader, decided)
            is_open = decided.finding.status == "undetermined"
            if every or not (is_open and is_silent(plan, fact, row)):
                conclusions.append(conclude(plan, fact, row, reader, decided, stamp))
    conclusions += crosswalks(plan, rows, reader, stamp)
    conclusions += listings(plan, rows, reader, stamp)
    return conclusions


def _decide(plan: Plan, fact: str, row: Row, reader: CaseReader) -> Decided:
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


def _primary(
    plan: Plan, fact: str, row: Row, reader: CaseReader, findings: dict[str, Finding]
) -> str:
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


def _own_facts(rule: Rule) -> tuple[str, ...] | None:
    """Return the facts that a rule reads on its own row; None where it asks other rows too."""
    trees = [*trees_of([rule]), *((rule.silent_where,) if rule.silent_where else ())]
    parts = direct_parts(trees)
    if any(isinstance(part, Over) for part in parts):
        return None
    return tuple(sorted({part.fact for part in parts if isinstance(part, Leaf)}))


_KNOWN: Known[Rule, tuple[RuleOutcome, RuleTrace]] = Known(_own_facts)


def _run(rule: Rule, row: Row, reader: CaseReader) -> tuple[RuleOutcome, RuleTrace]:
    """Run a rule on a row; rows that show it the same share what it came to."""
    ways = _KNOWN.of(rule, reader.knowledge)
    if ways.facts is None:
        return _run_afresh(rule, row, reader)
    seen = tuple([reader.see(row, fact) for fact in ways.facts])
    return ways.get(seen) or ways.keep(seen, _run_afresh(rule, row, reader))


def _run_afresh(rule: Rule, row: Row, reader: CaseReader) -> tuple[RuleOutcome, RuleTrace]:
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


def _soft_views(rule: Rule, row: Row, reader: CaseReader) -> list[tuple[str, ...]]:
    """Return, for every provisional thing that a rule rests on, what would settle it.

    A fact of the row itself counts wherever the rule reads it; a quantified part counts where it
    would be open without the provisional values of its rows.
    """
    names = (name for name in direct_facts(rule) if reader.plan.is_derived(name))
    soft = [seen.missing for name in names if (seen := reader.see(row, name)).soft]
    for part in soft_parts(rule, reader.plan):
        firm = trace(part, row, FirmReader(reader))
        open_ = firm.truth is Truth.UNDETERMINED
        if open_ and trace(part, row, reader).truth is not Truth.UNDETERMINED:
            soft.append(firm.missing)
    return soft


def _cite(kb: KnowledgeBase, source: str, locator: str, reference: str) -> str:
    text = ", ".join(part for part in (kb.citations.get(source, source), locator) if part)
    return f"{text}, citing {reference}" if reference else text


def _say_cautions(plan: Plan, fact: str, row: Row, reader: CaseReader, decided: Decided) -> None:
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
