"""Hashes that tell whether input, code or tables are the same as in an earlier run."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def input_digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of an input, by name: of the file, or of every file below a folder.

    Names are relative to the input, so that no path of a machine reaches a manifest.
    """
    if path.is_file():
        return {path.name: file_digest(path)}
    files = (part for part in path.rglob("*") if part.is_file())
    return {part.relative_to(path).as_posix(): file_digest(part) for part in sorted(files)}


def code_digest() -> str:
    """Return one SHA-256 over the Python sources and templates of this installation."""
    root = Path(__file__).parents[1]
    whole = hashlib.sha256()
    for suffix in ("*.py", "*.html", "*.css", "*.js"):
        for part in sorted(root.rglob(suffix)):
            whole.update(part.relative_to(root).as_posix().encode() + b"\0")
            whole.update(part.read_bytes() + b"\0")
    return whole.hexdigest()


class _HashSink(io.RawIOBase):
    """A binary stream that keeps only the hash of what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.hash.update(data)
        return len(data)


def table_digest(table: pl.DataFrame) -> str:
    """Return the SHA-256 of a table as tab-separated text: header first, rows in their order.

    Null is written as nothing and empty text as `""`, so that the two differ.
    """
    sink = _HashSink()
    table.write_csv(sink, separator="\t")  # type: ignore[call-overload]
    return sink.hash.hexdigest()
