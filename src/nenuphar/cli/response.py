"""`nenuphar response` and `nenuphar lesions`: the faces of the response room."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nenuphar.cli.outputs import deliver, fail, need_output, write_table
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.pipeline.response.tables import measurement_table, subject_table, timepoint_table

if TYPE_CHECKING:
    import polars as pl


_RESPONSE_HELP = """Best response of every subject, from time-point responses.

    TIMEPOINTS needs the columns subject, date, response and should have reference_date; SDTM RS
    is understood as well. OUT has subject, best_response, date, first_pd_date (under irecist the
    first iUPD that is later confirmed, or that nothing has reset). Records that were rejected or
    remarked on are listed in OUT.rejected.tsv.

    With --endpoints, PFS, OS, duration of response, time to response, time on treatment and
    clinical benefit are written too, each with its event or censoring, the reason and the rule
    (`nenuphar kb search censoring`). SUBJECTS may then hold death_date, last_contact, lost_date,
    new_therapy, last_dose and on_treatment.

    **Examples:** `nenuphar response points.csv --criteria recist1.1 --confirm-days 28 -o best.csv`

    `nenuphar response t.csv --criteria irecist --subjects s.csv -o best.csv --endpoints times.csv`

    Exit code: 0 done, 1 some records were rejected, 3 unreadable input. For research use.
    """
_LESIONS_HELP = """Response at every visit, from lesion measurements.

    MEASUREMENTS needs the columns subject, date, lesion, role (target, non-target, new),
    diameter_mm; assessor, organ, node, status, unit, sum_mm, visit (for one visit over several
    days), symptomatic and death_date are used where present. A folder
    with SDTM tu.csv and tr.csv is understood as well. The earliest visit is the baseline, or the
    first one that is not before a column baseline_date. Records that were rejected or remarked on
    are listed in OUT.rejected.tsv.

    With --growth, tumour growth rates before and on treatment and hyperprogression are written too;
    they are cautions, and undetermined without a scan before baseline_date.

    **Examples:** `nenuphar lesions measurements.csv --criteria irecist -o timepoints.csv`

    `nenuphar lesions m.csv --criteria recist1.1 -o timepoints.csv --growth growth.csv`

    Exit code: 0 done, 1 some records were rejected, 3 unreadable input. For research use.
    """


class BestResponseCriteria(StrEnum):
    """Criteria of `nenuphar response`."""

    RECIST = "recist1.1"
    IRECIST = "irecist"


class LesionCriteria(StrEnum):
    """Criteria of `nenuphar lesions`."""

    RECIST = "recist1.1"
    IRECIST = "irecist"
    IRRECIST = "irrecist"


class PartialResponseLasts(StrEnum):
    """When a PR lasts although the sum no longer meets it."""

    CONFIRMED = "confirmed"
    ALWAYS = "always"
    NEVER = "never"


def response(  # noqa: PLR0913, PLR0917 - one argument per documented option
    timepoints: Annotated[Path, typer.Argument(help="Table of time-point responses.")],
    criteria: Annotated[BestResponseCriteria, typer.Option(help="Vocabulary and state rules.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Table to write (.csv .tsv .parquet).")
    ] = None,
    confirm_days: Annotated[
        int | None,
        typer.Option(min=0, help="Days to the confirming scan; left out: unconfirmed."),
    ] = None,
    start_window: Annotated[
        int, typer.Option(min=0, help="Days from reference_date before which SD is NE.")
    ] = 42,
    max_ne: Annotated[
        int, typer.Option(min=0, help="NE allowed between a response and its confirmation.")
    ] = 1,
    accept_sd: Annotated[
        bool, typer.Option("--accept-sd", help="Allow one SD before a PR is confirmed.")
    ] = False,
    missing_as_ne: Annotated[
        bool, typer.Option("--missing-as-ne", help="Subjects without assessments are NE.")
    ] = False,
    stop_at_pd: Annotated[
        bool, typer.Option(help="Leave out assessments after the first PD (iCPD).")
    ] = True,
    subjects: Annotated[
        Path | None, typer.Option(help="Table subject, reference_date: adds subjects.")
    ] = None,
    endpoints: Annotated[
        Path | None, typer.Option(help="Table of times to events to write as well.")
    ] = None,
    visit_interval: Annotated[
        int | None, typer.Option(min=1, help="Days between planned scans, for missed visits [56].")
    ] = None,
    benefit_months: Annotated[
        int | None, typer.Option(min=1, help="Months without an event that are a benefit [6].")
    ] = None,
    ignore_rule: Annotated[
        list[str] | None,
        typer.Option(help="Leave out a rule of censoring: new_therapy, missed_visits ..."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Best response of every subject, from time-point responses."""
    need_output(out, as_json)
    from nenuphar.methods.response.assessments import read_assessments
    from nenuphar.methods.response.best_response import best_response
    from nenuphar.methods.response.confirmation import BestResponseRules
    from nenuphar.methods.response.findings import ResponseInputError
    from nenuphar.methods.response.follow_up import read_follow_up

    rules = BestResponseRules(
        criteria=criteria.value,
        confirm_days=confirm_days,
        start_window=start_window,
        max_ne=max_ne,
        accept_sd=accept_sd,
        missing_as_ne=missing_as_ne,
        stop_at_pd=stop_at_pd,
    )
    try:
        table = timepoint_table(timepoints)
        listed = None if subjects is None else subject_table(subjects)
        known = None if listed is None else listed.rows
        checked = read_assessments(table.rows, criteria.value, known)
    except (UnreadableInputError, ResponseInputError) as error:
        fail(timepoints, error)
    by = [name for name in ("subject", "assessor") if name in checked.timepoints.columns]
    if checked.timepoints.is_empty():
        best = _all_missing(checked.subjects, missing_as_ne)
    else:
        best = best_response(checked.timepoints, rules, subjects=checked.subjects, by=by)
    found = [(table.findings, timepoints), (checked.findings, timepoints)]
    follow_up = [read_follow_up(each.rows) for each in (listed, table) if each is not None]
    if listed is not None:
        found += [(listed.findings, listed.source), (follow_up[0].findings, listed.source)]
    times = None
    if endpoints is not None:
        from nenuphar.pipeline.timelines.endpoints import timed

        times = timed(
            checked.timepoints, rules, [each.rows for each in follow_up],
            ignored=ignore_rule or [], visit_interval=visit_interval,
            benefit_months=benefit_months,
        )  # fmt: skip
        write_table(times, endpoints)
    read, rejected = checked.read + table.rejected, checked.rejected + table.rejected
    deliver(best, found, read, rejected, out, as_json, endpoints=times)


