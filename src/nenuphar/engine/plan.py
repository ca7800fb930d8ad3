"""The order in which derived facts are worked out, and the contexts in which each is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from nenuphar.domain.problems import KnowledgeError
from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Criterion,
    HasVariant,
    IsA,
    Leaf,
    Not,
    Over,
    facts_of,
    walk,
)
from nenuphar.knowledge.schema import Caution, Method, Rule

NO_CONTEXT = ""
"""The context of rules that belong to no edition."""


@dataclass(frozen=True)
class Plan:
    """What a knowledge base concludes, fact by fact, each after the facts that it reads.

    Attributes:
        knowledge: The knowledge base.
        order: Derived facts in dependency order.
        rules: Rules of each derived fact, in the order of their ids.
        cautions: Cautions about each derived fact, in the order of their ids.
        crosswalks: Facts that list another fact in all its contexts, and that other fact.
        listings: Facts that list others, and those others by label.
        measured: Facts that methods yield, and the method behind each.
        edition: The only edition to speak in, whatever a row says of its own; none if empty.
    """

    knowledge: KnowledgeBase
    order: tuple[str, ...]
    rules: dict[str, tuple[Rule, ...]]
    cautions: dict[str, tuple[Caution, ...]]
    crosswalks: dict[str, str]
    measured: dict[str, Method]
    listings: dict[str, dict[str, str]] = field(default_factory=dict)
    edition: str = NO_CONTEXT

    @property
    def listed(self) -> tuple[str, ...]:
        """All facts that are concluded, in the order in which a table lists them."""
        return (*self.measured, *self.order, *self.crosswalks, *self.listings)

    def without(self, facts: Iterable[str]) -> Plan:
        """Return the plan that leaves out some facts that nothing else reads."""
        left_out = frozenset(facts)
        return replace(self, order=tuple(name for name in self.order if name not in left_out))

    def is_quiet(self, fact: str) -> bool:
        """Whether a fact goes unlisted on rows of which nothing is known."""
        declared = self.knowledge.facts.get(fact)
        return declared is not None and declared.quiet

    def listed_with(self, fact: str) -> tuple[str, ...]:
        """Return the facts with any of which a quiet fact is listed although it is open."""
        stated = self.knowledge.facts[fact].listed_with
        if stated or fact not in self.measured:
            return stated
        return tuple(name for name in self.measured[fact].inputs if not self.is_derived(name))

    def scope(self, fact: str) -> Scope:
        """Return the scope of a fact; variant answers belong to the specimen."""
        declared = self.knowledge.facts.get(fact)
        return declared.scope if declared else Scope.SPECIMEN

    def is_derived(self, fact: str) -> bool:
        """Whether rules conclude the fact."""
        return fact in self.rules

    def contexts(self, fact: str) -> tuple[str, ...]:
        """Return the contexts of a fact: its editions, and that of the rules without any."""
        return self._contexts.get(fact, (NO_CONTEXT,))

    @cached_property
    def _contexts(self) -> dict[str, tuple[str, ...]]:
        """Contexts of the facts that have several."""
        if self.edition:
            return {}
        return {
            fact: (NO_CONTEXT, *sorted({edition for rule in own for edition in rule.editions}))
            for fact, own in self.rules.items()
            if self.knowledge.facts[fact].context
        }

    def context_read(self, fact: str, context: str) -> str | None:
        """Return the context in which a rule that speaks in `context` reads a derived fact.

        None stands for the context that the row itself chooses.
        """
        contexts = self.contexts(fact)
        if contexts == (NO_CONTEXT,):
            return NO_CONTEXT
        return context if context in contexts and context != NO_CONTEXT else None

    def coverage(self, fact: str, context: str) -> Criterion | None:
        """Return the criterion of the rows of which a context speaks; None where of all."""
        place = fact, context
        if place not in self._coverage:
            self._coverage[place] = self._covered(fact, context)
        return self._coverage[place]

    @cached_property
    def _coverage(self) -> dict[tuple[str, str], Criterion | None]:
        """Criteria of coverage that have been asked for."""
        return {}

    def _covered(self, fact: str, context: str) -> Criterion | None:
        chooser = self.knowledge.facts.get(self.knowledge.facts[fact].context)
        concepts = chooser.covers.get(context, ()) if chooser is not None else ()
        if chooser is None or not concepts:
            return None
        return AnyOf(tuple(IsA(chooser.covers_by, concept) for concept in concepts))

    def rules_in(self, fact: str, context: str) -> tuple[Rule, ...]:
        """Return the rules of a fact that speak in a context."""
        spoken = self.edition or context
        return tuple(r for r in self.rules[fact] if not r.editions or spoken in r.editions)

    def cautions_in(self, fact: str, context: str) -> tuple[Caution, ...]:
        """Return the cautions about a fact that speak in a context."""
        spoken, found = self.edition or context, self.cautions.get(fact, ())
        return tuple(c for c in found if not c.editions or spoken in c.editions)

    @cached_property
    def variant_columns(self) -> dict[str, HasVariant]:
        """Variant questions that any rule or caution asks, by the name of their column."""
        trees = [tree for rules in self.rules.values() for tree in trees_of(rules)]
        trees += [c.when for cautions in self.cautions.values() for c in cautions]
        parts = (part for tree in trees for part in walk(tree))
        return {part.fact: part for part in parts if isinstance(part, HasVariant)}


def trees_of(rules: Iterable[Rule]) -> list[Criterion]:
    """Return the criterion trees of rules, exceptions included."""
    return [tree for rule in rules for tree in (rule.when, rule.exception) if tree is not None]


def facts_read(trees: Iterable[Criterion]) -> set[str]:
    """Return the facts that trees read, the marks of index rows included."""
    names: set[str] = set()
    for tree in trees:
        names |= facts_of(tree)
        parts = (part for part in walk(tree) if isinstance(part, Over))
        names |= {f"{part.scope}.is_index" for part in parts if part.quantifier == "index"}
    return names


def reads_of(rules: Iterable[Rule]) -> set[str]:
    """Return the facts that rules read."""
    return facts_read(trees_of(rules))


def direct_parts(trees: Iterable[Criterion]) -> list[Criterion]:
    """Return the leaves and quantified parts of trees, without what lies inside the latter."""
    parts: dict[Criterion, None] = {}
    stack = list(trees)
    while stack:
        match stack.pop():
            case AllOf(children) | AnyOf(children) | AtLeast(_, children):
                stack += children
            case Not(child):
                stack.append(child)
            case part:
                parts[part] = None
    return list(parts)


def direct_facts(rule: Rule) -> list[str]:
    """Return the facts that a rule reads on its own row, quantified parts left out."""
    parts = direct_parts(trees_of([rule]))
    return sorted({part.fact for part in parts if isinstance(part, Leaf)})


def soft_parts(rule: Rule, plan: Plan) -> list[Over]:
    """Return the quantified parts of a rule that read derived facts, which may be provisional."""
    parts = [part for part in direct_parts(trees_of([rule])) if isinstance(part, Over)]
    return [part for part in parts if any(plan.is_derived(name) for name in facts_of(part))]


def make_plan(knowledge: KnowledgeBase) -> Plan:
    """Order the derived facts of a knowledge base.

    Raises:
        KnowledgeError: Facts depend on themselves.
    """
    rules: dict[str, list[Rule]] = {}
    for rule in knowledge.rules.values():
        rules.setdefault(rule.concludes.fact, []).append(rule)
    cautions: dict[str, list[Caution]] = {}
    for caution in knowledge.cautions.values():
        cautions.setdefault(caution.about, []).append(caution)
    graph: dict[str, set[str]] = {}
    for fact, own in rules.items():
        reads = reads_of(own)
        for caution in cautions.get(fact, ()):
            reads |= facts_read([caution.when]) - {fact}
        context = knowledge.facts[fact].context
        graph[fact] = {name for name in reads | {context} if name in rules}
    try:
        order = tuple(TopologicalSorter(_sorted(graph)).static_order())
    except CycleError as error:
        loop = " → ".join(error.args[1])
        raise KnowledgeError([f"facts depend on themselves: {loop}"]) from error
    return Plan(
        knowledge,
        order,
        {fact: tuple(own) for fact, own in rules.items()},
        {fact: tuple(own) for fact, own in cautions.items()},
        {
            name: fact.contexts_of
            for name, fact in sorted(knowledge.facts.items())
            if fact.contexts_of in rules
        },
        {name: m for _, m in sorted(knowledge.methods.items()) for name in m.outputs},
        {name: dict(f.lists) for name, f in sorted(knowledge.facts.items()) if f.lists},
    )


def _sorted(graph: dict[str, set[str]]) -> dict[str, list[str]]:
    return {fact: sorted(graph[fact]) for fact in sorted(graph)}
