"""Files of segments and of rearrangements, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from nenuphar.io.decoding import decode
from nenuphar.io.result import read_unpacked
from nenuphar.io.tables import read_table, table_of_bytes
from nenuphar.methods.genomics.band_table import is_band_table, read_bands
from nenuphar.methods.genomics.rearrangement_table import (
    Rearrangements,
    read_rearrangements,
    table_of_vcf,
)
from nenuphar.methods.genomics.segment_table import Segments, read_segments

if TYPE_CHECKING:
    from nenuphar.domain.problems import Problem

_VCF = b"##fileformat=VCF"
_NAMED = re.compile(rb"\A((?:##.*\n)*)#(?=chrom)", re.IGNORECASE)
"""Marks the header of a BEDPE, which other tables would take for a comment."""
_HEADLESS = re.compile(rb"\A[^\t\n#]+\t\d+\t\d+\t[^\t\n]+\t\d+\t\d+(?:\t[^\n]*)?(?=\n|\Z)")
"""The first line of a BEDPE that begins with its first rearrangement."""
_BEDPE = ("chrom1", "start1", "end1", "chrom2", "start2", "end2", "name", "score", "strand1",
          "strand2")  # fmt: skip


def _header(line: bytes) -> bytes:
    """Name as many columns as a line of a BEDPE has."""
    cells = line.count(b"\t") + 1
    names = [*_BEDPE, *(f"column {i + 1}" for i in range(len(_BEDPE), cells))]
    return "\t".join(names[:cells]).encode() + b"\n"


def read_rearrangement_file(
    path: Path, genome: str, mapping: Mapping[str, str] | None = None
) -> tuple[Rearrangements, tuple[Problem, ...]]:
    """Read a table of rearrangements, a BEDPE with or without a header, or a VCF.

    A file without a column of samples is one tumour, named after the file.

    Args:
        path: The file; what it is is decided by its content.
        genome: `hg19` or `hg38`.
        mapping: Column of each meaning, where the spelling does not say it.

    Returns:
        The rearrangements, and what was wrong with the file itself.

    Raises:
        UnreadableInputError: The file cannot be read.
        GenomicTableError: It is no table of rearrangements, or one of the other build.
    """
    data, file, suffix = read_unpacked(path)
    name = path.name.split(".")[0]
    if data.startswith(_VCF):
        table, lines, failed = table_of_vcf(decode(data, file.name)[0])
        found = read_rearrangements(table, genome, lines=lines, sample=name)
        return found, (_filtered(file.name, failed),) if failed else ()
    headless = _HEADLESS.match(data)
    data = _header(headless[0]) + data if headless else _NAMED.sub(rb"\1", data, count=1)
    read = table_of_bytes(data, file, suffix)
    lines = read.lines.cast(pl.Int64) - (headless is not None)
    found = read_rearrangements(read.frame, genome, lines=lines, mapping=mapping, sample=name)
    return found, read.problems


def read_segment_file(
    path: Path, genome: str, mapping: Mapping[str, str] | None = None
) -> tuple[Segments, tuple[Problem, ...]]:
    """Read a table of segments, or of lost and gained bands.

    Args:
        path: The file.
        genome: `hg19` or `hg38`.
        mapping: Column of each meaning, where the spelling does not say it.

    Returns:
        The segments, and what was wrong with the file itself.

    Raises:
        UnreadableInputError: The file cannot be read.
        GenomicTableError: It is no table of segments, or one of the other build.
    """
    read = read_table(path)
    reader = read_bands if is_band_table(read.frame.columns) else read_segments
    return reader(read.frame, genome, lines=read.lines, mapping=mapping), read.problems


def _filtered(file: str, failed: int) -> Problem:
    from nenuphar.domain.problems import Problem

    told = f"{failed} record(s) did not pass the filters of the caller and are left out"
    return Problem(file, 0, "", "FILTER", "", told, "nothing to do, unless they should count")
