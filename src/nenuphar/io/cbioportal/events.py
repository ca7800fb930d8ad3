"""Timeline files of a study as events: treatments, and what a status or an image came to.

Days count from a zero that the study chose (the diagnosis, the first sample); they are no dates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.cbioportal.clinical import PATIENT
from nenuphar.io.columns import clean_ids, clean_texts
from nenuphar.io.result import Findings, InputFile
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import plain, spellings_of
from nenuphar.knowledge.base import KnowledgeBase

_START, _STOP, _EVENT = "START_DATE", "STOP_DATE", "EVENT_TYPE"
_TREATMENT_COLUMNS = ("AGENT", "SUBTYPE", "TREATMENT_TYPE")
_DAY = re.compile(r"[+-]?\d{1,6}(\.0+)?")
_LONGEST = 120 * 366
_CYCLES = re.compile(r"[\s,;(]*\b\d+\s*cycles?\)?$", re.IGNORECASE)
_BETWEEN_AGENTS = re.compile(r"\s*(?:[+/;,&]|\band\b)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Course:
    """A course of one treatment, as one row lists it.

    Attributes:
        start: First day; None where it is not known.
        stop: Last day; None where it is not known, or the treatment goes on.
        agents: Codes of `treatment`; empty where nobody knows what was given.
        setting: Code of `line.setting`; empty where none is stated.
        record: File and line.
    """

    start: int | None
    stop: int | None
    agents: frozenset[str]
    setting: str
    record: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen on a day: `progression`, `CR`, `PR`, `SD` or `death`."""

    day: int
    kind: str


@dataclass
class Events:
    """The events of a study by patient, with the files that they were read from."""

    courses: dict[str, list[Course]] = field(default_factory=dict)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    files: list[InputFile] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """What the texts of timeline files mean."""

    knowledge: KnowledgeBase

    @cached_property
    def _data(self) -> dict[str, Any]:
        return _vocabulary()

    @cached_property
    def events(self) -> dict[str, str]:
        """Kind of event by the text of its type."""
        return _inverse(self._data["events"])

    @cached_property
    def outcomes(self) -> dict[str, str]:
        """What a status means."""
        return _inverse(self._data["outcomes"])

    @cached_property
    def _treatments(self) -> dict[str, str]:
        return spellings_of(self.knowledge.facts["treatment.regimen"], self.knowledge)

    def is_missing(self, text: str | None) -> bool:
        """Whether a cell says nothing."""
        return plain(text or "") in self._data["missing"]

    def first(self, cells: dict[str, str | None], columns: str) -> str:
        """Return the first cell that says something, of columns of the vocabulary."""
        stated = (cells.get(name) for name in self._data[columns])
        return next((text for text in stated if text and not self.is_missing(text)), "")

    def setting(self, text: str) -> str:
        """Return the setting that a text means; empty where it means none."""
        return str(self._data["settings"].get(plain(text), ""))

    def agents(self, text: str) -> frozenset[str]:
        """Return the treatments that a text names; none unless all of it is understood."""
        text = _CYCLES.sub("", text[:500].strip())
        if whole := self._treatments.get(plain(text)):
            return frozenset({whole})
        parts = [
            self._treatments.get(plain(part))
            for part in _BETWEEN_AGENTS.split(text)
            if part.strip()
        ]
        return frozenset(part for part in parts if part) if all(parts) else frozenset()

    def kind(self, *texts: str | None) -> frozenset[str]:
        """Return the class that the first of several texts to name one stands for."""
        kinds = (self._data["kinds"].get(plain(text or "")) for text in texts)
        return frozenset(next(([kind] for kind in kinds if kind), []))


def _inverse(groups: dict[str, list[str]]) -> dict[str, str]:
    return {text: name for name, texts in groups.items() for text in texts}


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    text = resources.files("nenuphar.io.cbioportal").joinpath("timeline.yaml").read_text("utf-8")
    data: dict[str, Any] = read_bounded(text)
    return data


