"""Sums of target lesions as plain SVG: best change (waterfall) and change over time (spider)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from nenuphar.report.figures.axes import (
    WIDTH,
    Axis,
    Style,
    apart,
    below_axis,
    fill,
    left_axis,
    legend,
    line,
    mark,
    month_ticks,
    patterns,
    percent_ticks,
    picture,
    stroke,
    swatch,
    text,
)

RESPONSES = {
    "CR": Style("#0072B2", dash="1 0"),
    "PR": Style("#56B4E9", hatch="/", dash="7 3"),
    "SD": Style("#E69F00", hatch="-", dash="2 2.5"),
    "PD": Style("#D55E00", hatch="\\", dash="10 3 2 3"),
    "NE": Style("#8A949B", hatch="|", dash="1 4"),
}
"""How responses are drawn; a hatch or dash repeats the colour."""

RESPONSE_WORDS = {
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progressive disease",
    "NE": "Not evaluable",
}

RESPONSE_LINE, PROGRESSION_LINE = -30.0, 20.0
"""Changes of the sum that RECIST 1.1 asks of PR (from baseline) and of PD (from the nadir), %."""

_LEFT, _RIGHT, _CEILING = 54.0, 16.0, 100.0
_NAMED_BARS, _LABELLED_BARS, _NAMED_LINES = 40, 60, 14
_LESION_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6FB8")
_DASHES = ("", "7 3", "2 2.5", "10 3 2 3", "12 4", "4 2 1 2", "1 4")


@dataclass(frozen=True, slots=True)
class Change:
    """The best change of one sum.

    Attributes:
        name: Whose it is.
        percent: Smallest change from baseline, %.
        response: Best response, a key of `RESPONSES`.
    """

    name: str
    percent: float
    response: str


@dataclass(frozen=True, slots=True)
class Trace:
    """How one sum or lesion changed.

    Attributes:
        name: Whose it is.
        points: Months from baseline and change, %; the baseline is (0, 0).
        marks: Kind (`new lesion`, `progression`), months and change at which it is drawn.
        response: Best response, a key of `RESPONSES`; empty for a lesion.
        is_sum: Whether it is drawn as the one that counts.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    marks: tuple[tuple[str, float, float], ...] = ()
    response: str = ""
    is_sum: bool = False


def waterfall(changes: Sequence[Change], name: str = "waterfall") -> Markup | None:
    """Draw the best change from baseline, the greatest growth first.

    Args:
        changes: In any order; bars beyond +100% are cut there and say their number.
        name: Starts the ids inside the figure.

    Returns:
        An SVG, or None without changes. Bars carry their response as letters up to sixty of them,
        and their names up to forty; hatches repeat the colours.
    """
    if not changes:
        return None
    ordered = sorted(changes, key=lambda one: (-one.percent, one.name))
    used = [r for r in RESPONSES if any(c.response == r for c in ordered)]
    items = [(swatch(fill(name, i, RESPONSES[r])), _long(r)) for i, r in enumerate(used)]
    head, top = legend(items, 0)
    top += 10
    # Beyond the longest bars there is room for their letters.
    highest = min(max(PROGRESSION_LINE, *(c.percent for c in ordered)) + 8, _CEILING)
    lowest = min(RESPONSE_LINE, *(c.percent for c in ordered)) - 8
    bottom = top + 270
    y = Axis(lowest, highest, bottom, top)
    slot = min((WIDTH - _LEFT - _RIGHT) / len(ordered), 46.0)
    right = _LEFT + max(slot * len(ordered), 260.0)
    parts = [patterns(name, [RESPONSES[r] for r in used]), head]
    title = "Best change of the sum, %"
    parts.append(left_axis(y, percent_ticks(lowest, highest), _LEFT, right, title))
    parts += [line(_LEFT, y(at), right, y(at), "limit") for at in (RESPONSE_LINE, PROGRESSION_LINE)]
    fills = {r: fill(name, i, RESPONSES[r]) for i, r in enumerate(used)}
    for number, one in enumerate(ordered):
        x = _LEFT + slot * number
        parts.append(_fall(one, x, slot, y, fills[one.response]))
        if len(ordered) <= _LABELLED_BARS:
            parts.append(_letters(one, x + slot / 2, y))
    parts.append(line(_LEFT, y(0), right, y(0), "axis"))
    foot = bottom + 10
    if len(ordered) <= _NAMED_BARS:
        names = [one.name[:14] for one in ordered]
        for number, shown in enumerate(names):
            x = _LEFT + slot * (number + 0.5) + 4
            parts.append(text(x, foot, shown, "end", f' transform="rotate(-60 {x:g} {foot:g})"'))
        foot += 6 * max(len(shown) for shown in names)
    said = f"Best change of the sum of targets, {len(ordered)} courses"
    return picture(foot + 12, said, parts)


def _long(response: str) -> str:
    return f"{response} · {RESPONSE_WORDS[response].lower()}"


def _fall(one: Change, x: float, slot: float, y: Axis, filled: str) -> str:
    top, bottom = sorted((y(one.percent), y(0)))
    gap = 0.12 * slot if slot > 4 else 0
    says = escape(f"{one.name}: {one.percent:+.1f}%, {one.response}")
    return (
        f'<rect x="{x + gap:.1f}" y="{top:g}" width="{slot - 2 * gap:.1f}" '
        f'height="{max(bottom - top, 1.2):.1f}" fill="{filled}"><title>{says}</title></rect>'
    )


