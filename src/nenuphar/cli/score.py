"""`nenuphar score`: signature scores of an expression matrix."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nenuphar.io.expression import ExpressionMatrix
    from nenuphar.methods.expression import Options, Scorer, Signature

REJECTED, USAGE, UNREADABLE = 1, 2, 3
ANNDATA, SSGSEA, AUCELL, UCELL = "AnnData", "ssGSEA", "AUCell", "UCell"
OTHERS = "singscore, z-score, ULM"


class MethodName(StrEnum):
    """The scoring methods."""

    ssgsea = "ssgsea"
    aucell = "aucell"
    ucell = "ucell"
    singscore = "singscore"
    zscore = "zscore"
    ulm = "ulm"


class Normalise(StrEnum):
    """What the raw enrichment score of ssGSEA is divided by."""

    none = "none"
    genes = "genes"
    range = "range"


def register(app: typer.Typer) -> None:
    """Adds the command `score` to the application."""
    app.command("score", help=_HELP)(score)


_HELP = """
Scores every sample with gene signatures, from the ranks within that sample alone.

EXPRESSION is genes × samples (.csv .tsv .txt .xlsx .parquet .gct, first column the gene) or AnnData
(.h5ad .zarr). OUT is wide, one row per sample, first column `sample`; a signature of which too few
genes are measured is empty. Ties count with their expected value: no score depends on the order of
genes or on the other samples (but for --normalise range).

Defaults are those of the usual tools: ssGSEA gives gseapy's raw score, AUCell covers decoupler's
top 5%, UCell cuts off as pyucell does, z-score and ULM are decoupler's. docs/scoring.md says where
results differ and why.

