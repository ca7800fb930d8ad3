"""Run the cases that rules carry, so that every rule shows what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import parse_quantity
from nenuphar.domain.scope import Scope
from nenuphar.engine.explain import explain
from nenuphar.engine.plan import NO_CONTEXT, Plan, make_plan, reads_of
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Rule, RuleCase

_STAMP = Stamp("", "", "")


def failing_cases(kb: KnowledgeBase) -> Iterator[str]:
    """Yield every case that its rule does not decide as stated."""
    for rule in kb.rules.values():
        for case in rule.cases:
            status, missing = outcome_of(rule, case, kb)
            if status != case.expect:
                yield f"{rule.id}: case {case.name!r} is {status}, expected {case.expect}"
            elif unnamed := set(case.missing) - missing:
                yield f"{rule.id}: case {case.name!r} does not name {', '.join(sorted(unnamed))}"


def outcome_of(rule: Rule, case: RuleCase, kb: KnowledgeBase) -> tuple[str, set[str]]:
    """Return how a rule comes out on one of its cases, and what it names as missing.

    The rule speaks in the first of its editions, whatever the case says of the site, and alone:
    what its rivals say of the same fact is no concern of its case.
    """
    fact = rule.concludes.fact
    edition = rule.editions[0] if rule.editions and kb.facts[fact].context else NO_CONTEXT
    plan = _plan_for(fact, kb)
    plan = replace(plan, rules={**plan.rules, fact: (rule,)}, edition=edition)
    conclusions = explain(plan, rows_of_facts(case.facts, case.components, kb), _STAMP)
    for conclusion in conclusions:
        if conclusion.fact != fact:
            continue
        for trace in conclusion.rules:
            if trace.rule_id == rule.id:
                return trace.status, set(trace.missing)
    return "not run", set()


@lru_cache(maxsize=256)
def _plan_for(fact: str, kb: KnowledgeBase) -> Plan:
    """Return the plan of a fact and of what it rests on; a case need not conclude the rest."""
    plan = _whole_plan(kb)
    needed, open_ = {fact}, [fact]
    while open_:
        name = open_.pop()
        reads = reads_of(plan.rules[name]) | {kb.facts[name].context}
        fresh = (reads & plan.rules.keys()) - needed
        needed |= fresh
        open_ += sorted(fresh)
    order = tuple(name for name in plan.order if name in needed)
    return replace(plan, order=order, cautions={}, crosswalks={}, measured={})


_whole_plan = lru_cache(maxsize=4)(make_plan)


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


def _value(name: str, text: str, kb: KnowledgeBase) -> Value:
    fact = kb.facts[name]
    if fact.type == "number":
        return parse_quantity(text, fact.unit)
    return text == "true" if fact.type == "boolean" else text
