"""Times to events, each with the rule of censoring that ended it.

Every time starts at the first dose (the duration of response at the first scan that showed it). Of
the rules of its endpoint the first that holds ends it, with an event or censored. The rules are
records (`censoring.*`), which say whether they end in an event, in which order they are asked and
how results call them; this module tests whether they hold.

Source: RECIST 1.1, doi:10.1016/j.ejca.2008.10.026; FDA, Clinical Trial Endpoints for the Approval
of Cancer Drugs and Biologics (2018), FDA-2005-D-0225.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from nenuphar.methods.timelines.months import add_months, calendar_months

BENEFIT = "clinical_benefit"
ENDPOINTS = ("PFS", "OS", "DOR", "TTR", "time_on_treatment", BENEFIT)

ENDPOINT_SCHEMA: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "endpoint": pl.String(),
    "start": pl.Date(),
    "end": pl.Date(),
    "days": pl.Int64(),
    "months": pl.Float64(),
    "status": pl.String(),
    "reason": pl.String(),
    "rule_id": pl.String(),
}

DATES = (
    "start",
    "pd_date",
    "death_date",
    "last_assessment",
    "last_contact",
    "lost_date",
    "new_therapy",
    "response_date",
    "last_dose",
    "assessed_before",
    "assessed_before_therapy",
)

_IMMUNE = {"PFS": "iPFS", "DOR": "iDOR", "TTR": "iTTR"}

TESTS = frozenset(
    (
        *("new_therapy", "missed_visits", "progression", "death", "no_assessment", "lost"),
        *("no_later_assessment", "end_of_follow_up", "last_contact", "response"),
        *("death_on_treatment", "still_on_treatment", "last_dose"),
    )
)
"""The last parts of the ids of rules for which there is a test."""

Ending = tuple[pl.Expr, pl.Expr]
"""Where a rule holds, and the day on which it ends the time."""


@dataclass(frozen=True)
class Censoring:
    """A rule of censoring as its record states it.

    Attributes:
        id: Id of the record; its last part names the test.
        endpoints: Endpoints that it speaks of.
        event: Whether it ends the time with an event.
        reason: What results say.
    """

    id: str
    endpoints: tuple[str, ...]
    event: bool
    reason: str


@dataclass(frozen=True)
class Counting:
    """What times are counted by.

    Attributes:
        missed_days: An event more days than this after the last assessment came after two missed
            visits.
        benefit_months: Calendar months without progression or death that make stable disease a
            benefit.
        immune: Whether progression and response are those of iRECIST (iPFS, iDOR, iTTR).
    """

    missed_days: float
    benefit_months: int
    immune: bool = False


def times_to_event(
    subjects: pl.DataFrame, rules: Sequence[Censoring], counting: Counting
) -> pl.DataFrame:
    """Work out every endpoint for every subject.

    Args:
        subjects: One row for each subject, shape (n, columns): `subject`; the dates of `DATES`, of
            which `last_contact` is for survival, `response_date` the first scan of a response that
            counts, `assessed_before` the last scan before the progression or death,
            `assessed_before_therapy` the last one before the new therapy; `on_treatment` (boolean:
            the last dose is not the end), `responded` (boolean, where the date of the response is
            not known), `pd_basis` (`clinician` where no criteria were applied). Columns may be
            absent; null is missing. A response before the start or after progression counts not.
        rules: Rules of censoring, in the order in which they are asked.
        counting: What times are counted by.

    Returns:
        One row for each subject and endpoint, with the columns of `ENDPOINT_SCHEMA`; months are
        calendar months; `status` is `event`, `censored` or `undetermined`, whose `reason` then
        names what is missing (for `clinical_benefit`: `met`, `not_met`, `undetermined`). Duration
        of response and time to response exist for responders only.
    """
    whole = _filled(subjects)
    tables = [
        _timed(whole, endpoint, rules, counting) for endpoint in ENDPOINTS if endpoint != BENEFIT
    ]
    order = {_named(name, counting): number for number, name in enumerate(ENDPOINTS)}
    rows = pl.concat([*tables, _benefit(whole, tables[0], counting)])
    place = pl.col("endpoint").replace_strict(order).alias("_order")
    return (
        rows.sort("_row", place)
        .pipe(_measured)
        .select(pl.col(name).cast(kind) for name, kind in ENDPOINT_SCHEMA.items())
    )


def _named(endpoint: str, counting: Counting) -> str:
    return _IMMUNE.get(endpoint, endpoint) if counting.immune else endpoint


def _filled(subjects: pl.DataFrame) -> pl.DataFrame:
    kinds = {"on_treatment": pl.Boolean(), "responded": pl.Boolean(), "pd_basis": pl.String()}
    absent = [n for n in (*DATES, *kinds) if n not in subjects.columns]
    none = [pl.lit(None, dtype=kinds.get(name, pl.Date())).alias(name) for name in absent]
    whole = subjects.with_columns(none).with_row_index("_row")
    outside = (pl.col("response_date") > pl.col("pd_date")) | (
        pl.col("response_date") < pl.col("start")
    )
    shown = pl.when(outside.fill_null(value=False)).then(None).otherwise("response_date")
    whole = whole.with_columns(shown.alias("response_date"))
    # the scan that showed the response was an assessment
    return whole.with_columns(
        pl.max_horizontal("last_assessment", "response_date").alias("last_assessment")
    )


def _measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Add days and calendar months of every time that has both ends.

    A day is at least 0.03 of a month, so that no rounded month reaches the next anniversary.
    """
    months = calendar_months(rows["start"].to_numpy(), rows["end"].to_numpy())
    days = (pl.col("end") - pl.col("start")).dt.total_days().alias("days")
    return rows.with_columns(days, pl.Series("months", months).fill_nan(None).round(2))


