"""Terms of editions and organs, carried over into each other through the uniform framework.

The relation is read off the rules that conclude `tumour.harmonised`, so that the look-up and the
engine cannot tell different stories. It is a relation, not a function: a term that covered several
entities is carried over into all of them, with the facts that would decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import Is, facts_of, walk
from nenuphar.terminology.hierarchy import Hierarchy

TERM, HARMONISED = "diagnosis.reported_term", "tumour.harmonised"
TERMS, NAMES = "reported_term", "harmonised_entity"


@dataclass(frozen=True, slots=True)
class Carried:
    """What a term can be elsewhere.

    Attributes:
        can_be: Terms of the other system, or names of the uniform framework; more than one where
            the term alone does not tell.
        decided_by: Facts that decide among them.
        unsayable: Names that the term can mean and for which the other system has no word.
        blurred: Names that the terms of the other system cover besides: what a reader of them
            could no longer exclude.
    """

    can_be: tuple[str, ...]
    decided_by: tuple[str, ...]
    unsayable: tuple[str, ...] = ()
    blurred: tuple[str, ...] = ()


def harmonise(kb: KnowledgeBase, term: str) -> Carried:
    """Return what a term can be in the uniform framework, in its most specific names.

    Args:
        kb: The knowledge base.
        term: Concept of `reported_term`.
    """
    names = kb.hierarchies[NAMES]
    found: set[str] = set()
    decided_by: set[str] = set()
    for rule in kb.rules.values():
        asked = [part for part in walk(rule.when) if isinstance(part, Is) and part.fact == TERM]
        if rule.concludes.fact != HARMONISED or not any(term in part.values for part in asked):
            continue
        found |= _leaves(names, rule.concludes.value)
        decided_by |= facts_of(rule.when) - {TERM}
    return Carried(tuple(sorted(found)), tuple(sorted(decided_by)))


def carry(kb: KnowledgeBase, term: str, system: str) -> Carried:
    """Return what a term can be called in another system of terms.

    Args:
        kb: The knowledge base.
        term: Concept of `reported_term`.
        system: The concept of `reported_term` below which the terms of the other system lie.

    Returns:
        No terms where the other system has no word for it.
    """
    meant = harmonise(kb, term)
    others = sorted(kb.hierarchies[TERMS].descendants(system))
    read = {other: {*harmonise(kb, other).can_be} for other in others}
    shared = {other: own for other, own in read.items() if own & {*meant.can_be}}
    said = {name for own in shared.values() for name in own}
    return Carried(
        tuple(shared),
        meant.decided_by if len(shared) > 1 else (),
        tuple(sorted({*meant.can_be} - said)),
        tuple(sorted(said - {*meant.can_be})),
    )


def systems(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    """Return the terms of every system, by the system's concept."""
    hierarchy = kb.hierarchies[TERMS]
    found: dict[str, list[str]] = {}
    for term, above in hierarchy.parents.items():
        if above and not hierarchy.descendants(term):
            found.setdefault(above[0], []).append(term)
    return {system: tuple(terms) for system, terms in found.items()}


def _leaves(names: Hierarchy, concept: str) -> set[str]:
    below = {code for code in names.descendants(concept) if not names.descendants(code)}
    return below or {concept}
