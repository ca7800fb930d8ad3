"""`nenuphar subtype`: molecular groups from expression or immunohistochemistry."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nenuphar.io.expression import ExpressionMatrix
    from nenuphar.methods.expression.subtypes import Call

REJECTED, USAGE, UNREADABLE = 1, 2, 3
SHOWN = 4


@dataclass(slots=True)
class Noticed:
    """What there is to say beside the calls: remarks, and lists of what was read otherwise."""

    notes: list[str] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[dict[str, str]] = field(default_factory=list)
    ambiguous: list[dict[str, Any]] = field(default_factory=list)


class PanelName(StrEnum):
    """The panels."""

    sclc = "sclc"
    sclc_ihc = "sclc-ihc"
    lung_net = "lung-net"
    lung_net_ihc = "lung-net-ihc"
    lung_nen = "lung-nen"
    pannet = "pannet"


def register(app: typer.Typer) -> None:
    """Adds the command `subtype` to the application."""
    app.command("subtype", help=_HELP)(subtype)


_HELP = """
Calls the molecular group of every tumour from that tumour alone. For research use only.

The input is a table (.csv .tsv .txt .xlsx .parquet .gct .h5ad .zarr) of expression, samples in rows
or in columns (found from the genes), or of H-scores (0-300), samples in rows; the first column is
the id, unknown columns are ignored. OUT (.csv .tsv .parquet): `sample`, `call` (the most probable
group), `status` (called, equivocal, abstained), a probability for each group, `evidence`.

