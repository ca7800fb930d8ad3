"""Mechanical coverage of the reviews by the records, both ways.

Every numeral of a review's body is mapped to a record that prints it at that place, or to an
exclusion; and every printed token of a record is looked up at its locators.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nenuphar.methods.evidence.audit.finding import RecordData
from nenuphar.methods.evidence.audit.numerals import Numeral, numerals_of, stating_numerals
from nenuphar.methods.evidence.audit.passages import Passage, letters, read_review
from nenuphar.methods.evidence.audit.reviews import layout_of

_PARAGRAPH = re.compile(r"^(.*?)\s*¶\s?(\d+)$")
_OUTSIDE = re.compile(r"(?i)front|back|running|page|title|reference|declaration|citation")
_FLOAT = re.compile(r"^(Table|Figure) \d+[A-D]?")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A numeral of a review and what holds it.

    Attributes:
        by: `record` at the same place, `section` for a record elsewhere in its section,
            `exclusion`, or `uncovered`.
        holder: Id of the first record or exclusion that holds it.
        place: How a locator would name its passage.
    """

    text: str
    place: str
    context: str
    by: Literal["record", "section", "exclusion", "uncovered"]
    holder: str


@dataclass(frozen=True, slots=True)
class Token:
    """A printed token of a record and where it was found.

    Attributes:
        found: `at_locator`, `in_section`, `elsewhere`, `absent`, or `no_such_place` where no
            locator of the record names a passage of the review.
    """

    record: str
    text: str
    locators: tuple[str, ...]
    found: Literal["at_locator", "in_section", "elsewhere", "absent", "no_such_place"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of one review."""

    source: str
    name: str
    numerals: tuple[Mapped, ...]
    tokens: tuple[Token, ...]

    @property
    def uncovered(self) -> list[Mapped]:
        """Numerals without a record or a reason."""
        return [numeral for numeral in self.numerals if numeral.by == "uncovered"]

    @property
    def misplaced(self) -> list[Token]:
        """Printed tokens that do not stand at their locator."""
        return [token for token in self.tokens if token.found != "at_locator"]


def cover_review(text: str, records: Sequence[RecordData]) -> Coverage | None:
    """Map the numerals of one review to records, and the printed tokens of records to the review.

    Args:
        text: The review as plain text.
        records: Records of all kinds; those that do not cite this review are left aside.

    Returns:
        The coverage, or None when the text is none of the reviews.
    """
    layout = layout_of(text)
    if layout is None:
        return None
    passages = read_review(text, layout)
    held = _Held(passages)
    tokens = []
    for record in records:
        locators = tuple(
            str(source.get("locator", ""))
            for source in record.get("sources", ())
            if source.get("source") == layout.source
        )
        if locators:
            tokens += held.take(record, locators)
    numerals = tuple(held.map(numeral) for numeral in stating_numerals(passages))
    return Coverage(layout.source, layout.name, numerals, tuple(tokens))


class _Held:
    """What records hold, by passage and by section."""

    def __init__(self, passages: list[Passage]) -> None:
        self.passages = passages
        self.texts = [_plain(passage.text) for passage in passages]
        self.at: dict[int, dict[str, str]] = defaultdict(dict)
        self.near: dict[int, dict[str, str]] = defaultdict(dict)

    def take(self, record: RecordData, locators: Iterable[str]) -> list[Token]:
        """Note what a record holds and return where its tokens stand."""
        locators = tuple(locators)
        exact = {i for locator in locators for i in located(self.passages, locator)}
        near = {i for locator in locators for i in located(self.passages, locator, loosely=True)}
        tokens = []
        for text in map(str, record.get("printed", ())):
            for number in numerals_of(text):
                for place in near:
                    held = self.at if place in exact else self.near
                    held[place].setdefault(number, str(record["id"]))
            tokens.append(Token(str(record["id"]), text, locators, self._find(text, exact, near)))
        return tokens

    def _find(
        self, text: str, exact: set[int], near: set[int]
    ) -> Literal["at_locator", "in_section", "elsewhere", "absent", "no_such_place"]:
        stands = {i for i, plain in enumerate(self.texts) if _contains(plain, _plain(text))}
        if not near:
            return "no_such_place"
        if stands & exact:
            return "at_locator"
        if stands & near:
            return "in_section"
        return "elsewhere" if stands else "absent"

    def map(self, numeral: Numeral) -> Mapped:
        """Return what holds a numeral."""
        place = numeral.passage
        label = self.passages[place].label
        holder = self.at[place].get(numeral.text)
        by: Literal["record", "section", "exclusion", "uncovered"] = "record"
        if holder is None:
            holder, by = self.near[place].get(numeral.text, ""), "section"
        if not holder:
            by = "uncovered"
        elif holder.startswith("exclusion."):
            by = "exclusion"
        return Mapped(numeral.text, label, numeral.context, by, holder)


def located(passages: list[Passage], locator: str, loosely: bool = False) -> list[int]:
    """Return the positions of the passages that a locator names.

    Args:
        passages: Passages of the review.
        locator: "<heading> ¶<n>", "<heading>", "Table 1, <row>", "Figure 2 legend", "Abstract".
        loosely: Whether the number of the paragraph, or the row of the table, does not matter.
    """
    if found := _FLOAT.match(locator):
        return _in_float(passages, found.group(), locator[found.end() :], loosely)
    paragraph = _PARAGRAPH.match(locator)
    heading, number = (paragraph.group(1), int(paragraph.group(2))) if paragraph else (locator, 0)
    key = letters(heading)
    found = [
        i
        for i, passage in enumerate(passages)
        if any(
            place == key and (loosely or not number or n in (number, 0))
            for place, n in passage.places
        )
    ]
    if _OUTSIDE.match(locator):
        found = [i for i, passage in enumerate(passages) if not passage.body]
    return found


def _in_float(passages: list[Passage], label: str, rest: str, loosely: bool) -> list[int]:
    label = label.rstrip("ABCD")
    inside = [i for i, p in enumerate(passages) if re.match(rf"{label}\b", p.label)]
    row = letters(rest)
    if loosely or not row or not any(passages[i].row for i in inside):
        return inside
    named = [i for i in inside if row in letters(passages[i].label + passages[i].text)]
    if "legend" in rest or "note" in rest:
        named = [i for i in inside if not passages[i].row]
    return named or inside


def _plain(text: str) -> str:
    """Return a text in which spelling of dashes, spaces, case and ligatures does not matter."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"\s+", "", re.sub(r"[‐‑‒–—−]", "-", text))


def _contains(text: str, token: str) -> bool:
    """Return whether a token stands in a text, and not as a part of a longer number."""
    if not token:
        return False
    before = r"(?<!\d)(?<!\d\.)" if token[0].isdigit() else ""
    behind = r"(?!\d)(?!\.\d)" if token[-1].isdigit() else ""
    return re.search(before + re.escape(token) + behind, text) is not None