@dataclass
class _Reader:
    """Reads one file; every row is used, holds no fact here, or is listed."""

    name: str
    words: Words
    found: Events
    findings: Findings
    counts: Counter[str] = field(default_factory=Counter)
    unknown: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def row(self, line: int, cells: dict[str, str | None], known: frozenset[str]) -> None:
        patient = cells[PATIENT] or ""
        kind = self.words.events.get(plain(cells[_EVENT] or ""))
        if not patient or patient not in known:
            reason = "is no patient with a sample in the study" if patient else "names no patient"
            self._reject(line, patient, PATIENT, patient, reason, "correct PATIENT_ID")
        elif self.words.is_missing(cells[_EVENT]):
            fix = f"state {_EVENT}, such as TREATMENT or STATUS"
            self._reject(line, patient, _EVENT, "", "the event has no type", fix)
        elif kind is None:
            self.unknown.setdefault((_EVENT, cells[_EVENT] or ""), []).append(line)
        elif kind in ("treatment", "radiotherapy"):
            self._course(line, patient, cells, kind)
        elif kind == "other":
            self.counts["other"] += 1
        else:
            self._outcome(line, patient, cells, kind)

    def _reject(
        self, line: int, patient: str, column: str, value: str, reason: str, fix: str
    ) -> None:
        self.counts["rejected"] += 1
        self.findings.value(line, patient, column, value, reason, f"{fix}; the row is left out")

    def _day(self, line: int, patient: str, column: str, text: str | None) -> int | None:
        """Read a day; None where none is stated. What is no day is listed."""
        if text is None or self.words.is_missing(text):
            return None
        if _DAY.fullmatch(text) and abs(day := int(float(text))) <= _LONGEST:
            return day
        reason = "is no whole number of days from the zero of the study"
        fix = "write days such as -14 or 120; until then the day counts as missing"
        self.findings.value(line, patient, column, text, reason, fix)
        return None

    def _course(self, line: int, patient: str, cells: dict[str, str | None], kind: str) -> None:
        start = self._day(line, patient, _START, cells[_START])
        stop = self._day(line, patient, _STOP, cells[_STOP])
        if start is not None and stop is not None and stop < start:
            reason = f"the treatment stops before it starts (day {start})"
            fix = "correct the days; until then both count as missing"
            self.findings.value(line, patient, _STOP, stop, reason, fix)
            start = stop = None
        agents = self._agents(line, patient, cells, kind)
        stated = self.words.first(cells, "setting_columns")
        course = Course(start, stop, agents, self.words.setting(stated), f"{self.name}:{line}")
        self.found.courses.setdefault(patient, []).append(course)
        self.counts["used"] += 1

    def _agents(
        self, line: int, patient: str, cells: dict[str, str | None], kind: str
    ) -> frozenset[str]:
        texts = [cells[name] for name in _TREATMENT_COLUMNS]
        by_kind = self.words.kind(*texts[1:], kind)
        if by_kind == {"radiotherapy"}:
            return by_kind  # its agent is a dose
        agent = "" if self.words.is_missing(texts[0]) else texts[0] or ""
        if named := self.words.agents(agent):
            return named
        reason = "is no treatment that is known here" if agent else "the treatment has no agent"
        left = f"taken as {', '.join(by_kind)}" if by_kind else "what was given counts as not known"
        fix = f"write the name of a drug or regimen; until then {left}"
        self.findings.value(line, patient, "AGENT", agent, reason, fix)
        return by_kind

    def _outcome(self, line: int, patient: str, cells: dict[str, str | None], kind: str) -> None:
        text = self.words.first(cells, "outcome_columns")
        meant = self.words.outcomes.get(plain(text), "")
        if not meant and (kind == "imaging" or not text):
            self.counts["other"] += 1  # the finding of an image is free text
        elif not meant:
            self.unknown.setdefault(("STATUS", text), []).append(line)
        elif meant == "none":
            self.counts["other"] += 1
        elif (day := self._day(line, patient, _START, cells[_START])) is not None:
            self.found.outcomes.setdefault(patient, []).append(Outcome(day, meant))
            self.counts["used"] += 1
        elif self.words.is_missing(cells[_START]):
            self._reject(line, patient, _START, "", f"a {meant} has no day", "state START_DATE")
        else:
            self.counts["rejected"] += 1  # the day is listed already

    def close(self, torn: int) -> None:
        """List what was not understood, once for each text, and reconcile the rows."""
        for (column, text), lines in self.unknown.items():
            self.counts["not understood"] += len(lines)
            reason = f"is not understood in a timeline ({len(lines)} row(s), the first is named)"
            fix = "use the words of the cBioPortal format; until then these rows say nothing"
            self.findings.value(lines[0], "", column, text, reason, fix)
        names = ("used", "other", "not understood", "rejected")
        used, other, unknown, rejected = (self.counts[name] for name in names)
        read = used + other + unknown + rejected + torn
        self.findings.note(
            f"{read} row(s) of the timeline = {used} used + {other} that say nothing of it + "
            f"{unknown} not understood + {rejected + torn} rejected",
            "days are counted from the zero of the study; they become intervals, never dates",
        )


def read_events(
    path: Path, known: frozenset[str], words: Words, found: Events, findings: Findings
) -> None:
    """Read one timeline file into the events of its study.

    Args:
        path: The file.
        known: Ids of the patients that have a sample.
        words: What texts mean.
        found: Where events go.
        findings: Where everything goes that is not used, with the name and line of this file.

    Raises:
        UnreadableInputError: The file cannot be read, or lacks a column that it needs.
    """
    table = read_table(path)
    own = Findings(table.file.name)
    rows = _rows(table)
    torn = [problem for problem in table.problems if problem.rejected]
    reader = _Reader(table.file.name, words, found, own)
    for line, cells in rows:
        reader.row(line, cells, known)
    reader.close(len(torn))
    found.files.append(table.file)
    findings.problems += [*torn, *own.problems]
    findings.values_rejected += own.values_rejected


def _rows(table: Table) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Return line and cells of every row, with the columns that are read.

    Raises:
        UnreadableInputError: A column is missing that every timeline needs.
    """
    frame = table.frame
    upper = {name: name.upper() for name in frame.columns}
    frame = frame.rename(upper) if len(set(upper.values())) == len(upper) else frame
    needed = (PATIENT, _START, _EVENT)
    if missing := [name for name in needed if name not in frame.columns]:
        raise UnreadableInputError(f"{table.file.name}: lacks the column(s) {', '.join(missing)}")
    data = _vocabulary()
    wanted = (*needed, _STOP, *_TREATMENT_COLUMNS, *data["outcome_columns"])
    wanted = (*wanted, *data["setting_columns"])
    none = pl.lit(None, dtype=pl.String)
    cells = frame.select((pl.col(n) if n in frame.columns else none).alias(n) for n in wanted)
    cells = cells.select(clean_texts(cells[name]).alias(name) for name in wanted)
    cells = cells.with_columns(clean_ids(cells[PATIENT], "").alias(PATIENT))
    return zip(table.lines.to_list(), cells.iter_rows(named=True), strict=True)
