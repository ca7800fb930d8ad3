"""Files that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Lend a hidden file beside `path`, which takes its place once it has been written.

    Where writing fails or is broken off, `path` stays what it was and nothing is left beside it.

    Raises:
        OSError: Nothing can be written there.
    """
    import os
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")
    os.close(handle)
    hidden = Path(name)
    try:
        yield hidden
        hidden.chmod(0o644)  # temporary files are made for their owner alone
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)


def write_whole_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, its line ends as they are."""
    with whole_file(path) as hidden:
        hidden.write_bytes(text.encode())


def write_whole_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table by its suffix: `.parquet`, `.csv` with commas, any other with tabs."""
    suffix = path.suffix.lower()
    with whole_file(path) as hidden:
        if suffix == ".parquet":
            table.write_parquet(hidden)
        else:
            table.write_csv(hidden, separator="," if suffix == ".csv" else "\t")
