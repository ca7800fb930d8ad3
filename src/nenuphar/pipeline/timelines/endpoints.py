"""Times to events, from responses at single time points or from lines of treatment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from nenuphar.domain.problems import KnowledgeError, UsageError
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.timelines.endpoints import TESTS, Censoring, Counting

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.methods.response.confirmation import BestResponseRules

_INTERVAL, _WINDOW = "endpoint.visit_interval", "endpoint.visit_window"
_BENEFIT = "endpoint.benefit_cutoff"
_MISSED = 2


def censoring_rules(knowledge: KnowledgeBase, ignored: Collection[str] = ()) -> list[Censoring]:
    """Return the rules of censoring as their records state them.

    Args:
        knowledge: The knowledge base.
        ignored: Rules to leave out, by the last part of their ids (`new_therapy`).

    Raises:
        UsageError: A rule to leave out does not exist, or ends times with events.
        KnowledgeError: A record names a test that is not known.
    """
    records = knowledge.censoring_rules
    untested = [record.id for record in records if record.id.rsplit(".", 1)[-1] not in TESTS]
    if untested:
        raise KnowledgeError([f"{name}: there is no test of that name" for name in untested])
    optional = sorted(r.id.rsplit(".", 1)[-1] for r in records if r.ends == "censored")
    unknown = sorted(set(ignored) - set(optional))
    if unknown:
        raise UsageError(
            f"no rule of censoring is called {', '.join(unknown)}; use {', '.join(optional)}"
        )
    return [
        Censoring(record.id, record.endpoints, record.ends == "event", record.reason)
        for record in records
        if record.id.rsplit(".", 1)[-1] not in ignored
    ]


def counting(
    knowledge: KnowledgeBase,
    *,
    immune: bool = False,
    visit_interval: float | None = None,
    benefit_months: int | None = None,
) -> Counting:
    """Return what times are counted by; what is not given comes from its threshold record."""
    limits = knowledge.thresholds
    interval = limits[_INTERVAL].value if visit_interval is None else visit_interval
    months = int(limits[_BENEFIT].value) if benefit_months is None else benefit_months
    return Counting(_MISSED * interval + limits[_WINDOW].value, months, immune)


def timed(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    follow_up: Sequence[pl.DataFrame],
    *,
    ignored: Collection[str] = (),
    visit_interval: float | None = None,
    benefit_months: int | None = None,
) -> pl.DataFrame:
    """Work out times to events under the shipped rules; see `endpoints_of_responses`.

    Args:
        timepoints: Accepted assessments.
        rules: How best response and its confirmation are derived.
        follow_up: Tables of follow-up; the first that states a date of a subject counts.
        ignored: Rules of censoring to leave out.
        visit_interval: Days between planned scans; the threshold record's where not given.
        benefit_months: Months of clinical benefit; likewise.

    Raises:
        UsageError: A rule to leave out is not known.
    """
    import polars as pl

    from nenuphar.knowledge.base import load_knowledge

    kb = load_knowledge()
    how = counting(
        kb,
        immune=rules.criteria == "irecist",
        visit_interval=visit_interval,
        benefit_months=benefit_months,
    )
    stacked = pl.concat(follow_up)
    stated = pl.all().exclude("subject").drop_nulls().first()
    known = stacked.group_by("subject", maintain_order=True).agg(stated)
    return endpoints_of_responses(timepoints, rules, known, censoring_rules(kb, ignored), how)


def endpoints_of_responses(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    follow_up: pl.DataFrame,
    censoring: list[Censoring],
    how: Counting,
) -> pl.DataFrame:
    """Work out times to events from responses at single time points.

    Args:
        timepoints: Accepted assessments: `subject`, `date`, `response`, `reference_date`, and
            `assessor` where several read the scans, each on their own.
        rules: How best response and its confirmation are derived.
        follow_up: `subject` and the dates of follow-up, see `methods.response.follow_up`; subjects
            without assessments are listed too.
        censoring: Rules of censoring.
        how: What times are counted by.

    Returns:
        `subject` (and `assessor`), then the columns of `ENDPOINT_SCHEMA`.
    """
    import polars as pl

    from nenuphar.methods.timelines.endpoints import times_to_event

    columns = set(timepoints.columns)
    by: list[str] = [name for name in ("subject", "assessor") if name in columns]
    dated = _dated(timepoints, rules, follow_up, by)
    # one row a subject and reader: the keys come back through the number of the row
    numbered = dated.with_columns(subject=pl.int_range(pl.len()).cast(pl.String))
    keys = dated.select(*by).with_columns(row=pl.int_range(pl.len()).cast(pl.String))
    found = times_to_event(numbered, censoring, how).rename({"subject": "row"})
    return found.join(keys, on="row", how="left", maintain_order="left").select(
        *by, pl.exclude("row", *by)
    )


def _dated(
    timepoints: pl.DataFrame, rules: BestResponseRules, follow_up: pl.DataFrame, by: list[str]
) -> pl.DataFrame:
    """Return one row a subject and reader with every date that ends or starts a time."""
    import polars as pl

    from nenuphar.methods.response.best_response import best_response
    from nenuphar.methods.response.endpoints import objective_response

    seen = timepoints.select(*by, "date", "response", "reference_date")
    firsts = seen.group_by(by, maintain_order=True).agg(start=pl.col("reference_date").min())
    best, shown = _empty(by, "pd_date"), _empty(by, "response_date")
    if not seen.is_empty():
        best = best_response(seen, rules, by=by).select(*by, pd_date="first_pd_date")
        shown = objective_response(seen, rules, by=by).select(*by, response_date="date")
    whole = firsts.join(best, on=by, how="left").join(shown, on=by, how="left")
    whole = whole.join(follow_up, on="subject", how="full", coalesce=True)
    whole = whole.with_columns(start=pl.coalesce("start", "reference_date"))
    readable = seen.filter(~pl.col("response").is_in(["NE", "ND"])).select(*by, "date")
    events = whole.select(
        *by, "start", "new_therapy", event=pl.min_horizontal("pd_date", "death_date")
    )
    scans = readable.join(events, on=by, how="inner").filter(
        (pl.col("date") >= pl.col("start")).fill_null(value=True)
    )
    date = pl.col("date")
    last = scans.group_by(by).agg(
        last_assessment=date.max(),
        assessed_before=date.filter(date < pl.col("event")).max(),
        assessed_before_therapy=date.filter(date <= pl.col("new_therapy")).max(),
    )
    seen_alive = seen.group_by(by).agg(_seen=pl.col("date").max())
    whole = (
        whole.join(last, on=by, how="left")
        .join(seen_alive, on=by, how="left")
        .with_columns(last_contact=pl.max_horizontal("last_contact", "_seen"))
        .drop("_seen")
    )
    # the baseline is the last assessment of those who have none after it
    return whole.with_columns(
        pl.coalesce(name, "start").alias(name) for name in ("last_assessment", "assessed_before")
    ).sort(by)


def _empty(by: list[str], name: str) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema={**dict.fromkeys(by, pl.String), name: pl.Date})


_LINE_DATES = {
    "start": "ici_start",
    "pd_date": "pd_date",
    "death_date": "death_date",
    "last_assessment": "last_assessment",
    "last_contact": "last_contact",
    "lost_date": "lost_date",
    "new_therapy": "new_therapy_date",
    "response_date": "response_date",
    "last_dose": "ici_last_dose",
    "assessed_before": "assessed_before_date",
}
"""Which date of a line stands for each date of a time."""


def endpoints_of_lines(
    lines: pl.DataFrame, censoring: list[Censoring], how: Counting
) -> pl.DataFrame:
    """Work out times to events of lines of treatment.

    Args:
        lines: Lines of treatment, `line.*` columns; a date that is known to the month only leaves
            every time of the line open. Stated times (`line.pfs_days`) stand where no dates do.
        censoring: Rules of censoring.
        how: What times are counted by.

    Returns:
        The columns of `ENDPOINT_SCHEMA`, `subject` the patient.
    """
    import polars as pl

    names = _numbers().alias("row"), pl.col("patient_id").alias("_patient")
    return (
        _by_number(lines, censoring, how)
        .rename({"subject": "row"})
        .join(lines.select(names), on="row", how="left", maintain_order="left")
        .select(pl.col("_patient").alias("subject"), pl.exclude("row", "_patient"))
    )


def with_endpoints(lines: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Add the facts `endpoint.*` to lines of treatment; null where a time cannot be told.

    Args:
        lines: Lines of treatment, `line.*` columns.
        knowledge: Holds the rules of censoring and the thresholds.
    """
    import polars as pl

    from nenuphar.methods.timelines.columns import Span, number_columns

    found = _by_number(lines, censoring_rules(knowledge), counting(knowledge))
    columns: list[pl.Series] = []
    for endpoint, fact in _FACTS.items():
        own = lines.select(_numbers().alias("subject")).join(
            found.filter(pl.col("endpoint") == endpoint),
            on="subject", how="left", maintain_order="left",
        )  # fmt: skip
        told = pl.col("status") != "undetermined"
        if endpoint == "clinical_benefit":
            met = pl.when(told).then(pl.col("status") == "met")
            columns.append(own.select(met.alias(fact)).to_series())
            continue
        days = own.select(pl.when(told).then(pl.col("days").cast(pl.Float64))).to_series()
        columns += number_columns(f"{fact}_days", Span(days.to_numpy(), days.to_numpy()))
        if endpoint != "TTR":
            event = pl.when(told).then(pl.col("status") == "event").alias(f"{fact}_event")
            why = pl.when(told).then("reason").alias(f"{fact}_reason")
            columns += own.select(event, why).get_columns()
    return lines.with_columns(columns)


