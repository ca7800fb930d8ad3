"""Tell what an input is, and have the right reader read it."""

from __future__ import annotations

from pathlib import Path

from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.io.case_file import read_cases
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import load_mapping, shipped_mappings
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import KnowledgeBase

CASE_SUFFIXES = {".yaml", ".yml", ".json"}
TABLE_SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".parquet"}


def read_input(path: Path, knowledge: KnowledgeBase, mapping: str = "") -> ReadResult:
    """Read an input of any kind.

    Args:
        path: A case (`.yaml`, `.json`), a folder of cases, or a table.
        knowledge: Declares the facts.
        mapping: For tables: a mapping file, or the name of a shipped mapping.

    Raises:
        UsageError: A table without a mapping.
        UnreadableInputError: Nothing that can be read.
    """
    if not path.exists():
        raise UnreadableInputError(f"{path.name}: no such file or folder; check the path")
    suffix = path.suffix.lower()
    if mapping and path.is_file():
        return read_mapped(path, load_mapping(mapping, knowledge), knowledge)
    if path.is_dir() or suffix in CASE_SUFFIXES:
        return read_cases(path, knowledge)
    if suffix in TABLE_SUFFIXES:
        shipped = ", ".join(sorted(shipped_mappings()))
        raise UsageError(
            f"{path.name} is a table, and a table needs --mapping: a file, or one of {shipped}; "
            f"`nenuphar mapping draft {path.name}` proposes one"
        )
    known = ", ".join(sorted(CASE_SUFFIXES | TABLE_SUFFIXES))
    raise UnreadableInputError(f"{path.name}: not an input that can be read; one of {known}")