Example: nenuphar subtype tumours.csv --panel lung-nen -o groups.csv
"""


def subtype(
    table: Annotated[
        Path, typer.Argument(metavar="EXPRESSION_OR_IHC", help="Expression or H-scores.")
    ],
    panel: Annotated[PanelName, typer.Option(help="Which groups, from which kind of data.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="OUT, by its suffix .csv, .tsv or .parquet.")
    ],
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--recalibrate",
            metavar="LABELLED",
            help="A few dozen samples of your platform with a column `group`: with their "
            "expression, or with ids that occur in the input.",
        ),
    ] = None,
    json_report: Annotated[
        bool, typer.Option("--json", help="Print the calls and everything noticed as JSON.")
    ] = False,
) -> None:
    """Runs the command; the help text is `_HELP`."""
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.io.expression import UnreadableError
    from nenuphar.methods.expression.subtypes import STAIN_PANELS, RecalibrationError

    noticed = Noticed()
    _check_usage(panel, output, labelled)
    try:
        if panel.value in STAIN_PANELS:
            groups, calls = _stains(table, panel.value, noticed)
        else:
            groups, calls = _expression(table, panel.value, labelled, noticed)
        write_calls(output, groups, calls)
    except (UnreadableError, UnreadableInputError, RecalibrationError) as problem:
        typer.echo(f"Error: {problem}", err=True)
        raise typer.Exit(UNREADABLE) from None
    _tell(calls, groups, noticed, json_report)
    raise typer.Exit(REJECTED if noticed.rejected else 0)


def _check_usage(panel: PanelName, output: Path, labelled: Path | None) -> None:
    from nenuphar.cli.outputs import check_output
    from nenuphar.methods.expression.subtypes import FITTED_PANELS

    check_output(output)
    if labelled is not None and panel.value not in FITTED_PANELS:
        fitted = ", ".join(FITTED_PANELS)
        typer.echo(f"Error: --recalibrate is for {fitted}; {panel.value} is a rule", err=True)
        raise typer.Exit(USAGE)


def _expression(
    table: Path,
    panel: str,
    labelled: Path | None,
    noticed: Noticed,
) -> tuple[Sequence[str], list[Call]]:
    from nenuphar.cli.local_samples import foreign_platform, read_labelled, what_changed
    from nenuphar.cli.panel_matrix import on_panel, oriented
    from nenuphar.methods.expression.subtypes import (
        call_places,
        classify_sclc,
        load_model,
        load_sclc,
        ranks,
        recalibrate,
    )

    if panel == "sclc":
        rule = load_sclc()
        matrix = oriented(table, rule.genes)
        _notice(matrix, panel, rule.genes, rule.coverage_min, noticed)
        values = on_panel(matrix, rule.genes)
        _notice_scale(values, noticed.notes)
        return rule.groups, classify_sclc(rule, matrix.samples, rule.genes, values)
    model = load_model(panel)
    matrix = oriented(table, model.genes)
    _notice(matrix, panel, model.genes, model.coverage_min, noticed)
    values = on_panel(matrix, model.genes)
    _notice_scale(values, noticed.notes)
    places = ranks(values)
    calls = call_places(model, matrix.samples, places)
    if labelled is None:
        noticed.notes += foreign_platform(model, places)
    else:
        local, labels = read_labelled(labelled, matrix, model, noticed.notes)
        fitted, shift = recalibrate(model, local, labels)
        before, calls = calls, call_places(fitted, matrix.samples, places - shift)
        noticed.notes.append(f"recalibrated on {len(labels)} labelled samples of {labelled.name}")
        noticed.notes += what_changed(model, fitted, shift, before, calls)
    return model.groups, calls


def _notice(
    matrix: ExpressionMatrix, panel: str, wanted: Sequence[str], needed: float, noticed: Noticed
) -> None:
    """Says what the names tell: repeated, mouse and renamed genes, too few of the panel's.

    needed: the share of the panel's genes (0-1) without which nothing is called.
    """
    from nenuphar.methods.expression import Signature, inspect_names
    from nenuphar.methods.expression.matching import match_genes

    noticed.rejected += [asdict(one) for one in matrix.rejected]
    signature = Signature(panel, dict.fromkeys(wanted, 1.0))
    for finding in inspect_names(matrix.genes, matrix.samples, [signature]):
        if finding.code == "duplicated_genes":
            noticed.notes.append(
                "some genes occur more than once; the largest value of each was used"
            )
        elif finding.code == "mouse_symbols":
            noticed.notes.append(f"{finding.message}; {finding.fix}")
    match = match_genes(matrix.genes, [signature])
    noticed.replaced += [asdict(one) for one in match.replaced]
    noticed.ambiguous += [
        {"name": one.name, "candidates": list(one.candidates)} for one in match.ambiguous
    ]
    found = match.coverage[0].found
    if found < needed * len(wanted):
        noticed.notes.append(
            f"{found} of the {len(wanted)} genes of {panel} are in the file and {needed:.0%} are "
            "needed: no call can be made; check the panel and the gene names"
        )


def _notice_scale(values: Any, notes: list[str]) -> None:
    """Says what the values look like where that matters, or may surprise."""
    from nenuphar.methods.expression import inspect_values

    for finding in inspect_values(values, "singscore"):
        if finding.code != "negative_values":
            remedy = f"; {finding.fix}" if finding.severity == "caution" else ""
            notes.append(finding.message + remedy)


def _stains(table: Path, panel: str, noticed: Noticed) -> tuple[Sequence[str], list[Call]]:
    from nenuphar.cli.h_scores import read_h_scores
    from nenuphar.methods.expression.subtypes import classify_stains, load_stains

    stains = load_stains(panel)
    samples, scores = read_h_scores(table, stains.markers, noticed.notes, noticed.rejected)
    return stains.groups, classify_stains(stains, samples, scores)


def write_calls(path: Path, groups: Sequence[str], calls: Sequence[Call]) -> None:
    """Writes the calls in the order of the input; the file appears whole or not at all."""
    import polars as pl

    columns: dict[str, Any] = {
        "sample": [one.sample for one in calls],
        "call": [one.call for one in calls],
        "status": [one.status for one in calls],
    }
    for i, group in enumerate(groups):
        columns[f"probability_{group}"] = [one.probabilities[i] for one in calls]
    columns["evidence"] = [one.evidence for one in calls]
    from nenuphar.io.whole_file import write_whole_table

    frame = pl.DataFrame(columns)
    write_whole_table(path, frame)


def _other_names(noticed: Noticed) -> list[str]:
    """Genes that were found under another name, or not, for a name may mean several."""
    notes = []
    if noticed.replaced:
        shown = [f"{one['wanted']} as {one['row']}" for one in noticed.replaced[:SHOWN]]
        more = ", …; --json lists them" if len(noticed.replaced) > SHOWN else ""
        notes.append(
            f"genes found under other names: {len(noticed.replaced)} ({', '.join(shown)}{more})"
        )
    return notes + [
        f"{one['name']} may be {' or '.join(one['candidates'])}: not used"
        for one in noticed.ambiguous
    ]


def _tell(
    calls: Sequence[Call],
    groups: Sequence[str],
    noticed: Noticed,
    as_json: bool,
) -> None:
    """Says what was noticed: JSON on standard output, or sentences on standard error."""
    from collections import Counter

    counts = Counter(one.status for one in calls)
    if as_json:
        import json

        report = {
            "samples": len(calls),
            "status": dict(sorted(counts.items())),
            **asdict(noticed),
            "calls": [
                {
                    "sample": one.sample,
                    "call": one.call,
                    "status": one.status,
                    "probabilities": dict(zip(groups, one.probabilities, strict=True)),
                    "evidence": one.evidence,
                }
                for one in calls
            ],
        }
        typer.echo(json.dumps(report, indent=2, sort_keys=True))
        return
    for note in [*noticed.notes, *_other_names(noticed)]:
        typer.echo(f"Note: {note}.", err=True)
    for one in noticed.rejected:
        typer.echo(
            f"Rejected: {one['file']}, line {one['line']}, {one['record'] or 'no name'}, "
            f"{one['column']}: {one['reason']}; {one['fix']}.",
            err=True,
        )
    typer.echo(
        f"{len(calls)} samples: "
        + ", ".join(f"{counts[s]} {s}" for s in ("called", "equivocal", "abstained")),
        err=True,
    )
