"""Criterion trees and their traces in words: what is asked, what is shown, what decided."""

from __future__ import annotations

from functools import lru_cache

from nenuphar.domain.conclusion import Trace
from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    Criterion,
    HasVariant,
    Is,
    IsA,
    Limit,
    Not,
    Over,
)
from nenuphar.report.words import Words

_SYMBOLS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_UNITS = {"percent": "%", "per_2mm2": "per 2 mm²", "count": ""}


class CriterionWords:
    """Words for criterion trees over the facts of a knowledge base."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._kb = knowledge
        self.words = Words(knowledge)
        self.tree = lru_cache(maxsize=4096)(self._tree)

    def _tree(self, node: Criterion) -> str:
        """Return what a tree asks, on one line."""
        match node:
            case AllOf(children):
                return " and ".join(self._inner(child) for child in children)
            case AnyOf(children):
                return " or ".join(self._inner(child) for child in children)
            case Not(child):
                return f"not {self._inner(child)}"
            case AtLeast(k, children):
                return f"at least {k} of: " + "; ".join(self._inner(child) for child in children)
            case Over():
                return self._over(node)
            case _:
                return self._leaf(node)

    def _inner(self, node: Criterion) -> str:
        text = self.tree(node)
        return f"({text})" if isinstance(node, AllOf | AnyOf | AtLeast) else text

    def _over(self, node: Over) -> str:
        row = node.scope.replace("_", " ")
        which = f" with {self.tree(node.where)}" if node.where is not None else ""
        that = self.tree(node.that)
        if node.quantifier == "count":
            return f"at least {node.at_least} × {row}{which}: {that}"
        heads = {"exists": f"some {row}", "every": f"every {row}"}
        return f"{heads.get(node.quantifier, f'{node.quantifier} {row}')}{which}: {that}"

    def _leaf(self, node: Is | IsA | Compare | Between | HasVariant) -> str:
        label = self.words.fact(node.fact)
        match node:
            case Is(fact, values):
                named = " or ".join(self.value(fact, value) for value in values)
                return f"{label}: {named}"
            case IsA(fact, concept):
                return f"{label}: {self.value(fact, concept)}"
            case Compare(_, op, limit):
                return f"{label} {_SYMBOLS[op]} {self._limit(limit)}"
            case Between(_, low, high):
                return f"{label} {self._limit(low)} to {self._limit(high)}"
            case _:
                return label

    def _limit(self, limit: Limit) -> str:
        unit = self._kb.thresholds[limit.threshold].unit if limit.threshold else limit.unit
        return f"{self._kb.limit(limit):g} {_UNITS.get(unit, unit)}".strip()

    def value(self, fact: str, text: str) -> str:
        """Return a value of a fact in words; yes and no for a boolean one."""
        if text in ("true", "false"):
            return "yes" if text == "true" else "no"
        return self.words.value(fact, text)

    def messages(self, asked: Trace) -> tuple[str, ...]:
        """Return what the patient shows, and what was asked for, where a tree was decided."""
        parts = _deciding(asked)
        return tuple(dict.fromkeys(self._message(part, negated) for part, negated in parts))

    def _message(self, leaf: Trace, negated: bool) -> str:
        if not leaf.fact:
            return f"no {leaf.wanted.replace('_', ' ')} is recorded"
        seen = self.value(leaf.fact, leaf.value) if leaf.value else "not known"
        wanted = " or ".join(self.value(leaf.fact, part) for part in leaf.wanted.split(" or "))
        provisional = ", provisional" if leaf.soft else ""
        seen, wanted = (text.removesuffix(" count") for text in (seen, wanted))
        return (
            f"{self.words.fact(leaf.fact)}: {seen}{provisional} (asked: {'not ' * negated}{wanted})"
        )


@lru_cache(maxsize=4)
def criterion_words(knowledge: KnowledgeBase) -> CriterionWords:
    """Return the words of a knowledge base, which keep what they said before."""
    return CriterionWords(knowledge)


def _deciding(asked: Trace, negated: bool = False) -> list[tuple[Trace, bool]]:
    """Return the leaves, and the quantified parts without rows, that decided a tree.

    With each stands whether the opposite of it was asked for.
    """
    if asked.fact or not asked.children:
        return [(asked, negated)]
    children = asked.children
    settles = {"all": Truth.NOT_MET, "any": Truth.MET, "exists": Truth.MET}.get(asked.op)
    if asked.truth in (settles, Truth.UNDETERMINED):
        # A pair of `where` and `that` can fail together although neither is what failed it.
        children = tuple(c for c in children if c.truth is asked.truth) or children
    negated ^= asked.op == "not"
    return [leaf for child in children for leaf in _deciding(child, negated)]


def may_turn(asked: Trace, knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return the facts whose change with time may turn a determined answer; none if it cannot turn.

    Counts only grow and lines of treatment are only added: two lines never become one again.
    """
    return tuple(sorted(_turning(asked, knowledge)))


def _turning(asked: Trace, kb: KnowledgeBase) -> frozenset[str]:
    met = asked.truth is Truth.MET
    if asked.truth is Truth.UNDETERMINED:
        return frozenset()
    if asked.fact:
        declared = kb.facts.get(asked.fact)
        direction = declared.changes if declared else ""
        grows = direction == "up" and met == (asked.op in ("lt", "le"))
        return frozenset({asked.fact}) if direction == "any" or grows else frozenset()
    if asked.op in ("exists", "count", "every"):
        inner = {leaf.fact for leaf, _ in _deciding(asked)} - {""}
        return frozenset() if met else frozenset(inner)
    parts = [_turning(child, kb) for child in asked.children if child.truth is asked.truth]
    one_is_enough = asked.op == "not" or (asked.op == "all") == met
    if asked.op == "not":
        parts = [_turning(child, kb) for child in asked.children]
    if not one_is_enough and not all(parts):
        return frozenset()
    return frozenset().union(*parts)
