"""`nenuphar assess` and `nenuphar report`: from an input to a folder of conclusions and pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nenuphar.cli.outputs import INTERNAL

if TYPE_CHECKING:
    from nenuphar.pipeline.job import Finished

Mapping = Annotated[
    str, typer.Option("--mapping", help="For tables: a mapping file or the name of a shipped one.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command()(assess)
    app.command()(report)


def assess(  # noqa: PLR0913, PLR0917 - one argument per documented option
    source: Path = typer.Argument(
        ...,
        metavar="INPUT",
        help="A case (also a Phenopacket, a FHIR bundle), a folder, a study, a table.",
    ),
    out: Path = typer.Option(..., "--out", help="Folder for the results; replaced as a whole."),
    mapping: Mapping = "",
    variants: Path | None = typer.Option(
        None, "--variants", help="For tables: their variants (MAF, a table like it, annotated VCF)."
    ),
    workers: int | None = typer.Option(
        None, "--workers", min=1, help="Processes to share the work; by default as it pays."
    ),
    scheduler: str = typer.Option("", "--scheduler", help="Address of a Dask scheduler."),
    as_of: str = typer.Option("", "--as-of", help="Latest date to consider, e.g. 2026-06-30."),
    reports: str = typer.Option("", "--reports", help="Case pages: all, flagged or none."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifest as JSON."),
) -> None:
    """Conclude what can be concluded about every patient of an input, with reasons.

    Writes conclusions (Parquet, TSV, DuckDB), rejected records, a manifest, a page for the cohort
    and one for each patient. Exit code 1 means that some records or values were rejected; they are
    listed in rejected.tsv.

    Names in a file of variants are the ids of the specimens, or those of the column that the
    mapping names; samples without a specimen, and specimens without a variant, are listed.

    **Example:** `nenuphar assess readings.csv --mapping lung-net-readers --out result`

    **Example:** `nenuphar assess patients.csv --mapping sclc-smc --variants muts.csv --out result`
    """
    from nenuphar.cli.progress import shown
    from nenuphar.pipeline.job import run_job

    with shown() as progress:
        finished = run_job(
            source,
            out,
            mapping=mapping,
            variants=variants,
            workers=workers,
            scheduler=scheduler,
            as_of=as_of,
            reports=reports,
            progress=progress,
        )
    if as_json:
        typer.echo((out / "manifest.json").read_text("utf-8"))
    else:
        _summarise(finished)
    if finished.lost_pages:
        names = ", ".join(problem.record for problem in finished.lost_pages)
        typer.secho(f"nenuphar: internal error: no page for {names}; see rejected.tsv", err=True)
        raise typer.Exit(INTERNAL)
    lost = finished.counts["rejected"] + finished.counts["values_rejected"]
    raise typer.Exit(1 if lost else 0)


def _summarise(finished: Finished) -> None:
    counts = finished.counts
    typer.echo(
        f"{counts['read']} records read: {counts['accepted']} accepted, {counts['rejected']} "
        f"rejected; {finished.problems} remarks in {finished.out / 'rejected.tsv'}"
    )
    for value, number in finished.entities:
        typer.echo(f"  {number:>8}  {value}")
    typer.echo(f"Open {finished.out / 'index.html'}")


def report(
    folder: Path = typer.Argument(..., help="Folder that `nenuphar assess` wrote."),
    patient: str = typer.Option(..., "--patient", help="Id of the patient."),
    output: Path | None = typer.Option(None, "-o", help="File; by default in the folder's cases."),
) -> None:
    """Render the page of one patient from results that are already there.

    **Example:** `nenuphar report result --patient 8`
    """
    from nenuphar.pipeline.job import render_patient

    typer.echo(f"Open {render_patient(folder, patient, output)}")
