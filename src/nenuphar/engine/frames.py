"""Rows as Polars frames: one table for each scope, numbers as intervals in four columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import polars as pl

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase

Frames: TypeAlias = dict[Scope, pl.DataFrame]
"""Observed facts of a cohort, by scope.

Every frame has the columns of `scope.keys`, `assessor`, `date` (text), `date_lo` and `date_hi`
(first and last day), `record` (where the row stands), and for each fact its `columns_of`. Null is
missing.
"""

BOOKKEEPING = ("assessor", "date", "date_lo", "date_hi", "record")

INTERVAL_PARTS = ("lo", "lo_open", "hi", "hi_open")


def columns_of(fact: str, kind: str) -> dict[str, pl.DataType]:
    """Return the columns that hold a fact, with their types.

    Args:
        fact: Its name.
        kind: Its type, as the fact record states it; `variant` for the answer to `has_variant`.
    """
    if kind == "number":
        types = (pl.Float64(), pl.Boolean(), pl.Float64(), pl.Boolean())
        return {f"{fact}.{part}": t for part, t in zip(INTERVAL_PARTS, types, strict=True)}
    if kind == "date":
        return {f"{fact}.lo": pl.Date(), f"{fact}.hi": pl.Date()}
    return {fact: pl.Boolean() if kind in ("boolean", "variant") else pl.String()}


def kind_of(fact: str, knowledge: KnowledgeBase) -> str:
    """Return the type of a fact; names that no record declares are answers to `has_variant`."""
    declared = knowledge.facts.get(fact)
    return declared.type if declared else "variant"


def frames_of(patients: Iterable[PatientRows], knowledge: KnowledgeBase) -> Frames:
    """Lay the rows of several patients out as frames.

    Returns:
        A frame for every scope, with the columns of the facts that occur in it.
    """
    by_scope: dict[Scope, list[Row]] = {scope: [] for scope in Scope}
    for rows in patients:
        for scope, own in rows.items():
            by_scope[scope] += own
    return {scope: _frame(scope, rows, knowledge) for scope, rows in by_scope.items()}


def _frame(scope: Scope, rows: list[Row], knowledge: KnowledgeBase) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {key: pl.String() for key in scope.keys}
    schema |= {name: pl.String() for name in ("assessor", "date")}
    schema |= {"date_lo": pl.Date(), "date_hi": pl.Date(), "record": pl.String()}
    facts = sorted({fact for row in rows for fact in row.values})
    for fact in facts:
        schema |= columns_of(fact, kind_of(fact, knowledge))
    return pl.DataFrame([_cells(row) for row in rows], schema=schema, orient="row")


def _cells(row: Row) -> dict[str, object]:
    cells: dict[str, object] = dict(zip(row.scope.keys, row.key, strict=True))
    cells |= {"assessor": row.assessor, "date": str(row.date) if row.date else ""}
    if row.date:
        cells |= {"date_lo": row.date.earliest, "date_hi": row.date.latest}
    records = {origin.record for origin in row.origins.values() if origin.record}
    cells["record"] = ";".join(sorted(records))
    for fact, value in row.values.items():
        cells |= cells_of_value(fact, value)
    return cells


def cells_of_value(fact: str, value: Value) -> dict[str, object]:
    """Return the cells that hold a value, by the columns of its fact."""
    if isinstance(value, Interval):
        parts = (value.lo, value.lo_open, value.hi, value.hi_open)
        return {f"{fact}.{p}": part for p, part in zip(INTERVAL_PARTS, parts, strict=True)}
    if isinstance(value, PartialDate):
        return {f"{fact}.lo": value.earliest, f"{fact}.hi": value.latest}
    return {fact: value}


def rows_of_frames(
    frames: Mapping[Scope, pl.DataFrame], knowledge: KnowledgeBase
) -> dict[str, PatientRows]:
    """Lay frames out as the rows of each patient, in the order in which patients first appear.

    The inverse of `frames_of`, up to the origin of single values: a row of a frame knows only where
    the row stands.
    """
    patients: dict[str, PatientRows] = {}
    for scope in Scope:
        frame = frames.get(scope)
        if frame is None or frame.is_empty():
            continue
        for cells in frame.iter_rows(named=True):
            row = _row(scope, cells, knowledge)
            rows = patients.setdefault(row.key[0], {each: [] for each in Scope})
            rows[scope].append(row)
    return patients


def _row(scope: Scope, cells: Mapping[str, object], knowledge: KnowledgeBase) -> Row:
    row = Row(scope, tuple(str(cells[key]) for key in scope.keys), str(cells["assessor"] or ""))
    row.date = _date(cells.get("date_lo"), cells.get("date_hi"))
    skip = {*scope.keys, *BOOKKEEPING}
    for column in cells:
        fact, _, part = column.rpartition(".")
        is_part = part in INTERVAL_PARTS and fact in knowledge.facts
        if column in skip or (is_part and part != "lo"):
            continue
        name = fact if is_part else column
        value = value_of(name, cells, knowledge)
        if value is not None:
            row.values[name] = value
            row.origins[name] = Origin(str(cells["record"] or ""))
    return row


def value_of(fact: str, cells: Mapping[str, object], knowledge: KnowledgeBase) -> Value | None:
    """Read the value of a fact from the cells of its columns; None where it is missing."""
    kind = kind_of(fact, knowledge)
    if kind == "number":
        lo, lo_open, hi, hi_open = (cells.get(f"{fact}.{part}") for part in INTERVAL_PARTS)
        if lo is None or hi is None:
            return None
        unit = knowledge.facts[fact].unit
        return Interval(float(lo), float(hi), bool(lo_open), bool(hi_open), unit)  # type: ignore[arg-type]
    if kind == "date":
        return _date(cells.get(f"{fact}.lo"), cells.get(f"{fact}.hi"))
    value = cells.get(fact)
    return value if isinstance(value, bool) or value is None else str(value)


def _date(lo: object, hi: object) -> PartialDate | None:
    return PartialDate(lo, hi) if lo is not None and hi is not None else None  # type: ignore[arg-type]