def lesions(
    measurements: Annotated[
        Path, typer.Argument(help="Table of lesion measurements, or a folder with SDTM TU and TR.")
    ],
    criteria: Annotated[LesionCriteria, typer.Option(help="Response criteria.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Table to write (.csv .tsv .parquet).")
    ] = None,
    pr_lasts: Annotated[
        PartialResponseLasts,
        typer.Option(help="When a PR lasts until PD although the sum no longer meets it."),
    ] = PartialResponseLasts.CONFIRMED,
    burden_only: Annotated[
        bool,
        typer.Option(
            "--burden-only", help="irRECIST: only the burden, not non-targets, causes irPD."
        ),
    ] = False,
    growth: Annotated[
        Path | None, typer.Option(help="Table of growth rates to write as well.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Response at every visit, from lesion measurements."""
    need_output(out, as_json)
    from nenuphar.methods.response.findings import ResponseInputError, gather
    from nenuphar.methods.response.lesions import time_point_responses
    from nenuphar.methods.response.measurements import read_measurements
    from nenuphar.methods.response.timepoints import LesionOptions

    try:
        table = measurement_table(measurements)
        checked = read_measurements(table.rows)
    except (UnreadableInputError, ResponseInputError) as error:
        fail(measurements, error)
    options = LesionOptions(persistence=pr_lasts.value, burden_only=burden_only)
    points, noted = time_point_responses(checked.rows, criteria.value, options=options)
    listed = gather([checked.findings, noted])
    rejected = listed.filter(listed["used"] == "no")["line"].n_unique() + table.rejected
    read = checked.read + table.rejected
    found = [(table.findings, table.source), (listed, table.source)]
    rates = None
    if growth is not None:
        from nenuphar.knowledge.base import load_knowledge
        from nenuphar.pipeline.response.growth import growth_rates

        rates = growth_rates(checked.rows, load_knowledge())
        write_table(rates, growth)
    deliver(points, found, read, rejected, out, as_json, growth=rates)


def register(app: typer.Typer) -> None:
    """Add both commands to an application."""
    app.command("response", help=_RESPONSE_HELP)(response)
    app.command("lesions", help=_LESIONS_HELP)(lesions)


def _all_missing(subjects: pl.DataFrame, missing_as_ne: bool) -> pl.DataFrame:
    """Result where every record was rejected: each subject is MISSING."""
    import polars as pl

    return subjects.with_columns(
        best_response=pl.lit("NE" if missing_as_ne else "MISSING"),
        date=pl.lit(None, pl.Date),
        first_pd_date=pl.lit(None, pl.Date),
    )
