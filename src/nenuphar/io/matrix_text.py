"""Reads text files that hold matrices: any encoding, delimiter and line end."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

MISSING = ["", "NA", "NaN", "nan", "N/A", "null", "NULL", "None", "."]
REPEAT = "\x1f"
HEAD = 100_000


class UnreadableError(ValueError):
    """A file that cannot be read as what it should be: what, where, and what to do."""


def file_text(path: Path) -> bytes:
    """The bytes of a text file: unpacked, as UTF-8, with line feeds. Raises where it is empty."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip

        raw = gzip.decompress(raw)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16").encode()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError:
            raw = raw.decode("cp1252", "replace").encode()
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    if not raw[:HEAD].strip() and not raw.strip():
        raise UnreadableError(f"{path.name}: the file is empty")
    if b"\0" in raw[:HEAD]:
        raise UnreadableError(
            f"{path.name}: not a text file, whatever its suffix says; export it as .csv or .tsv"
        )
    return raw


def _delimiter(header: str) -> str:
    mark = max("\t,;", key=header.count)
    return mark if mark in header else " "


def _cells(header: str, mark: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=mark))]
    except csv.Error:
        return [name.strip().strip('"') for name in header.split(mark)]


def text_frame(raw: bytes, path: Path, skip: int) -> pl.DataFrame:
    """A table of numbers, its first column text; cells that are no numbers stay text.

    skip: lines above the header. A name that repeats is marked by `REPEAT` and a number. Raises
    `UnreadableError` where rows do not have as many cells as the header.
    """
    import polars as pl

    top = 0
    for _ in range(skip):
        top = raw.find(b"\n", top) + 1
    first, *body = raw[top : top + HEAD].split(b"\n", 1)
    if not body and (end := raw.find(b"\n", top)) >= 0:  # a header longer than usual
        first, body = raw[top:end], [raw[end + 1 : end + 1 + 2 * (end - top)]]
    row = body[0].split(b"\n", 1)[0] if body else b""
    header = first.decode("utf-8", "replace").rstrip("\r")
    mark = _delimiter(header)
    names = _cells(header, mark)
    if not any(names):
        raise UnreadableError(f"{path.name}: no header; name the columns in the first line")
    if row.count(mark.encode()) == len(names):
        names = ["", *names]  # written by R: no name above the row names
    names = _distinct([name or f"column {i}" for i, name in enumerate(names)])
    reading: dict[str, Any] = {
        "separator": mark,
        "has_header": False,
        "skip_rows": skip + 1,
        "null_values": MISSING,
        "encoding": "utf8-lossy",
        "decimal_comma": mark == ";" and any(b"," in part for part in body),
    }
    numbers = dict.fromkeys(names, pl.Float64) | {names[0]: pl.String}
    try:
        try:
            return pl.read_csv(raw, schema=numbers, **reading)
        except pl.exceptions.ComputeError:
            comma = reading.pop("decimal_comma")
            cells = pl.read_csv(raw, schema=dict.fromkeys(names, pl.String), **reading)
            points = pl.col(names[1:]).str.replace(",", ".", literal=True)
            return cells.with_columns(points) if comma else cells
    except (pl.exceptions.PolarsError, ValueError) as problem:
        raise UnreadableError(
            f"{path.name}: not a table of {len(names)} columns ({_longest(raw, mark, skip)}); "
            "give one row per gene with as many cells as the header"
        ) from problem


def _longest(raw: bytes, mark: str, skip: int) -> str:
    cells = [line.count(mark.encode()) + 1 for line in raw.split(b"\n")[skip:]]
    return f"line {cells.index(max(cells)) + skip + 1} has {max(cells)}"


def _distinct(names: Sequence[str]) -> list[str]:
    """Marks repeated names, which a data frame does not take; the reader unmarks them."""
    seen: Counter[str] = Counter()
    marked = []
    for name in names:
        marked.append(f"{name}{REPEAT}{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return marked
