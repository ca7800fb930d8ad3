"""Axes, legends and marks of figures that are drawn as plain SVG, without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 880.0
_CHARACTER, _LINE = 6.4, 17.0
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
_PERCENT_STEPS = (10, 20, 25, 50, 100, 200, 500, 1000)

SHAPES = {
    "progression": "M0-4.6L4.6 3.6H-4.6Z",
    "confirmation": "M-3.6 0A3.6 3.6 0 1 0 3.6 0A3.6 3.6 0 1 0-3.6 0Z",
    "death": "M-3.8-3.8L3.8 3.8M3.8-3.8L-3.8 3.8",
    "new lesion": "M0-5.4L1.6-1.7L5.4-1.7L2.3.7L3.4 4.6L0 2.2L-3.4 4.6L-2.3.7L-5.4-1.7L-1.6-1.7Z",
    "alive": "M-3-4L4 0L-3 4",
    "scan": "M0-5V5",
    "last assessment": "M-3-4.5H3M0-4.5V4.5M-3 4.5H3",
    "end of chemotherapy": "M-4 0L0-4L4 0L0 4Z",
    "start of maintenance": "M-3.6-3.6H3.6V3.6H-3.6Z",
}
"""Marks of events, by what they mean; open ones are stroked, closed ones filled."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a category is drawn: a colour, and a hatch or dash that says the same without it."""

    colour: str
    hatch: str = ""
    dash: str = ""


class Axis:
    """Places numbers between two ends of a drawing, in pixels."""

    def __init__(self, least: float, greatest: float, start: float, end: float) -> None:
        self.least, self.greatest = least, max(greatest, least + 1e-9)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Return where a value lies; what is beyond an end lies at it."""
        inside = min(max(value, self.least), self.greatest)
        share = (inside - self.least) / (self.greatest - self.least)
        return round(self.start + share * (self.end - self.start), 1)


def month_ticks(least: float, greatest: float, most: int = 10) -> list[float]:
    """Return whole months at which an axis is marked, both ends and zero within."""
    return _ticks(least, greatest, _MONTH_STEPS, most)


def percent_ticks(least: float, greatest: float, most: int = 9) -> list[float]:
    """Return round percentages at which an axis is marked."""
    return _ticks(least, greatest, _PERCENT_STEPS, most)


def _ticks(least: float, greatest: float, steps: Sequence[int], most: int) -> list[float]:
    step = next((s for s in steps if (greatest - least) / s <= most), steps[-1])
    first, last = math.ceil(least / step), math.floor(greatest / step)
    return [float(step * i) for i in range(first, last + 1)]


def text(
    x: float, y: float, words: str, anchor: str = "start", extra: str = "", longest: int = 0
) -> str:
    """Return text, escaped; cut where it is longer than it may be."""
    shown = words if not longest or len(words) <= longest else words[: longest - 1] + "…"
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{extra}>{escape(shown)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> str:
    """Return a straight line of a kind that the style sheet knows."""
    return f'<path class="{kind}" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>'


def mark(kind: str, x: float, y: float, says: str = "", scale: float = 1) -> str:
    """Return the mark of an event, with its words as a title."""
    shape = SHAPES[kind]
    own = "mark" if shape.endswith("Z") else "mark open"
    title = f"<title>{escape(says)}</title>" if says else ""
    place = f"translate({x:g} {y:g})" + (f" scale({scale:g})" if scale != 1 else "")
    return f'<path class="{own}" d="{shape}" transform="{place}">{title}</path>'


def patterns(name: str, styles: Iterable[Style]) -> str:
    """Return the fills of a figure; their ids start with its name, so that a page may hold many."""
    angles = {"/": 45, "\\": -45, "|": 0, "-": 90}
    parts = [
        f'<pattern id="{name}-{i}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({angles[s.hatch]})"><path fill="{s.colour}" d="M0 0H6V6H0Z"/>'
        f'<path d="M1 0V6" stroke="#fff" stroke-opacity=".75" stroke-width="1.7"/></pattern>'
        for i, s in enumerate(styles)
        if s.hatch
    ]
    return f"<defs>{''.join(parts)}</defs>" if parts else ""


def fill(name: str, number: int, style: Style) -> str:
    """Return the fill of the category with this number."""
    return f"url(#{name}-{number})" if style.hatch else style.colour


def legend(
    items: Sequence[tuple[str, str]], top: float, left: float = 0, width: float = WIDTH
) -> tuple[str, float]:
    """Lay the items of a legend out in lines.

    Args:
        items: For each a drawing of 22 pixels' width around its own origin, and its words.
        top: Where the first line stands.
        left: Where lines start.
        width: How wide lines may be.

    Returns:
        The drawing, and where the next thing below it may stand.
    """
    parts, x, y = [], left, top + 12
    for drawing, words in items:
        space = 30 + _CHARACTER * len(words) + 14
        if x > left and x + space > left + width:
            x, y = left, y + _LINE
        moved = f'<g transform="translate({x + 11:g} {y - 4:g})">{drawing}</g>'
        parts += [moved, text(x + 27, y, words)]
        x += space
    return "".join(parts), (y + 8 if items else top)


def swatch(colour: str) -> str:
    """Return a filled box for a legend."""
    return f'<path fill="{colour}" d="M-11-5H11V5H-11Z"/>'


def stroke(style: Style) -> str:
    """Return a piece of line for a legend."""
    dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
    return f'<path d="M-11 0H11" stroke="{style.colour}" stroke-width="2.2" fill="none"{dash}/>'


def picture(height: float, says: str, parts: Iterable[str], width: float = WIDTH) -> Markup:
    """Return a figure that takes ink and size from the page."""
    drawn = (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(says)}">{"".join(parts)}</svg>'
    )
    return Markup(drawn)  # noqa: S704 - every text in it went through `escape`


def below_axis(axis: Axis, ticks: Iterable[float], top: float, bottom: float, title: str) -> str:
    """Return the axis at the foot of a drawing with its grid, numbers and title."""
    parts = [line(axis.start, bottom, axis.end, bottom, "axis")]
    for tick in ticks:
        at = axis(tick)
        parts += [line(at, top, at, bottom), text(at, bottom + 15, f"{tick:g}", "middle")]
    parts.append(text((axis.start + axis.end) / 2, bottom + 33, title, "middle"))
    return "".join(parts)


def left_axis(axis: Axis, ticks: Iterable[float], left: float, right: float, title: str) -> str:
    """Return the axis at the left of a drawing with its grid, numbers and title."""
    parts = [line(left, axis.start, left, axis.end, "axis")]
    for tick in ticks:
        at = axis(tick)
        shown = f"{tick:+g}" if tick else "0"
        parts += [line(left, at, right, at), text(left - 6, at + 4, shown, "end")]
    middle = (axis.start + axis.end) / 2
    turned = f' transform="rotate(-90 14 {middle:g})"'
    parts.append(text(14, middle, title, "middle", turned))
    return "".join(parts)


def apart(wanted: Sequence[float], least: float, top: float, bottom: float) -> list[float]:
    """Move labels apart that would overlap, keeping their order.

    Args:
        wanted: Where each label would like to stand.
        least: Room that each needs.
        top: Upper end of the room that there is.
        bottom: Lower end; labels are pushed up from there.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    at = top - least
    for i in order:
        at = max(wanted[i], at + least)
        placed[i] = at
    limit = bottom
    for i in reversed(order):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - least
    return placed
