"""Timelines of lines of treatment: read from a table, and what their dates come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.io.mapped import apply_mapping
from nenuphar.io.mapping import load_mapping
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import ReadResult
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import plain
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods.timelines.consistency import contradictions
from nenuphar.methods.timelines.facts import describe

NATIVE = "timelines"

OPTIONAL = (
    "pd_basis",
    "response_date",
    "assessed_before_date",
    "new_therapy_date",
    "last_contact",
    "lost_date",
    "on_treatment",
    "rechallenge_start",
    "rechallenge_response",
)
"""Columns on which no phenotype rests: nothing is said where they are absent."""

_EARLY = "resistance.early_death_max"


@dataclass(frozen=True)
class Timelines:
    """Lines of treatment as read and described.

    Attributes:
        lines: One row for each subject, `line.*` and `timeline.*` columns.
        problems: Rejected rows, values taken as missing, notes.
        read: Rows seen; always accepted + rejected.
        rejected: Rows left out, each listed in `problems`.
        values_rejected: Values taken as missing because they could not be read.
    """

    lines: pl.DataFrame
    problems: tuple[Problem, ...]
    read: int
    rejected: int
    values_rejected: int = 0


def read_timelines(
    path: Path, mapping: str = "", knowledge: KnowledgeBase | None = None
) -> Timelines:
    """Read a table of timelines and work out what their dates come to.

    Args:
        path: The table.
        mapping: Name or path of a mapping whose rows are treatment lines; without one the columns
            are those of the manual, and any but `subject` may be absent.
        knowledge: The knowledge base; the shipped one by default.

    Raises:
        UnreadableInputError: The table cannot be read or lacks a mapped column.
        MappingError: The mapping is not valid.
    """
    kb = knowledge or load_knowledge()
    chosen = load_mapping(mapping or NATIVE, kb).of(Scope.TREATMENT_LINE)
    table = read_table(path, chosen.sheet)
    absent: list[str] = []
    if not mapping:
        chosen, absent = _present_only(chosen, table)
    result = apply_mapping(table, chosen, kb)
    lines = result.frames[Scope.TREATMENT_LINE]
    problems = [*result.problems, *_absences(table.file.name, absent)]
    wrong = _contradicted(lines, table, problems)
    kept = lines.filter(~wrong)
    rejected = result.rejected + lines.height - kept.height
    described = described_lines(kept, kb)
    listed = tuple(sorted(problems))
    return Timelines(described, listed, result.read, rejected, result.values_rejected)


def described_lines(lines: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Return lines with the facts of their timelines; the limit comes from its threshold record."""
    return describe(lines, early_death_max=knowledge.thresholds[_EARLY].value)


def _present_only(mapping: Mapping, table: Table) -> tuple[Mapping, list[str]]:
    """Leave out the native columns that a table does not have."""
    present = {plain(column) for column in table.frame.columns}
    columns = {n: c for n, c in mapping.columns.items() if plain(c.sources[0]) in present}
    absent = [c.sources[0] for n, c in mapping.columns.items() if n not in columns]
    absent = [name for name in absent if name not in OPTIONAL]
    constants = dict(mapping.constants)
    if "disease" in present:
        extra = Mapping.model_validate(
            {**_shell(mapping), "columns": {"line.disease": {"column": "disease"}}}
        )
        columns |= extra.columns
        constants.pop("line.disease", None)
    return mapping.model_copy(update={"columns": columns, "constants": constants}), absent


def _shell(mapping: Mapping) -> dict[str, object]:
    return {"name": mapping.name, "row": mapping.row, "keys": mapping.keys.model_dump()}


def _absences(file: str, columns: Iterable[str]) -> list[Problem]:
    reason = "there is no such column; what rests on it stays undetermined"
    fix = "add the column where it is known, or name it through a mapping"
    return [Problem(file, 1, "", column, "", reason, fix) for column in columns]


def _contradicted(lines: pl.DataFrame, table: Table, problems: list[Problem]) -> pl.Series:
    """List every line whose dates contradict each other; return which lines those are."""
    wrong = pl.Series([False], dtype=pl.Boolean).new_from_index(0, lines.height)
    for found in contradictions(lines):
        fresh = found.rows & ~wrong
        for record, patient in lines.filter(fresh).select("record", "patient_id").iter_rows():
            line = int(record.rsplit(":", 1)[-1])
            column = found.fact.removeprefix("line.")
            problems.append(
                Problem(
                    table.file.name, line, patient, column, "", found.reason, found.fix,
                    found.rejects,
                )
            )  # fmt: skip
        if found.rejects:
            wrong |= fresh
    return wrong


def accounted(read: ReadResult | Timelines) -> dict[str, int]:
    """Return the counts of a reading: `read` is always `accepted` + `rejected`."""
    return {"read": read.read, "accepted": read.read - read.rejected, "rejected": read.rejected}