Example: nenuphar score tumours.tsv --signatures builtin --method singscore -o scores.parquet
"""


def score(  # noqa: PLR0913, PLR0917
    expression: Annotated[Path, typer.Argument(help="Expression matrix.")],
    signatures: Annotated[
        str, typer.Option(help="A .gmt file, or `builtin` for those of the knowledge base.")
    ],
    method: Annotated[MethodName, typer.Option(help="How to score.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="OUT, by its suffix .parquet, .csv or .tsv.")
    ],
    samples_in_rows: Annotated[
        bool, typer.Option("--samples-in-rows", help="The table has samples in rows.")
    ] = False,
    layer: Annotated[
        str | None,
        typer.Option(help="The layer to score, or `raw` [default: X].", rich_help_panel=ANNDATA),
    ] = None,
    gene_names: Annotated[
        str | None,
        typer.Option(
            help="The column of var that names the genes [default: its index].",
            rich_help_panel=ANNDATA,
        ),
    ] = None,
    coverage_min: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Fraction of a signature's genes that must be measured [default: 0.5, or what "
            "the record states].",
        ),
    ] = None,
    n_up: Annotated[
        int | None,
        typer.Option(min=2, help="Top genes considered [default: 5%].", rich_help_panel=AUCELL),
    ] = None,
    max_rank: Annotated[
        int, typer.Option(min=2, help="Rank of the cut-off.", rich_help_panel=UCELL)
    ] = 1500,
    rank_zeros: Annotated[
        bool,
        typer.Option(
            "--rank-zeros",
            help="Zeros keep the rank of their tie; by default they count as cut off.",
            rich_help_panel=UCELL,
        ),
    ] = False,
    missing_last: Annotated[
        bool,
        typer.Option(
            "--missing-last",
            help="Unmeasured genes count as cut off, as in pyucell; by default they are left out.",
            rich_help_panel=UCELL,
        ),
    ] = False,
    w_neg: Annotated[
        float, typer.Option(help="Weight of the genes expected low.", rich_help_panel=UCELL)
    ] = 1.0,
    exponent: Annotated[
        float, typer.Option(min=0, help="Power of the ranks.", rich_help_panel=SSGSEA)
    ] = 0.25,
    normalise: Annotated[
        Normalise,
        typer.Option(
            help="`none` is the raw score, `genes` divides it by the number of genes, `range` is "
            "gseapy's NES and depends on the cohort.",
            rich_help_panel=SSGSEA,
        ),
    ] = Normalise.none,
    uncentred: Annotated[
        bool,
        typer.Option(
            "--uncentred",
            help="singscore: from 0 to 1 in place of around 0.",
            rich_help_panel=OTHERS,
        ),
    ] = False,
    keep_mean: Annotated[
        bool,
        typer.Option(
            "--keep-mean",
            help="z-score: the sample's mean is not taken off.",
            rich_help_panel=OTHERS,
        ),
    ] = False,
    slope: Annotated[
        bool,
        typer.Option(
            "--slope", help="ULM: the slope in place of its t value.", rich_help_panel=OTHERS
        ),
    ] = False,
    single: Annotated[
        bool, typer.Option("--float32", help="Rank in single precision (half the memory).")
    ] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads [default: all].")] = None,
    json_report: Annotated[
        bool, typer.Option("--json", help="Print coverage and everything noticed as JSON.")
    ] = False,
) -> None:
    """Runs the command; the help text is `_HELP`."""
    from nenuphar.cli.outputs import check_output
    from nenuphar.cli.score_report import tell
    from nenuphar.io.expression import UnreadableError, read_expression, write_wide
    from nenuphar.methods.expression import (
        ExpressionError,
        OptionError,
        Options,
        SignatureError,
    )

    check_output(output)
    try:
        options = Options(
            n_up=n_up,
            max_rank=max_rank,
            zeros_last=not rank_zeros,
            missing_last=missing_last,
            w_neg=w_neg,
            exponent=exponent,
            normalise=normalise.value,
            centre=not uncentred,
            subtract_mean=not keep_mean,
            slope=slope,
        )
        wanted = _signatures(signatures, coverage_min)
        matrix = read_expression(
            expression, samples_in_rows=samples_in_rows, layer=layer, gene_names=gene_names
        )
        scores, report = _score(matrix, wanted, method.value, options, threads, single)
        if scores is not None:
            write_wide(output, matrix.samples, [one.name for one in wanted], scores)
    except OptionError as problem:
        typer.echo(f"Error: {problem}", err=True)
        raise typer.Exit(USAGE) from None
    except (UnreadableError, ExpressionError, SignatureError) as problem:
        typer.echo(f"Error: {problem}", err=True)
        raise typer.Exit(UNREADABLE) from None
    tell(report, json_report)
    if scores is None:
        raise typer.Exit(UNREADABLE)
    raise typer.Exit(REJECTED if matrix.rejected or report["unscored"] else 0)


def _signatures(source: str, coverage_min: float | None) -> list[Signature]:
    from nenuphar.io.gene_sets import read_gmt
    from nenuphar.methods.expression import as_signatures, builtin_signatures

    sets: dict[str, Any] = (
        dict(builtin_signatures()) if source == "builtin" else dict(read_gmt(Path(source)))
    )
    return as_signatures(sets, coverage_min)


def _score(
    matrix: ExpressionMatrix,
    signatures: list[Signature],
    method: str,
    options: Options,
    threads: int | None,
    single: bool,
) -> tuple[Any, dict[str, Any]]:
    """Scores block by block; None for the scores where the input forbids it."""
    import numpy as np

    from nenuphar.cli.score_report import describe
    from nenuphar.methods.expression import Scorer, by_range, inspect_names

    findings = inspect_names(matrix.genes, matrix.samples, signatures)
    report: dict[str, Any] = {"samples": len(matrix.samples), "genes": len(matrix.genes)}
    report["rejected"] = [
        {name: getattr(one, name) for name in one.__slots__} for one in matrix.rejected
    ]
    report |= {
        "left_out": matrix.left_out,
        "incomplete": [],
        "constant": [],
        "unscored": [],
        "empty": [],
        "signatures": [],
        "replaced": [],
    }
    report |= {"ambiguous": [], "confusable": []}
    scores = None
    if not any(finding.severity == "error" for finding in findings):
        scorer = Scorer(matrix.genes, signatures, method, options, threads, single=single)
        scores = _score_blocks(matrix, scorer, findings, report)
        if method == "ssgsea" and options.normalise == "range":
            scores = by_range(scores)
        describe(scorer, report)
        _judge(scores, scorer, matrix, report, findings)
        if np.isnan(scores).all():
            scores = None
    report["findings"] = [
        {name: getattr(finding, name) for name in finding.__slots__} for finding in findings
    ]
    return scores, report


def _score_blocks(
    matrix: ExpressionMatrix, scorer: Scorer, findings: list[Any], report: dict[str, Any]
) -> Any:
    """Scores of all samples; a bar shows how far the work is where the matrix stays on disk."""
    from contextlib import nullcontext

    import numpy as np

    from nenuphar.cli.progress import shown
    from nenuphar.methods.expression import constant_samples, inspect_values

    total = len(matrix.samples)
    scores = np.full((total, len(scorer.signatures)), np.nan)
    silent = nullcontext(lambda step, done, of: None)
    with silent if matrix.in_memory else shown() as progress:
        progress("Scoring", 0, total)
        for start, values in matrix.blocks():
            if start == 0:
                findings += inspect_values(values, scorer.method)
            batch = scorer.score(values)
            scores[start : start + values.shape[0]] = batch.scores
            report["incomplete"] += [
                {"sample": matrix.samples[start + row], "missing": n}
                for row, n in sorted(batch.incomplete.items())
            ]
            report["constant"] += [matrix.samples[start + row] for row in constant_samples(values)]
            progress("Scoring", start + values.shape[0], total)
    return scores


def _judge(
    scores: Any,
    scorer: Scorer,
    matrix: ExpressionMatrix,
    report: dict[str, Any],
    findings: list[Any],
) -> None:
    """Lists samples and signatures without any score; says so where nothing can be scored."""
    import numpy as np

    from nenuphar.methods.expression import Finding

    if all(cover.refused for cover in scorer.match.coverage):
        best = max(scorer.match.coverage, key=lambda cover: cover.fraction)
        findings.append(
            Finding(
                "no_coverage",
                "error",
                f"no signature is measured well enough; the best, {best.signature}, has "
                f"{best.found} of {best.genes} genes",
                "check that rows are named by symbol, Ensembl or Entrez id, and the orientation; "
                "or lower --coverage-min",
            )
        )
        return
    empty = np.isnan(scores).all(axis=1)
    if empty.all():
        findings.append(
            Finding(
                "no_scores",
                "error",
                "no sample has a score: each is constant, or lacks most values"
                if matrix.samples
                else "there are no samples",
                "check that the matrix holds expression values",
            )
        )
    report["unscored"] = [matrix.samples[row] for row in np.flatnonzero(empty)]
    if not empty.all():
        without = np.isnan(scores).all(axis=0)
        report["empty"] = [
            cover.signature
            for cover, none in zip(scorer.match.coverage, without, strict=True)
            if none and not cover.refused
        ]
