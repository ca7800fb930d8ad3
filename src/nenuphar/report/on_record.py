"""What was on record: the observed facts of a case, row by row, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nenuphar.domain.observation import Origin, Row, show_value
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.words import Words, scope_title


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """A fact in words, as it was read and as it was written, with where and when."""

    label: str
    value: str
    text: str
    record: str
    date: str


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """A row with its observed facts.

    Attributes:
        title: Which row.
        assessor: Who read it, if anybody is named.
        record: Where all of it stands; empty where its facts stand in several places.
        facts: Its facts, by name; they name their own place only where it is not that of the row.
    """

    title: str
    assessor: str
    record: str
    facts: tuple[RecordedFact, ...]

    @property
    def columns(self) -> dict[str, str]:
        """Headings of what is known of any of the facts beyond its value, by attribute."""
        named = {"text": "As written", "record": "Record", "date": "Date"}
        return {n: title for n, title in named.items() if any(getattr(f, n) for f in self.facts)}


def is_observed(name: str, knowledge: KnowledgeBase) -> bool:
    """Whether somebody observed a fact; methods add theirs to the same rows."""
    declared = knowledge.facts.get(name)
    return declared is None or declared.stated


def on_record(rows: PatientRows, knowledge: KnowledgeBase, words: Words) -> Iterator[RecordedRow]:
    """Yield the rows on which something was observed, from the patient down."""
    for scope in Scope:
        for row in rows.get(scope, []):
            names = [name for name in sorted(row.values) if is_observed(name, knowledge)]
            if names:
                yield _recorded(row, names, words)


def _recorded(row: Row, names: list[str], words: Words) -> RecordedRow:
    origins = {name: row.origins.get(name, Origin()) for name in names}
    places = {origin.record for origin in origins.values()}
    shared = places.pop() if len(places) == 1 else ""
    facts = tuple(
        RecordedFact(
            words.fact(name),
            words.value(name, show_value(row.values[name])),
            origin.text,
            "" if shared else ranges(origin.record),
            origin.date,
        )
        for name, origin in origins.items()
    )
    return RecordedRow(scope_title(row.scope, row.key), row.assessor, ranges(shared), facts)


def ranges(places: str) -> str:
    """Write places that follow each other as a range: `a:1;a:2;a:3` as `a:1-3`.

    Args:
        places: `file:line` or whatever else names a place, joined by `;`.
    """
    by_file: dict[str, list[int]] = {}
    for place in filter(None, places.split(";")):
        file, _, line = place.rpartition(":")
        if not file or not line.isdecimal():
            return places
        by_file.setdefault(file, []).append(int(line))
    return "; ".join(f"{file}:{_runs(sorted(set(lines)))}" for file, lines in by_file.items())


def _runs(lines: list[int]) -> str:
    starts = [lines[0], *(b for a, b in pairwise(lines) if b > a + 1)]
    ends = [*(a for a, b in pairwise(lines) if b > a + 1), lines[-1]]
    pairs = zip(starts, ends, strict=True)
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in pairs)
