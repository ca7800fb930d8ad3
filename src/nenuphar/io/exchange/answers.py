"""What an observation of another form answers, before it is a value of a fact."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nenuphar.domain.quantity import Interval

_PLAIN = re.compile(r"[\w:/.+-]{3,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a system.

    Attributes:
        system: Name of the system in `codes.yaml`; as written where it is not one of them.
        code: The code.
        label: Its name, as the record prints it.
    """

    system: str
    code: str
    label: str = ""

    @property
    def key(self) -> str:
        """The code as `codes.yaml` writes it."""
        return f"{self.system}:{self.code}"


def shown(codes: Iterable[Code]) -> str:
    """Return the first code as a list shows it; never a label, or a code that reads like words."""
    return next((code.key for code in codes if _PLAIN.fullmatch(code.key)), "a code")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: codes with or without words, a text, a quantity, or yes and no.

    Attributes:
        codes: The same thing in several systems, the most trusted first.
        text: Words, or a date as text.
        ends: Lower end, upper end, and whether each is excluded; None where it is no quantity.
        unit: Unit of the ends as written.
        flag: Yes or no, where that was answered.
    """

    codes: tuple[Code, ...] = ()
    text: str = ""
    ends: tuple[float, float, bool, bool] | None = None
    unit: str = ""
    flag: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered."""
        return not (self.codes or self.text or self.ends or self.flag is not None)

    @property
    def kind(self) -> str:
        """What kind of value it is, for lists of what is not carried."""
        if self.ends is not None:
            return "quantity"
        if self.flag is not None:
            return "yes or no"
        return "code" if self.codes else ("text" if self.text else "no value")


def bounds_of(interval: Interval) -> tuple[float | None, float | None]:
    """Return the ends of an interval that bound it; nothing measured is negative."""
    low = None if interval.lo <= 0 and not interval.is_exact else interval.lo
    high = None if math.isinf(interval.hi) else interval.hi
    return low, high
