"""Tumour growth rate before and on treatment, and hyperprogression, as cautions.

The sum of the targets is taken as the diameter of a sphere that grows exponentially:

    TGR = 100 (exp(3 ln(later / earlier) / months) - 1), % of volume a month of 30.44 days.

Source: Ferté 2014, doi:10.1158/1078-0432.CCR-13-2098 (growth rate); Champiat 2017,
doi:10.1158/1078-0432.CCR-16-1741 (hyperprogression: progression at the first evaluation and a
growth rate at least twice that before treatment). Other definitions give other patients.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from nenuphar.domain.dates import DAYS_OF_A_MONTH
from nenuphar.methods.response.courses import Course, Visit

SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "assessor": pl.String,
    "scan_before": pl.Date,
    "baseline": pl.Date,
    "first_scan": pl.Date,
    "growth_before": pl.Float64,
    "growth_on_treatment": pl.Float64,
    "ratio": pl.Float64,
    "hyperprogression": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """A growth rate, % of volume a month, or why there is none."""

    rate: float | None
    why: str = ""


def growth_rate(earlier: Visit, later: Visit) -> Growth:
    """Return the growth rate between two visits.

    Args:
        earlier: The first scan.
        later: The second scan; every target of either must be measured at both.
    """
    if earlier.note or later.note:
        return Growth(None, "a date is known to the month only")
    if earlier.missing or later.missing or set(earlier.sizes) != set(later.sizes):
        return Growth(None, "not every target was measured at both scans")
    if not earlier.measured or not later.measured:
        return Growth(None, "a sum is zero")
    months = (later.date - earlier.date).days / DAYS_OF_A_MONTH
    volumes = 3 * math.log(later.measured / earlier.measured)
    return Growth(100 * (math.exp(volumes / months) - 1))


def growth(course: Course, first_response: str | None, ratio_min: float) -> tuple[object, ...]:
    """Compare the growth of one course before and on treatment.

    Args:
        course: Baseline, visits, and the visits before baseline.
        first_response: Overall response at the first visit after baseline.
        ratio_min: Growth on treatment over growth before that makes hyperprogression.

    Returns:
        A row of ``SCHEMA``. ``hyperprogression`` is ``no`` where the first evaluation shows no
        progression, and ``undetermined`` without a scan before baseline, without growth before
        treatment (a ratio would mean nothing) and where a rate cannot be told.
    """
    before = _rate_before(course)
    on = (
        growth_rate(course.baseline, course.visits[0])
        if course.visits
        else Growth(None, "no scan after baseline")
    )
    ratio = None
    if before.rate is not None and on.rate is not None and before.rate > 0:
        ratio = on.rate / before.rate
    verdict, reason = _verdict(first_response, before, on, ratio, ratio_min)
    history: dt.date | None = course.history[-1].date if course.history else None
    first = course.visits[0].date if course.visits else None
    rates = (_short(before.rate), _short(on.rate), _short(ratio))
    return (course.subject, course.assessor, history, course.baseline.date, first, *rates,
            verdict, reason)  # fmt: skip


def _rate_before(course: Course) -> Growth:
    if not course.history:
        return Growth(None, "no scan before baseline")
    return growth_rate(course.history[-1], course.baseline)


def _verdict(
    response: str | None, before: Growth, on: Growth, ratio: float | None, least: float
) -> tuple[str, str]:
    """Say whether growth has accelerated beyond the limit, and why."""
    if response is None or response == "NE":
        return "undetermined", "the first evaluation after baseline is missing or NE"
    if response not in ("PD", "iUPD", "irPD"):
        return "no", f"{response} at the first evaluation"
    for rate, when in ((before, "before treatment"), (on, "on treatment")):
        if rate.rate is None:
            return "undetermined", f"growth {when}: {rate.why}"
    if ratio is None:
        return "undetermined", "no growth before treatment: a ratio means nothing"
    verdict = "yes" if ratio >= least - 1e-9 else "no"
    return verdict, f"{response} at the first evaluation, growth {ratio:.2f} times that before"


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
