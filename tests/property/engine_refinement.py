"""Knowing more of the same rows: what was missing is filled in, what was vague is narrowed."""

from __future__ import annotations

from engine_bases import ENTITY, Known
from engine_cohorts import NUMBERS, copy_rows, dates, values, variant_columns
from hypothesis import strategies as st

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import Interval
from nenuphar.engine.rows import PatientRows
from nenuphar.terminology.hierarchy import Hierarchy

_HIERARCHY = Hierarchy(ENTITY)
_POINTS = sorted({*NUMBERS, *((a + b) / 2 for a in NUMBERS for b in NUMBERS)})


def contains(interval: Interval, point: float) -> bool:
    """Whether a number is one of those that an interval stands for."""
    above = point > interval.lo or (point == interval.lo and not interval.lo_open)
    return above and (point < interval.hi or (point == interval.hi and not interval.hi_open))


@st.composite
def narrowed(draw: st.DrawFn, value: Value, kind: str) -> Value:
    """Draw a value that says at least as much."""
    if isinstance(value, Interval):
        inside = [point for point in _POINTS if contains(value, point)]
        if not inside:
            return value
        ends = sorted(draw(st.tuples(st.sampled_from(inside), st.sampled_from(inside))))
        return Interval(ends[0], ends[1], unit=value.unit)
    if kind == "entity" and isinstance(value, str):
        return draw(st.sampled_from([value, *sorted(_HIERARCHY.descendants(value))]))
    return value


@st.composite
def _narrowed_date(draw: st.DrawFn, date: PartialDate | None) -> PartialDate | None:
    if date is None:
        return draw(st.one_of(st.none(), dates()))
    if draw(st.booleans()):
        return date
    day = draw(st.dates(date.earliest, date.latest))
    return PartialDate(day, day)


@st.composite
def refinements(draw: st.DrawFn, patient: PatientRows, facts: tuple[Known, ...]) -> PatientRows:
    """Draw rows of the same patient of which at least as much is known.

    The rows themselves and their index marks stay: they say what there is to know about.
    """
    refined = copy_rows(patient)
    for row in (row for rows in refined.values() for row in rows):
        own = [f for f in facts if f.scope == row.scope.value and not f.derived]
        for fact in own:
            if not fact.name.endswith("is_index"):
                draw(_refine(row, fact.name, fact.kind, values(fact)))
        if row.scope.value == "specimen":
            for column in variant_columns():
                draw(_refine(row, column, "boolean", st.booleans()))
        row.date = draw(_narrowed_date(row.date))
    return refined


@st.composite
def _refine(
    draw: st.DrawFn, row: Row, name: str, kind: str, fresh: st.SearchStrategy[Value]
) -> None:
    if draw(st.booleans()):
        return
    known = row.values.get(name)
    row.values[name] = draw(fresh if known is None else narrowed(known, kind))
    row.origins.setdefault(name, Origin("refined"))
