"""Three-valued truth after Kleene: what is missing is never silently a no."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """Met, not met, or undetermined because something is absent, imprecise or unassayed."""

    MET = "met"
    NOT_MET = "not_met"
    UNDETERMINED = "undetermined"

    @classmethod
    def of(cls, answer: bool | None) -> Truth:
        """Read a yes, a no or a None as a truth value."""
        if answer is None:
            return cls.UNDETERMINED
        return cls.MET if answer else cls.NOT_MET

    def __invert__(self) -> Truth:
        if self is Truth.UNDETERMINED:
            return self
        return Truth.NOT_MET if self is Truth.MET else Truth.MET


def all_of(values: Iterable[Truth]) -> Truth:
    """One `not met` decides; otherwise one `undetermined` leaves it open; nothing is met."""
    seen = set(values)
    if Truth.NOT_MET in seen:
        return Truth.NOT_MET
    return Truth.UNDETERMINED if Truth.UNDETERMINED in seen else Truth.MET


def any_of(values: Iterable[Truth]) -> Truth:
    """One `met` decides; otherwise one `undetermined` leaves it open; nothing is not met."""
    return ~all_of(~value for value in values)


def at_least(k: int, values: Iterable[Truth]) -> Truth:
    """Met if `k` are met, not met if met and undetermined together stay below `k`."""
    seen = list(values)
    met = seen.count(Truth.MET)
    if met >= k:
        return Truth.MET
    return Truth.NOT_MET if met + seen.count(Truth.UNDETERMINED) < k else Truth.UNDETERMINED


def consensus(values: Iterable[Truth]) -> Truth:
    """What all candidates agree on; undetermined when they differ or there are none."""
    seen = set(values)
    return seen.pop() if len(seen) == 1 else Truth.UNDETERMINED
