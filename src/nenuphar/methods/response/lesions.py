"""From lesion measurements to time-point responses, under the chosen criteria."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from nenuphar.methods.response import growth, irecist, irrecist, timepoints
from nenuphar.methods.response.courses import Course, courses
from nenuphar.methods.response.thresholds import ResponseThresholds
from nenuphar.methods.response.timepoints import LesionOptions, TimePoint
from nenuphar.methods.response.vocabulary import UnknownCriteriaError

Responder = Callable[[Course, ResponseThresholds, LesionOptions], list[TimePoint]]

RESPONDERS: Final[dict[str, Responder]] = {
    "recist1.1": timepoints.respond,
    "irecist": irecist.respond,
    "irrecist": irrecist.respond,
}
SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "assessor": pl.String,
    "date": pl.Date,
    "sum_mm": pl.Float64,
    "nadir_mm": pl.Float64,
    "target": pl.String,
    "non_target": pl.String,
    "new_lesion": pl.String,
    "overall": pl.String,
    "reason": pl.String,
}


def time_point_responses(
    rows: pl.DataFrame,
    criteria: str,
    *,
    thresholds: ResponseThresholds | None = None,
    options: LesionOptions | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Derive the response at every visit of every subject, for each assessor on their own.

    The earliest visit of a subject and assessor is the baseline, or the first one that is not
    before a stated ``baseline_date``; it has no response.

    Args:
        rows: accepted measurements, as :func:`read_measurements` gives them.
        criteria: ``recist1.1``, ``irecist`` or ``irrecist``.
        thresholds: cut-offs; the published ones where not given.
        options: choices that the sources leave open.

    Returns:
        The time points (columns of ``SCHEMA``; sums in mm, null where a target was not
        evaluated) and what was found on the way (columns of ``findings.SCHEMA``).

    Raises:
        UnknownCriteriaError: if the criteria are not known.
    """
    if criteria not in RESPONDERS:
        message = f"criteria {criteria!r} are not known; use one of {', '.join(RESPONDERS)}"
        raise UnknownCriteriaError(message)
    cutoffs, choices = thresholds or ResponseThresholds(), options or LesionOptions()
    arranged, found = courses(rows, cutoffs)
    records = [
        (
            course.subject, course.assessor, point.date, point.sum_mm, point.nadir_mm,
            point.target, point.non_target, point.new_lesion, point.overall, point.reason,
        )
        for course in arranged
        for point in RESPONDERS[criteria](course, cutoffs, choices)
    ]  # fmt: skip
    return pl.DataFrame(records, schema=SCHEMA, orient="row"), found


def tumour_growth(
    rows: pl.DataFrame, *, ratio_min: float, thresholds: ResponseThresholds | None = None
) -> pl.DataFrame:
    """Compare tumour growth before and on treatment, for each assessor on their own.

    Args:
        rows: accepted measurements; scans before ``baseline_date`` tell the growth before.
        ratio_min: growth on treatment over growth before that makes hyperprogression.
        thresholds: cut-offs of RECIST 1.1; the published ones where not given.

    Returns:
        One row a subject and assessor, columns of ``growth.SCHEMA``; rates are % of volume a
        month, null where they cannot be told.
    """
    cutoffs = thresholds or ResponseThresholds()
    records = []
    for course in courses(rows, cutoffs)[0]:
        points = timepoints.respond(course, cutoffs, LesionOptions())
        first = points[0].overall if points else None
        records.append(growth.growth(course, first, ratio_min))
    return pl.DataFrame(records, schema=growth.SCHEMA, orient="row")
