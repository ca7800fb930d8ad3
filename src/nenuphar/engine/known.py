"""What was worked out before: the same criteria on the same values come out the same.

Rows of a cohort, and the readers of one specimen, differ in a few ways as far as a rule is
concerned (ADR 3). What a tree or a rule came to is therefore kept by the values that it saw, for as
long as its knowledge base lives, and at most `MOST` ways of each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from nenuphar.knowledge.base import KnowledgeBase

MOST = 64
"""Ways of a thing that are kept."""

_MOST_THINGS = 20_000
"""Things that are kept of a knowledge base; only trees made up on the way can be so many."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Ways(Generic[T, R]):
    """The ways in which one thing came out, by what it saw.

    Attributes:
        of: The thing; kept here, so that nothing else is taken for it.
        facts: Facts that it reads on its own row; None where it asks other rows too.
    """

    of: T
    facts: tuple[str, ...] | None
    _found: dict[Hashable, R] = field(default_factory=dict, init=False)

    def get(self, seen: Hashable) -> R | None:
        """Return how it came out with these values, if it did before."""
        return self._found.get(seen)

    def keep(self, seen: Hashable, result: R) -> R:
        """Keep how it came out."""
        if len(self._found) >= MOST:
            self._found.clear()
        self._found[seen] = result
        return result


class Known(Generic[T, R]):
    """Ways of many things, apart for every knowledge base."""

    def __init__(self, facts_of: Callable[[T], tuple[str, ...] | None]) -> None:
        """Keep ways of things whose facts `facts_of` tells."""
        self._facts_of = facts_of
        self._ways: WeakKeyDictionary[KnowledgeBase, dict[int, Ways[T, R]]] = WeakKeyDictionary()

    def of(self, thing: T, knowledge: KnowledgeBase) -> Ways[T, R]:
        """Return the ways of a thing; it is known by identity, which costs no look at its parts."""
        own = self._ways.get(knowledge)
        if own is None:
            own = self._ways[knowledge] = {}
        ways = own.get(id(thing))
        if ways is None:
            if len(own) >= _MOST_THINGS:
                own.clear()
            ways = own[id(thing)] = Ways(thing, self._facts_of(thing))
        return ways
