"""Check that records fit together: every name resolves, every unit and scope agrees.

What a single record must state is checked when it is read (`build`); what can only be seen across
records is checked here. Whether rules decide their own cases is for the floor above, which can run
them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from nenuphar.domain.scope import Scope
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
    parse_criterion,
)
from nenuphar.knowledge.schema import Caution, Fact, Rule
from nenuphar.terminology.hierarchy import HierarchyError


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known spelling, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def check(kb: KnowledgeBase) -> list[str]:
    """Return every finding, each with the id of its record; empty if all fits together."""
    findings = [*_check_hierarchies(kb)]
    if findings:
        return findings
    for fact in kb.facts.values():
        findings += [f"{fact.id}: {text}" for text in _check_fact(fact, kb)]
    for rule in kb.rules.values():
        findings += [f"{rule.id}: {text}" for text in _check_rule(rule, kb)]
    for caution in kb.cautions.values():
        findings += [f"{caution.id}: {text}" for text in _check_caution(caution, kb)]
    findings += _check_eligibility(kb)
    return findings + list(_check_derivation(kb))


def _check_hierarchies(kb: KnowledgeBase) -> Iterator[str]:
    for name, hierarchy in kb.hierarchies.items():
        for code in hierarchy.parents:
            try:
                hierarchy.ancestors(code)
            except HierarchyError as error:
                yield f"{name}: {error}"


def _check_fact(fact: Fact, kb: KnowledgeBase) -> Iterator[str]:
    if fact.hierarchy and fact.hierarchy not in kb.terminologies:
        hint = nearest(fact.hierarchy, kb.terminologies)
        yield f"hierarchy {fact.hierarchy!r} is not a terminology{hint}"
    if fact.type == "number" and not fact.unit:
        yield "a number needs its unit"
    if fact.type == "code" and not fact.values and not fact.hierarchy:
        yield "a coded fact needs its values or a hierarchy"
    for name in (fact.context, fact.contexts_of, fact.covers_by):
        if name and name not in kb.facts:
            yield f"{name!r} is not a fact{nearest(name, kb.facts)}"
    if fact.probability:
        chance = kb.facts.get(fact.probability)
        if chance is None or (chance.scope, chance.unit) != (fact.scope, "ratio"):
            yield f"probability {fact.probability!r} is not a ratio of a {fact.scope.value}"
    concluded = {rule.concludes.fact for rule in kb.rules.values()} if fact.lists else set()
    for name in fact.lists.values():
        if name not in concluded or kb.facts[name].scope is not fact.scope:
            yield f"lists {name!r}, which no rule concludes for a {fact.scope.value}"
    yield from _check_coverage(fact, kb)


def _check_coverage(fact: Fact, kb: KnowledgeBase) -> Iterator[str]:
    hierarchy = kb.hierarchy_of(fact.covers_by)
    if fact.covers and hierarchy is None:
        yield "covers needs covers_by, a fact whose values have a hierarchy"
        return
    for context, concepts in fact.covers.items():
        if context not in fact.values:
            hint = nearest(context, fact.values)
            yield f"covers {context!r}, which is not one of its values{hint}"
        for concept in concepts:
            if hierarchy is not None and concept not in hierarchy:
                hint = nearest(concept, hierarchy.parents)
                yield f"covers {concept!r}, which is not a concept of {fact.covers_by}{hint}"


def _check_rule(rule: Rule, kb: KnowledgeBase) -> Iterator[str]:
    concluded = kb.facts.get(rule.concludes.fact)
    if concluded is None:
        hint = nearest(rule.concludes.fact, kb.facts)
        yield f"concludes {rule.concludes.fact!r}, which is not a fact{hint}"
        return
    if not concluded.derived:
        yield f"concludes {concluded.id!r}, which is declared as observed"
    if not _permits(concluded, rule.concludes.value, kb):
        yield f"{rule.concludes.value!r} is not a permitted value of {concluded.id}"
    yield from _check_editions(rule.editions, concluded, kb)
    for tree in (rule.when, rule.unless, rule.silent_where):
        if tree is not None:
            yield from _check_tree(tree, concluded.scope, kb)
    yield from (
        f"names {name!r}, which is not a fact{nearest(name, kb.facts)}"
        for name in rule.names
        if name not in kb.facts
    )
    expected = {case.expect for case in rule.cases}
    for needed, what in (
        ({"met", "provisional"}, "that fires"),
        ({"not_met"}, "that does not fire"),
        ({"undetermined"}, "whose input is missing"),
    ):
        if not expected & needed:
            yield f"has no case {what}"


def _check_caution(caution: Caution, kb: KnowledgeBase) -> Iterator[str]:
    about = kb.facts.get(caution.about)
    if about is None:
        yield f"is about {caution.about!r}, which is not a fact{nearest(caution.about, kb.facts)}"
        return
    yield from _check_editions(caution.editions, about, kb)
    yield from _check_tree(caution.when, about.scope, kb)
    expected = {case.expect for case in caution.cases}
    if "met" not in expected:
        yield "has no case in which it is said"
    if not expected & {"not_met", "undetermined"}:
        yield "has no case in which it is not said"


def _check_eligibility(kb: KnowledgeBase) -> Iterator[str]:
    """Check the trees of trials, therapies and mechanisms; they are asked of the index specimen."""
    for record in kb.kinds("trial", "therapy", "mechanism"):
        for name in ("criteria", "predictive_criteria"):
            if record.get(name):
                tree = parse_criterion(record[name], literals=True)
                yield from (f"{record['id']}: {t}" for t in _check_tree(tree, Scope.SPECIMEN, kb))


def _check_editions(editions: tuple[str, ...], fact: Fact, kb: KnowledgeBase) -> Iterator[str]:
    if editions and not fact.context:
        yield f"names editions, but {fact.id} has no context"
        return
    chooser = kb.facts.get(fact.context)
    for edition in editions:
        if chooser is not None and edition not in chooser.values:
            hint = nearest(edition, chooser.values)
            yield f"edition {edition!r} is not a value of {chooser.id}{hint}"


def _check_tree(node: Criterion, scope: Scope, kb: KnowledgeBase) -> Iterator[str]:
    match node:
        case AllOf(children) | AnyOf(children) | AtLeast(_, children):
            for child in children:
                yield from _check_tree(child, scope, kb)
        case Not(child):
            yield from _check_tree(child, scope, kb)
        case Over():
            yield from _check_over(node, scope, kb)
        case HasVariant():
            if not scope.within(Scope.SPECIMEN):
                yield "has_variant is asked of a specimen; use a quantifier over specimen"
        case _:
            yield from _check_leaf(node, scope, kb)


def _check_over(node: Over, scope: Scope, kb: KnowledgeBase) -> Iterator[str]:
    if node.scope not in {each.value for each in Scope}:
        yield f"{node.scope!r} is not a scope{nearest(node.scope, [s.value for s in Scope])}"
        return
    inner = Scope(node.scope)
    if scope.within(inner):
        yield f"{node.scope} does not lie within {scope.value}, so nothing can be quantified"
    yield from _check_tree(node.that, inner, kb)
    if node.where is not None:
        yield from _check_tree(node.where, inner, kb)
    if node.by:
        by = kb.facts.get(node.by)
        if by is None or by.type != "number":
            yield f"worst orders by {node.by!r}, which is not a number{nearest(node.by, kb.facts)}"


def _check_leaf(
    node: Is | IsA | Compare | Between, scope: Scope, kb: KnowledgeBase
) -> Iterator[str]:
    fact = kb.facts.get(node.fact)
    if fact is None:
        yield f"reads {node.fact!r}, which is not a fact{nearest(node.fact, kb.facts)}"
        return
    if fact.drawn:
        yield f"reads {fact.id}, which is written only to be shown"
    if not scope.within(fact.scope):
        yield (
            f"reads {fact.id} of scope {fact.scope.value} from {scope.value}; going up needs a "
            "quantifier"
        )
    match node:
        case Is(_, values):
            yield from _check_is(fact, values, kb)
        case IsA(_, concept):
            if not fact.hierarchy:
                yield f"asks is_a of {fact.id}, which has no hierarchy"
            elif concept not in kb.hierarchies[fact.hierarchy]:
                hint = nearest(concept, kb.hierarchies[fact.hierarchy].parents)
                yield f"{concept!r} is not a concept of {fact.hierarchy}{hint}"
        case Compare(_, _, limit):
            yield from _check_limit(fact, limit, kb)
        case Between(_, low, high):
            yield from _check_limit(fact, low, kb)
            yield from _check_limit(fact, high, kb)


def _check_is(fact: Fact, values: tuple[str, ...], kb: KnowledgeBase) -> Iterator[str]:
    if fact.type in ("number", "date"):
        yield f"asks `is` of {fact.id}, which is a {fact.type}; compare it instead"
        return
    hierarchy = kb.hierarchies.get(fact.hierarchy)
    for value in values:
        if not _permits(fact, value, kb):
            known = hierarchy.parents if hierarchy else (*fact.values, "true", "false")
            yield f"{value!r} is not a permitted value of {fact.id}{nearest(value, known)}"
        elif hierarchy is not None and hierarchy.descendants(value):
            yield f"asks {fact.id} is {value!r}, which others lie below; use is_a"


def _permits(fact: Fact, value: str, kb: KnowledgeBase) -> bool:
    if fact.type == "boolean":
        return value in ("true", "false")
    if fact.hierarchy:
        return value in kb.hierarchies.get(fact.hierarchy, {})
    return fact.type == "text" or value in fact.values


def _check_limit(fact: Fact, limit: Limit, kb: KnowledgeBase) -> Iterator[str]:
    if fact.type != "number":
        yield f"compares {fact.id}, which is a {fact.type}"
        return
    if not limit.threshold:
        if limit.unit != fact.unit:
            yield f"compares {fact.id} in {fact.unit} with {limit}; state it in {fact.unit}"
        return
    threshold = kb.thresholds.get(limit.threshold)
    if threshold is None:
        hint = nearest(limit.threshold, kb.thresholds)
        yield f"threshold {limit.threshold!r} does not exist{hint}"
    elif threshold.unit != fact.unit:
        yield f"compares {fact.id} in {fact.unit} with {threshold.id} in {threshold.unit}"


def _check_derivation(kb: KnowledgeBase) -> Iterator[str]:
    concluded = {rule.concludes.fact for rule in kb.rules.values()}
    yielded = {name for method in kb.methods.values() for name in method.outputs}
    for fact in kb.facts.values():
        listing = fact.contexts_of or fact.lists
        if fact.derived and not listing and fact.id not in concluded | yielded:
            yield f"{fact.id}: is declared as derived, but no rule or method concludes it"
        if fact.derived and fact.drawn:
            yield f"{fact.id}: is declared as derived and as drawn; a page draws it or lists it"
    for method in kb.methods.values():
        for name in (*method.inputs, *method.outputs):
            if name not in kb.facts:
                yield f"{method.id}: {name!r} is not a fact{nearest(name, kb.facts)}"
        for name in method.thresholds:
            if name not in kb.thresholds:
                yield f"{method.id}: {name!r} is not a threshold{nearest(name, kb.thresholds)}"