_FACTS = {
    "PFS": "endpoint.pfs",
    "OS": "endpoint.os",
    "DOR": "endpoint.dor",
    "TTR": "endpoint.ttr",
    "time_on_treatment": "endpoint.time_on_treatment",
    "clinical_benefit": "endpoint.clinical_benefit",
}


def _numbers() -> pl.Expr:
    """Number the rows, as text."""
    import polars as pl

    return pl.int_range(pl.len()).cast(pl.String)


def _by_number(lines: pl.DataFrame, censoring: list[Censoring], how: Counting) -> pl.DataFrame:
    """Work out the times of every line; `subject` is its number."""
    import polars as pl

    from nenuphar.methods.timelines.endpoints import times_to_event

    columns, inexact = [], []
    for name, fact in _LINE_DATES.items():
        lo, hi = f"line.{fact}.lo", f"line.{fact}.hi"
        if lo not in lines.columns:
            continue
        partial = (pl.col(lo) != pl.col(hi)).fill_null(value=False)
        columns.append(pl.when(~partial).then(pl.col(lo)).alias(name))
        inexact.append(pl.when(partial).then(pl.lit(fact)))
    for name, fact in (("on_treatment", "line.on_treatment"), ("pd_basis", "line.pd_basis")):
        if fact in lines.columns:
            columns.append(pl.col(fact).alias(name))
    if "line.best_response" in lines.columns:
        columns.append(pl.col("line.best_response").is_in(["CR", "PR"]).alias("responded"))
    partial_dates = pl.concat_str(inexact or [pl.lit("")], separator=";", ignore_nulls=True)
    dated = lines.select(_numbers().alias("subject"), *columns, _inexact=partial_dates)
    found = times_to_event(dated.drop("_inexact"), censoring, how)
    return _stated(_opened(found, dated.select("subject", "_inexact")), lines, how)


