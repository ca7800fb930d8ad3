"""Calendar months: a whole number is exactly an anniversary, whatever the two days."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nenuphar.methods.timelines.months import add_months, calendar_months, months_of_days

days = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))


def later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def array(day: dt.date) -> np.ndarray:
    return np.array([day], dtype="M8[D]")


@given(day=days, months=st.integers(-60, 240))
def test_adding_months_keeps_the_day_or_takes_the_last(day, months):
    assert add_months(array(day), np.array([months]))[0].item() == later(day, months)


@given(start=days, end=days, months=st.integers(-12, 48))
def test_comparing_months_is_comparing_dates(start, end, months):
    between = calendar_months(array(start), array(end))[0]
    assert (between <= months) == (end <= later(start, months))
    assert (between == months) == (end == later(start, months))


@given(start=days, count=st.integers(0, 2_000))
def test_a_number_of_days_spans_the_months_that_it_can_be(start, count):
    if not dt.date(1996, 1, 1) <= start <= dt.date(2050, 1, 1):
        start = start.replace(year=2020, day=min(start.day, 28))
    between = calendar_months(array(start), array(start + dt.timedelta(days=count)))[0]
    low, high = months_of_days(np.array([float(count)]))
    assert low[0] <= between <= high[0]


def test_what_is_missing_stays_missing():
    none, some = np.array(["NaT"], dtype="M8[D]"), array(dt.date(2020, 1, 1))
    assert np.isnan(calendar_months(none, some))[0]
    assert np.isnan(calendar_months(some, none))[0]
    assert np.isnan(months_of_days(np.array([np.nan]))[0])[0]
