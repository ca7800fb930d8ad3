"""Times to events of a line of treatment, each with the reason why it ends there.

Every time starts at the first dose (the duration of response at the first scan that showed it) and
ends with an event or is censored. The rules of censoring, in this order:

- a new anti-cancer therapy before the event censors at the last assessment before it;
- progression or death after two or more missed visits in a row censors at the last assessment
  before them;
- without an event the time is censored at the last assessment; survival at the last contact.

Source: RECIST 1.1, doi:10.1016/j.ejca.2008.10.026; FDA, Clinical Trial Endpoints for the Approval
of Cancer Drugs and Biologics (2018), appendix on censoring.
"""

from __future__ import annotations

import polars as pl

from nenuphar.methods.timelines.months import calendar_months

ENDPOINTS = ("PFS", "OS", "DOR", "TTR", "time_on_treatment")

ENDPOINT_SCHEMA: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "endpoint": pl.String(),
    "start": pl.Date(),
    "end": pl.Date(),
    "days": pl.Int64(),
    "months": pl.Float64(),
    "event": pl.Boolean(),
    "reason": pl.String(),
}

_DATES = (
    "start",
    "pd_date",
    "death_date",
    "last_assessment",
    "last_contact",
    "new_therapy",
    "response_date",
    "last_dose",
    "assessed_before",
)


def times_to_event(subjects: pl.DataFrame, *, missed_days: float) -> pl.DataFrame:
    """Work out every endpoint for every subject.

    Args:
        subjects: One row for each subject, shape (n, columns): `subject`; dates `start`,
            `pd_date`, `death_date`, `last_assessment`, `last_contact` (for survival; the last
            assessment where it is absent), `new_therapy`, `response_date` (first scan of a
            response), `last_dose`, `assessed_before` (the last scan before the progression or
            death, for missed visits); `on_treatment` (boolean: the last dose is not the end).
            Columns may be absent; null is missing.
        missed_days: Days without a scan that make two missed visits.

    Returns:
        One row for each subject and endpoint that can be told, with the columns of
        `ENDPOINT_SCHEMA`; months are calendar months. A subject without a first dose, or without
        any date that ends a time, is left out of that endpoint.
    """
    whole = _filled(subjects)
    tables = [_pfs(whole, missed_days), _os(whole), _dor(whole, missed_days), _ttr(whole)]
    tables.append(_on_treatment(whole))
    order = {name: number for number, name in enumerate(ENDPOINTS)}
    rows = pl.concat(tables).with_columns(pl.col("endpoint").replace_strict(order).alias("_order"))
    rows = rows.sort("_row", "_order").drop_nulls(["start", "end"])
    months = calendar_months(rows["start"].to_numpy(), rows["end"].to_numpy())
    days = (pl.col("end") - pl.col("start")).dt.total_days().alias("days")
    return rows.with_columns(days, pl.Series("months", months)).select(
        pl.col(name).cast(kind) for name, kind in ENDPOINT_SCHEMA.items()
    )


def _filled(subjects: pl.DataFrame) -> pl.DataFrame:
    absent = [n for n in (*_DATES, "on_treatment") if n not in subjects.columns]
    kinds = {"on_treatment": pl.Boolean()}
    none = [pl.lit(None, dtype=kinds.get(name, pl.Date())).alias(name) for name in absent]
    return subjects.with_columns(none).with_row_index("_row")


def _rows(
    frame: pl.DataFrame, endpoint: str, start: str, end: pl.Expr, event: pl.Expr, reason: pl.Expr
) -> pl.DataFrame:
    return frame.select(
        "_row",
        "subject",
        pl.lit(endpoint).alias("endpoint"),
        pl.col(start).alias("start"),
        end.alias("end"),
        event.alias("event"),
        reason.alias("reason"),
    )


def _pfs(frame: pl.DataFrame, missed_days: float) -> pl.DataFrame:
    end, event, reason = _progression_or_death("start", missed_days)
    return _rows(frame, "PFS", "start", end, event, reason)


def _progression_or_death(start: str, missed_days: float) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Return when progression or death ends a time, whether it does, and why."""
    first = pl.min_horizontal("pd_date", "death_date")
    progressed = pl.col("pd_date") <= first
    what = pl.when(progressed).then(pl.lit("progression")).otherwise(pl.lit("death"))
    before = pl.max_horizontal(
        pl.col(start),
        pl.when(pl.col("assessed_before") <= pl.col("new_therapy")).then("assessed_before"),
        pl.when(pl.col("last_assessment") <= pl.col("new_therapy")).then("last_assessment"),
    )
    other_therapy = (pl.col("new_therapy") < first).fill_null(value=False) | (
        first.is_null() & (pl.col("new_therapy") <= pl.col("last_assessment"))
    ).fill_null(value=False)
    gap = (first - pl.max_horizontal("assessed_before", start)).dt.total_days()
    missed = (gap > missed_days).fill_null(value=False) & pl.col("assessed_before").is_not_null()
    happened = first.is_not_null() & ~other_therapy & ~missed
    end = (
        pl.when(other_therapy)
        .then(before)
        .when(missed)
        .then(pl.max_horizontal("assessed_before", start))
        .when(first.is_not_null())
        .then(first)
        .otherwise(pl.col("last_assessment"))
    )
    reason = (
        pl.when(other_therapy)
        .then(pl.lit("censored: new anti-cancer therapy"))
        .when(missed)
        .then(pl.lit("censored: event after two missed visits"))
        .when(first.is_not_null())
        .then(what)
        .when(pl.col("last_contact") > pl.col("last_assessment"))
        .then(pl.lit("censored: no assessment after this one"))
        .otherwise(pl.lit("censored: end of follow-up"))
    )
    return end, happened, reason


def _os(frame: pl.DataFrame) -> pl.DataFrame:
    died = pl.col("death_date").is_not_null()
    contact = pl.max_horizontal("last_contact", "last_assessment", "last_dose", "pd_date")
    end = pl.when(died).then("death_date").otherwise(contact)
    reason = pl.when(died).then(pl.lit("death")).otherwise(pl.lit("censored: last contact"))
    return _rows(frame, "OS", "start", end, died, reason)


def _dor(frame: pl.DataFrame, missed_days: float) -> pl.DataFrame:
    responders = frame.filter(pl.col("response_date").is_not_null())
    end, event, reason = _progression_or_death("response_date", missed_days)
    return _rows(responders, "DOR", "response_date", end, event, reason)


def _ttr(frame: pl.DataFrame) -> pl.DataFrame:
    """Time to response exists for responders only; it is never censored."""
    responders = frame.filter(pl.col("response_date").is_not_null())
    yes, why = pl.lit(value=True), pl.lit("response")
    return _rows(responders, "TTR", "start", pl.col("response_date"), yes, why)


def _on_treatment(frame: pl.DataFrame) -> pl.DataFrame:
    ended = ~pl.col("on_treatment").fill_null(value=False)
    died = ended & (pl.col("death_date") <= pl.col("last_dose")).fill_null(value=False)
    reason = (
        pl.when(died)
        .then(pl.lit("death on treatment"))
        .when(ended)
        .then(pl.lit("last dose"))
        .otherwise(pl.lit("censored: still on treatment"))
    )
    return _rows(frame, "time_on_treatment", "start", pl.col("last_dose"), ended, reason)
