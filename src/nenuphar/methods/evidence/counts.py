"""Tables of events among patients: read row by row, the impossible ones set apart and said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nenuphar.methods.evidence.estimate import EvidenceError

_MAX_SHOWN = 40


class TableError(EvidenceError):
    """A table that cannot be used at all: a column that pooling needs is not there."""


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """Events among the patients of one study, or of one of its subgroups.

    Attributes:
        study: Name of the study.
        events: Patients with the event.
        n: Patients; at least 1.
        subgroup: Which part of the study, if not the whole.
        moderators: Study-level numbers by name; absent ones are missing.
    """

    study: str
    events: int
    n: int
    subgroup: str | None = None
    moderators: Mapping[str, float] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Refuse counts that no study can have.

        Raises:
            EvidenceError: No patients, negative events, or more events than patients.
        """
        problem = impossible(self.events, self.n)
        if problem:
            raise EvidenceError(f"{self.study}: {problem[1]}; {problem[2]}")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not used.

    Attributes:
        line: Line in the file, the header being 1.
        study: Name of the study as written.
        column: Column at fault.
        value: What stands there, shortened.
        reason: Why it cannot be used.
        fix: What to do.
    """

    line: int
    study: str
    column: str
    value: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class CountTable:
    """What a table held: read = accepted + rejected.

    Attributes:
        accepted: Usable rows in their order.
        rejected: The others, each with its reason.
    """

    accepted: tuple[StudyCounts, ...]
    rejected: tuple[RejectedRow, ...]

    @property
    def read(self) -> int:
        """Number of rows read."""
        return len(self.accepted) + len(self.rejected)


def read_counts(
    rows: Iterable[Mapping[str, Any]],
    moderator: str | None = None,
    lines: Sequence[int] | None = None,
) -> CountTable:
    """Read rows with `study`, `events`, `n` and, if wanted, `subgroup` and a moderator.

    Column names are matched without regard to case. A row with a missing, fractional, negative
    or impossible count is rejected; a missing moderator is left out of `moderators`.

    Args:
        rows: One mapping per row, in the order of the file.
        moderator: Name of a numeric column to keep.
        lines: Line of every row in the file; below a header of one line if None.

    Raises:
        TableError: There are no rows, or a needed column is missing.
    """
    table = [{str(key).strip().lower(): value for key, value in row.items()} for row in rows]
    require_columns(table, ("study", "events", "n", *([moderator.lower()] if moderator else [])))
    accepted: list[StudyCounts] = []
    rejected: list[RejectedRow] = []
    for line, row in zip(lines or range(2, len(table) + 2), table, strict=True):
        result = _read_row(line, row, moderator)
        if isinstance(result, StudyCounts):
            accepted.append(result)
        else:
            rejected.append(result)
    return CountTable(tuple(accepted), tuple(rejected))


def require_columns(table: list[dict[str, Any]], needed: tuple[str, ...]) -> None:
    """Check that the first row has every needed column.

    Raises:
        TableError: There are no rows, or a needed column is missing.
    """
    if not table:
        raise TableError("the table has no rows; give one row per study.")
    missing = [column for column in needed if column not in table[0]]
    if not missing:
        return
    text = f"column {', '.join(missing)} is missing (there are: {', '.join(table[0])})."
    if "n" in missing:
        text += " Percentages without the number of patients cannot be pooled; add a column n."
    raise TableError(f"{text} Columns: {','.join(needed)}.")


def text_of(value: object) -> str:
    """Return a cell as text; empty for missing, an integral float without its `.0`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(value).strip()
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def impossible(events: int, n: int) -> tuple[str, str, str] | None:
    """Return column, reason and fix for counts that no study can have."""
    if n < 1:
        return "n", f"n is {n}: there are no patients", "give the number of assessable patients."
    if events < 0:
        return (
            "events",
            f"events is {events}, below 0",
            "give the count of patients with the event.",
        )
    if events > n:
        return (
            "events",
            f"{events} events among {n} patients",
            "check whether the columns are swapped or events counts lesions.",
        )
    return None


def _read_row(
    line: int, row: Mapping[str, Any], moderator: str | None
) -> StudyCounts | RejectedRow:
    study = text_of(row["study"])

    def reject(column: str, reason: str, fix: str) -> RejectedRow:
        value = text_of(row[column])[:_MAX_SHOWN]
        return RejectedRow(line, study, column, value, reason, fix)

    if not study:
        return reject("study", "the study has no name", "name it.")
    numbers = {}
    for column in ("events", "n"):
        text = text_of(row[column])
        unreadable = _not_a_count(text, column)
        if unreadable:
            return reject(column, *unreadable)
        numbers[column] = int(text)
    problem = impossible(numbers["events"], numbers["n"])
    if problem:
        return reject(*problem)
    value = _number(text_of(row.get(moderator.lower()))) if moderator else None
    return StudyCounts(
        study,
        numbers["events"],
        numbers["n"],
        text_of(row.get("subgroup")) or None,
        {} if value is None or moderator is None else {moderator: value},
    )


def _not_a_count(text: str, column: str) -> tuple[str, str] | None:
    if not text:
        return f"{column} is missing", "fill it in; missing is not 0."
    if text.endswith("%"):
        return f"{column} is a percentage", "give the count of patients."
    if not text.lstrip("-").isdecimal():
        return f"{column} is not a whole number", "give the count of patients."
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
