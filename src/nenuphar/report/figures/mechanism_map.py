"""The map of resistance mechanisms as one SVG: inside the tumour cell on the left, around it right.

It follows the layout in which the field draws it (Nie 2024, Figure 5): intrinsic and extrinsic
mechanisms as chapters, each with what the case shows and the strategies that address it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_WIDTH, _COLUMN, _GAP, _MARGIN = 980, 460, 20, 20
_LINE, _HEAD, _TOP = 15, 22, 96
_LINES = 6
# Okabe and Ito: vermilion, blue, purple, grey; marks and words repeat what the colours say.
_FILLS = {"resistance": "#fbe3cf", "sensitivity": "#dcebf7", "both": "#f3e3ee",
          "unclear": "#f6f0dc", "contradiction": "#eef1f2", "no_data": "#fafaf9"}  # fmt: skip
_STROKES = {"resistance": "#c05a00", "sensitivity": "#0072b2", "both": "#a0508a",
            "unclear": "#9a7b1a", "contradiction": "#5d6a72", "no_data": "#c4c4bd"}  # fmt: skip
_SAYS = {
    "resistance": "▲ for resistance",
    "sensitivity": "▲ for response",
    "both": "▲ both ways",
    "unclear": "▲ effect not settled",
    "contradiction": "▼ contradicted",
    "no_data": "no data",
}
_MARKS = {"support": "▲", "contradiction": "▼", "no_data": "·"}
_EFFECTS = {"resistance": "resistance", "sensitivity": "response", "mixed": "mixed effect",
            "unknown": "effect not known"}  # fmt: skip
_TITLES = {
    "intrinsic": "Intrinsic: the tumour cell",
    "extrinsic": "Extrinsic: the surroundings",
}
_SHORT = {"ici": "ICI", "mhc": "MHC", "dna": "DNA", "sting": "STING", "tam": "TAM", "pd1": "PD-1",
          "pdl1": "PD-L1", "ctla4": "CTLA-4", "lag3": "LAG-3", "tim3": "TIM-3", "tigit": "TIGIT",
          "ezh2": "EZH2", "lsd1": "LSD1", "car": "CAR", "b7h3": "B7-H3", "prrt": "PRRT",
          "fgfr": "FGFR", "treg": "Treg", "mtor": "mTOR", "csf1r": "CSF1R", "egfr": "EGFR",
          "sclc": "SCLC", "nsclc": "NSCLC", "hnscc": "HNSCC", "net": "NET", "nec": "NEC",
          "nen": "NEN", "parp": "PARP", "t": "T"}  # fmt: skip


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

    @property
    def leaning(self) -> str:
        """Where what is supported points: `resistance`, `sensitivity`, `both` or `unclear`.

        `contradiction` or `no_data` where nothing is supported.
        """
        if self.evidence != "support":
            return self.evidence
        effects = {entry.effect for entry in self.entries if entry.evidence == "support"}
        clear = effects & {"resistance", "sensitivity"}
        return "both" if len(clear) == 2 else next(iter(clear), "unclear")

    @property
    def says(self) -> str:
        """What the case says of the chapter, in words."""
        return _SAYS[self.leaning]


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
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_MARGIN, 28, title, size=17, bold=True),
        _text(_MARGIN, 50, "▲ the case shows it   ▼ the case shows the opposite   "
              "→ strategies that the sources name", size=12),
    ]  # fmt: skip
    return "\n".join([*head, *parts, "</svg>\n"])


def _chapter(chapter: Chapter, x: int, y: int) -> tuple[list[str], int]:
    shown = sorted(chapter.entries, key=lambda entry: entry.evidence != "support")
    lines = [(line_of(entry), "#222222") for entry in shown[:_LINES]]
    if len(shown) > _LINES:
        lines.append((f"and {len(shown) - _LINES} more", "#444444"))
    if not lines:
        lines = [(f"none of {chapter.known} known mechanisms can be told", "#666660")]
    if chapter.strategies:
        named = ", ".join(map(words, chapter.strategies))
        lines += [(line, "#3d6b35") for line in _wrapped(f"→ {named}")]
    height = _HEAD + _LINE * len(lines) + 8
    fill, stroke = _FILLS[chapter.leaning], _STROKES[chapter.leaning]
    dashes = ' stroke-dasharray="4 3"' if chapter.leaning in ("contradiction", "no_data") else ""
    says = escape(chapter.says)
    box = [
        f'<rect x="{x}" y="{y}" width="{_COLUMN}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{stroke}"{dashes}/>',
        _text(x + 12, y + 17, chapter.category, size=13, bold=True),
        f'<text x="{x + _COLUMN - 12}" y="{y + 17}" text-anchor="end" font-weight="bold" '
        f'fill="{stroke}">{says}</text>',
    ]
    for i, (line, colour) in enumerate(lines):
        box.append(_text(x + 16, y + _HEAD + 13 + i * _LINE, _cut(line), colour=colour))
    return box, height


def line_of(entry: Entry) -> str:
    """Return a mechanism on one line: mark, name, effect and where it was seen."""
    effect = _EFFECTS.get(entry.effect, entry.effect)
    return f"{_MARKS[entry.evidence]} {entry.name} ({effect}; seen in {words(entry.tumours)})"


def words(code: str) -> str:
    """Return a code of the records in words (`ezh2_inhibitor` is an EZH2 inhibitor)."""
    parts = code.replace("_", " ").split(" ")
    return " ".join(_SHORT.get(part.rstrip(","), part.rstrip(",")) + ("," * part.endswith(","))
                    for part in parts)  # fmt: skip


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
    scale = f' font-size="{size}"' if size != 11 else ""
    return f'<text x="{x}" y="{y}"{scale}{weight} fill="{colour}">{escape(text)}</text>'
