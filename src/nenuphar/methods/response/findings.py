"""What was found wrong or remarkable in the input: one row per record, with a fix."""

from __future__ import annotations

from typing import Final

import polars as pl

USED, REJECTED, VALUE_LOST = "yes", "no", "part"
"""What ``used`` says: the record counts although it is remarkable; it is rejected; it counts
without the value that could not be read."""

SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "line": pl.Int64,
    "record": pl.String,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "fix": pl.String,
    "used": pl.String,
}


class ResponseInputError(ValueError):
    """A table cannot be used at all: a column is absent, or there is no record."""


class NoAssessmentsError(ResponseInputError):
    """There is no assessment to derive a response from."""


def empty_findings() -> pl.DataFrame:
    """Return a findings table without rows."""
    return pl.DataFrame(schema=SCHEMA)


def findings(
    rows: pl.DataFrame,
    *,
    column: str,
    reason: str | pl.Expr,
    fix: str | pl.Expr,
    used: bool | str,
    value: str | None = None,
) -> pl.DataFrame:
    """Describe rows that share one problem.

    Args:
        rows: the records concerned, with ``line`` and ``record``.
        column: the column at fault.
        reason: why it matters, as text or as an expression over ``rows``.
        fix: what to do about it, likewise.
        used: whether the record still counts, or ``VALUE_LOST``.
        value: the column that holds the value seen; ``column`` where not given.

    Returns:
        A table with the columns of ``SCHEMA``.
    """
    if rows.is_empty():
        return empty_findings()
    source = value or column
    word = used if isinstance(used, str) else USED if used else REJECTED
    seen = pl.col(source).cast(pl.String) if source in rows.columns else pl.lit(None, pl.String)
    return rows.select(
        pl.col("line").cast(pl.Int64),
        pl.col("record").cast(pl.String),
        pl.lit(column).alias("column"),
        seen.alias("value"),
        (pl.lit(reason) if isinstance(reason, str) else reason).alias("reason"),
        (pl.lit(fix) if isinstance(fix, str) else fix).alias("fix"),
        pl.lit(word).alias("used"),
    )


def unordered(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Remark on visits that the file does not list in the order of their dates.

    Args:
        rows: ``line``, ``record``, ``date`` (Date), ``date_text`` and the keys.
        keys: the columns whose rows belong to one another.

    Returns:
        One finding for each of them: the first row that is earlier than one before it.
    """
    in_file = rows.sort("line")
    back = (pl.col("date") < pl.col("date").cum_max().over(keys)).fill_null(False)
    firsts = in_file.filter(back).unique(keys, keep="first", maintain_order=True)
    return findings(
        firsts,
        column="date",
        value="date_text",
        reason="visits are not in the order of their dates; they were put in order",
        fix="check that the date is right",
        used=True,
    )


def gather(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Stack findings in the order of the input lines."""
    present = [part for part in parts if not part.is_empty()]
    if not present:
        return empty_findings()
    return pl.concat(present).sort("line", "column", "reason", nulls_last=True, maintain_order=True)


def require_columns(frame: pl.DataFrame, needed: tuple[str, ...], what: str) -> None:
    """Check that a table has the columns that it needs.

    Raises:
        ResponseInputError: naming the absent columns and those present.
    """
    absent = [name for name in needed if name not in frame.columns]
    if absent:
        found = ", ".join(name for name in frame.columns if name != "line")  # ours: of the file
        message = (
            f"{what} lack the column(s) {', '.join(absent)}; found {found}. "
            "Rename the columns or map them."
        )
        raise ResponseInputError(message)