def _opened(found: pl.DataFrame, inexact: pl.DataFrame) -> pl.DataFrame:
    """Leave times open whose dates are known to the month or year only."""
    import polars as pl

    joined = found.join(inexact, on="subject", how="left", maintain_order="left")
    is_open = pl.col("_inexact") != ""
    emptied = {
        "end": None, "days": None, "months": None, "rule_id": pl.lit(""),
        "status": pl.lit("undetermined"),
        "reason": pl.concat_str(pl.lit("missing: the day of "), pl.col("_inexact")),
    }  # fmt: skip
    return joined.with_columns(
        pl.when(is_open).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in emptied.items()
    ).drop("_inexact")


def _stated(found: pl.DataFrame, lines: pl.DataFrame, how: Counting) -> pl.DataFrame:
    """Take stated times where no dates tell them."""
    import polars as pl

    pfs = "iPFS" if how.immune else "PFS"
    for endpoint, fact in ((pfs, "line.pfs"), ("OS", "line.os")):
        if not {f"{fact}_days.lo", f"{fact}_event"} <= set(lines.columns):
            continue
        stated = lines.select(
            pl.int_range(pl.len()).cast(pl.String).alias("subject"),
            pl.lit(endpoint).alias("endpoint"),
            pl.col(f"{fact}_days.lo").round(0).cast(pl.Int64).alias("_days"),
            pl.col(f"{fact}_event").alias("_event"),
        )
        found = found.join(stated, on=["subject", "endpoint"], how="left", maintain_order="left")
        use = (
            (pl.col("status") == "undetermined")
            & pl.col("_days").is_not_null()
            & pl.col("_event").is_not_null()
        )
        found = found.with_columns(
            pl.when(use).then("_days").otherwise("days").alias("days"),
            pl.when(use)
            .then(pl.when("_event").then(pl.lit("event")).otherwise(pl.lit("censored")))
            .otherwise("status")
            .alias("status"),
            pl.when(use)
            .then(pl.lit("as the record states it"))
            .otherwise("reason")
            .alias("reason"),
        ).drop("_days", "_event")
    return found
