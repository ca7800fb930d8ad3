"""A flow (Sankey) of how many readings go from one name to another, drawn as plain SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6FB8", "#8A949B")

_WIDTH, _HEIGHT, _BAR, _LABEL = 880.0, 420.0, 12.0, 262.0
_GAP, _TOP, _LINE = 10.0, 26.0, 13.0
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Flow:
    """So many go from one name to another.

    Attributes:
        source: Name on the left.
        target: Name on the right.
        count: How many; more than none.
    """

    source: str
    target: str
    count: int


def gather(flows: Sequence[Flow], most: int = 9, rest: str = "other") -> list[Flow]:
    """Join flows of the same ends, and names beyond the most frequent ones under one name.

    Args:
        flows: In any order; flows of nothing are left out.
        most: Names that stay on each side.
        rest: Name of the others.

    Returns:
        Flows with their counts, the sum unchanged, largest sources and targets first.
    """
    known = [flow for flow in flows if flow.count > 0]
    left = _kept([(flow.source, flow.count) for flow in known], most)
    right = _kept([(flow.target, flow.count) for flow in known], most)
    counts: dict[tuple[str, str], int] = {}
    for flow in known:
        source = flow.source if flow.source in left else rest
        target = flow.target if flow.target in right else rest
        counts[source, target] = counts.get((source, target), 0) + flow.count
    order = {name: i for i, name in enumerate(left)}, {name: i for i, name in enumerate(right)}
    ends = sorted(counts, key=lambda e: (order[0].get(e[0], most), order[1].get(e[1], most), e))
    return [Flow(source, target, counts[source, target]) for source, target in ends]


def _kept(named: Sequence[tuple[str, int]], most: int) -> list[str]:
    totals = _totals(named)
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    return ranked if len(ranked) <= most else ranked[: most - 1]


def flow_figure(flows: Sequence[Flow], left: str, right: str) -> Markup | None:
    """Draw flows between two columns of names; band heights are in proportion to counts.

    Args:
        flows: As `gather` returns them.
        left: Heading of the sources.
        right: Heading of the targets.

    Returns:
        An SVG of a few kilobytes that takes ink from the page, each band with its count as a
        title; None where nothing flows. The same flows give the same bytes.
    """
    if not flows:
        return None
    sources = _totals((flow.source, flow.count) for flow in flows)
    targets = _totals((flow.target, flow.count) for flow in flows)
    most = max(len(sources), len(targets))
    total = sum(sources.values())
    scale = max(_HEIGHT - _TOP - _GAP * most - _LINE * most / 2, 60.0) / total
    starts = _places(sources, scale)
    ends = _places(targets, scale)
    x0, x1 = _LABEL, _WIDTH - _LABEL
    height = max(y + h for y, h in (*starts.values(), *ends.values()))
    colours = {name: PALETTE[min(i, len(PALETTE) - 1)] for i, name in enumerate(sources)}
    parts = _bands(flows, starts, ends, scale, colours)
    parts += [_bar(x0 - _BAR, *starts[name], colours[name]) for name in sources]
    parts += [_bar(x1, *ends[name], "currentColor") for name in targets]
    parts += [_label(x0 - _BAR - 6, starts[n], n, c, "end") for n, c in sources.items()]
    parts += [_label(x1 + _BAR + 6, ends[n], n, c, "start") for n, c in targets.items()]
    parts += [_text(x0, 14, left, "end", bold=True), _text(x1, 14, right, "start", bold=True)]
    title = f"{left} to {right}: {total} in all"
    drawn = (
        f'<svg class="flow" viewBox="0 0 {_WIDTH:g} {height + 8:.1f}" role="img" '
        f'aria-label="{escape(title)}" font-size="12">{"".join(parts)}</svg>'
    )
    return Markup(drawn)  # noqa: S704 - every text in it went through `escape`


def _totals(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for name, count in named:
        totals[name] = totals.get(name, 0) + count
    return totals


def _places(totals: Mapping[str, int], scale: float) -> dict[str, tuple[float, float]]:
    """Give every name its top and height, one below the other, never closer than its label."""
    places, y = {}, _TOP
    for name, count in totals.items():
        height = max(count * scale, 1.0)
        places[name] = (y, height)
        y += max(height + _GAP, _LINE + 3)
    return places


def _bands(
    flows: Sequence[Flow],
    starts: Mapping[str, tuple[float, float]],
    ends: Mapping[str, tuple[float, float]],
    scale: float,
    colours: Mapping[str, str],
) -> list[str]:
    left = {name: y for name, (y, _) in starts.items()}
    right = {name: y for name, (y, _) in ends.items()}
    x0, x1 = _LABEL, _WIDTH - _LABEL
    middle = (x0 + x1) / 2
    parts = []
    for flow in flows:
        height = max(flow.count * scale, 0.6)
        a, b = left[flow.source], right[flow.target]
        left[flow.source] += flow.count * scale
        right[flow.target] += flow.count * scale
        path = (
            f"M{x0:g} {a:.1f}C{middle:g} {a:.1f} {middle:g} {b:.1f} {x1:g} {b:.1f}"
            f"V{b + height:.1f}C{middle:g} {b + height:.1f} {middle:g} {a + height:.1f} "
            f"{x0:g} {a + height:.1f}Z"
        )
        words = escape(f"{flow.source} → {flow.target}: {flow.count}")
        parts.append(
            f'<path d="{path}" fill="{colours[flow.source]}" fill-opacity="0.45">'
            f"<title>{words}</title></path>"
        )
    return parts


def _bar(x: float, y: float, height: float, colour: str) -> str:
    return f'<rect x="{x:g}" y="{y:.1f}" width="{_BAR:g}" height="{height:.1f}" fill="{colour}"/>'


def _label(x: float, place: tuple[float, float], name: str, count: int, anchor: str) -> str:
    y, height = place
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    return _text(x, y + min(height / 2, height) + 4, f"{short} ({count})", anchor)


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor"{weight}>'
        f"{escape(words)}</text>"
    )
