"""Dates known to the day, the month or the year."""

from __future__ import annotations

import datetime as dt

import pytest

from nenuphar.domain.dates import DateError, parse_date


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "shown"),
    [
        ("2020-03-17", dt.date(2020, 3, 17), dt.date(2020, 3, 17), "2020-03-17"),
        ("2020-3-7", dt.date(2020, 3, 7), dt.date(2020, 3, 7), "2020-03-07"),
        ("2020-02", dt.date(2020, 2, 1), dt.date(2020, 2, 29), "2020-02"),
        ("2021-2", dt.date(2021, 2, 1), dt.date(2021, 2, 28), "2021-02"),
        (" 2020 ", dt.date(2020, 1, 1), dt.date(2020, 12, 31), "2020"),
        ("0999", dt.date(999, 1, 1), dt.date(999, 12, 31), "0999"),
    ],
)
def test_a_date_is_the_days_that_it_may_be(text, earliest, latest, shown):
    date = parse_date(text)
    assert (date.earliest, date.latest, str(date)) == (earliest, latest, shown)
    assert date.is_full is (earliest == latest)
    assert parse_date(str(date)) == date


@pytest.mark.parametrize(
    "text",
    [
        *("", "20200317", "17.03.2020", "2020/03/17", "20-03-17", "2020-", "yesterday"),
        *("2020-13", "2020-00", "2020-03-00", "2020-02-30", "2021-02-29", "0000"),
    ],
)
def test_what_is_no_day_of_the_calendar_is_refused(text):
    with pytest.raises(DateError):
        parse_date(text)
