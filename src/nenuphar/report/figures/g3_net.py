"""Which trials simulated G3 NET and NEC could enter, as one SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_ROW, _TOP, _LEFT, _BAR, _WIDTH = 18, 84, 300, 150, 1080
_COLOURS = {"met": "#2f7d4f", "undetermined": "#d9b44a", "not_met": "#d8d8d3"}


def draw_g3_net(answers: Sequence[Mapping[str, Any]], patients: int) -> str:
    """Return the figure: two bars for each trial, shares of simulated patients.

    Args:
        answers: As `pipeline.matching.g3_net.answer_as_data` gives them, each with the `name` of
            its trial.
        patients: Number of simulated patients of each kind.
    """
    height = _TOP + _ROW * len(answers) + 20
    title = "Who could enter: simulated digestive G3 NET and NEC"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="11">',
        f"<title>{title}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="16" font-weight="bold">{title}</text>',
        '<text x="16" y="46">green: all criteria met; yellow: open; grey: not met</text>',
        f'<text x="{_LEFT}" y="{_TOP - 10}" font-weight="bold">G3 NET</text>',
        f'<text x="{_LEFT + _BAR + 20}" y="{_TOP - 10}" font-weight="bold">NEC</text>',
        f'<text x="{_LEFT + 2 * _BAR + 40}" y="{_TOP - 10}" font-weight="bold">'
        "apart, as reported</text>",
        f'<text x="{_LEFT + 2 * _BAR + 160}" y="{_TOP - 10}" font-weight="bold">'
        "G3 NET reported</text>",
    ]
    for number, answer in enumerate(answers):
        y = _TOP + number * _ROW
        parts.append(f'<text x="16" y="{y + 12}">{escape(str(answer["name"])[:46])}</text>')
        for place, kind in enumerate(("g3_net", "nec")):
            if answer[kind]:
                parts += _bar(answer[kind], patients, _LEFT + place * (_BAR + 20), y + 2)
        said = answer["separates_as_reported"] or "not stated"
        parts.append(f'<text x="{_LEFT + 2 * _BAR + 40}" y="{y + 12}">{escape(said)}</text>')
        told = _told(answer.get("g3_net_reported") or {})
        parts.append(f'<text x="{_LEFT + 2 * _BAR + 160}" y="{y + 12}">{escape(told)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _told(reported: Mapping[str, Any]) -> str:
    """Write how many G3 NET there were and the first figure that is given for them."""
    n, figures = reported.get("n"), reported.get("figures") or [""]
    return "; ".join(part for part in ("" if n is None else f"{n}", figures[0]) if part)


def _bar(counts: Mapping[str, int], patients: int, x: int, y: int) -> list[str]:
    parts, start = [], float(x)
    for truth, colour in _COLOURS.items():
        width = round(_BAR * counts[truth] / patients, 1)
        if width:
            parts.append(
                f'<rect x="{start:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 5}" '
                f'fill="{colour}"/>'
            )
        start += width
    return parts