def _letters(one: Change, x: float, y: Axis) -> str:
    beyond = one.percent > y.greatest
    up = one.percent >= 0
    at = y(one.percent) + (-4 if up else 12)
    shown = f"{one.response} {one.percent:+.0f}" if beyond else one.response
    return text(
        round(x, 1), max(at, y.end + 9) if beyond else at, shown, "middle", ' class="small"'
    )


def spider(
    traces: Sequence[Trace], name: str = "spider", title: str = "Change of the sum, %"
) -> Markup | None:
    """Draw changes from baseline over months.

    Args:
        traces: One for each subject, assessor or lesion; up to fourteen carry their names.
        name: Starts the ids inside the figure.
        title: Of the upright axis.

    Returns:
        An SVG with lines at 0, -30% and +20%, stars at new lesions and triangles at progression;
        None without traces. Changes beyond +200% lie at the upper edge.
    """
    if not traces:
        return None
    named = len(traces) <= _NAMED_LINES
    by_lesion = any(not trace.response for trace in traces)
    kinds = list(dict.fromkeys(kind for trace in traces for kind, _, _ in trace.marks))
    used = [r for r in RESPONSES if any(t.response == r for t in traces)]
    items = [] if by_lesion else [(stroke(RESPONSES[r]), _long(r)) for r in used]
    head, top = legend([*items, *((mark(kind, 0, 0), kind) for kind in kinds)], 0)
    top += 10
    xs = [x for trace in traces for x, _ in (*trace.points, *((m[1], 0) for m in trace.marks))]
    ys = [p for trace in traces for _, p in trace.points]
    highest = min(max(PROGRESSION_LINE + 10, *ys), 2 * _CEILING)
    lowest = min(RESPONSE_LINE - 10, *ys)
    bottom = top + 280
    room = 20 + 7.0 * min(max(len(t.name) for t in traces), 22) if named else _RIGHT
    right = WIDTH - room
    x, y = Axis(0, max(1.0, *xs), _LEFT, right), Axis(lowest, highest, bottom, top)
    parts = [head, left_axis(y, percent_ticks(lowest, highest), _LEFT, right, title)]
    ticks = month_ticks(0, x.greatest)
    parts.append(below_axis(x, ticks, top, bottom, "Months from the baseline scan"))
    parts += [line(_LEFT, y(at), right, y(at), "limit") for at in (RESPONSE_LINE, PROGRESSION_LINE)]
    parts.append(line(_LEFT, y(0), right, y(0), "axis"))
    styles = [_style(trace, number) for number, trace in enumerate(traces)]
    faint = "" if named else ' stroke-opacity=".55"'
    parts += [_course(t, s, x, y, faint) for t, s in zip(traces, styles, strict=True)]
    if named:
        parts.append(_line_names(traces, styles, y, right, (top, bottom)))
    return picture(bottom + 40, f"{title}: {len(traces)} courses over months", parts)


def _style(trace: Trace, number: int) -> Style:
    if trace.response:
        return RESPONSES[trace.response]
    if trace.is_sum:
        return Style("currentColor")
    colour = _LESION_COLOURS[number % len(_LESION_COLOURS)]
    return Style(colour, dash=_DASHES[number % len(_DASHES)])


def _course(trace: Trace, style: Style, x: Axis, y: Axis, faint: str) -> str:
    steps = "L".join(f"{x(months):g} {y(change):g}" for months, change in trace.points)
    dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
    wide = "3" if trace.is_sum else "1.7"
    says = escape(f"{trace.name}: " + ", ".join(f"{p:+.0f}%" for _, p in trace.points))
    look = f'stroke="{style.colour}" stroke-width="{wide}"{dash}{faint}'
    drawn = f'<path d="M{steps}" fill="none" {look}><title>{says}</title></path>'
    drawn += "".join(
        f'<circle cx="{x(months):g}" cy="{y(change):g}" r="{2.6 if not faint else 1.4}" '
        f'fill="{style.colour}"/>'
        for months, change in trace.points[1:]
    )
    raised: dict[float, int] = {}
    for kind, months, change in trace.marks:
        # Marks of one visit stand above each other and above the line.
        raised[months] = raised.get(months, 0) + 1
        at = round(max(y(change) - (6 if faint else 10) * raised[months], y.end - 4), 1)
        drawn += mark(kind, x(months), at, f"{trace.name}: {kind}", scale=0.6 if faint else 1)
    return drawn


def _line_names(
    traces: Sequence[Trace],
    styles: Sequence[Style],
    y: Axis,
    right: float,
    ends: tuple[float, float],
) -> str:
    """Name each line at its end, moved apart where names would overlap."""
    places = apart([y(trace.points[-1][1]) for trace in traces], 13.0, *ends)
    parts = []
    for trace, style, at in zip(traces, styles, places, strict=True):
        bold = ' font-weight="bold"' if trace.is_sum else ""
        dot = f'<circle cx="{right + 6:g}" cy="{at:g}" r="3" fill="{style.colour}"/>'
        parts += [dot, text(right + 12, at + 4, trace.name, "start", bold, 22)]
    return "".join(parts)
