"""Dates as records hold them: a year, a month, or a day, each an interval of days."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

DAYS_OF_A_MONTH = 365.25 / 12
"""Mean days of a month, for rates and for axes of figures; definitions count calendar months."""

_DATE = re.compile(r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")


class DateError(ValueError):
    """A text that no date can be read from."""


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date known to the day, the month or the year.

    Attributes:
        earliest: First day that is meant.
        latest: Last day that is meant; equal to `earliest` for a full date.
    """

    earliest: dt.date
    latest: dt.date

    @property
    def is_full(self) -> bool:
        """Whether the day is known."""
        return self.earliest == self.latest

    def __str__(self) -> str:
        if self.is_full:
            return self.earliest.isoformat()
        known = 7 if self.earliest.month == self.latest.month else 4
        return self.earliest.isoformat()[:known]  # %Y would drop leading zeros


def parse_date(text: str) -> PartialDate:
    """Read `2020`, `2020-03` or `2020-03-17`.

    Raises:
        DateError: Not an ISO date, or a day that the calendar does not have.
    """
    match = _DATE.match(text.strip())
    if match is None:
        raise DateError(f"{text[:20]!r} is not an ISO date; write 2020-03-17, 2020-03 or 2020")
    year = int(match[1])
    first, last = (int(match[2]), int(match[2])) if match[2] else (1, 12)
    try:
        if match[3]:
            only = dt.date(year, first, int(match[3]))
            return PartialDate(only, only)
        end = calendar.monthrange(year, last)[1]
        return PartialDate(dt.date(year, first, 1), dt.date(year, last, end))
    except (ValueError, calendar.IllegalMonthError) as error:
        raise DateError(f"{text[:20]!r} is not in the calendar") from error
