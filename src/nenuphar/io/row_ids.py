"""Which record every row of a table is: ids filled down, rows taken, ids read, copies found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import READ_BY_ASSESSORS
from nenuphar.io.columns import clean_ids
from nenuphar.io.mapping_form import KeyColumn, Mapping
from nenuphar.io.values import plain

ONLY_ONE = "1"
"""Id of what a table does not tell apart: the only tumour of a patient, and so on."""

LINE = "\0line"
"""Column of the line on which a row stands."""

ID = "\0id:"
"""What the names of the columns of ids begin with."""


@dataclass(frozen=True)
class Unusable:
    """A row that stands for no record of its own.

    Attributes:
        line: Line of the row.
        record: The record that it would be of, as far as that is known.
        reason: Why it is none.
        fix: What to do.
        column: The column that is to blame, if one is.
        value: What stands there.
        copy: Whether it says the same as another row of the same ids.
    """

    line: int
    record: str
    reason: str
    fix: str
    column: str = ""
    value: str = ""
    copy: bool = False


def fill_down(rows: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Repeat cells downwards: ids first and from wide to narrow, then the rest within them."""
    ids: list[str] = []
    for name in mapping.row.keys:
        key = mapping.key(name)
        if key is None or key.column in ids:
            continue
        if key.column in mapping.fill_down:
            filled = pl.col(key.column).forward_fill()
            rows = rows.with_columns(filled.over(ids) if ids else filled)
        ids.append(key.column)
    rest = [name for name in mapping.fill_down if name not in ids]
    if rest and ids:
        rows = rows.with_columns(pl.col(name).forward_fill().over(ids[:1]) for name in rest)
    return rows


def take(rows: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Keep the rows that `where` asks for."""
    if not mapping.where:
        return rows
    integral = (r"^(\d+)\.0+$", "$1")
    wanted = [
        pl.col(name)
        .str.to_lowercase()
        .str.replace(*integral)
        .is_in(pl.Series([plain(v) for v in values]).str.replace(*integral).implode())
        .fill_null(value=False)
        for name, values in mapping.where.items()
    ]
    return rows.filter(wanted)


def identify(rows: pl.DataFrame, mapping: Mapping) -> tuple[pl.DataFrame, list[Unusable]]:
    """Give every row its ids (columns that begin with `ID`); leave out rows that lack one."""
    columns = [pl.Series(LINE, rows[LINE])]
    columns += [_id_column(rows, name, mapping.key(name)) for name in mapping.row.keys]
    assessor = mapping.keys.assessor
    named = _id_column(rows, "assessor", assessor) if assessor else None
    if assessor and named is not None:
        # Nobody named is a reader of his own; a name that does not fit the pattern is a mistake.
        absent = rows[assessor.column].is_null()
        named = named.set(absent, "")
    blank = pl.Series([""], dtype=pl.String).new_from_index(0, rows.height)
    columns.append((blank if named is None else named).alias(ID + "assessor"))
    rows = pl.concat([rows.drop(LINE), pl.DataFrame(columns)], how="horizontal")
    ids = [ID + name for name in (*mapping.row.keys, "assessor")]
    lacking = rows.filter(pl.any_horizontal(pl.col(ids).is_null()))
    unusable = [_without_id(row, ids, mapping) for row in lacking.iter_rows(named=True)]
    return rows.filter(pl.all_horizontal(pl.col(ids).is_not_null())), unusable


def _without_id(row: dict[str, Any], ids: list[str], mapping: Mapping) -> Unusable:
    name = next(n.removeprefix(ID) for n in ids if row[n] is None)
    key = mapping.key(name)
    value = row[key.column] if key else None
    reason = f"the row has no usable {name}" + ("" if value is None else ": not an id")
    if key and key.pattern and value is not None:
        reason = f"{name} does not match the pattern {key.pattern}"
    fix = "fill the cell, or list its column under `fill_down`"
    column = key.column if key else name
    return Unusable(row[LINE], row[ids[0]] or "", reason, fix, column, value or "")


def _id_column(rows: pl.DataFrame, name: str, key: KeyColumn | None) -> pl.Series:
    if key is None:
        only = pl.Series([ONLY_ONE], dtype=pl.String).new_from_index(0, rows.height)
        return only.alias(ID + name)
    try:
        return clean_ids(rows[key.column], key.pattern).alias(ID + name)
    except pl.exceptions.ComputeError as error:
        raise UnreadableInputError(
            f"the pattern {key.pattern!r} of {name} cannot be used: look-around and "
            "back-references are not supported; write it without"
        ) from error


def without_repeated(
    rows: pl.DataFrame, mapping: Mapping, content: Iterable[str] | None = None
) -> tuple[pl.DataFrame, list[Unusable]]:
    """Leave out repeated rows: of equal ones all but the first, of different ones all.

    Args:
        rows: Identified rows.
        mapping: What they mean.
        content: Columns in which rows of the same ids may differ; all of them by default.
    """
    ids = [ID + name for name in (*mapping.row.keys, "assessor")]
    repeated = rows.select(ids).is_duplicated()
    if not repeated.any():
        return rows, []
    compared = sorted(set(content if content is not None else rows.columns) - {LINE})
    unusable: list[Unusable] = []
    for key, group in rows.filter(repeated).group_by(ids, maintain_order=True):
        lines = group[LINE].to_list()
        same = not compared or group.select(compared).n_unique() == 1
        shown = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
        reason = f"lines {shown} have the same ids but differ; none can be preferred"
        fix = f"{_distinguish(mapping)}, or keep the right one"
        if same:
            reason, fix = f"the row repeats line {lines[0]}", "delete the copy"
        record = record_of(key[:-1])
        unusable += [
            Unusable(line, record, reason, fix, copy=same)
            for line in (lines[1:] if same else lines)
        ]
    left_out = [each.line for each in unusable]
    return rows.filter(~pl.col(LINE).is_in(left_out)), unusable


def _distinguish(mapping: Mapping) -> str:
    own = mapping.row.keys[-1]
    if mapping.key(own) is None:
        return f"map a column to {own} that tells the rows apart"
    if mapping.row in READ_BY_ASSESSORS and mapping.keys.assessor is None:
        return "map the column of the reader to assessor"
    return "give each row ids of its own"


def record_of(ids: Iterable[object]) -> str:
    """Name a record by its ids, without those that only say that there is one."""
    return "/".join(dict.fromkeys(str(i) for i in ids if i and i != ONLY_ONE)) or ONLY_ONE
