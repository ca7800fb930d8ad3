"""Rows of genomic tables: columns found by their names, rows that cannot be used listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from nenuphar.terminology.genome import GENOMES, chromosome_lengths

FINDINGS = {
    "line": pl.Int64,
    "record": pl.String,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "fix": pl.String,
    "used": pl.String,
}
_ALIASES = {"23": "X", "24": "Y"}
_EMPTY = ["", "na", "nan", "null", "."]


class GenomicTableError(ValueError):
    """The table as a whole cannot be used; the message says why and what to do."""


def plain(name: str) -> str:
    """Return a column's name without case, blanks, dots and underscores."""
    return "".join(c for c in name.lower() if c.isalnum())


def find_columns(
    names: Sequence[str],
    spellings: Mapping[str, Sequence[str]],
    mapping: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Say which column holds what.

    Args:
        names: Names of the columns.
        spellings: By meaning the plain names that it may have; the first that is there is taken.
        mapping: Columns by meaning, where somebody stated them; they win over spellings.

    Raises:
        GenomicTableError: The mapping names a meaning or a column that does not exist.
    """
    found = dict(mapping or {})
    unknown = sorted(set(found) - set(spellings))
    absent = sorted(column for column in found.values() if column not in names)
    if unknown or absent:
        what = f"does not know {', '.join(unknown)}" if unknown else "names no column of the table"
        seen = ", ".join(unknown or absent)
        known = ", ".join(spellings)
        raise GenomicTableError(f"the mapping {what} ({seen}); meanings are {known}")
    by_plain = {plain(name): name for name in reversed(names)}
    for meaning, own in spellings.items():
        column = next((by_plain[s] for s in own if s in by_plain), None)
        if meaning not in found and column is not None:
            found[meaning] = column
    return found


def text(columns: Mapping[str, str], meaning: str) -> pl.Expr:
    """Return the cells of a meaning without blanks around them; null where nothing is said."""
    if meaning not in columns:
        return pl.lit(None, pl.String)
    cell = pl.col(columns[meaning]).cast(pl.String).str.strip_chars()
    return pl.when(~cell.str.to_lowercase().is_in(_EMPTY)).then(cell)


def number(columns: Mapping[str, str], meaning: str, *, decimals: bool = False) -> pl.Expr:
    """Return the cells of a meaning as numbers; null where they are none.

    A comma is a decimal comma where `decimals` says so; a position may have one between thousands.
    """
    cell = text(columns, meaning)
    cell = cell.str.replace(r"^([+-]?\d*),(\d+)$", "$1.$2") if decimals else cell
    value = cell.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


_NAMED_MAX = 12


def few(names: Sequence[str]) -> str:
    """Name columns in a message, the first of many."""
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(names[:_NAMED_MAX]) + more


def sample_id(columns: Mapping[str, str]) -> pl.Expr:
    """Return the ids of samples; an integral float loses its `.0`."""
    return text(columns, "sample").str.replace(r"^(\d+)\.0$", "$1")


def chromosome_name(cell: pl.Expr) -> pl.Expr:
    """Write a chromosome as `1` to `22`, `X` or `Y`, whatever prefix or number it came with."""
    name = cell.str.replace(r"(?i)^chr", "").str.to_uppercase()
    return name.str.replace(r"^0*([1-9]\d*)(\.0)?$", "$1").replace(_ALIASES)


def known_genome(genome: str) -> None:
    """Refuse a build that is not known.

    Raises:
        GenomicTableError: It is not.
    """
    if genome not in GENOMES:
        raise GenomicTableError(f"genome {genome!r} is not one of {', '.join(GENOMES)}")


def beyond_end(rows: pl.DataFrame, genome: str, chromosome: str, *positions: str) -> pl.Series:
    """Say of every row whether a position lies beyond the end of its chromosome."""
    ends = pl.col(chromosome).replace_strict(
        chromosome_lengths(genome), default=None, return_dtype=pl.Int64
    )
    return rows.select((pl.max_horizontal(*positions) > ends).fill_null(False)).to_series()


def refuse_other_build(
    rows: pl.DataFrame, genome: str, places: Mapping[str, Sequence[str]]
) -> None:
    """Tell hg19 from hg38 by positions beyond the ends of chromosomes.

    Args:
        rows: With `line`.
        genome: The build that was stated.
        places: Columns of positions by the column of their chromosome.

    Raises:
        GenomicTableError: Positions do not fit the build, and fit the other one.
    """

    def off(name: str) -> dict[str, pl.Series]:
        return {c: beyond_end(rows, name, c, *own) for c, own in places.items()}

    other = next(name for name in GENOMES if name != genome)
    mine = off(genome)
    count = sum(int(series.sum()) for series in mine.values())
    if not count or any(series.any() for series in off(other).values()):
        return
    column = next(c for c, series in mine.items() if series.any())
    row = rows.filter(mine[column]).row(0, named=True)
    raise GenomicTableError(
        f"{count} row(s) lie beyond the ends of {genome}, none beyond those of "
        f"{other} (first on line {row['line']}, chromosome {row[column]}): the "
        f"positions are of {other}; run with --genome {other}"
    )


Check = tuple[pl.Expr, str, str, str, str]
"""What is wrong, the column, the column that holds the cell as written, the reason, the fix."""


def with_reasons(rows: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """Add `column`, `value`, `reason`, `fix` of the first thing that is wrong with a row."""
    wrong = [check.fill_null(False) for check, *_ in checks]

    def first(values: list[pl.Expr]) -> pl.Expr:
        return pl.coalesce(pl.when(w).then(v) for w, v in zip(wrong, values, strict=True))

    seen = [pl.col(c[2]) if c[2] else pl.lit("") for c in checks]
    return rows.with_columns(
        column=first([pl.lit(c[1]) for c in checks]),
        value=first(seen),
        reason=first([pl.lit(c[3]) for c in checks]),
        fix=first([pl.lit(c[4]) for c in checks]),
    )


def listed(rows: pl.DataFrame, used: str = "no") -> pl.DataFrame:
    """Write rows with reasons as findings."""
    return rows.select(
        "line",
        pl.col("sample").fill_null("").alias("record"),
        "column",
        pl.col("value").fill_null(""),
        "reason",
        "fix",
        pl.lit(used).alias("used"),
    ).cast(FINDINGS)  # type: ignore[arg-type]
