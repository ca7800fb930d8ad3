"""`nenuphar resistance`: from timelines of treatment to resistance phenotypes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nenuphar.pipeline.resistance.files import Classified


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(resistance)


def resistance(  # noqa: PLR0913, PLR0917 - one argument per documented option
    timelines: Path = typer.Argument(..., metavar="TIMELINES", help="A table, one row a subject."),
    out: Path = typer.Option(..., "-o", "--out", help="CSV of phenotypes."),
    mapping: str = typer.Option("", "--mapping", help="A mapping file or the name of one shipped."),
    sensitivity: Path | None = typer.Option(
        None, "--sensitivity", help="CSV of counts over cut-offs of 3-6 months and 6-12 weeks."
    ),
    report: Path | None = typer.Option(None, "--report", help="HTML page of the cohort."),
    responses: Path | None = typer.Option(
        None,
        "--responses",
        help="Responses at time points, to fill in what TIMELINES leaves empty.",
    ),
    endpoints: Path | None = typer.Option(
        None, "--endpoints", help="CSV of PFS, OS, duration of response ... with their reasons."
    ),
    threshold: list[str] | None = typer.Option(
        None, "--threshold", metavar="ID=VALUE", help="Run with another value of a threshold."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON."),
) -> None:
    """Conclude primary and acquired resistance to immunotherapy under every definition.

    Columns of TIMELINES, all but the first optional: subject, regimen_class (ici_mono,
    ici_combination, chemo_ici, adjuvant_ici), setting (advanced, limited, adjuvant), ici_start,
    ici_last_dose, cycles, chemo_end, maintenance_start, best_response (CR, PR, SD, PD, NE),
    response_confirmed, pd_date, pd_confirmed_date, rapid_progression, last_assessment, death_date.
    Dates are ISO and may be partial. An event without a date has not happened only where
    last_assessment is filled; otherwise it is not known, and the phenotype says what is missing.
    Further columns: pd_basis (recist1.1, irecist, clinician), rechallenge_start and
    rechallenge_response (platinum given again), and for --endpoints response_date,
    assessed_before_date (last scan before the progression), new_therapy_date, last_contact,
    lost_date, on_treatment. With --responses (a table as `nenuphar response` reads it, or what
    `nenuphar lesions` writes) best response, progression and its confirmation come from the scans
    where TIMELINES leaves them empty.

    Writes one row for each subject and definition set that applies. Rows and values that cannot be
    used are listed in a file beside it that ends in .rejected.tsv; exit code 1 says that there are
    some.

    **Examples:** `nenuphar resistance timelines.csv -o phenotypes.csv --endpoints times.csv`

    `nenuphar resistance doses.csv --responses timepoints.csv -o phenotypes.csv`

    `nenuphar resistance t.csv -o at_3.csv --threshold resistance.sclc_es_combination.cutoff=3`
    """
    from nenuphar.pipeline.resistance.files import classify_file

    done = classify_file(
        timelines,
        out,
        mapping=mapping,
        sensitivity_out=sensitivity,
        report_out=report,
        endpoints_out=endpoints,
        responses=responses,
        thresholds=_thresholds(threshold or []),
    )
    if as_json:
        _print_json(done)
    else:
        _print_text(done)
    lost = done.counts["rejected"] or done.values_rejected
    raise typer.Exit(1 if lost else 0)


def _thresholds(given: list[str]) -> dict[str, float]:
    """Read `id=value` pairs."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            message = f"{text!r} is not of the form ID=VALUE, such as a.cutoff=4"
            raise typer.BadParameter(message) from None
    return found


def _print_json(done: Classified) -> None:
    import json

    typer.echo(
        json.dumps(
            {
                **done.counts,
                "without_definition_set": done.without_set,
                "phenotypes": done.phenotypes.to_dicts(),
                "files": [str(path) for path in done.files],
            },
            indent=2,
        )
    )


def _print_text(done: Classified) -> None:
    counts = done.counts
    typer.echo(
        f"{counts['read']} rows read: {counts['accepted']} accepted, {counts['rejected']} rejected"
    )
    if done.without_set:
        typer.echo(f"{len(done.without_set)} subjects belong to no definition set")
    for name, phenotype, subjects, without in done.phenotypes.iter_rows():
        text = f"  {name:<22} {phenotype:<14} {subjects:>7}"
        rapid = f"  ({without} without the branch for rapid progression)"
        typer.echo(text + (rapid if without != subjects else ""))
    for path in done.files:
        typer.echo(f"Wrote {path}")
