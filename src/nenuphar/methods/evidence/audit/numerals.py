"""Numerals of a text: the figures that state something, without those that are part of a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nenuphar.methods.evidence.audit.passages import Passage

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)*|\d+(?:\.\d+)*")
_UNITS = "mo|mos|wk|wks|mm|cm|y|yr|m"
_LIST = r"\d+[A-Za-z]?(?:(?:\s?[,/–-]\s?|,? and | or )\d+[A-Za-z]?)*"
_DESIGNATED = re.compile(
    r"\b(?:Tables?|Figures?|Fig\.|[Pp]hases?|[Cc]ohorts?|[Gg]roups?|[Gg]rades?|Parts?|Module|"
    r"[Tt]ypes?|[Cc]hromosomes?|TAP|ERAP\)?|FGFR|VEGFR?|factors?|protein|ligand|ligands|homeobox|"
    r"lysine|positions|complex|receptor|kinase|class|receptor-|histone|hydrocarbon|deaminase|"
    r"CheckMate|KEYNOTE|IMPower|IMpower|SWOG|GETNE|SKYSCRAPER|CASPIAN|NET|"
    rf"interleukin|alpha|beta)[\s-]({_LIST})"
)
"""Numbers behind these words name something; list ("chromosomes 3, 11, and 12") included."""
_WORD = re.compile(r"(?:[^\s()\[\];=<>≥≤~±×:|“”\",]|(?<=\d),(?=\d))+")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A figure and where it stands.

    Attributes:
        text: As printed, without separators of thousands.
        passage: Position of its passage.
        context: The words around it.
    """

    text: str
    passage: int
    context: str


def numerals_of(text: str) -> list[str]:
    """Return every number in a printed token, as text, without separators of thousands."""
    return [number.replace(",", "") for number in _NUMBER.findall(text)]


def stating_numerals(passages: list[Passage]) -> Iterator[Numeral]:
    """Yield the numerals of passages that state something.

    Left out are numerals inside names (PD-1, G1-2, 177Lu, NCT02054806, KEYNOTE-028), behind words
    that number things (Table 1, phase 2, chromosomes 3, 11 and 12), and integers with a leading
    zero.
    """
    for position, passage in enumerate(passages):
        if not passage.body:
            continue
        text = passage.text
        named = [match.span(1) for match in _DESIGNATED.finditer(text)]
        for start, number in _in_words(text):
            if any(a <= start < b for a, b in named) or re.fullmatch(r"0\d+", number):
                continue
            end = start + len(number)
            context = " ".join(text[max(0, start - 45) : end + 35].split())
            yield Numeral(number.replace(",", ""), position, context)


def _in_words(text: str) -> Iterator[tuple[int, str]]:
    """Yield numbers, with their place, of words that are no name."""
    for word in _WORD.finditer(text):
        if re.match(r"[^\W\d_]", word.group().lstrip("'‘’+-–/,.")):
            continue
        for number in _NUMBER.finditer(word.group()):
            behind = word.group()[number.end() :]
            before = word.group()[: number.start()]
            attached = re.match(r"[^\W\d_]", behind) and not re.match(rf"(?:{_UNITS})\b", behind)
            if not attached and not re.search(r"[^\W\d_]-?$", before):
                yield word.start() + number.start(), number.group()
