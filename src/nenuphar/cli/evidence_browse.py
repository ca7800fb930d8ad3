"""`nenuphar evidence browse`: the literature on one page, to be searched by reading."""

from __future__ import annotations

from pathlib import Path

import typer

from nenuphar.cli.evidence import evidence_app


def register(app: typer.Typer) -> None:
    """Add the command to the evidence commands, which `cli.evidence` adds to the app."""
    del app
    evidence_app.command("browse")(browse)


def browse(
    out: Path = typer.Option(..., "--out", help="Folder for the page; replaced as a whole."),
) -> None:
    """Write every record of the literature to one page with filters.

    Figures stand as printed; what the audit finds is listed beside them.

    **Example:** `nenuphar evidence browse --out evidence`
    """
    from nenuphar.pipeline.evidence.page import write_browser

    page, records = write_browser(out)
    typer.echo(f"{records} records. Open {page}")
