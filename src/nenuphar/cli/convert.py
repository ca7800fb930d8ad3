"""`nenuphar convert`: an input in another form, and what that form cannot carry."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer


class Form(StrEnum):
    """Forms that can be written."""

    NATIVE = "native"
    PHENOPACKET = "phenopacket"
    FHIR = "fhir"
    CBIOPORTAL = "cbioportal"


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(convert)


def convert(
    source: Path = typer.Argument(..., metavar="INPUT", help="Anything that `assess` reads."),
    out: Path = typer.Argument(..., metavar="OUTPUT", help="A new folder or file."),
    to: Form = typer.Option(..., "--to", help="Form of the output."),
    mapping: str = typer.Option(
        "", "--mapping", help="For tables: a mapping file or the name of a shipped one."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print what was written as JSON."),
) -> None:
    """Write an input in another form; what the form cannot carry is listed, not dropped.

    `native` is one YAML file for each patient, or one for all if OUTPUT ends in .yaml.
    `phenopacket` (version 2) and `fhir` (an R4 bundle) are one JSON file for each patient; OUTPUT
    may end in .json where there is only one. `cbioportal` is a study folder, which
    `--mapping OUTPUT/mapping.yaml` reads back. Conclusions are no part of any of them.

    **Example:** `nenuphar convert readings.csv cases --to native --mapping lung-net-readers`

    **Example:** `nenuphar convert case.yaml case.json --to fhir`
    """
    import json

    from nenuphar.pipeline.convert import convert as run

    done = run(source, out, to.value, mapping)
    data = {**done.counts, "cases": done.cases, "not_carried": done.lost, "output": str(out)}
    if as_json:
        typer.echo(json.dumps(data | {"remarks": str(done.remarks or "")}))
    else:
        typer.echo(
            f"{data['read']} records read: {data['accepted']} accepted, {data['rejected']} rejected"
        )
        typer.echo(f"{done.cases} patient(s) in {out}; {done.lost} thing(s) not carried")
        if done.remarks:
            typer.echo(f"Remarks in {done.remarks}")
    if data["rejected"] or data["values_rejected"]:
        raise typer.Exit(1)
