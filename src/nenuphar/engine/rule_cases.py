"""Run the cases that rules and cautions carry, so that each of them shows what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.dates import parse_date
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import parse_quantity
from nenuphar.domain.scope import Scope
from nenuphar.engine.asking import AssessedReader
from nenuphar.engine.explain import explain
from nenuphar.engine.plan import NO_CONTEXT, Plan, make_plan, reads_of
from nenuphar.engine.rows import PatientRows
from nenuphar.engine.tracer import trace
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import facts_of
from nenuphar.knowledge.schema import Caution, Rule, RuleCase

_STAMP = Stamp("", "", "")


def failing_cases(kb: KnowledgeBase) -> Iterator[str]:
    """Yield every case that its rule or caution does not decide as stated."""
    for rule in kb.rules.values():
        for case in rule.cases:
            status, missing = outcome_of(rule, case, kb)
            if status != case.expect:
                yield f"{rule.id}: case {case.name!r} is {status}, expected {case.expect}"
            elif unnamed := set(case.missing) - missing:
                yield f"{rule.id}: case {case.name!r} does not name {', '.join(sorted(unnamed))}"
    for caution in kb.cautions.values():
        for case in caution.cases:
            found = said_of(caution, case, kb)
            if found != case.expect:
                yield f"{caution.id}: case {case.name!r} is {found}, expected {case.expect}"


def outcome_of(rule: Rule, case: RuleCase, kb: KnowledgeBase) -> tuple[str, set[str]]:
    """Return how a rule comes out on one of its cases, and what it names as missing.

    The rule speaks in the first of its editions, whatever the case says of the site, and alone:
    what its rivals say of the same fact is no concern of its case.
    """
    fact = rule.concludes.fact
    plan = _plan_in(rule.editions, fact, frozenset({fact}), kb)
    plan = replace(plan, rules={**plan.rules, fact: (rule,)})
    for conclusion in explain(plan, rows_of_case(case, kb), _STAMP, every=True):
        if conclusion.fact != fact:
            continue
        for ran in conclusion.rules:
            if ran.rule_id == rule.id:
                return ran.status, set(ran.missing)
    return "not run", set()


def said_of(caution: Caution, case: RuleCase, kb: KnowledgeBase) -> str:
    """Return how the criteria of a caution come out on one of its cases; met means said."""
    read = frozenset({caution.about, *facts_of(caution.when)})
    plan = _plan_in(caution.editions, caution.about, read, kb)
    rows = rows_of_case(case, kb)
    reader = AssessedReader.of(plan, rows, explain(plan, rows, _STAMP, every=True))
    first = rows[plan.scope(caution.about)][0]
    return trace(caution.when, first, reader).truth.value


def _plan_in(
    editions: tuple[str, ...], about: str, facts: frozenset[str], kb: KnowledgeBase
) -> Plan:
    edition = editions[0] if editions and kb.facts[about].context else NO_CONTEXT
    return replace(_plan_for(facts, kb), edition=edition)


@lru_cache(maxsize=256)
def _plan_for(facts: frozenset[str], kb: KnowledgeBase) -> Plan:
    """Return the plan of facts and of what they rest on; a case need not conclude the rest."""
    plan = _whole_plan(kb)
    needed = facts & plan.rules.keys()
    open_ = sorted(needed)
    while open_:
        name = open_.pop()
        reads = reads_of(plan.rules[name]) | {kb.facts[name].context}
        fresh = (reads & plan.rules.keys()) - needed
        needed |= fresh
        open_ += sorted(fresh)
    order = tuple(name for name in plan.order if name in needed)
    return replace(plan, order=order, cautions={}, crosswalks={}, listings={}, measured={})


_whole_plan = lru_cache(maxsize=4)(make_plan)


def rows_of_case(case: RuleCase, kb: KnowledgeBase, patient: str = "case") -> PatientRows:
    """Lay a case out as rows; what it says of its only specimen holds for each of several."""
    rows = rows_of_facts(case.facts, case.components, kb, patient)
    if case.specimens:
        [shared] = rows[Scope.SPECIMEN]
        rows[Scope.SPECIMEN] = [
            _specimen(n, own, shared, kb) for n, own in enumerate(case.specimens)
        ]
    return rows


def _specimen(number: int, facts: Mapping[str, str], shared: Row, kb: KnowledgeBase) -> Row:
    row = Row(Scope.SPECIMEN, (*shared.key[:-1], f"specimen {number + 1}"))
    row.date = parse_date(facts["date"]) if "date" in facts else None
    own = {name: _stated(name, text, kb) for name, text in facts.items() if name != "date"}
    row.values = shared.values | own
    return row


def rows_of_facts(
    facts: Mapping[str, str],
    components: tuple[dict[str, str], ...],
    kb: KnowledgeBase,
    patient: str = "case",
) -> PatientRows:
    """Lay facts out as the rows of one patient with one tumour, specimen and line of treatment."""
    rows: PatientRows = {scope: [] for scope in Scope}
    key = (patient, "tumour", "specimen")
    for depth, scope in enumerate((Scope.PATIENT, Scope.TUMOUR, Scope.SPECIMEN), start=1):
        rows[scope].append(Row(scope, key[:depth]))
    rows[Scope.TREATMENT_LINE].append(Row(Scope.TREATMENT_LINE, (patient, "line")))
    for name, text in facts.items():
        if name.startswith("variant("):  # the answer to a question that `has_variant` asks
            rows[Scope.SPECIMEN][0].values[name] = text == "true"
            continue
        declared = kb.facts[name]
        home = rows[declared.scope][0]
        home.values[name] = _value(name, text, kb)
        home.origins[name] = Origin("case", text)
    for number, component in enumerate(components):
        row = Row(Scope.COMPONENT, (*key, f"component {number + 1}"))
        row.values = {name: _value(name, text, kb) for name, text in component.items()}
        rows[Scope.COMPONENT].append(row)
    return rows


def _stated(name: str, text: str, kb: KnowledgeBase) -> Value:
    """Read a fact, or the answer to a question that `has_variant` asks."""
    return text == "true" if name.startswith("variant(") else _value(name, text, kb)


def _value(name: str, text: str, kb: KnowledgeBase) -> Value:
    fact = kb.facts[name]
    if fact.type == "number":
        return parse_quantity(text, fact.unit)
    return text == "true" if fact.type == "boolean" else text