def _timed(
    frame: pl.DataFrame, endpoint: str, rules: Sequence[Censoring], counting: Counting
) -> pl.DataFrame:
    """Apply the rules of one endpoint to the subjects that have it."""
    name = _named(endpoint, counting)
    start = "response_date" if endpoint == "DOR" else "start"
    if endpoint in ("DOR", "TTR"):
        frame = frame.filter(pl.col("response_date").is_not_null())
    tests = _tests(endpoint, start, counting)
    known = pl.col(start).is_not_null()
    holds = [
        (known & tests[key][0].fill_null(value=False), tests[key][1], rule)
        for rule in rules
        if name in rule.endpoints and (key := rule.id.rsplit(".", 1)[-1]) in tests
    ]
    lacking = pl.concat_str(pl.lit("missing: "), _lacking(endpoint, start))
    basis = pl.concat_str(pl.lit(", "), pl.col("pd_basis"), pl.lit("-stated"))
    stated = pl.when(pl.col("pd_basis") == "clinician").then(basis).otherwise(pl.lit(""))

    def reason(rule: Censoring) -> pl.Expr:
        said = pl.lit(rule.reason)
        shows = rule.event and rule.id.endswith(".progression")
        return pl.concat_str(said, stated) if shows else said

    return frame.select(
        "_row",
        "subject",
        pl.lit(name).alias("endpoint"),
        pl.col(start).alias("start"),
        _first([(where, end) for where, end, _ in holds], pl.lit(None, pl.Date)).alias("end"),
        _first(
            [(where, pl.lit("event" if rule.event else "censored")) for where, _, rule in holds],
            pl.lit("undetermined"),
        ).alias("status"),
        _first([(where, reason(rule)) for where, _, rule in holds], lacking).alias("reason"),
        _first([(where, pl.lit(rule.id)) for where, _, rule in holds], pl.lit("")).alias("rule_id"),
    )


def _first(choices: Sequence[tuple[pl.Expr, pl.Expr]], otherwise: pl.Expr) -> pl.Expr:
    """Return the value of the first choice that holds."""
    found = otherwise
    for where, value in reversed(choices):
        found = pl.when(where).then(value).otherwise(found)
    return found


def _lacking(endpoint: str, start: str) -> pl.Expr:
    """Name what would tell a time that no rule ends."""
    wanted = {"OS": "last_contact", "time_on_treatment": "last_dose"}.get(
        endpoint, "last_assessment"
    )
    needed = pl.lit(wanted)
    return pl.when(pl.col(start).is_null()).then(pl.lit("start")).otherwise(needed)


