"""`nenuphar simulate` and `demo`: a cohort whose truth is known, and what becomes of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer


class Kind(StrEnum):
    """What can be drawn."""

    LUNG = "lung"
    DIGESTIVE_2010 = "digestive-2010"


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command()(demo)
    app.command()(simulate)


def simulate(
    patients: int = typer.Option(..., "--patients", min=1, help="How many to draw."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same cohort."),
    out: Path = typer.Option(..., "--out", help="Folder for cohort.csv and truth.csv."),
    kind: Kind = typer.Option(
        Kind.LUNG, "--kind", help="Lung tumours, or digestive ones in the words of 2010."
    ),
) -> None:
    """Draw a plausible cohort whose truth is known.

    **Example:** `nenuphar simulate --patients 200 --out simulated`

    **Example:** `nenuphar simulate --kind digestive-2010 --patients 2000 --out archive`
    """
    from nenuphar.pipeline.simulated import write_simulated

    cohort, mapping = write_simulated(patients, seed, out, kind.value)
    typer.echo(f"{patients} patients in {cohort}")
    typer.echo(f"nenuphar assess {cohort} --mapping {mapping} --out result")


def demo(
    out: Path = typer.Option(Path("demo-report"), "--out", help="Folder for the results."),
    patients: int = typer.Option(120, "--patients", min=1, help="How many to draw."),
) -> None:
    """Run the main job on a simulated cohort and say how often it was right.

    **Example:** `nenuphar demo --out demo-report`
    """
    from nenuphar.cli.progress import shown
    from nenuphar.pipeline.simulated import run_demo

    with shown() as progress:
        result = run_demo(patients, out, workers=None, progress=progress)
    typer.echo(
        f"{patients} simulated patients: {result.called} have a met or provisional entity, "
        f"{result.right} of them the one that they were drawn from (or a wider name of it)."
    )
    typer.echo(f"Open {out / 'index.html'}")
