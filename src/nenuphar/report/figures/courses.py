"""Courses as plain SVG: a lane for each patient (swimmer plot), or for what befell one patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from nenuphar.report.figures.axes import (
    WIDTH,
    Axis,
    Style,
    below_axis,
    fill,
    legend,
    line,
    mark,
    month_ticks,
    patterns,
    picture,
    swatch,
    text,
)

NAMED_UP_TO = 75
"""Lanes up to which each carries its name."""

MOST_LANES = 300

_CHARACTER, _LONGEST = 6.4, 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time.

    Attributes:
        start: Months.
        end: Months, not before the start.
        kind: Category, which chooses how it is drawn; `thin` is a line along the middle.
        label: Written inside where there is room, and shown as a title.
    """

    start: float
    end: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day, or somewhere between two days.

    Attributes:
        kind: One of `axes.SHAPES`.
        at: Months.
        until: Months; the same where the day is known.
        label: Short text above the mark, such as the response at a scan.
        says: What the title tells.
    """

    kind: str
    at: float
    until: float
    label: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the figure."""

    name: str
    bars: tuple[Bar, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def ends(self) -> tuple[float, float]:
        """Least and greatest month of anything in it."""
        at = [b.start for b in self.bars] + [e.at for e in self.events]
        to = [b.end for b in self.bars] + [e.until for e in self.events]
        return min(at, default=0.0), max(to, default=0.0)


def courses(
    lanes: Sequence[Lane],
    styles: Mapping[str, Style],
    words: Mapping[str, str],
    *,
    name: str,
    says: str,
    axis_title: str,
) -> Markup | None:
    """Draw lanes one below the other over months.

    Args:
        lanes: From top to bottom; beyond `MOST_LANES` an even choice of them is drawn.
        styles: How each kind of bar is drawn, in the order of the legend.
        words: Kinds of bars and events in words.
        name: Starts the ids inside the figure; different for every figure of a page.
        says: What the figure shows, for those who do not see it.
        axis_title: What the months are counted from.

    Returns:
        An SVG, or None without lanes. Lanes become thinner as they become more, and lose their
        names beyond `NAMED_UP_TO`; marks repeat what colours say.
    """
    if not lanes:
        return None
    shown = _spread(lanes)
    labelled = any(event.label for lane in shown for event in lane.events)
    height = 30.0 if labelled else max(3.2, min(16.0, 640 / len(shown)))
    named = len(shown) <= NAMED_UP_TO
    longest = min(max(len(lane.name) for lane in shown), _LONGEST) if named else 0
    left = 14 + _CHARACTER * longest
    ends = [lane.ends for lane in shown]
    least, last = min(0.0, *(a for a, _ in ends)), max(1.0, *(b for _, b in ends))
    used = [k for k in styles if any(b.kind == k for lane in shown for b in lane.bars)]
    kinds = list(dict.fromkeys(event.kind for lane in shown for event in lane.events))
    items = [(swatch(fill(name, i, styles[k])), words[k]) for i, k in enumerate(used)]
    if any(bar.kind == "thin" for lane in shown for bar in lane.bars):
        items.append(('<path class="dose" d="M-11 0H11"/>', words["thin"]))
    items += [(mark(kind, 0, 0), words.get(kind, kind)) for kind in kinds if kind != "scan"]
    head, top = legend(items, 0)
    top += 6
    bottom = top + height * len(shown)
    axis = Axis(least, last, left, WIDTH - 16)
    parts = [patterns(name, [styles[k] for k in used]), head]
    parts.append(below_axis(axis, month_ticks(least, last), top, bottom, axis_title))
    fills = {kind: fill(name, i, styles[kind]) for i, kind in enumerate(used)}
    for number, lane in enumerate(shown):
        middle = round(top + height * (number + 0.5), 1)
        parts.append(_lane(lane, middle, height, axis, fills))
        if named:
            small = ' class="small"' if height < 11 else ""
            parts.append(text(left - 8, middle + 4, lane.name, "end", small, _LONGEST))
    if least < 0:
        parts.append(line(axis(0), top, axis(0), bottom, "axis"))
    return picture(bottom + 40, says, parts)


def _spread(lanes: Sequence[Lane]) -> list[Lane]:
    """Choose lanes evenly where there are too many."""
    if len(lanes) <= MOST_LANES:
        return list(lanes)
    step = len(lanes) / MOST_LANES
    return [lanes[int(i * step)] for i in range(MOST_LANES)]


def _lane(lane: Lane, middle: float, height: float, axis: Axis, fills: Mapping[str, str]) -> str:
    labelled = height >= 30
    middle += 5 if labelled else 0
    half = min(7.0, 0.36 * height)
    parts = [_bar(bar, middle, half, axis, fills) for bar in lane.bars]
    free = -1e9
    for event in sorted(lane.events, key=lambda e: e.at):
        x, until = axis(event.at), axis(event.until)
        if until > x:
            parts.append(f'<path class="span" d="M{x:g} {middle:g}H{until:g}"/>')
            x = (x + until) / 2
        scale = round(min(1.0, height / 9), 2)
        says = event.says or f"{lane.name}: {event.kind}"
        parts.append(mark(event.kind, x, middle, says, scale))
        if event.label and x - free >= 0:
            parts.append(text(x, middle - 9, event.label, "middle", ' class="small"'))
            free = x + _CHARACTER * (len(event.label) + 1)
    return "".join(parts)


def _bar(bar: Bar, middle: float, half: float, axis: Axis, fills: Mapping[str, str]) -> str:
    x, end = axis(bar.start), axis(bar.end)
    if bar.kind == "thin":
        return f'<path class="dose" d="M{x:g} {middle:g}H{max(end, x + 1):g}"/>'
    title = f"<title>{escape(bar.label)}</title>" if bar.label else ""
    inside = bar.label and half >= 7 and end - x > _CHARACTER * len(bar.label)
    words = text(x + 5, middle + 4, bar.label, "start", ' class="over"') if inside else ""
    opacity = ".35" if inside else ".62"
    drawn = (
        f'<rect x="{x:g}" y="{middle - half:g}" width="{max(end - x, 1):g}" '
        f'height="{2 * half:g}" fill="{fills[bar.kind]}" fill-opacity="{opacity}">{title}</rect>'
    )
    return drawn + words
