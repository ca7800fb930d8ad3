"""Measured quantities as intervals, because pathology reports print `>20`, `30-40` and `<1`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from nenuphar.domain.truth import Truth

Comparison = Literal["lt", "le", "gt", "ge"]

UNITS: dict[str, tuple[str, float]] = {
    # unit as written: (canonical unit, factor to it)
    "percent": ("percent", 1.0),
    "%": ("percent", 1.0),
    "per_mille": ("percent", 0.1),
    "‰": ("percent", 0.1),
    "per_ten_thousand": ("percent", 0.01),
    "‱": ("percent", 0.01),
    "fraction": ("percent", 100.0),
    "per_2mm2": ("per_2mm2", 1.0),
    "/2mm2": ("per_2mm2", 1.0),
    "/2 mm2": ("per_2mm2", 1.0),
    "/2 mm²": ("per_2mm2", 1.0),
    "/2mm²": ("per_2mm2", 1.0),
    "per_mm2": ("per_2mm2", 2.0),
    "/mm2": ("per_2mm2", 2.0),
    "/mm²": ("per_2mm2", 2.0),
    # Ten fields of 0.2 mm² each (a 0.5 mm field of view) cover 2 mm²; other eyepieces do not.
    "per_10hpf": ("per_2mm2", 1.0),
    "/10hpf": ("per_2mm2", 1.0),
    "/10 hpf": ("per_2mm2", 1.0),
    # The same in UCUM, as records exchanged between hospitals write them.
    "/(2.mm2)": ("per_2mm2", 1.0),
    "/2.mm2": ("per_2mm2", 1.0),
    "/10.[hpf]": ("per_2mm2", 1.0),
    "/10[hpf]": ("per_2mm2", 1.0),
    "/[hpf]": ("per_2mm2", 10.0),
    "mm": ("mm", 1.0),
    "cm": ("mm", 10.0),
    "mm2": ("mm2", 1.0),
    "days": ("days", 1.0),
    "d": ("days", 1.0),
    "weeks": ("days", 7.0),
    "wk": ("days", 7.0),
    # Durations that a source divided by the mean length of a month.
    "months_of_30.5_days": ("days", 30.5),
    "months": ("months", 1.0),
    "mo": ("months", 1.0),
    "years": ("years", 1.0),
    "a": ("years", 1.0),
    "count": ("count", 1.0),
    "h_score": ("h_score", 1.0),
    "ratio": ("ratio", 1.0),
    "mb": ("mb", 1.0),
    "score": ("score", 1.0),
    "mutations_per_mb": ("mutations_per_mb", 1.0),
    "kg": ("kg", 1.0),
    "ng_per_ml": ("ng_per_ml", 1.0),
    "ng/ml": ("ng_per_ml", 1.0),
    "ug/l": ("ng_per_ml", 1.0),
}
"""Units that can be read, each with its canonical unit and the factor that leads to it."""

FIELD_UNITS = {unit for unit in UNITS if "hpf" in unit}
"""Counts per high-power field: comparable with 2 mm² only if the field measures 0.2 mm²."""

# A number without a sign (no quantity here is negative), decimal point or decimal comma.
_NUMBER = r"(\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)"
_UNIT = r"\s*(%|‰|‱|percent|per_mille|/\s?2\s?mm[2²]|/\s?mm[2²]|/\s?10\s?hpf|mm2|mm|cm)?"
_EXACT = re.compile(rf"^(?:=|~|ca\.?|about)?\s*{_NUMBER}{_UNIT}$", re.IGNORECASE)
_BOUND = re.compile(rf"^(<=|>=|=<|=>|≤|≥|<|>)\s*{_NUMBER}{_UNIT}$", re.IGNORECASE)
_RANGE = re.compile(rf"^{_NUMBER}\s*(?:%\s*)?(?:-|–|—|to)\s*{_NUMBER}{_UNIT}$", re.IGNORECASE)


class QuantityError(ValueError):
    """A text that no quantity can be read from; the message says what would be accepted."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A quantity known to lie between two ends.

    Attributes:
        lo: Lower end; `-inf` where nothing bounds it from below.
        hi: Upper end; `inf` where nothing bounds it from above.
        lo_open: Whether the lower end itself is excluded (`>20`).
        hi_open: Whether the upper end itself is excluded (`<1`).
        unit: Canonical unit of both ends.
    """

    lo: float
    hi: float
    lo_open: bool = False
    hi_open: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no interval, so that no comparison ever meets one."""
        if math.isnan(self.lo) or math.isnan(self.hi):
            raise QuantityError("a quantity cannot be NaN; leave it out when it is unknown")
        if self.lo == math.inf or self.hi == -math.inf:
            raise QuantityError("a quantity cannot be infinite; leave it out when it is unknown")
        empty = self.lo == self.hi and (self.lo_open or self.hi_open)
        if self.lo > self.hi or empty:
            raise QuantityError(f"no quantity lies between {self.lo:g} and {self.hi:g}")

    @classmethod
    def exactly(cls, value: float, unit: str = "") -> Interval:
        """Return the interval that holds one number."""
        return cls(value, value, unit=unit)

    @property
    def is_exact(self) -> bool:
        """Whether a single number is meant."""
        return self.lo == self.hi

    @property
    def number(self) -> float | None:
        """The number itself when it is exact, else None."""
        return self.lo if self.is_exact else None

    def compare(self, op: Comparison, limit: float) -> Truth:
        """Compare every quantity of the interval with a limit in the same unit.

        Args:
            op: `lt`, `le`, `gt` or `ge`.
            limit: The number compared with.

        Returns:
            Met if the comparison holds for all of the interval, not met if for none of it,
            otherwise undetermined.
        """
        if op in ("lt", "ge"):
            # Everything below the limit, or nothing below it.
            below = self.hi < limit or (self.hi == limit and self.hi_open)
            not_below = self.lo >= limit
            answer = True if below else (False if not_below else None)
            return Truth.of(answer) if op == "lt" else ~Truth.of(answer)
        above = self.lo > limit or (self.lo == limit and self.lo_open)
        not_above = self.hi <= limit
        answer = True if above else (False if not_above else None)
        return Truth.of(answer) if op == "gt" else ~Truth.of(answer)

    def __str__(self) -> str:
        unit = _SHOWN_UNITS.get(self.unit, f" {self.unit}" if self.unit else "")
        if self.is_exact:
            return f"{self.lo:g}{unit}"
        if math.isinf(self.lo) and math.isinf(self.hi):
            return f"any{unit}"
        if math.isinf(self.hi):
            return f"{'>' if self.lo_open else '≥'}{self.lo:g}{unit}"
        if math.isinf(self.lo) or (self.lo == 0 and not self.lo_open):
            return f"{'<' if self.hi_open else '≤'}{self.hi:g}{unit}"
        ends = f"{self.lo:g}-{self.hi:g}"
        if self.lo_open or self.hi_open:
            ends = f"{'>' if self.lo_open else '≥'}{self.lo:g} and "
            ends += f"{'<' if self.hi_open else '≤'}{self.hi:g}"
        return f"{ends}{unit}"


