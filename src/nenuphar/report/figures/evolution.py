"""The four hypotheses as graphs, and what telling them apart comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from nenuphar.report.figures.axes import Axis, legend, line, picture, text

_INK, _BLUE, _ORANGE, _GREY = "#1f2328", "#0072b2", "#d55e00", "#8a8f94"
_NODES = {
    "cell_of_origin": ("Cell of origin", 22, 34),
    "somatic_alterations": ("Alterations", 22, 74),
    "microenvironment": ("Microenvironment", 22, 114),
}
_BOX, _ROOM, _HIGH = (132, 26), 212, 152
_LABEL, _PLOT, _ROW = 352, 678, 24
_BOLD = ' style="font-weight:700"'


def graphs_figure(hypotheses: Sequence[Mapping[str, Any]], favoured: str, leading: str) -> Markup:
    """Draw every hypothesis as the graph that stands for it.

    Args:
        hypotheses: `key, name, parents, gain_over_no_parents` of each.
        favoured: Key of the one that the data favour; empty where they cannot tell.
        leading: Key of the best one; empty where nothing was fitted.
    """
    parts: list[str] = []
    for number, one in enumerate(hypotheses):
        x, y = (_ROOM + 12) * (number % 4), 0
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _graph(one, favoured, leading)
        parts.append("</g>")
    says = "The four hypotheses as graphs of what the group of a tumour depends on"
    return picture(_HIGH + 34, says, parts, width=4 * (_ROOM + 12) - 12)


def _graph(one: Mapping[str, Any], favoured: str, leading: str) -> Iterator[str]:
    chosen = one["key"] == favoured
    frame = f'stroke="{_BLUE}" stroke-width="3"' if chosen else f'stroke="{_GREY}"'
    size = f'width="{_ROOM - 2}" height="{_HIGH + 30}"'
    yield f'<rect x="1" y="1" {size} rx="6" fill="none" {frame}/>'
    yield text(10, 20, _short(str(one["name"])), extra=_BOLD)
    for parent, (words, x, y) in _NODES.items():
        drawn = parent in one["parents"]
        colour = (_ORANGE if parent == "microenvironment" else _BLUE) if drawn else _GREY
        dash = "" if drawn else ' stroke-dasharray="3 3"'
        yield (
            f'<rect x="{x - 12}" y="{y - 4}" width="{_BOX[0]}" height="{_BOX[1]}" rx="4" '
            f'fill="none" stroke="{colour}"{dash}/>'
        )
        opacity = "" if drawn else ' opacity=".55"'
        yield text(x - 4, y + 13, words, extra=opacity)
        if drawn:
            yield _arrow(x - 12 + _BOX[0], y - 4 + _BOX[1] / 2, 166, 83, colour)
    yield f'<circle cx="184" cy="83" r="17" fill="none" stroke="{_INK}"/>'
    yield text(184, 87, "Group", "middle", ' class="small"')
    gain = one["gain_over_no_parents"]
    shown = "not fitted" if gain is None else f"gain {gain:+.3f} nats a tumour"
    best = "favoured" if chosen else "best, not favoured" if one["key"] == leading else ""
    yield text(10, _HIGH + 4, shown)
    yield text(10, _HIGH + 21, best, extra=_BOLD)


def _short(name: str) -> str:
    """The name of a hypothesis without the word that all of them end in."""
    return name[:1].upper() + name[1:].removesuffix(" evolution")


def _lower(name: str) -> str:
    return name.removesuffix(" evolution")


def _arrow(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    along = ((x2 - x1) / length, (y2 - y1) / length)
    tip = (x2 - 9 * along[0], y2 - 9 * along[1])
    across = (-4 * along[1], 4 * along[0])
    head = " ".join(
        f"{x:.1f},{y:.1f}"
        for x, y in (
            (x2, y2),
            (tip[0] + across[0], tip[1] + across[1]),
            (tip[0] - across[0], tip[1] - across[1]),
        )
    )
    return (
        f'<path d="M{x1:.1f} {y1:.1f}L{tip[0]:.1f} {tip[1]:.1f}" stroke="{colour}" '
        f'stroke-width="1.8" fill="none"/><polygon points="{head}" fill="{colour}"/>'
    )


def differences_figure(found: Mapping[str, Any], words: Mapping[str, str]) -> Markup:
    """Draw what each addition brings beside its null, and the hypotheses against each other.

    Args:
        found: `additions`, `differences`, `hypotheses` and `matters` of a comparison.
        words: What the parent sets are called.
    """
    names = {one["key"]: one["name"] for one in found["hypotheses"]}
    added = [
        (_added_words(one, words), one, one["null"], f"P {one['null']['p_value']:.3g}")
        for one in found["additions"]
        if one["null"]
    ]
    apart = [
        (f"{_short(names[one['first']])} less {_lower(names[one['second']])}", one, None, "")
        for one in found["differences"]
    ]
    rows = [*added, *apart]
    ends = [0.0, found["matters"]]
    for _, one, null, _ in rows:
        ends += [one["low"], one["high"]] + ([null["q05"], null["q95"]] if null else [])
    axis = Axis(min(ends), max(ends), _LABEL, _PLOT)
    bottom = _ROW * (len(rows) + 2) + 12
    parts = [*_scale(axis, 22, bottom)]
    parts.append(text(0, 16, "What a set adds", extra=_BOLD))
    y = 16.0
    for number, (name, one, null, told) in enumerate(rows):
        if number == len(added):
            y += _ROW
            parts.append(text(0, y + 5, "Between hypotheses", extra=_BOLD))
        y += _ROW
        parts += _row(axis, y, name, one, null, told)
    matters = axis(found["matters"])
    parts.append(line(matters, 22, matters, bottom, "limit"))
    keys, low = legend(_legend(), bottom + 36)
    says = "Gains and differences in log-likelihood a tumour, with 95% intervals and nulls"
    return picture(low, says, [*parts, keys], width=880)


def _added_words(one: Mapping[str, Any], words: Mapping[str, str]) -> str:
    base = " and ".join(words[name].lower() for name in one["to"]) or "nothing"
    return f"{words[one['added']]} to {base}"


def _scale(axis: Axis, top: float, bottom: float) -> Iterator[str]:
    yield line(axis.start, bottom, axis.end, bottom, "axis")
    span = axis.greatest - axis.least
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if span / s <= 8)
    first, last = int(axis.least // step), int(axis.greatest // step)
    for number in range(first, last + 1):
        tick = number * step
        if tick < axis.least:
            continue
        at = axis(tick)
        yield line(at, top, at, bottom, "axis" if number == 0 else "grid")
        yield text(at, bottom + 15, f"{tick:g}", "middle")
    middle = (axis.start + axis.end) / 2
    yield text(middle, bottom + 31, "Difference in log-likelihood, nats a tumour", "middle")


def _row(
    axis: Axis, y: float, name: str, one: Mapping[str, Any], null: Mapping[str, Any] | None,
    told: str,
) -> Iterator[str]:  # fmt: skip
    yield text(0, y + 4, name, longest=60)
    if null:
        left, right = axis(null["q05"]), axis(null["q95"])
        yield (
            f'<rect x="{left:g}" y="{y - 7:g}" width="{max(right - left, 1):.1f}" height="14" '
            f'fill="{_GREY}" opacity=".35"><title>{escape("Null: 5% to 95%")}</title></rect>'
        )
    clear = one["low"] > 0 or one["high"] < 0
    colour = _BLUE if clear else _INK
    low, high, mean = axis(one["low"]), axis(one["high"]), axis(one["mean"])
    yield f'<path d="M{low:g} {y:g}H{high:g}" stroke="{colour}" stroke-width="2"/>'
    fill = colour if clear else "#fff"
    yield f'<circle cx="{mean:g}" cy="{y:g}" r="4" fill="{fill}" stroke="{colour}"/>'
    interval = f"{one['mean']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
    yield text(_PLOT + 12, y + 4, interval + (f" {told}" if told else ""), extra=' class="small"')


def _legend() -> list[tuple[str, str]]:
    full = (
        f'<path d="M-11 0H11" stroke="{_BLUE}" stroke-width="2"/>'
        f'<circle r="4" fill="{_BLUE}" stroke="{_BLUE}"/>'
    )
    hollow = (
        f'<path d="M-11 0H11" stroke="{_INK}" stroke-width="2"/>'
        f'<circle r="4" fill="#fff" stroke="{_INK}"/>'
    )
    band = f'<rect x="-11" y="-6" width="22" height="12" fill="{_GREY}" opacity=".35"/>'
    limit = '<path class="limit" d="M0-7V7"/>'
    return [
        (full, "95% interval clear of 0"),
        (hollow, "interval holds 0"),
        (band, "null, 5% to 95%"),
        (limit, "least gain that matters"),
    ]
