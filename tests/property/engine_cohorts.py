"""Small generated cohorts: several tumours, specimens, readers; values missing or imprecise."""

from __future__ import annotations

import datetime as dt
import math
from itertools import product
from typing import Any

from engine_bases import GENES, Known
from hypothesis import strategies as st

from nenuphar.domain.dates import PartialDate, parse_date
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows, share_readings
from nenuphar.knowledge.criterion import HasVariant

DATES = ("2019", "2020", "2020-03", "2020-03-17", "2020-03-18", "2021-01-01")
NUMBERS = (0.0, 1.0, 3.0, 4.0, 5.0, 6.0, 10.0, 20.0, 21.0)
# On, just beside and between the thresholds; most values are exact, as in records.


@st.composite
def intervals(draw: st.DrawFn, unit: str = "percent") -> Interval:
    """Draw an exact quantity or one with open, closed or infinite ends."""
    shape = draw(st.sampled_from(("exact", "exact", "range", "above", "below", "anything")))
    if shape == "exact":
        return Interval.exactly(draw(st.sampled_from(NUMBERS)), unit)
    first, second = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS))
    low, high = min(first, second), max(first, second)
    if shape == "above":
        high = math.inf
    elif shape == "below":
        low = 0.0
    elif shape == "anything":
        low, high = -math.inf, math.inf
    if low == high:
        return Interval.exactly(low, unit)
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()), unit)


def dates() -> st.SearchStrategy[PartialDate]:
    """Draw a date known to the day, the month or the year."""
    return st.sampled_from(DATES).map(parse_date)


def values(fact: Known) -> st.SearchStrategy[Value]:
    """Draw a value of a fact."""
    if fact.is_number:
        return intervals(fact.kind)
    if fact.kind == "date":
        return dates()
    if fact.kind == "boolean":
        return st.booleans()
    return st.sampled_from(fact.codes)


def variant_columns() -> list[str]:
    """Return the columns of all variant questions that generated rules ask."""
    parts = product(GENES, ("pathogenic", "any"), ("any", "germline"))
    return [HasVariant(*part).fact for part in parts]


@st.composite
def rows(
    draw: st.DrawFn, scope: str, key: tuple[str, ...], assessor: str, facts: tuple[Known, ...]
) -> Row:
    """Draw a row with some of the observed facts of its scope."""
    row = Row(Scope(scope), key, assessor)
    record = "/".join((*key, assessor))
    own: dict[str, st.SearchStrategy[Value]] = {
        f.name: values(f) for f in facts if f.scope == scope and not f.derived
    }
    if scope == "specimen":
        own |= {column: st.booleans() for column in variant_columns()[:3]}
    missing = draw(st.sampled_from((0, 1, 1, 3)))  # of four: from complete to nearly empty rows
    for name, drawn in own.items():
        if draw(st.integers(0, 3)) >= missing:
            row.values[name] = draw(drawn)
            row.origins[name] = Origin(record)
    if scope in ("specimen", "component", "treatment_line") and draw(st.integers(0, 3)):
        row.date = draw(dates())
    return row


READERS = (("",), ("",), ("a",), ("a", "b"), ("", "a"))


@st.composite
def patients(draw: st.DrawFn, name: str, facts: tuple[Known, ...]) -> PatientRows:
    """Draw the rows of a patient; every row has a row in each wider scope."""
    found: PatientRows = {scope: [] for scope in Scope}

    def add(scope: str, key: tuple[str, ...], assessor: str = "") -> None:
        found[Scope(scope)].append(draw(rows(scope, key, assessor, facts)))

    add("patient", (name,))
    for line in range(draw(st.integers(0, 2))):
        add("treatment_line", (name, f"l{line}"))
    for tumour in range(draw(st.sampled_from((1, 1, 0, 2)))):
        add("tumour", (name, f"t{tumour}"))
        for specimen in range(draw(st.sampled_from((1, 2, 0, 3)))):
            key = (name, f"t{tumour}", f"s{specimen}")
            for assessor in draw(st.sampled_from(READERS)):
                add("specimen", key, assessor)
            for component in range(draw(st.sampled_from((0, 1, 2)))):
                for assessor in draw(st.sampled_from(READERS)):
                    add("component", (*key, f"c{component}"), assessor)
    return share_readings(found)


def cohorts(facts: tuple[Known, ...], most: int = 3) -> st.SearchStrategy[list[PatientRows]]:
    """Draw the rows of a few patients."""
    return st.integers(1, most).flatmap(
        lambda n: st.tuples(*(patients(f"p{i}", facts) for i in range(n))).map(list)
    )


def copy_rows(patient: PatientRows) -> PatientRows:
    """Return rows that can be changed without changing the given ones."""
    return {
        scope: [
            Row(r.scope, r.key, r.assessor, r.date, dict(r.values), dict(r.origins)) for r in own
        ]
        for scope, own in patient.items()
    }


def day(text: str) -> dt.date:
    """Return a day."""
    return dt.date.fromisoformat(text)


def shown(conclusion: Any) -> dict[str, Any]:
    """Return what both evaluators must agree on."""
    return {
        "fact": conclusion.fact,
        "patient_id": conclusion.key[0],
        "assessor": conclusion.assessor,
        "date": conclusion.date,
        "value": conclusion.value,
        "status": conclusion.status,
        "alternatives": ";".join(conclusion.alternatives),
        "missing": ";".join(conclusion.missing),
        "cautions": ";".join(sorted(c.id for c in conclusion.cautions)),
        "rule_id": conclusion.rule_id,
        "rule_version": conclusion.rule_version,
    }
