"""A review as passages: paragraphs by section, table rows, figure legends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from nenuphar.methods.evidence.audit.reviews import Layout

_LINK = re.compile(r"\[(\[?[^\[\]]*\]?)\]\((?:#|https?:|<)[^)]*\)")
_BOOKMARK = re.compile(r"\[bookmark:[^\]]*\]")
_CITATION = re.compile(r"\$?\^?\{?\s?\[+[\d,;–\-\s\]\[]+\]+\}?\$?")
_NUMBERED = r"\d{1,3}(?:\s?[–\-,;]\s?\d{1,3})*"
_PARENTHESIS = re.compile(rf"\s?\((?:refs?\. )?{_NUMBERED}\)")
_REFS = re.compile(rf"[,;]?\s?\brefs?\. {_NUMBERED}")
_CAPTION = re.compile(r"^(Table|Figure) (\d+)(?=\.| [A-Z])")
_FRONT = (
    (re.compile(r"^key ?words", re.I), "Key Words"),
    (re.compile(r"^core tip", re.I), "Core Tip"),
    (re.compile(r"\bin press$|^how to cite", re.I), "Citation"),
)
_LONG = 120
"""Characters from which a line is a paragraph and no heading."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, a table row or a legend.

    Attributes:
        label: How a record's locator would name it.
        places: Section (as letters only) and number of the paragraph in it; a paragraph below a
            run-in heading has a place in its section too.
        text: The text without citations and markup.
        row: Whether it is a table row.
        body: Whether it belongs to the body: not to title, citation, running heads or references.
    """

    label: str
    places: tuple[tuple[str, int], ...]
    text: str
    row: bool = False
    body: bool = True


def letters(text: str) -> str:
    """Return only the letters and digits of a heading, so that its spelling compares."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", text).lower())


def clean(line: str) -> str:
    """Return a line without bookmarks, links, citations and markup; its figures stay."""
    text = _BOOKMARK.sub("", line).replace("\\[", "[").replace("\\]", "]")
    text = re.sub(r"\\text\{([^}]*)\}", r"\1", text)
    for _ in range(2):
        text = _LINK.sub(r"\1", text)
    text = _CITATION.sub("", text)
    text = _REFS.sub("", _PARENTHESIS.sub("", text))
    text = re.sub(r"\^\{([^}]*)\}", r"\1", text)
    text = re.sub(r"</?i>|<https?:[^>]*>|https?://\S+", "", text)
    return re.sub(r"[*$]", "", text).replace("\u00a0", " ").strip("\r\n ")


def is_heading(line: str) -> bool:
    """Return whether a line stands like a heading: short, no full stop, no table, no equation."""
    return (
        bool(re.match(r"^[A-Z]", line))
        and len(line) < _LONG
        and not re.search(r"[.:;,=|]$|=|\t", line)
        and len(line.split()) <= 14
    )


@dataclass
class _Reader:
    """Collects passages line by line."""

    layout: Layout
    passages: list[Passage] = field(default_factory=list)
    section: str = ""
    subsection: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    open: str = ""
    floats: list[str] = field(default_factory=list)
    in_body: bool = False
    table: str = ""
    header: bool = False
    references: bool = False

    def close(self) -> None:
        """Write the collected paragraph."""
        if not self.open:
            return
        run_in = self.layout.run_in.match(self.open)
        if run_in:
            self.subsection = run_in.group(1)
        places = []
        for heading in dict.fromkeys((self.section, self.subsection)):
            if heading:
                key = letters(heading)
                self.counts[key] = self.counts.get(key, 0) + 1
                places.append((key, self.counts[key]))
        label = f"{self.section} ¶{places[0][1]}"
        self.passages.append(Passage(label, tuple(places), self.open))
        self.open = ""

    def unfinished(self) -> bool:
        """Return whether the paragraph breaks off, as at the end of a page."""
        return bool(self.open) and not re.search(r"[.?!]['”\")]?$", self.open)

    def continue_with(self, line: str) -> None:
        """Join a line to a paragraph that a page break or a float had cut."""
        hyphen = self.open.endswith("-") and line[:1].islower()
        self.open = self.open[:-1] + line if hyphen else f"{self.open} {line}"

    def add(self, label: str, text: str, row: bool = False, body: bool = True) -> None:
        """Write a passage that stands outside the paragraphs."""
        self.passages.append(Passage(label, ((letters(label), 0),), text, row, body))


