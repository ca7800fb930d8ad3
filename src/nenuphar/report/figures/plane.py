"""The plane of mitoses and Ki-67, with the thresholds that the rules read and where a case lies."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.observation import Row
from nenuphar.domain.quantity import Interval
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.reasoning import thresholds_read

MITOSES, KI67 = "pathology.mitoses", "pathology.ki67"

WIDTH, HEIGHT = 430, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 26, 44
_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold: where it is drawn, its number, and what its record says."""

    at: float
    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where readings lie: a box from the least to the greatest value, and who read so."""

    x: float
    y: float
    width: float
    height: float
    is_point: bool
    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Plane:
    """A drawing in pixels; both axes are logarithmic after adding one."""

    x_ticks: tuple[Line, ...]
    y_ticks: tuple[Line, ...]
    x_lines: tuple[Line, ...]
    y_lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    says: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


class _Axis:
    def __init__(self, greatest: float, start: float, end: float) -> None:
        self.greatest, self._start, self._end = greatest, start, end

    def __call__(self, value: float) -> float:
        share = math.log1p(min(max(value, 0), self.greatest)) / math.log1p(self.greatest)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> tuple[Line, ...]:
        return tuple(Line(self(t), f"{t}", "") for t in _TICKS if t <= self.greatest)


def plane_of(
    knowledge: KnowledgeBase, rows: Sequence[Row], conclusions: Sequence[Conclusion]
) -> Plane | None:
    """Draw the readings of a specimen.

    Args:
        knowledge: Where thresholds are recorded.
        rows: One for each assessor.
        conclusions: Those about the specimen; the thresholds that their rules read are drawn.

    Returns:
        The drawing, or None where nobody counted mitoses or Ki-67. A quantity that is missing
        spans its whole axis.
    """
    known: dict[tuple[Interval | None, Interval | None], list[str]] = defaultdict(list)
    for row in rows:
        counted = _quantity(row, MITOSES), _quantity(row, KI67)
        if counted != (None, None):
            known[counted].append(row.assessor)
    if not known:
        return None
    x_limits = _limits(knowledge, conclusions, MITOSES)
    y_limits = _limits(knowledge, conclusions, KI67)
    x = _Axis(_greatest([c[0] for c in known], x_limits, 20), LEFT, WIDTH - RIGHT)
    y = _Axis(100, HEIGHT - BOTTOM, TOP)
    marks = tuple(_mark(x, y, counted, who) for counted, who in known.items())
    return Plane(
        x.ticks(),
        y.ticks(),
        tuple(Line(x(v), f"{v:g}", says) for v, says in x_limits),
        tuple(Line(y(v), f"{v:g}", says) for v, says in y_limits),
        marks,
        "; ".join(mark.says for mark in marks),
    )


def _quantity(row: Row, fact: str) -> Interval | None:
    value = row.values.get(fact)
    return value if isinstance(value, Interval) else None


def _limits(
    knowledge: KnowledgeBase, conclusions: Sequence[Conclusion], fact: str
) -> list[tuple[float, str]]:
    """Return the numbers that rules compared a quantity with, and what their records say."""
    said: dict[float, list[str]] = defaultdict(list)
    for name in thresholds_read(conclusions, fact):
        threshold = knowledge.thresholds[name]
        said[threshold.value].append(threshold.meaning)
    return [(value, " ".join(said[value])) for value in sorted(said)]


def _greatest(
    values: Sequence[Interval | None], limits: Sequence[tuple[float, str]], least: float
) -> float:
    ends = [end for v in values if v for end in (v.lo, v.hi) if math.isfinite(end)]
    return max(least, *(1.3 * end for end in ends), *(1.5 * limit for limit, _ in limits), 0)


def _mark(
    x: _Axis, y: _Axis, counted: tuple[Interval | None, Interval | None], who: Sequence[str]
) -> Mark:
    mitoses, ki67 = counted
    x_lo, x_hi = (x(mitoses.lo), x(mitoses.hi)) if mitoses else (x(0), x(x.greatest))
    y_lo, y_hi = (y(ki67.lo), y(ki67.hi)) if ki67 else (y(0), y(100))
    named = ", ".join(name for name in who if name)
    told = [
        f"mitoses {mitoses}" if mitoses else "mitoses not counted",
        f"Ki-67 {ki67}" if ki67 else "Ki-67 not counted",
    ]
    says = (f"Assessor {named}: " if named else "") + ", ".join(told)
    point = x_lo == x_hi and y_lo == y_hi
    width, height = round(x_hi - x_lo, 1), round(y_lo - y_hi, 1)
    return Mark(x_lo, y_hi, max(width, 5), max(height, 5), point, named, says)
