"""Tables of any kind (`.csv .tsv .txt .xlsx .parquet`) as strings with their lines."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem, UnreadableInputError
from nenuphar.io.decoding import decode, refuse_containers
from nenuphar.io.delimited import Cells, parse_delimited
from nenuphar.io.parquet import read_parquet
from nenuphar.io.result import Findings, InputFile, read_unpacked
from nenuphar.io.workbooks import parse_workbook


@dataclass(frozen=True)
class Table:
    """A table as it stands, before a mapping says what it means.

    Attributes:
        file: The file it was read from.
        frame: One string column for each column; null is an empty cell.
        lines: Line of every row in the file (row of the sheet, for workbooks; number of the row
            for Parquet), counted from 1.
        repeated: Names that more than one column has; in `frame` the later ones carry a number.
        problems: Rows that could not be read, and notes.
        values_rejected: Cells among the problems that are taken as missing.
    """

    file: InputFile
    frame: pl.DataFrame
    lines: pl.Series
    repeated: frozenset[str]
    problems: tuple[Problem, ...]
    values_rejected: int = 0


def read_table(path: Path, sheet: str = "") -> Table:
    """Read a table as strings; delimiter, encoding and line ends are found from the content.

    Args:
        path: The file, also gzip. What it is is decided by its content, not by its name.
        sheet: Sheet of a workbook; the first one if empty.

    Raises:
        UnreadableInputError: The file as a whole cannot be read; the message says why and what
            to do.
    """
    return table_of_bytes(*read_unpacked(path), sheet)


def table_of_bytes(data: bytes, file: InputFile, suffix: str, sheet: str = "") -> Table:
    """Read the content of a file as `read_table` does.

    Args:
        data: The content.
        file: What it is the content of.
        suffix: Ending of its name.
        sheet: Sheet of a workbook; the first one if empty.

    Raises:
        UnreadableInputError: It cannot be read.
    """
    findings = Findings(file.name)
    cells = _parse(data, suffix, sheet, findings)
    names, repeated = _unique_names(cells.header)
    if repeated:
        findings.note(
            "several columns have the same name: " + ", ".join(sorted(repeated)),
            "give every column that is mapped its own name",
        )
    if not cells.frame.height and not findings.problems:
        raise UnreadableInputError(f"{file.name}: has a header but no rows; export it again")
    frame = cells.frame.rename({str(i): name for i, name in enumerate(names)})
    problems = findings.in_order()
    return Table(file, frame, cells.lines, repeated, problems, findings.values_rejected)


def _parse(data: bytes, suffix: str, sheet: str, findings: Findings) -> Cells:
    refuse_containers(data, findings.file)
    if data.startswith(b"PK\x03\x04"):
        return parse_workbook(data, sheet, findings)
    if data.startswith(b"PAR1"):
        return _parse_parquet(data, findings)
    if suffix in (".xlsx", ".parquet"):
        raise UnreadableInputError(
            f"{findings.file}: is named {suffix} but its content is something else; "
            "export it again, or give it the ending of what it is"
        )
    text, guessed = decode(data, findings.file)
    if guessed:
        findings.note(
            f"{guessed}; the file was read as Windows-1252 (Latin-1)",
            "check names with accents and signs such as ≥ and µ, or save the file as UTF-8",
        )
    return parse_delimited(text, suffix, findings)


def _parse_parquet(data: bytes, findings: Findings) -> Cells:
    try:
        frame, _ = read_parquet(io.BytesIO(data))
    except BaseException as error:
        # Polars reports some damaged files by a panic, which is no ordinary exception.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise UnreadableInputError(
            f"{findings.file}: is a Parquet file that is cut off or damaged; write it again"
        ) from error
    columns = []
    for i, (name, kind) in enumerate(frame.schema.items()):
        column = pl.col(name).alias(str(i))
        if kind.is_nested() or kind in (pl.Binary, pl.Object):
            findings.note(f"a column of type {kind} was not read", "write it as text", column=name)
            column = pl.lit(None, dtype=pl.String).alias(str(i))
        columns.append(column.cast(pl.String))
    lines = pl.Series("line", range(1, frame.height + 1), dtype=pl.UInt32)
    return Cells(frame.columns, frame.select(columns), lines)


def _unique_names(header: list[str]) -> tuple[list[str], frozenset[str]]:
    names: list[str] = []
    repeated: set[str] = set()
    taken: set[str] = set()
    for i, cell in enumerate(header):
        base = name = " ".join(cell.split()).removeprefix("\ufeff") or f"column {i + 1}"
        count = 1
        while name in taken:
            repeated.add(base)
            count += 1
            name = f"{base} ({count})"
        taken.add(name)
        names.append(name)
    return names, frozenset(repeated)
