"""`nenuphar segments`: the face of the copy-number methods."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from nenuphar.domain.problems import Problem
    from nenuphar.methods.genomics.rearrangement_table import Rearrangements
    from nenuphar.methods.genomics.segment_table import Segments

_HELP = """Arm states, copy-number groups and chromothripsis of every sample.

    SEGMENTS has sample, chromosome, start, end, and log2 or total_cn[, minor_cn]; the header names
    of SEG files (ID, chrom, loc.start, loc.end, seg.mean) and of allele-specific callers
    (modal_A1, modal_A2, LOH; tcn, lcn) are understood, other names by --mapping, a YAML file such
    as `columns: {sample: Tumour, log2: ratio}`. Columns purity and ploidy are used where present.

    A table with one row per tumour and the columns Losses and Gains (Neutral_LOH, Gains_LOH) of
    bands, `1p31-pter, 4q, 18`, is read as segments too; it tells arms and groups, no more.

    --rearrangements takes BEDPE, a cBioPortal data_sv, a VCF with breakends, or a table with both
    ends of each; alone or beside SEGMENTS. Names of its columns stand under `rearrangements:` in
    the mapping. A file without a column of samples is one tumour, named after the file.

    OUT has one row per sample: chr18_loss, sinet_group (18LOH, multiple_CNV, no_CNV; of
    small-intestinal NET only), pannet_pattern (11q_loh_only, predominant_losses, complex ...; of
    pancreatic NET only), loh10, oscillation, chromothripsis (high_confidence only where copy number
    oscillates and breakpoints crowd, interleave and mix in one place; cluster_of_breakpoints and
    oscillation_only are one half of it), focal_events, hla_loh, b2m_loh, the state of every arm
    (loss, gain, loh, gain_loh, neutral, partial, unmeasured) and the evidence. What cannot be
    judged is `undetermined`. Rejected rows are listed in OUT.rejected.tsv.

    \b
    **Examples:** `nenuphar segments tumours.seg --genome hg19 -o groups.csv`

    `nenuphar segments tumours.seg --rearrangements sv.bedpe --genome hg38 -o groups.csv`

    `nenuphar segments --rearrangements data_sv.txt --genome hg19 -o clusters.csv`

    Exit code: 0 done, 1 some rows were rejected, 3 unreadable input. For research use.
    """


Checked = TypeVar("Checked", "Segments", "Rearrangements")


class Genome(StrEnum):
    """Genome builds."""

    hg19 = "hg19"
    hg38 = "hg38"


def segments(
    genome: Annotated[Genome, typer.Option(help="Genome build of the positions.")],
    table: Annotated[
        Path | None, typer.Argument(metavar="[SEGMENTS]", help="Table of segments.")
    ] = None,
    rearrangements: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rearrangements of the same tumours; also alone."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Table to write (.csv .tsv .parquet).")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that names the column of each meaning.")
    ] = None,
    arms: Annotated[
        Path | None, typer.Option(help="Also write state and fractions of every arm here.")
    ] = None,
    clusters: Annotated[
        Path | None, typer.Option(help="Also write every cluster of breakpoints here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Arm states and copy-number groups of every sample, from its segments."""
    from nenuphar.cli.outputs import deliver, need_output, write_table
    from nenuphar.methods.genomics.segment_table import no_segments
    from nenuphar.methods.genomics.segments import profile_segments
    from nenuphar.pipeline.molecular.genome_files import read_rearrangement_file, read_segment_file

    need_output(out, as_json)
    if table is None and rearrangements is None:
        raise typer.BadParameter("give a table of SEGMENTS, --rearrangements FILE, or both")
    columns, ends = _stated_columns(mapping)
    found: list[tuple[pl.DataFrame, Path]] = []
    counts: list[tuple[int, int]] = []
    checked, broken = no_segments(), None
    if table is not None:
        checked = _read(table, genome, columns, read_segment_file, found, counts)
    if rearrangements is not None:
        broken = _read(rearrangements, genome, ends, read_rearrangement_file, found, counts)
    profile = profile_segments(
        checked.frame,
        genome.value,
        samples=checked.samples,
        rearrangements=broken,
        coarse=checked.coarse,
    )
    for wanted, part in ((arms, profile.arms), (clusters, profile.clusters)):
        if wanted is not None:
            write_table(part, wanted)
    read_rows, rejected = (sum(numbers) for numbers in zip(*counts, strict=True))
    deliver(profile.samples, found, read_rows, rejected, out, as_json)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("segments", help=_HELP)(segments)


def _read(
    path: Path,
    genome: Genome,
    columns: dict[str, str],
    read: Callable[[Path, str, dict[str, str]], tuple[Checked, tuple[Problem, ...]]],
    found: list[tuple[pl.DataFrame, Path]],
    counts: list[tuple[int, int]],
) -> Checked:
    """Read one file; note what was wrong with it, and how many of its rows were lost."""
    from nenuphar.cli.outputs import fail
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.methods.genomics.checked_rows import GenomicTableError

    try:
        checked, problems = read(path, genome.value, columns)
    except (UnreadableInputError, GenomicTableError) as error:
        fail(path, error)
    findings, torn = _with_problems(checked.findings, problems)
    found.append((findings, path))
    counts.append((checked.read + torn, checked.rejected + torn))
    return checked


def _stated_columns(mapping: Path | None) -> tuple[dict[str, str], dict[str, str]]:
    """Read the mapping, if one is given; end the command where it is none."""
    from nenuphar.cli.outputs import fail
    from nenuphar.domain.problems import UnreadableInputError

    if mapping is None:
        return {}, {}
    try:
        return _mapped_columns(mapping)
    except UnreadableInputError as error:
        fail(mapping, error)


def _mapped_columns(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Read which column of the segments, and of the rearrangements, holds what.

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
    parts = content if isinstance(content, dict) else {"columns": content}
    if not {"columns", "rearrangements"} & parts.keys():
        parts = {"columns": parts}
    told = []
    for name in ("columns", "rearrangements"):
        columns = parts.get(name, {})
        if not isinstance(columns, dict) or not all(isinstance(c, str) for c in columns.values()):
            raise UnreadableInputError(
                f"{path.name}: is no mapping of meanings to columns; write "
                "columns: {sample: NAME, …} for segments, rearrangements: {…} for these"
            )
        told.append({str(meaning): str(column) for meaning, column in columns.items()})
    return told[0], told[1]


def _with_problems(
    findings: pl.DataFrame, problems: tuple[Problem, ...]
) -> tuple[pl.DataFrame, int]:
    """Join what was wrong with the file to what was wrong with its rows; count the lost rows."""
    import polars as pl

    from nenuphar.methods.genomics.checked_rows import FINDINGS

    rows = [
        (p.line, p.record, p.column, p.value, p.reason, p.fix, "no" if p.rejected else "yes")
        for p in problems
    ]
    found = pl.DataFrame(rows, schema=FINDINGS, orient="row")
    both = pl.concat([found, findings]).sort("line", maintain_order=True)
    return both, sum(p.rejected for p in problems)
