"""`nenuphar segments`: the face of the copy-number methods."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.domain.problems import Problem
    from nenuphar.methods.genomics.segment_table import Segments

_HELP = """Arm states and copy-number groups of every sample, from its segments.

    SEGMENTS has sample, chromosome, start, end, and log2 or total_cn[, minor_cn]; the header names
    of SEG files (ID, chrom, loc.start, loc.end, seg.mean) and of allele-specific callers
    (modal_A1, modal_A2, LOH; tcn, lcn) are understood, other names by --mapping, a YAML file such
    as `columns: {sample: Tumour, log2: ratio}`. Columns purity and ploidy are used where present.

    OUT has one row per sample: chr18_loss, sinet_group (18LOH, multiple_CNV, no_CNV; of
    small-intestinal NET only), pannet_pattern (11q_loh_only, predominant_losses, complex ...; of
    pancreatic NET only), loh10, oscillation, focal_events, hla_loh, b2m_loh, the state of every arm
    (loss, gain, loh, gain_loh, neutral, partial, unmeasured) and the evidence. What cannot be
    judged is `undetermined`. Rejected rows are listed in OUT.rejected.tsv.

    \b
    Example:
      nenuphar segments tumours.seg --genome hg19 -o groups.csv

    Exit code: 0 done, 1 some rows were rejected, 3 unreadable input. For research use.
    """


class Genome(StrEnum):
    """Genome builds."""

    hg19 = "hg19"
    hg38 = "hg38"


def segments(
    table: Annotated[Path, typer.Argument(metavar="SEGMENTS", help="Table of segments.")],
    genome: Annotated[Genome, typer.Option(help="Genome build of the positions.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Table to write (.csv .tsv .parquet).")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that names the column of each meaning.")
    ] = None,
    arms: Annotated[
        Path | None, typer.Option(help="Also write state and fractions of every arm here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Arm states and copy-number groups of every sample, from its segments."""
    from nenuphar.cli.outputs import deliver, fail, need_output, write_table
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.io.tables import read_table
    from nenuphar.methods.genomics.segment_table import SegmentInputError, read_segments
    from nenuphar.methods.genomics.segments import profile_segments

    need_output(out, as_json)
    columns = None if mapping is None else _mapped_columns(mapping)
    try:
        read = read_table(table)
        checked = read_segments(read.frame, genome.value, lines=read.lines, mapping=columns)
    except (UnreadableInputError, SegmentInputError) as error:
        fail(table, error)
    profile = profile_segments(checked.frame, genome.value, samples=checked.samples)
    if arms is not None:
        write_table(profile.arms, arms)
    findings, unreadable = _with_problems(checked, read.problems)
    rejected = checked.rejected + unreadable
    read_rows = checked.read + unreadable
    deliver(profile.samples, [(findings, table)], read_rows, rejected, out, as_json)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("segments", help=_HELP)(segments)


def _mapped_columns(path: Path) -> dict[str, str]:
    """Read which column holds what.

    Raises:
        UnreadableInputError: The file is no mapping of names.
    """
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.io.decoding import decode
    from nenuphar.io.result import read_bytes
    from nenuphar.io.safe_yaml import read_bounded
    from nenuphar.knowledge.yaml_lines import YamlError

    data, _ = read_bytes(path)
    try:
        content = read_bounded(decode(data, path.name)[0])
    except YamlError as error:
        raise UnreadableInputError(f"{path.name}: {error}") from error
    columns = content.get("columns", content) if isinstance(content, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(c, str) for c in columns.values()):
        raise UnreadableInputError(
            f"{path.name}: is no mapping of meanings to columns; write columns: {{sample: NAME, …}}"
        )
    return {str(meaning): str(column) for meaning, column in columns.items()}


def _with_problems(checked: Segments, problems: tuple[Problem, ...]) -> tuple[pl.DataFrame, int]:
    """Join what was wrong with the file to what was wrong with its rows; count the lost rows."""
    import polars as pl

    from nenuphar.methods.genomics.segment_table import FINDINGS

    rows = [
        (p.line, p.record, p.column, p.value, p.reason, p.fix, "no" if p.rejected else "yes")
        for p in problems
    ]
    found = pl.DataFrame(rows, schema=FINDINGS, orient="row")
    both = pl.concat([found, checked.findings]).sort("line", maintain_order=True)
    return both, sum(p.rejected for p in problems)
