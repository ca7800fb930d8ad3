"""Checks an output before the work that fills it."""

from __future__ import annotations

from pathlib import Path

import typer

USAGE = 2
SUFFIXES = ".csv, .tsv or .parquet"


def check_output(output: Path) -> None:
    """Ends the command with a usage error where a table could not be written to `output`."""
    if output.suffix not in {".csv", ".tsv", ".parquet"}:
        typer.echo(f"Error: {output.name}: give an output that ends in {SUFFIXES}", err=True)
        raise typer.Exit(USAGE)
    if not output.resolve().parent.is_dir():
        typer.echo(f"Error: {output.parent}: no such folder; make it first", err=True)
        raise typer.Exit(USAGE)
