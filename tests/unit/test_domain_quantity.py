"""Quantities as reports print them."""

from __future__ import annotations

import math

import pytest

from nenuphar.domain.quantity import Interval, QuantityError, canonical_unit, parse_quantity
from nenuphar.domain.truth import Truth

INF = math.inf


@pytest.mark.parametrize(
    ("text", "lo", "hi", "lo_open", "hi_open", "unit"),
    [
        ("3", 3, 3, False, False, ""),
        (" 3 ", 3, 3, False, False, ""),
        ("2,5", 2.5, 2.5, False, False, ""),
        ("~5", 5, 5, False, False, ""),
        ("ca. 5", 5, 5, False, False, ""),
        ("about 5", 5, 5, False, False, ""),
        ("=5", 5, 5, False, False, ""),
        ("1e3", 1000, 1000, False, False, ""),
        (">20", 20, INF, True, False, ""),
        (">=20", 20, INF, False, False, ""),
        ("=>20", 20, INF, False, False, ""),
        ("≥ 20", 20, INF, False, False, ""),
        ("<1", 0, 1, False, True, ""),
        ("<=1", 0, 1, False, False, ""),
        ("=<1", 0, 1, False, False, ""),
        ("≤ 5 %", 0, 5, False, False, "percent"),
        ("<=0", 0, 0, False, False, ""),
        ("30-40", 30, 40, False, False, ""),
        ("30–40", 30, 40, False, False, ""),
        ("30 to 40", 30, 40, False, False, ""),
        ("30-30", 30, 30, False, False, ""),
        ("30%-40%", 30, 40, False, False, "percent"),
        ("20\N{NO-BREAK SPACE}%", 20, 20, False, False, "percent"),
        ("5 ‰", 0.5, 0.5, False, False, "percent"),
        ("10/2mm2", 10, 10, False, False, "per_2mm2"),
        (">20 /2 mm²", 20, INF, True, False, "per_2mm2"),
        ("2/mm2", 4, 4, False, False, "per_2mm2"),
        ("10/10 HPF", 10, 10, False, False, "per_2mm2"),
        ("0.5 cm", 5, 5, False, False, "mm"),
        ("5 to 10 mm", 5, 10, False, False, "mm"),
    ],
)
def test_what_a_record_says_becomes_an_interval(text, lo, hi, lo_open, hi_open, unit):
    assert parse_quantity(text) == Interval(lo, hi, lo_open, hi_open, unit)


@pytest.mark.parametrize(
    "text", ["", "abc", "-3", "5+", "1.", "1,2,3", "<0", "40-30", "%", "> ", "1e999", "nan", "inf"]
)
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(QuantityError):
        parse_quantity(text)


def test_the_unit_of_the_column_applies_where_the_text_states_none():
    assert parse_quantity("2", "cm") == Interval.exactly(20, "mm")
    assert parse_quantity("2 mm", "cm") == Interval.exactly(2, "mm")
    assert parse_quantity("0.2", "fraction") == Interval.exactly(20, "percent")


def test_a_unit_of_another_kind_is_refused():
    with pytest.raises(QuantityError, match="is in mm, but percent is expected"):
        parse_quantity("3 mm", "percent")


def test_an_unknown_unit_is_refused_with_those_that_are_known():
    with pytest.raises(QuantityError, match="per_2mm2"):
        canonical_unit("furlong")


@pytest.mark.parametrize(
    ("lo", "hi", "lo_open", "hi_open"),
    [
        (math.nan, 1, False, False),
        (0, math.nan, False, False),
        (2, 1, False, False),
        (1, 1, True, False),
        (1, 1, False, True),
        (INF, INF, False, False),
        (-INF, -INF, False, False),
    ],
)
def test_what_is_no_interval_is_refused(lo, hi, lo_open, hi_open):
    with pytest.raises(QuantityError):
        Interval(lo, hi, lo_open, hi_open)


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (Interval.exactly(3), "3"),
        (Interval.exactly(2.5, "percent"), "2.5%"),
        (Interval.exactly(10, "per_2mm2"), "10/2 mm²"),
        (Interval(20, INF, lo_open=True, unit="percent"), ">20%"),
        (Interval(20, INF), "≥20"),
        (Interval(0, 1, hi_open=True), "<1"),
        (Interval(-INF, 3), "≤3"),
        (Interval(30, 40, unit="mm"), "30-40 mm"),
        (Interval(2, 5, hi_open=True), "≥2 and <5"),
        (Interval(0, 5, lo_open=True), ">0 and ≤5"),
        (Interval(-INF, INF, unit="mm"), "any mm"),
    ],
)
def test_an_interval_is_written_as_a_report_would(interval, shown):
    assert str(interval) == shown


@pytest.mark.parametrize(
    ("text", "op", "expected"),
    [
        (">20", "gt", Truth.MET),
        (">20", "ge", Truth.MET),
        (">20", "le", Truth.NOT_MET),
        (">20", "lt", Truth.NOT_MET),
        (">=20", "gt", Truth.UNDETERMINED),
        (">=20", "le", Truth.UNDETERMINED),
        ("<20", "lt", Truth.MET),
        ("<20", "ge", Truth.NOT_MET),
        ("<=20", "lt", Truth.UNDETERMINED),
        ("<=20", "le", Truth.MET),
        ("20", "ge", Truth.MET),
        ("20", "gt", Truth.NOT_MET),
        ("10-30", "gt", Truth.UNDETERMINED),
    ],
)
def test_a_limit_on_the_end_of_an_interval(text, op, expected):
    assert parse_quantity(text).compare(op, 20) is expected


def test_only_a_single_number_is_exact():
    assert (parse_quantity("3").is_exact, parse_quantity("3").number) == (True, 3)
    assert (parse_quantity("3-4").is_exact, parse_quantity("3-4").number) == (False, None)
