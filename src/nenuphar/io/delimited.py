"""Delimited text as a table of strings, with the line on which every row stands."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.result import Findings

DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_SAMPLED_LINES = 60
_CHUNK = 50_000
_QUOTED = re.compile(r'"[^"]*"')
_WHOLE_LINE = ("\x1f", "\x1e", "\x1c", "\x02", "\x01")


@dataclass(frozen=True)
class Cells:
    """The rows of a table before anybody knows what they mean.

    Attributes:
        header: Names of the columns, as they stand.
        frame: One string column for each, named by its position (`0`, `1`, ...); null is empty.
        lines: Line of every row, counted from 1.
    """

    header: list[str]
    frame: pl.DataFrame
    lines: pl.Series


def parse_delimited(text: str, suffix: str, findings: Findings) -> Cells:
    """Read delimited text.

    Leading lines that begin with `#` (the metadata of a cBioPortal file) are skipped, and so are
    blank lines. A row with more cells than the header is listed as rejected; one with fewer has its
    last cells missing, unless the file breaks off in it.

    Args:
        text: The text, with bare line feeds.
        suffix: Ending of the file's name; decides between delimiters that fit equally well.
        findings: Where rejected rows and notes go.

    Raises:
        UnreadableInputError: No header, or a quotation mark that never closes.
    """
    start, first_line = _skip_comments(text)
    if not text[start:].strip():
        raise UnreadableInputError(f"{findings.file}: has no header line; export it again")
    text = text[start:]
    delimiter = _delimiter(text, suffix)
    quoted = re.search(rf'(?:^|\n|{re.escape(delimiter)}) ?"', text) is not None
    cells = _parse_lines(text, delimiter, first_line, findings, quoted=quoted)
    return cells or _parse_cell_by_cell(text, delimiter, first_line, findings)


def _skip_comments(text: str) -> tuple[int, int]:
    """Return where the header starts and its line; a header that itself begins with `#` stays."""
    start, line = 0, 1
    while True:
        end = text.find("\n", start)
        if end < 0:
            return (0, 1) if text[start : start + 1] == "#" else (start, line)
        this = text[start:end]
        if this.strip() and not this.startswith("#"):
            return start, line
        start, line = end + 1, line + 1


def _delimiter(text: str, suffix: str) -> str:
    sample = _QUOTED.sub("", text[: 1 << 20]).split("\n")[:_SAMPLED_LINES]
    rows = [line for line in sample if line.strip()] or [""]
    preferred = {".tsv": "\t", ".txt": "\t", ".csv": ","}.get(suffix, "")

    def fitness(delimiter: str) -> tuple[float, bool, int]:
        cells = rows[0].count(delimiter)
        agreeing = sum(row.count(delimiter) == cells for row in rows) / len(rows)
        return (agreeing if cells else -1.0, delimiter == preferred, cells)

    return max(DELIMITERS, key=fitness)


def _parse_lines(
    text: str, delimiter: str, first_line: int, findings: Findings, *, quoted: bool
) -> Cells | None:
    """Read a table in which every row is one line; return None if some row may not be."""
    head, _, body = text.partition("\n")
    separator = next((c for c in _WHOLE_LINE if c not in body), None)
    if separator is None:  # control characters everywhere
        return None
    rows = _whole_lines(body, separator).with_row_index("line", offset=first_line + 1)
    lines = rows.height
    bare = pl.col("text")
    if quoted:
        if not _closed_in_line(pl.Series([head]), delimiter):
            return None
        if not _closed_in_line(rows["text"], delimiter):
            return None
        bare = bare.str.replace_all(_QUOTED.pattern, "q")
    header = next(csv.reader([head], delimiter=delimiter)) if quoted else head.split(delimiter)
    rows = rows.with_columns(bare=bare)
    rows = rows.filter(pl.col("text").str.contains(rf'[^\s"{re.escape(delimiter)}]'))
    rows = _without_ragged(rows, len(header), delimiter, findings, whole=body.endswith("\n"))
    schema = {str(i): pl.String() for i in range(len(header))}
    if not rows.height:
        return Cells(header, pl.DataFrame(schema=schema), rows["line"])
    if len(header) == 1 and not quoted:
        return Cells(header, rows.select(pl.col("text").alias("0")), rows["line"])
    if rows.height != lines or rows["mended"].any():
        body = "\n".join(rows["text"].to_list())
    frame = pl.read_csv(
        body.encode(),
        separator=delimiter,
        has_header=False,
        schema=schema,
        quote_char='"' if quoted else None,
    )
    return Cells(header, _nulls(frame) if quoted else frame, rows["line"])


def _closed_in_line(lines: pl.Series, delimiter: str) -> bool:
    """Whether in every line each quoted cell is closed and followed by a delimiter or the end."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{mark}][^{mark}]*|)'
    return bool(lines.fill_null("").str.contains(rf"^{cell}(?:{mark}{cell})*$").all())


