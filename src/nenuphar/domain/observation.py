"""Observed facts and the rows that they stand in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope

Value: TypeAlias = Interval | str | bool | PartialDate
"""What a fact can hold: a quantity, a code or text, a yes or no, a date."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an observed value comes from.

    Attributes:
        record: File and line, or the path inside a case.
        text: The value as it stands in the record.
        date: Date of the observation, if known.
        assay: Assay that produced it, if any.
    """

    record: str = ""
    text: str = ""
    date: str = ""
    assay: str = ""


@dataclass(slots=True)
class Row:
    """One row of a scope: its key, who read it, and the facts observed in it.

    Attributes:
        scope: What the row describes.
        key: Values of `scope.keys`, widest first.
        assessor: Who read it; empty where nobody is named.
        date: When it was taken or read, if known.
        values: Observed facts; what is missing is absent.
        origins: Where each observed fact comes from.
    """

    scope: Scope
    key: tuple[str, ...]
    assessor: str = ""
    date: PartialDate | None = None
    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How a reader would tell it from its neighbours: `specimen S2 (2021-03, read by A)`."""
        known = [str(self.date) if self.date else "", self.assessor and f"read by {self.assessor}"]
        more = ", ".join(part for part in known if part)
        return f"{self.scope.value.replace('_', ' ')} {self.key[-1]}" + (
            f" ({more})" if more else ""
        )


def show_value(value: Value | None) -> str:
    """Write a value as a reader would, empty where it is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