_SHOWN_UNITS = {
    "percent": "%",
    "per_2mm2": "/2 mm²",
    "count": "",
    "ratio": "",
    "score": "",
    "h_score": " (H-score)",
    "mutations_per_mb": " mutations/Mb",
}


def canonical_unit(unit: str) -> tuple[str, float]:
    """Return the canonical unit of a unit as written, and the factor that leads to it.

    Annotations in braces, as UCUM has them (`{mitoses}/mm2`), say nothing of the quantity.

    Raises:
        QuantityError: The unit is not known; the message lists those that are.
    """
    key = re.sub(r"\s+", " ", re.sub(r"\{[^{}]*\}", "", unit).strip().lower())
    if not key:
        return "", 1.0
    if key not in UNITS:
        key = key.replace(" ", "")
    if key not in UNITS:
        known = ", ".join(sorted(UNITS))
        raise QuantityError(f"unit {unit!r} is not known; one of: {known}")
    return UNITS[key]


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def parse_quantity(text: str, unit: str = "") -> Interval:
    """Read a number, a bound or a range, with or without its unit.

    Args:
        text: What the record says: `3`, `>20`, `30-40`, `<1`, `10/2mm2`, `≤ 5 %`, `2,5`.
        unit: Unit that applies where the text states none.

    Returns:
        The interval in its canonical unit. Bounds from above start at 0: nothing measured here
        is negative.

    Raises:
        QuantityError: The text is no quantity, is negative, or its unit disagrees in kind with
            `unit`; the message says what would be accepted.
    """
    clean = text.strip().replace("\N{NO-BREAK SPACE}", " ")
    stated, interval = _read_shape(clean)
    canonical, factor = canonical_unit(stated or unit)
    expected = canonical_unit(unit)[0]
    if stated and expected and canonical != expected:
        raise QuantityError(f"{clean!r} is in {canonical}, but {expected} is expected here")
    lo, hi, lo_open, hi_open = interval
    return Interval(lo * factor, hi * factor, lo_open, hi_open, canonical)


def _read_shape(text: str) -> tuple[str, tuple[float, float, bool, bool]]:
    if match := _EXACT.match(text):
        value = _number(match[1])
        return match[2] or "", (value, value, False, False)
    if match := _BOUND.match(text):
        sign, value = match[1], _number(match[2])
        if sign in (">", ">=", "=>", "≥"):
            return match[3] or "", (value, math.inf, sign == ">", False)
        if sign == "<" and value == 0:
            raise QuantityError(f"{text!r} lies below zero; nothing measured here is negative")
        return match[3] or "", (0.0, value, False, sign == "<")
    if match := _RANGE.match(text):
        low, high = _number(match[1]), _number(match[2])
        if low > high:
            raise QuantityError(f"{text!r} runs backwards; write the lower end first")
        return match[3] or "", (low, high, False, False)
    raise QuantityError(
        f"{text[:40]!r} is no quantity; write a number (3), a bound (>20, <=1) or a range (30-40)"
    )