def _whole_lines(body: str, separator: str) -> pl.DataFrame:
    if not body:
        return pl.DataFrame(schema={"text": pl.String()})
    return pl.read_csv(
        body.encode(),
        separator=separator,
        has_header=False,
        schema={"text": pl.String()},
        quote_char=None,
    )


def _without_ragged(
    rows: pl.DataFrame, width: int, delimiter: str, findings: Findings, *, whole: bool
) -> pl.DataFrame:
    """Leave out and list rows of the wrong width; empty cells beyond the header are cut."""
    rows = rows.with_columns(cells=_cells(pl.col("bare"), delimiter))
    filled = pl.col("bare").str.strip_chars_end(delimiter + " ")
    wide = rows.filter((pl.col("cells") > width) & (_cells(filled, delimiter) > width))
    for line, cells in wide.select("line", "cells").iter_rows():
        _reject_wide(findings, line, cells, width)
    left_out = wide["line"].to_list()
    short = rows.filter(pl.col("cells") < width)["line"].to_list()
    if not whole and short and short[-1] == rows["line"][-1]:
        left_out.append(short.pop())
        findings.reject(left_out[-1], "", "the file breaks off in this row", "export it again")
    _note_short(findings, short, width)
    rows = rows.filter(~pl.col("line").is_in(left_out)) if left_out else rows
    # Every row is brought to the width of the header, because Polars wants the first one whole.
    gap = pl.lit(delimiter * width).str.slice(0, width - _cells(filled, delimiter))
    mended = pl.col("text").str.strip_chars_end(delimiter + " ") + gap
    return rows.with_columns(mended=pl.col("cells") != width).with_columns(
        text=pl.when("mended").then(mended).otherwise("text")
    )


def _cells(text: pl.Expr, delimiter: str) -> pl.Expr:
    return text.str.count_matches(delimiter, literal=True) + 1


def _reject_wide(findings: Findings, line: int, cells: int, width: int) -> None:
    findings.reject(
        line,
        "",
        f"the row has {cells} cells, the header {width}: its values may be shifted",
        'put text that holds the delimiter in "quotation marks"',
    )


def _note_short(findings: Findings, short: list[int], width: int) -> None:
    if short:
        more = f", the first on line {short[0]}" if len(short) > 1 else f" (line {short[0]})"
        findings.note(
            f"{len(short)} row(s) have fewer than {width} cells{more}; the last ones are missing",
            "check that the file is whole",
            line=short[0],
        )


def _parse_cell_by_cell(text: str, delimiter: str, first_line: int, findings: Findings) -> Cells:
    """Read a table in which cells may run over several lines."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        rows = _quoted_rows(text, delimiter, first_line, findings)
        _, header = next(rows)
        parts, lines = [], []
        short: list[int] = []
        while chunk := _chunk(rows, len(header), findings, short):
            lines.append(pl.Series("line", [line for line, _ in chunk], dtype=pl.UInt32))
            columns = zip(*(cells for _, cells in chunk), strict=True)
            parts.append(_string_frame(columns, len(header)))
    finally:
        csv.field_size_limit(limit)
    _note_short(findings, short, len(header))
    frame = pl.concat(parts) if parts else _string_frame([()] * len(header), len(header))
    return Cells(header, frame, pl.concat(lines) if lines else pl.Series("line", [], pl.UInt32))


def _string_frame(columns: object, width: int) -> pl.DataFrame:
    series = {str(i): c for i, c in zip(range(width), columns, strict=True)}  # type: ignore[call-overload]
    frame = pl.DataFrame(series, schema={name: pl.String() for name in series})
    return _nulls(frame)


def _nulls(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.when(pl.all() != "").then(pl.all()))


def _quoted_rows(
    text: str, delimiter: str, first_line: int, findings: Findings
) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that is not blank with the line on which it begins."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    begins = first_line
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableInputError(
                f"{findings.file}:{begins}: a quotation mark in this row is not closed, or text "
                'follows the closing one; write a mark inside a cell twice ("")'
            ) from error
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = first_line + reader.line_num


def _chunk(
    rows: Iterator[tuple[int, list[str]]], width: int, findings: Findings, short: list[int]
) -> list[tuple[int, list[str]]]:
    kept: list[tuple[int, list[str]]] = []
    for line, cells in rows:
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            _reject_wide(findings, line, len(cells), width)
            continue
        if len(cells) < width:
            short.append(line)
        kept.append((line, (cells + [""] * width)[:width]))
        if len(kept) == _CHUNK:
            break
    return kept
