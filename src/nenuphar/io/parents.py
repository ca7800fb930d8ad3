"""The patients and tumours that rows speak of: each once, with what its rows agree about."""

from __future__ import annotations

import polars as pl

from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.engine.frames import BOOKKEEPING
from nenuphar.io.result import Findings

_SHOWN = 5


def parents_of(
    scope: Scope,
    rows: pl.DataFrame,
    facts: dict[str, pl.DataFrame],
    read_from: dict[str, str],
    findings: Findings,
) -> pl.DataFrame:
    """Return the frame of a scope wider than that of the rows.

    Args:
        scope: The wider scope.
        rows: Ids and `assessor` of every row, its `line` and its `record`.
        facts: Columns of each fact of the wider scope, as high as the rows.
        read_from: The column of the input that each fact was read from, for messages.
        findings: Where facts go that the rows of one parent disagree about; they are missing.

    Returns:
        One row for each key, in the order in which the keys first appear; `record` is the first
        row that speaks of it.
    """
    keys = [*scope.keys, "assessor"]
    if scope not in READ_BY_ASSESSORS:
        rows = rows.with_columns(pl.lit("").alias("assessor"))
    whole = pl.concat([rows.select(*keys, "line", "record"), *facts.values()], how="horizontal")
    if whole.select(keys).is_duplicated().any():
        whole = _agreed(whole, keys, facts, read_from, findings)
    none = pl.lit(None, dtype=pl.Date)
    whole = whole.with_columns(
        pl.lit("").alias("date"), none.alias("date_lo"), none.alias("date_hi")
    )
    return whole.select(*scope.keys, *BOOKKEEPING, pl.exclude(*keys, *BOOKKEEPING, "line"))


def _agreed(
    whole: pl.DataFrame,
    keys: list[str],
    facts: dict[str, pl.DataFrame],
    read_from: dict[str, str],
    findings: Findings,
) -> pl.DataFrame:
    """Bring the rows of each key together; what they disagree about becomes null."""
    columns = [name for values in facts.values() for name in values.columns]
    grouped = whole.group_by(keys, maintain_order=True).agg(
        pl.col("line", "record").first(),
        *(pl.col(name).max() for name in columns),
        *(pl.col(name).min().alias(f"\0min:{name}") for name in columns),
    )
    for fact, values in facts.items():
        differs = pl.any_horizontal(
            (pl.col(name) != pl.col(f"\0min:{name}")).fill_null(value=False)
            for name in values.columns
        )
        disputed = grouped.filter(differs).select(keys)
        if disputed.height:
            _report(read_from.get(fact, fact), whole, disputed, keys, values.columns, findings)
        grouped = grouped.with_columns(
            pl.when(~differs).then(pl.col(name)).alias(name) for name in values.columns
        )
    return grouped.select(*keys, "line", "record", *columns)


def _report(
    column: str,
    whole: pl.DataFrame,
    disputed: pl.DataFrame,
    keys: list[str],
    columns: list[str],
    findings: Findings,
) -> None:
    stated = whole.join(disputed, on=keys, how="semi", nulls_equal=True)
    stated = stated.filter(pl.col(columns[0]).is_not_null())
    distinct = stated.unique([*keys, *columns], keep="first", maintain_order=True)
    shown = pl.col(columns[0]).cast(pl.String).str.head(40)
    for row in (
        distinct.group_by(keys, maintain_order=True)
        .agg(pl.col("line"), shown.alias("shown"))
        .iter_rows(named=True)
    ):
        lines = ", ".join(map(str, row["line"][:_SHOWN]))
        lines += ", ..." if len(row["line"]) > _SHOWN else ""
        findings.value(
            row["line"][1],
            "/".join(dict.fromkeys(row[key] for key in keys if row[key] not in ("", "1"))),
            column,
            " / ".join(row["shown"][:_SHOWN]),
            f"the rows state different values (lines {lines})",
            "correct the rows; until then the value counts as missing",
        )
