"""The map of resistance mechanisms as one SVG: inside the tumour cell on the left, around it right.

It follows the layout in which the field draws it (Nie 2024, Figure 5): intrinsic and extrinsic
mechanisms as chapters, each with what the case shows and the strategies that address it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_WIDTH, _COLUMN, _GAP, _MARGIN = 980, 460, 20, 20
_LINE, _HEAD, _TOP = 15, 22, 92
_FILLS = {"support": "#fbe3cf", "contradiction": "#dcebf7", "no_data": "#f4f4f2"}
_STROKES = {"support": "#c05a00", "contradiction": "#2a6fa8", "no_data": "#b5b5ae"}
_MARKS = {"support": "▲", "contradiction": "▼", "no_data": "·"}
_TITLES = {
    "intrinsic": "Intrinsic: the tumour cell",
    "extrinsic": "Extrinsic: the surroundings",
}
_SHORT = {"ici": "ICI", "mhc": "MHC", "dna": "DNA", "sting": "STING", "tam": "TAM", "pd1": "PD-1",
          "pdl1": "PD-L1", "ctla4": "CTLA-4", "lag3": "LAG-3", "tim3": "TIM-3", "tigit": "TIGIT",
          "ezh2": "EZH2", "lsd1": "LSD1", "car": "CAR", "b7h3": "B7-H3", "prrt": "PRRT",
          "fgfr": "FGFR",
          "sclc": "SCLC", "nsclc": "NSCLC", "hnscc": "HNSCC",
          "net": "NET",
          "nec": "NEC", "nen": "NEN", "t": "T", "egfr": "EGFR", "mtor": "mTOR",
          "csf1r": "CSF1R"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A mechanism on which the case has data: its name, what the case says, effect, tumours."""

    name: str
    evidence: str
    effect: str
    tumours: str


@dataclass(frozen=True)
class Chapter:
    """A chapter of the map.

    Attributes:
        side: `intrinsic` or `extrinsic`.
        category: Name of the chapter.
        evidence: `support`, `contradiction` or `no_data`.
        entries: Mechanisms on which the case has data.
        strategies: What addresses the chapter.
        known: Number of mechanisms that the sources name.
    """

    side: str
    category: str
    evidence: str
    entries: tuple[Entry, ...]
    strategies: tuple[str, ...]
    known: int


def draw_mechanisms(chapters: list[Chapter], title: str) -> str:
    """Return the map as an SVG text; the same input gives the same bytes.

    Args:
        chapters: The chapters in order.
        title: What stands above.
    """
    parts: list[str] = []
    bottoms = []
    for number, side in enumerate(("intrinsic", "extrinsic")):
        x, y = _MARGIN + number * (_COLUMN + _GAP), _TOP
        parts.append(_text(x, y - 12, _TITLES[side], size=15, bold=True))
        for chapter in (c for c in chapters if c.side == side):
            box, height = _chapter(chapter, x, y)
            parts += box
            y += height + 8
        bottoms.append(y)
    height = max(bottoms) + _MARGIN
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_MARGIN, 28, title, size=17, bold=True),
        _text(_MARGIN, 48, "▲ the case supports   ▼ the case contradicts   · no data", size=12),
    ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _chapter(chapter: Chapter, x: int, y: int) -> tuple[list[str], int]:
    lines = [
        (f"{_MARKS[e.evidence]} {e.name} ({e.effect}; seen in {words(e.tumours)})", "#222222")
        for e in chapter.entries
    ]
    if not lines:
        lines = [(f"no data on {chapter.known} known", "#666660")]
    if chapter.strategies:
        named = ", ".join(map(words, chapter.strategies))
        lines += [(line, "#3d6b35") for line in _wrapped(f"→ {named}")]
    height = _HEAD + _LINE * len(lines) + 8
    fill, stroke = _FILLS[chapter.evidence], _STROKES[chapter.evidence]
    box = [
        f'<rect x="{x}" y="{y}" width="{_COLUMN}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{stroke}"/>',
        _text(x + 12, y + 17, _first_upper(words(chapter.category)), size=13, bold=True),
    ]
    for i, (line, colour) in enumerate(lines):
        box.append(_text(x + 16, y + _HEAD + 13 + i * _LINE, _cut(line), colour=colour))
    return box, height


def words(code: str) -> str:
    """Return a code of the records in words (`ezh2_inhibitor` is an EZH2 inhibitor)."""
    parts = code.replace("_", " ").split(" ")
    return " ".join(_SHORT.get(part.rstrip(","), part.rstrip(",")) + ("," * part.endswith(","))
                    for part in parts)  # fmt: skip


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrapped(text: str, most: int = 72) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > most:
            lines.append("   ")
        lines[-1] += f"{word} "
    return [line.rstrip() for line in lines]


def _cut(text: str, most: int = 76) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _text(
    x: int, y: int, text: str, *, size: int = 11, bold: bool = False, colour: str = "#222222"
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{colour}">{escape(text)}</text>'
