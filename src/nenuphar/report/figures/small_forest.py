"""A small forest plot as plain SVG: for pages that load no plotting library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nenuphar.report.figures.forest_rows import forest_rows

_WIDTH, _ROW, _TOP = 980, 20, 34
_LABEL, _COUNTS, _PLOT, _SPAN, _TEXT = 16, 430, 450, 330, 800
_BLUE, _RED, _INK = "#0072b2", "#c05a00", "#222222"


def small_forest(
    pooled: Mapping[str, Any], subgroups: Sequence[tuple[str, Mapping[str, Any]]], title: str
) -> str:
    """Draw studies by subgroup with their exact intervals, and what each subgroup comes to.

    Args:
        pooled: Fields of a pooled estimate; its `measure` and studies.
        subgroups: Name and fields of the pooled estimate of each subgroup.
        title: Said of the figure to those who do not see it.

    Returns:
        SVG; squares are studies (area by size), diamonds pooled values; the same input gives the
        same bytes. Subgroups of one study show that study alone, and there is no overall value.
    """
    ratio = pooled["measure"] == "hazard_ratio"
    rows = forest_rows(pooled, subgroups, apart=True)
    scale = _log_scale(rows) if ratio else _percent
    height = _TOP + _ROW * len(rows) + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="12" '
        f'fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_COUNTS}" y="20" text-anchor="end" font-weight="bold">'
        f"{'' if ratio else 'Events/n'}</text>",
        f'<text x="{_TEXT}" y="20" font-weight="bold">'
        f"{'Hazard ratio' if ratio else 'Share'} (95% CI)</text>",
    ]
    parts += _axis(rows, ratio, scale, height - 24)
    for number, row in enumerate(rows):
        parts += _row(row, _TOP + number * _ROW + _ROW // 2, scale)
    return "\n".join([*parts, "</svg>\n"])


def _percent(value: float) -> float:
    return _PLOT + _SPAN * value


def _log_scale(rows: Sequence[Mapping[str, Any]]) -> Any:
    ends = [row[name] for row in rows for name in ("ci_low", "ci_high") if row[name]]
    low, high = math.log(min([*ends, 0.5])), math.log(max([*ends, 2.0]))
    return lambda value: _PLOT + _SPAN * (math.log(value) - low) / (high - low)


def _axis(rows: Sequence[Mapping[str, Any]], ratio: bool, scale: Any, bottom: int) -> list[str]:
    ticks = (0.5, 1.0, 2.0) if ratio else (0.0, 0.25, 0.5, 0.75, 1.0)
    parts = []
    for tick in ticks:
        x, name = round(scale(tick), 1), f"{tick:g}" if ratio else f"{tick:.0%}"
        parts.append(
            f'<path d="M{x} {_TOP}V{bottom}" stroke="#dddddd"/><text x="{x}" y="{bottom + 16}" '
            f'text-anchor="middle" font-size="11">{name}</text>'
        )
    return parts if rows else []


def _row(row: Mapping[str, Any], y: int, scale: Any) -> list[str]:
    bold = "" if row["kind"] == "study" else ' font-weight="bold"'
    indent = _LABEL + (14 if row["kind"] != "heading" else 0)
    label = row["label"] if len(row["label"]) <= 52 else row["label"][:51] + "…"
    parts = [
        f'<text x="{indent}" y="{y + 4}"{bold}>{escape(label)}</text>',
        f'<text x="{_COUNTS}" y="{y + 4}" text-anchor="end"{bold}>{row["counts"]}</text>',
        f'<text x="{_TEXT}" y="{y + 4}"{bold}>{row["interval"]}</text>',
    ]
    if row["estimate"] is None:
        return [part for part in parts if not part.endswith("></text>")]
    low, high, middle = (round(scale(row[n]), 1) for n in ("ci_low", "ci_high", "estimate"))
    colour, thick = (_BLUE, 1.5) if row["kind"] == "study" else (_RED, 3)
    parts.append(f'<path d="M{low} {y}H{high}" stroke="{colour}" stroke-width="{thick}"/>')
    if row["kind"] == "study":
        side = min(5 + math.sqrt(row["size"] or 1) / 2, 12)
        parts.append(
            f'<rect x="{middle - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" '
            f'height="{side:.1f}" fill="{colour}"/>'
        )
    else:
        parts.append(f'<path d="M{middle - 7} {y}l7 -6l7 6l-7 6z" fill="{colour}"/>')
    return parts