def _tests(endpoint: str, start: str, counting: Counting) -> Mapping[str, Ending]:
    """Return what each rule of an endpoint asks, by the last part of its id."""
    if endpoint == "OS":
        return dict(_survival())
    if endpoint == "TTR":
        return {"response": (pl.col("response_date").is_not_null(), pl.col("response_date"))}
    if endpoint == "time_on_treatment":
        return dict(_on_treatment())
    return dict(_progression_or_death(start, counting.missed_days))


def _progression_or_death(start: str, missed_days: float) -> Iterator[tuple[str, Ending]]:
    first = pl.min_horizontal("pd_date", "death_date")
    last = pl.col("last_assessment")
    therapy = pl.when(pl.col("new_therapy") >= pl.col("start")).then(pl.col("new_therapy"))
    before_therapy = pl.max_horizontal(
        start,
        "assessed_before_therapy",
        *(
            pl.when(pl.col(name) <= pl.col("new_therapy")).then(name)
            for name in ("assessed_before", "last_assessment")
        ),
    )
    since = pl.max_horizontal("assessed_before", start)
    gap = (first - since).dt.total_days()
    yield "new_therapy", ((therapy < first) | (first.is_null() & therapy.is_not_null()),
                          before_therapy)  # fmt: skip
    yield "missed_visits", ((gap > missed_days) & pl.col("assessed_before").is_not_null(), since)
    yield "progression", (pl.col("pd_date") == first, first)
    yield "death", (first.is_not_null(), first)
    yield "no_assessment", (last <= pl.col("start"), pl.col("start"))
    yield "lost", (last.is_not_null() & pl.col("lost_date").is_not_null(), last)
    yield "no_later_assessment", (pl.col("last_contact") > last, last)
    yield "end_of_follow_up", (last.is_not_null(), last)


def _survival() -> Iterator[tuple[str, Ending]]:
    seen = ("last_contact", "last_assessment", "last_dose", "pd_date", "new_therapy")
    yield "death", (pl.col("death_date").is_not_null(), pl.col("death_date"))
    yield "lost", (pl.col("lost_date").is_not_null(), pl.max_horizontal("lost_date", *seen))
    last = pl.max_horizontal(*seen)
    yield "last_contact", (last > pl.col("start"), last)


def _on_treatment() -> Iterator[tuple[str, Ending]]:
    last = pl.col("last_dose")
    yield "death_on_treatment", (pl.col("death_date") <= last, last)
    yield "still_on_treatment", (last.is_not_null() & pl.col("on_treatment"), last)
    yield "last_dose", (last.is_not_null(), last)


def _benefit(frame: pl.DataFrame, pfs: pl.DataFrame, counting: Counting) -> pl.DataFrame:
    """Tell who responded, or had neither progression nor death before the stated time."""
    rows = frame.select("_row", "subject", "start", "response_date", "responded").join(
        pfs.select("_row", "end", pfs_status="status"), on="_row", how="left"
    )
    wanted = np.full(rows.height, counting.benefit_months)
    stated = add_months(rows["start"].to_numpy(), wanted)
    rows = rows.with_columns(pl.Series("stated", stated).cast(pl.Date))
    months = f"{counting.benefit_months} months"
    responded = pl.col("response_date").is_not_null() | pl.col("responded").fill_null(False)
    free = (pl.col("end") >= pl.col("stated")).fill_null(value=False)
    ended = (pl.col("pfs_status") == "event") & (pl.col("end") < pl.col("stated"))
    choices = [
        (responded, "met", "response"),
        (free, "met", f"no progression or death before {months}"),
        (ended, "not_met", f"progression or death before {months}"),
    ]
    open_reason = pl.concat_str(
        pl.lit("missing: "),
        pl.when(pl.col("start").is_null())
        .then(pl.lit("start"))
        .otherwise(pl.lit(f"an assessment at {months} or later")),
    )
    return rows.select(
        "_row",
        "subject",
        pl.lit(BENEFIT).alias("endpoint"),
        "start",
        pl.when(responded)
        .then("response_date")
        .when(free)
        .then("stated")
        .when(ended)
        .then("end")
        .alias("end"),
        _first([(w, pl.lit(status)) for w, status, _ in choices], pl.lit("undetermined")).alias(
            "status"
        ),
        _first([(w, pl.lit(said)) for w, _, said in choices], open_reason).alias("reason"),
        pl.lit("endpoint.benefit_cutoff").alias("rule_id"),
    )
