"""Hierarchies of codes: what is a kind of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nenuphar.domain.truth import Truth


class HierarchyError(ValueError):
    """A hierarchy with an unknown parent or a loop."""


@dataclass(frozen=True)
class Hierarchy:
    """A directed acyclic graph of codes, each below its parents.

    Attributes:
        parents: For every code the codes directly above it.
    """

    parents: Mapping[str, tuple[str, ...]]
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, code: str) -> bool:
        return code in self.parents

    def ancestors(self, code: str) -> frozenset[str]:
        """Return every code properly above a code.

        Raises:
            HierarchyError: The code or one of its parents is unknown, or lies above itself.
        """
        if code not in self._ancestors:
            self._ancestors[code] = self._climb(code, ())
        return self._ancestors[code]

    def _climb(self, code: str, path: tuple[str, ...]) -> frozenset[str]:
        if code in path:
            raise HierarchyError(f"{code!r} lies above itself: {' > '.join((*path, code))}")
        if code not in self.parents:
            raise HierarchyError(f"{code!r} is not a code of this hierarchy")
        above: set[str] = set()
        for parent in self.parents[code]:
            above |= {parent} | self._climb(parent, (*path, code))
        return frozenset(above)

    @cached_property
    def _descendants(self) -> dict[str, frozenset[str]]:
        below: dict[str, set[str]] = {code: set() for code in self.parents}
        for code in self.parents:
            for ancestor in self.ancestors(code):
                below[ancestor].add(code)
        return {code: frozenset(codes) for code, codes in below.items()}

    def descendants(self, code: str) -> frozenset[str]:
        """Return every code properly below a code."""
        return self._descendants.get(code, frozenset())

    def is_a(self, code: str | None, concept: str) -> Truth:
        """Ask whether a code is a concept or lies below it.

        A proper ancestor of the concept leaves it undetermined ("NEN" may turn out to be a NEC),
        and so does any code that something below the concept lies below too; so does a missing
        code.
        """
        if code is None:
            return Truth.UNDETERMINED
        if code == concept or concept in self.ancestors(code):
            return Truth.MET
        return Truth.UNDETERMINED if code in self.may_become(concept) else Truth.NOT_MET

    def may_become(self, concept: str) -> frozenset[str]:
        """Return the codes that are not the concept, but have the concept or a kind of it below."""
        kinds = {concept, *self.descendants(concept)}
        above = {ancestor for kind in kinds for ancestor in self.ancestors(kind)}
        return frozenset(above - kinds)

    def most_specific(self, codes: Iterable[str]) -> list[str]:
        """Return the codes that no other of them lies below, in their order."""
        kept = list(dict.fromkeys(codes))
        above = {ancestor for code in kept if code in self for ancestor in self.ancestors(code)}
        return [code for code in kept if code not in above]
