"""Parquet files of unknown origin: a damaged one raises and does not end the process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import polars as pl


def read_parquet(source: Path | BinaryIO) -> tuple[pl.DataFrame, dict[bytes, bytes]]:
    """Read a Parquet file and what its writer noted in it.

    PyArrow decodes it: Polars' own reader aborts the whole process on some damaged files, which no
    caller can turn into a message. What it decoded is validated, because Polars takes it on trust.

    Args:
        source: A file that anybody may have written, or its content.

    Returns:
        The table, and the notes of its writer (`pandas` names its index there).

    Raises:
        BaseException: It is damaged; PyArrow raises errors of its own, Polars may panic on what
            PyArrow lets through, and a panic is not an `Exception`.
    """
    import polars as pl
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file:
        table = file.read()
    table.validate(full=True)
    notes = dict(table.schema.metadata or {})
    names = table.column_names  # decodes them: `UnicodeDecodeError` where Polars would panic
    frame = pl.from_arrow(table.replace_schema_metadata(), schema=names)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a Parquet file holds a table")
    return frame, notes
