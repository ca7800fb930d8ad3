"""Evaluated rules as lines that can be read: what was asked, what was seen, how it came out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nenuphar.domain.conclusion import Conclusion, RuleTrace, Trace
from nenuphar.domain.truth import Truth
from nenuphar.engine.known import Known
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.words import Words

_BRANCHES = {"all": "All of these", "any": "At least one of these", "not": "Not"}
_QUANTIFIERS = {
    "exists": "At least one {} fits",
    "every": "Every {} fits",
    "count": "Enough rows fit ({})",
    "latest": "The latest {} fits",
    "earliest": "The earliest {} fits",
    "worst": "The worst {} fits",
    "index": "The index {} fits",
}
_ABSENT = "not recorded"


@dataclass(frozen=True, slots=True)
class Node:
    """One line of a trace.

    Attributes:
        truth: `met`, `not_met` or `undetermined`.
        label: The fact in words, or how the lines below are joined.
        seen: The value seen; empty for branches.
        wanted: What it was compared with.
        sources: Threshold records that it read, with what they say.
        note: What the record says of this part.
        children: Lines below.
    """

    truth: str
    label: str
    seen: str = ""
    wanted: str = ""
    sources: tuple[str, ...] = ()
    note: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleView:
    """How one rule came out.

    Attributes:
        rule: The trace it shows.
        value: What the rule concludes, in words.
        tree: Its criteria; only the parts that decided, where it is not met.
        exception: Its exception, likewise.
        missing: Facts that would decide it, in words.
    """

    rule: RuleTrace
    value: str
    tree: Node
    exception: Node | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReasoningView:
    """The rules of one conclusion.

    Attributes:
        live: Those that carry its value or could change it; the former first.
        possible: Where nothing is concluded, those that something on record bears on; of their
            criteria only what is open.
        silent: Those that could change it, but of which nothing is on record.
        reported: Those that rest on a report only, and that criteria have overtaken.
        not_met: Those whose criteria are not met.
        unlike_report: Those for which the report says something else.
    """

    live: tuple[RuleView, ...]
    possible: tuple[RuleView, ...]
    silent: tuple[RuleView, ...]
    reported: tuple[RuleView, ...]
    not_met: tuple[RuleView, ...]
    unlike_report: tuple[RuleView, ...]

    @property
    def bears(self) -> bool:
        """Whether something on record bears on any of the rules."""
        return bool(self.live or self.possible or self.not_met or self.reported)


_VIEWS: Known[RuleTrace, RuleView] = Known(lambda rule: None)
"""Rules as lines: rows that show a rule the same share its trace, and so what is said of it."""


class Reasoning:
    """Turns traces into lines, in the words of a knowledge base."""

    def __init__(self, knowledge: KnowledgeBase, words: Words) -> None:
        self._kb = knowledge
        self._words = words

    def of(self, conclusion: Conclusion) -> ReasoningView:
        """Return the rules behind a conclusion."""
        chosen = conclusion.rule_id.split(";")
        order = {"met": 1, "provisional": 2, "undetermined": 3, "not_met": 4}
        rules = sorted(
            conclusion.rules, key=lambda r: (r.rule_id not in chosen, order[r.status], r.rule_id)
        )
        sorts: dict[tuple[bool, bool], list[RuleView]] = defaultdict(list)
        for rule in rules:
            reported = rule.rule_id not in chosen and self._is_reported(rule.rule_id)
            sorts[rule.status == "not_met", reported].append(self._rule(conclusion.fact, rule))
        telling = [view for view in sorts[False, False] if not _is_silent(view.rule)]
        nothing = conclusion.status == "undetermined"
        return ReasoningView(
            live=() if nothing else tuple(telling),
            possible=tuple(self._rule(conclusion.fact, v.rule, True) for v in telling if nothing),
            silent=tuple(view for view in sorts[False, False] if _is_silent(view.rule)),
            reported=tuple(sorts[False, True]),
            not_met=tuple(sorts[True, False]),
            unlike_report=tuple(sorts[True, True]),
        )

    def _is_reported(self, rule_id: str) -> bool:
        rule = self._kb.rules.get(rule_id)
        return rule is not None and rule.basis == "reported"

    def _rule(self, fact: str, rule: RuleTrace, brief: bool = False) -> RuleView:
        ways = _VIEWS.of(rule, self._kb)
        return ways.get((fact, brief)) or ways.keep((fact, brief), self._view(fact, rule, brief))

    def _view(self, fact: str, rule: RuleTrace, brief: bool) -> RuleView:
        refuted = brief or rule.when.truth is Truth.NOT_MET
        open_exception = rule.unless if rule.status != "not_met" or not refuted else None
        return RuleView(
            rule,
            self._words.value(fact, rule.value),
            self._node(rule.when, refuted),
            self._node(open_exception, brief or rule.status == "not_met")
            if open_exception
            else None,
            tuple(self._words.inline(name) for name in rule.missing),
        )

    def _node(self, trace: Trace, deciding: bool) -> Node:
        """Return a line with those below it; with `deciding`, only those that share its truth."""
        if trace.fact:
            return self._leaf(trace)
        children = [
            self._node(child, deciding)
            for child in trace.children
            if not deciding or trace.op not in ("all", "any") or child.truth is trace.truth
        ]
        if len(children) == 1 and deciding and trace.op in ("all", "any"):
            return children[0]
        joined = tuple(_gathered(children))
        label = _of_row(trace, self._joint(trace))
        return Node(trace.truth.value, label, note=trace.note, children=joined)

    def _joint(self, trace: Trace) -> str:
        if trace.op == "at_least":
            return f"At least {trace.wanted} of these"
        if trace.op in _BRANCHES:
            return _BRANCHES[trace.op]
        scope = trace.wanted.replace("_", " ")
        text = _QUANTIFIERS.get(trace.op, f"{trace.op} {{}}").format(scope)
        return text if trace.children else f"{text}: none recorded"

    def _leaf(self, trace: Trace) -> Node:
        words, fact = self._words, trace.fact
        seen = words.value(fact, trace.value) if trace.value else _ABSENT
        return Node(
            trace.truth.value,
            _of_row(trace, words.fact(fact)),
            seen,
            self._wanted(trace),
            tuple(self._thresholds(trace.threshold.split())),
            trace.note,
        )

    def _wanted(self, trace: Trace) -> str:
        words, fact = self._words, trace.fact
        if trace.op in ("is", "in"):
            codes = trace.wanted.split(" or ")
            return " or ".join(_boolean(words.value(fact, code)) for code in codes)
        if trace.op == "is_a":
            return f"{words.value(fact, trace.wanted)}, or a kind of it"
        return "found" if trace.op == "has_variant" else trace.wanted

    def _thresholds(self, ids: Iterable[str]) -> Iterable[str]:
        for name in ids:
            threshold = self._kb.thresholds.get(name)
            yield f"{name}: {threshold.meaning}" if threshold else name


def _gathered(children: Sequence[Node]) -> Iterable[Node]:
    """Put lines of facts that are not on record into one, where there are several."""
    absent = [
        child for child in children if child.seen == _ABSENT and child.truth == "undetermined"
    ]
    if len(absent) < 2:
        return children
    named = "; ".join(f"{child.label} (asked: {child.wanted})" for child in absent)
    kept = [child for child in children if child not in absent]
    return [*kept, Node("undetermined", f"Not recorded: {named}")]


def _is_silent(rule: RuleTrace) -> bool:
    """Whether a rule is open and none of the facts that it reads is on record."""
    return rule.status == "undetermined" and not any(
        leaf.value for tree in (rule.when, rule.unless) if tree for leaf in _leaves(tree)
    )


def _leaves(trace: Trace) -> Iterable[Trace]:
    if not trace.children:
        yield trace
    for child in trace.children:
        yield from _leaves(child)


def _of_row(trace: Trace, label: str) -> str:
    return f"{trace.row}: {label}" if trace.row else label


def _boolean(code: str) -> str:
    return {"true": "yes", "false": "no"}.get(code, code)


def thresholds_read(conclusions: Sequence[Conclusion], fact: str) -> tuple[str, ...]:
    """Return the ids of the thresholds that rules compared a fact with, in order."""

    def below(trace: Trace) -> Iterable[str]:
        if trace.fact == fact and trace.threshold:
            yield from trace.threshold.split()
        for child in trace.children:
            yield from below(child)

    return tuple(
        sorted(
            {
                name
                for conclusion in conclusions
                for rule in conclusion.rules
                for tree in (rule.when, rule.unless)
                if tree is not None
                for name in below(tree)
            }
        )
    )
