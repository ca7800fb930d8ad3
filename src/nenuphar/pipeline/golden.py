"""Which golden cases change their conclusion from one knowledge base to another."""

from __future__ import annotations

from typing import NamedTuple

from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import RuleCase
from nenuphar.pipeline.case import assess_rows


class ChangedCase(NamedTuple):
    """A golden case whose conclusion differs: the rule it belongs to, the fact, both values."""

    rule: str
    name: str
    fact: str
    before: str
    after: str


def changed_cases(before: KnowledgeBase, now: KnowledgeBase) -> list[ChangedCase]:
    """Assess every rule's cases under both bases and return what differs."""
    changed: list[ChangedCase] = []
    for rule in now.rules.values():
        for case in rule.cases:
            old, new = _concluded(case, before), _concluded(case, now)
            changed += [
                ChangedCase(rule.id, case.name, fact, old.get(fact, "—"), value)
                for fact, value in new.items()
                if old.get(fact, "—") != value
            ]
    return changed


def _concluded(case: RuleCase, kb: KnowledgeBase) -> dict[str, str]:
    known = {name: text for name, text in case.facts.items() if name in kb.facts}
    parts = tuple(
        {name: text for name, text in part.items() if name in kb.facts} for part in case.components
    )
    assessment = assess_rows("case", rows_of_facts(known, parts, kb), kb)
    return {c.fact: f"{c.value or '—'} ({c.status})" for c in assessment.conclusions}
