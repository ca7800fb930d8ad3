"""Rows that agree in everything that matters are decided once.

A million cases differ in a few hundred ways as far as rules are concerned. `densify` finds those
ways; the trees are then evaluated on one representative of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

_WORD = 63


@dataclass(frozen=True)
class Classes:
    """A partition of rows.

    Attributes:
        ids: Class of every row, counted from 0.
        representatives: For every class the number of one of its rows.
    """

    ids: pl.Series
    representatives: pl.Series

    def __len__(self) -> int:
        return self.representatives.len()


def densify(columns: Sequence[pl.Series], height: int) -> Classes:
    """Partition rows by the values of some columns.

    Args:
        columns: Boolean series (with nulls) and series of class numbers (without).
        height: Number of rows.
    """
    words = _pack([column for column in columns if _varies(column)], height)
    frame = pl.DataFrame({f"w{i}": word for i, word in enumerate(words)})
    keys = frame.columns
    classes = (
        frame.with_row_index("representative")
        .unique(subset=keys, keep="first", maintain_order=True)
        .with_row_index("id")
    )
    ids = frame.join(classes, on=keys, how="left", maintain_order="left")["id"]
    return Classes(ids, classes["representative"])


def _varies(column: pl.Series) -> bool:
    """Whether a column can tell rows apart; facts that nobody recorded cannot."""
    if column.dtype != pl.Boolean or column.is_empty():
        return True
    nulls = column.null_count()
    if nulls:
        return nulls < column.len()
    return bool(column.any()) and not column.all()


def _pack(columns: Sequence[pl.Series], height: int) -> list[pl.Series]:
    """Pack columns side by side into as few 64-bit words as hold them."""
    words: list[pl.Expr] = []
    used = _WORD
    parts = pl.DataFrame({f"c{i}": column for i, column in enumerate(columns)})
    for i, column in enumerate(columns):
        code, bits = _code(pl.col(f"c{i}"), column)
        if used + bits > _WORD:
            words.append(code)
            used = bits
        else:
            words[-1] = words[-1] + code * (1 << used)
            used += bits
    if not words:
        return [pl.Series([0], dtype=pl.UInt64).new_from_index(0, height)]
    packed = parts.select(word.alias(f"w{i}") for i, word in enumerate(words))
    return packed.get_columns()


def _code(expr: pl.Expr, column: pl.Series) -> tuple[pl.Expr, int]:
    if column.dtype == pl.Boolean:
        return expr.cast(pl.UInt64).fill_null(2), 2
    largest = int(column.max() or 0)  # type: ignore[arg-type]
    return expr.cast(pl.UInt64), max(largest.bit_length(), 1)