def read_review(text: str, layout: Layout) -> list[Passage]:
    """Split the text of a review into passages.

    Paragraphs are numbered within their section from 1; a paragraph that a page break or a float
    cuts is joined again. Citations, links and markup are stripped; title, running heads,
    declarations and reference list are passages outside the body.

    Args:
        text: Plain text, one paragraph or table row per line.
        layout: Where the body starts and ends.
    """
    reader = _Reader(layout)
    for raw in _body(text, layout, reader):
        _read_line(reader, raw)
    reader.close()
    return reader.passages


def _body(text: str, layout: Layout, reader: _Reader) -> Iterator[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    ended = False
    for raw in lines:
        line = clean(raw)
        ended = ended or bool(reader.in_body and layout.body_end and layout.body_end.match(line))
        if ended:
            reader.add("Back matter", raw, body=False)
        elif reader.in_body:
            yield raw
        elif layout.body_start.match(line):
            reader.in_body = True
            reader.section = line
        else:
            _front_matter(reader, raw, line)


def _front_matter(reader: _Reader, raw: str, line: str) -> None:
    for pattern, label in _FRONT:
        if pattern.search(line):
            reader.add(label, line, body=label != "Citation")
            return
    if len(line) > 1.5 * _LONG and line.endswith(".") and not line.startswith(("©", "¹")):
        reader.add("Abstract", line)
    else:
        reader.add("Front matter", raw, body=False)


def _read_line(reader: _Reader, raw: str) -> None:
    line = clean(raw)
    if reader.layout.noise.match(line) or (line and not letters(line)):
        reader.add("Running head", raw, body=False)
        return
    if raw.startswith("**") and raw.count("**") == 1:
        reader.floats.append(line)
        return
    caption = _CAPTION.match(line)
    if caption:
        _read_caption(reader, caption, line)
    elif reader.table:
        _read_table(reader, raw, line)
    elif line:
        _read_text(reader, line)


def _read_caption(reader: _Reader, caption: re.Match[str], line: str) -> None:
    label = caption.group()
    if caption.group(1) == "Figure":
        for part in (*reader.floats, line):
            reader.add(label, part)
        reader.floats = []
    else:
        reader.add(label, line)
        reader.table, reader.header = label, True


def _read_table(reader: _Reader, raw: str, line: str) -> None:
    """Read a row: one line of tab-separated cells, or cells on lines of their own."""
    if raw.startswith("\t") and raw.count("\t") == 1 and reader.layout.body_end is None:
        reader.floats.append(line.strip())
        return
    if reader.floats and not line:
        cells, reader.floats = reader.floats, []
        reader.add(f"{reader.table}, {cells[0]}", " | ".join(cells), row=True)
        return
    if reader.floats:
        reader.floats[-1] += f" {line}"
    elif "\t" in raw:
        _read_row(reader, raw)
    elif line:
        legend = re.match(r"^[A-Za-z][\w\- ]+[,:]|^No: ", line) or (
            reader.unfinished() and line[:1].isupper()
        )
        table, reader.table = reader.table, ""
        if legend and (reader.unfinished() or reader.layout.body_end is None):
            reader.add(f"{table} legend", line)
        else:
            _read_text(reader, line)


def _read_row(reader: _Reader, raw: str) -> None:
    """Read a row of tab-separated cells; a last column of references is no part of the body."""
    cells = [clean(cell) for cell in raw.split("\t")]
    if reader.header:
        reader.header, reader.references = False, cells[-1] == "Ref."
    if reader.references:
        cells = cells[:-1]
    named = next((cell for cell in cells if cell), "")
    reader.add(f"{reader.table}, {named}", " | ".join(cells), row=True)


def _read_text(reader: _Reader, line: str) -> None:
    if reader.unfinished() and (line[0].islower() or len(line) >= _LONG):
        reader.continue_with(line)
    elif reader.unfinished() or (len(line) < _LONG and not is_heading(line)):
        reader.floats.append(line)
    elif is_heading(line):
        reader.close()
        reader.section, reader.subsection = line, ""
        reader.floats = []
    else:
        reader.close()
        reader.open = line
