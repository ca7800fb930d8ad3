"""Calendar months between days, so that a whole number is exactly an anniversary."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Days: TypeAlias = NDArray[np.datetime64]
Numbers: TypeAlias = NDArray[np.float64]

# Every way in which months can follow one another starts on one of these days.
_CYCLE = np.arange(np.datetime64("2000-01-01"), np.datetime64("2004-01-01"))


def add_months(start: Days, months: NDArray[Any]) -> Days:
    """Return the day that lies whole calendar months after another.

    Args:
        start: First days, shape (n,).
        months: Whole months, shape (n,); may be negative.

    Returns:
        The same day of the later month, or its last day where it is shorter (31 August and 6 months
        make 28 or 29 February); NaT where the start is missing.
    """
    month = start.astype("M8[M]") + months.astype("m8[M]")
    first = month.astype("M8[D]")
    length = (month + np.timedelta64(1, "M")).astype("M8[D]") - first
    day = start.astype("M8[D]") - start.astype("M8[M]").astype("M8[D]")
    later: Days = first + np.minimum(day, length - np.timedelta64(1, "D"))
    return later


def calendar_months(start: Days, end: Days) -> Numbers:
    """Return the calendar months from one day to another.

    Args:
        start: First days, shape (n,); NaT is missing.
        end: Later days, shape (n,).

    Returns:
        Months, shape (n,): `n` exactly on the n-th anniversary of the day (`add_months`), between
        two anniversaries the share of the days between them; NaN where a day is missing. Negative
        where `end` is the earlier day.
    """
    known = ~(np.isnat(start) | np.isnat(end))
    months = np.full(start.shape, np.nan)
    first, last = start[known].astype("M8[D]"), end[known].astype("M8[D]")
    whole = (last.astype("M8[M]") - first.astype("M8[M]")).astype(np.int64)
    whole -= add_months(first, whole) > last
    before, after = add_months(first, whole), add_months(first, whole + 1)
    months[known] = whole + (last - before) / (after - before)
    return months


def months_of_days(days: Numbers) -> tuple[Numbers, Numbers]:
    """Return the fewest and the most calendar months that a number of days can be.

    Args:
        days: Days, shape (n,), taken to the nearest whole one; NaN is missing.

    Returns:
        Lower and upper ends, each of shape (n,): over all first days of a leap cycle. 182 days
        are less than 6 months after 1 March and more after 1 September.
    """
    low, high = np.full(days.shape, np.nan), np.full(days.shape, np.nan)
    known = np.isfinite(days)
    values, where = np.unique(np.rint(days[known]), return_inverse=True)
    ends = np.empty((2, values.size))
    for i, value in enumerate(values):
        months = calendar_months(_CYCLE, _CYCLE + np.timedelta64(int(value), "D"))
        ends[:, i] = months.min(), months.max()
    low[known], high[known] = ends[0][where], ends[1][where]
    return low, high
