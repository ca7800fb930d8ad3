"""How a T cell is switched on and held back (Nie 2024, Figure 4), with what a case shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _TOP = 980, 58, 78
_CELL, _LEFT, _RIGHT = 190, 20, 560
_INK = {"activates": "#00795a", "holds back": "#c05a00"}
_STATES = {"support": "#c05a00", "contradiction": "#0072b2", "no_data": "#666660"}


@dataclass(frozen=True)
class Pair:
    """A ligand and its receptor on the T cell.

    Attributes:
        ligand: On the tumour cell or the antigen-presenting cell.
        receptor: On the T cell.
        effect: `activates` or `holds back`.
        evidence: `support` where the case shows that the step fails or the brake is on,
            `contradiction` where it shows the opposite, or `no_data`.
        shows: What the case shows, short.
        blocked: In which lines of treatment it was blocked; empty where it was not.
    """

    ligand: str
    receptor: str
    effect: str
    evidence: str
    shows: tuple[str, ...]
    blocked: str = ""


def draw_activation(pairs: Sequence[Pair], title: str) -> str:
    """Return the frame as an SVG text; the same input gives the same bytes.

    Args:
        pairs: The signals in the order in which a T cell meets them.
        title: What stands above.
    """
    height = _TOP + _ROW * len(pairs) + 20
    tall = _ROW * len(pairs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="17" font-weight="bold" fill="#222222">{escape(title)}'
        "</text>",
        _cell(_LEFT, tall, "#f3ece4", "Tumour or presenting cell"),
        _cell(_RIGHT - _CELL, tall, "#e4eef3", "T cell"),
        f'<text x="{_RIGHT + 24}" y="{_TOP - 10}" font-weight="bold" fill="#222222">This case'
        "</text>",
    ]
    for number, pair in enumerate(pairs):
        parts += _pair(pair, _TOP + number * _ROW + _ROW // 2)
    return "\n".join([*parts, "</svg>\n"])


def _cell(x: int, tall: int, fill: str, name: str) -> str:
    return (
        f'<rect x="{x}" y="{_TOP}" width="{_CELL}" height="{tall}" rx="22" fill="{fill}" '
        f'stroke="#8a8a84"/><text x="{x + _CELL // 2}" y="{_TOP - 10}" text-anchor="middle" '
        f'font-weight="bold" fill="#222222">{name}</text>'
    )


def _pair(pair: Pair, y: int) -> list[str]:
    colour = _INK[pair.effect]
    start, end = _LEFT + _CELL, _RIGHT - _CELL
    middle = (start + end) // 2
    tip = (
        f'<path d="M{end - 12} {y - 6}L{end - 2} {y}L{end - 12} {y + 6}" fill="none" '
        f'stroke="{colour}" stroke-width="2.5"/>'
        if pair.effect == "activates"
        else f'<path d="M{end - 3} {y - 9}V{y + 9}" stroke="{colour}" stroke-width="4"/>'
    )
    cross = (
        f'<path d="M{middle - 7} {y - 7}L{middle + 7} {y + 7}M{middle - 7} {y + 7}L{middle + 7} '
        f'{y - 7}" stroke="#222222" stroke-width="2.5"/>'
        if pair.blocked
        else ""
    )
    parts = [
        f'<text x="{start - 12}" y="{y + 4}" text-anchor="end" fill="#222222">{pair.ligand}</text>',
        f'<path d="M{start + 4} {y}H{end - 4}" stroke="{colour}" stroke-width="2.5"/>{tip}{cross}',
        f'<text x="{middle}" y="{y - 11}" text-anchor="middle" font-size="11" fill="{colour}">'
        f"{pair.effect}</text>",
        f'<text x="{end + 12}" y="{y + 4}" fill="#222222">{pair.receptor}</text>',
    ]
    lines = [*pair.shows, *([f"✕ blocked: {pair.blocked}"] if pair.blocked else [])] or ["no data"]
    first = y + 4 - 8 * (len(lines) - 1)
    ink = _STATES[pair.evidence]
    return parts + [
        f'<text x="{_RIGHT + 24}" y="{first + 16 * i}" fill="{ink}">{escape(line[:62])}</text>'
        for i, line in enumerate(lines)
    ]
