"""Rearrangements from a table of text or a VCF: two joined ends each, everything wrong listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nenuphar.methods.genomics.checked_rows import (
    Check,
    GenomicTableError,
    beyond_end,
    chromosome_name,
    few,
    find_columns,
    known_genome,
    listed,
    number,
    refuse_other_build,
    sample_id,
    text,
    with_reasons,
)
from nenuphar.terminology.genome import CHROMOSOMES

SPELLINGS: dict[str, tuple[str, ...]] = {
    "sample": ("sampleid", "sample", "tumorsamplebarcode", "tumourid", "tumorid", "icgcid"),
    "chromosome_1": ("chrom1", "chr1", "chromosome1", "chrom", "site1chromosome", "chra", "chr"),
    "start_1": ("start1", "startb1", "pos1", "position1", "site1position", "breaka", "start"),
    "end_1": ("end1", "endb1"),
    "chromosome_2": ("chrom2", "chr2", "chromosome2", "site2chromosome", "chrb"),
    "start_2": ("start2", "startb2", "pos2", "position2", "site2position", "breakb"),
    "end_2": ("end2", "endb2"),
    "strand_1": ("strand1",),
    "strand_2": ("strand2",),
    "strands": ("strands", "connectiontype", "ct", "orientation"),
    "kind": ("svtype", "svclass", "class", "eventtype", "type"),
    "build": ("ncbibuild", "genomebuild", "build"),
    "status": ("svstatus", "somaticstatus", "mutationstatus"),
}
"""Columns of BEDPE, of cBioPortal `data_sv`, and of tables of paired ends."""
_REQUIRED = ("chromosome_1", "start_1", "chromosome_2", "start_2")
_CLEAN = {
    "+-": "+-", "-+": "-+", "++": "++", "--": "--",
    "3to5": "+-", "5to3": "-+", "3to3": "++", "5to5": "--",
}  # fmt: skip
_BY_KIND = {"del": "+-", "deletion": "+-", "dup": "-+", "duplication": "-+", "tandemdup": "-+"}
_BUILDS = {"37": "hg19", "hg19": "hg19", "grch37": "hg19"} | {
    "38": "hg38", "hg38": "hg38", "grch38": "hg38",
}  # fmt: skip
ORIENTATIONS = {
    "+-": "deletion-like",
    "-+": "duplication-like",
    "++": "head-to-head",
    "--": "tail-to-tail",
}


REARRANGEMENTS = {
    "sample": pl.String,
    "chromosome_1": pl.String,
    "position_1": pl.Int64,
    "chromosome_2": pl.String,
    "position_2": pl.Int64,
    "strands": pl.String,
}


@dataclass(frozen=True)
class Rearrangements:
    """Checked rearrangements.

    Attributes:
        frame: sample, chromosome_1, position_1, chromosome_2, position_2 (1-based; bases), strands
            (of `ORIENTATIONS`, seen from the end that lies first; null where not known); one row
            for each rearrangement of a sample, however many rows of the table tell of it.
        samples: Every sample id of the table in the order of first appearance.
        findings: line, record (sample), column, value, reason, fix, used (`no` is rejected).
        read: Rows of the table.
        rejected: Rows left out.
        build_stated: Whether a column says of which build the positions are.
    """

    frame: pl.DataFrame
    samples: list[str]
    findings: pl.DataFrame
    read: int
    rejected: int
    build_stated: bool = False


def read_rearrangements(
    table: pl.DataFrame,
    genome: str,
    *,
    lines: pl.Series | None = None,
    mapping: Mapping[str, str] | None = None,
    sample: str = "",
) -> Rearrangements:
    """Check a table of rearrangements.

    Both ends are needed: a row with one end, an unknown chromosome, or a position that is no number
    or lies beyond its chromosome is rejected with a reason, and so is one of the germline. An end
    given as a stretch counts at its middle. Rows that tell of the same two ends of a sample (one
    row for each gene that is hit) are one rearrangement.

    Args:
        table: String columns.
        genome: `hg19` or `hg38`.
        lines: Line of every row in its file; counted from 2 if left out.
        mapping: Column of each meaning, where the spelling does not say it.
        sample: Id of all rows where no column names the sample, as in the BEDPE of one tumour.

    Raises:
        GenomicTableError: Columns are missing, or the positions are of the other build by their
            place or by a column that states it.
    """
    known_genome(genome)
    columns = find_columns([n.removeprefix("#") for n in table.columns], SPELLINGS, mapping)
    table = table.rename({n: n.removeprefix("#") for n in table.columns})
    missing = [n for n in _REQUIRED if n not in columns]
    missing += ["sample"] if "sample" not in columns and not sample else []
    if missing:
        raise GenomicTableError(
            f"there is no column for {', '.join(missing)} (columns: {few(table.columns)}); "
            "a rearrangement has two ends, each with its chromosome and position"
        )
    rows = _typed(table, columns, lines, sample)
    _refuse_stated_build(rows, genome)
    places = {f"chromosome_{end}": (f"start_{end}", f"end_{end}") for end in (1, 2)}
    refuse_other_build(rows, genome, places)
    rows = _checked(rows, genome)
    rejected = rows.filter(pl.col("reason").is_not_null())
    known = rows.filter(pl.col("reason").is_null())
    return Rearrangements(
        _events(known),
        rows["sample"].drop_nulls().unique(maintain_order=True).to_list(),
        listed(rejected).sort("line"),
        rows.height,
        rejected.height,
        rows["build"].null_count() < rows.height,
    )


def _typed(
    table: pl.DataFrame, columns: Mapping[str, str], lines: pl.Series | None, sample: str
) -> pl.DataFrame:
    where = lines if lines is not None else pl.Series(range(2, table.height + 2))
    named = sample_id(columns) if "sample" in columns else pl.lit(sample)
    pair = pl.concat_str(text(columns, "strand_1"), text(columns, "strand_2"))
    strands = pl.coalesce(text(columns, "strands"), pair).str.to_lowercase()
    kind = text(columns, "kind").str.to_lowercase().str.replace_all(r"[^a-z]", "")
    return table.select(
        named.alias("sample"),
        *(text(columns, f"chromosome_{i}").alias(f"chromosome_{i}_text") for i in (1, 2)),
        *(
            chromosome_name(text(columns, f"chromosome_{i}")).alias(f"chromosome_{i}")
            for i in (1, 2)
        ),
        *(number(columns, f"{what}_{i}").alias(f"{what}_{i}") for what in _ENDS for i in (1, 2)),
        *(text(columns, f"start_{i}").alias(f"start_{i}_text") for i in (1, 2)),
        strands=pl.coalesce(
            strands.replace_strict(_CLEAN, default=None, return_dtype=pl.String),
            kind.replace_strict(_BY_KIND, default=None, return_dtype=pl.String),
        ),
        build=text(columns, "build"),
        status=text(columns, "status"),
        line=where.cast(pl.Int64),
    )


_ENDS = ("start", "end")


def _refuse_stated_build(rows: pl.DataFrame, genome: str) -> None:
    stated = rows["build"].str.to_lowercase().replace_strict(_BUILDS, default=None).drop_nulls()
    other = stated.filter(stated != genome)
    if other.len():
        raise GenomicTableError(
            f"{other.len()} row(s) say that their positions are of {other[0]}, not of {genome}; "
            f"run with --genome {other[0]}, or split the table by its build"
        )


def _checked(rows: pl.DataFrame, genome: str) -> pl.DataFrame:
    rows = rows.with_columns(
        beyond_end(rows, genome, f"chromosome_{i}", f"start_{i}", f"end_{i}").alias(f"beyond_{i}")
        for i in (1, 2)
    )
    checks: list[Check] = [
        (pl.col("sample").is_null(), "sample", "", "no sample is named", "fill in the sample id")
    ]
    for i in (1, 2):
        name, start = f"chromosome_{i}", f"start_{i}"
        checks += [
            (pl.col(f"{name}_text").is_null() | pl.col(f"{start}_text").is_null(), name, "",
             "has one end only", "give both ends, or leave the row out"),
            (~pl.col(name).is_in(CHROMOSOMES), name, f"{name}_text", "unknown chromosome",
             "use 1-22, X, Y; leave out contigs"),
            (pl.col(start).is_null() | (pl.col(start) < 0), start, f"{start}_text",
             "the position is no number of bases", "give the base at which the end lies"),
            (pl.col(f"beyond_{i}"), start, f"{start}_text",
             f"lies beyond the end of the chromosome in {genome}",
             "check the genome build of this row"),
        ]  # fmt: skip
    one_place = (pl.col("chromosome_1") == pl.col("chromosome_2")) & (
        pl.col("start_1") == pl.col("start_2")
    )
    germline = pl.col("status").str.to_lowercase() == "germline"
    checks.append(
        (germline, "status", "status", "is of the germline: no break of the tumour's own",
         "nothing to do")
    )  # fmt: skip
    checks.append(
        (one_place, "start_2", "start_2_text", "both ends lie at one base: nothing is joined",
         "leave insertions out")
    )  # fmt: skip
    return with_reasons(rows, checks)


def _events(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the end that lies first first, and take each rearrangement once."""
    order = {name: i for i, name in enumerate(CHROMOSOMES)}
    rows = rows.with_columns(
        *(
            ((pl.col(f"start_{i}") + pl.coalesce(f"end_{i}", f"start_{i}")) // 2)
            .cast(pl.Int64)
            .alias(f"position_{i}")
            for i in (1, 2)
        ),
        *(
            pl.col(f"chromosome_{i}")
            .replace_strict(order, default=None, return_dtype=pl.Int32)
            .alias(f"order_{i}")
            for i in (1, 2)
        ),
    )
    swap = (pl.col("order_1") > pl.col("order_2")) | (
        (pl.col("order_1") == pl.col("order_2")) & (pl.col("position_1") > pl.col("position_2"))
    )
    both = [
        pl.when(swap).then(pl.col(f"{what}_{3 - i}")).otherwise(pl.col(f"{what}_{i}"))
        .alias(f"{what}_{i}")
        for what in ("chromosome", "position") for i in (1, 2)
    ]  # fmt: skip
    turned = pl.when(swap).then(pl.col("strands").str.reverse()).otherwise("strands")
    names = list(REARRANGEMENTS)[:-1]
    return (
        rows.with_columns(*both, strands=turned)
        .select(list(REARRANGEMENTS))
        .unique(names, keep="first", maintain_order=True)
        .sort(names)
    )


_MATE = re.compile(r"([\[\]])(?P<chromosome>[^\[\]]+):(?P<position>\d+)([\[\]])")


def table_of_vcf(content: str) -> tuple[pl.DataFrame, pl.Series, int]:
    """Lay out the rearrangements of a VCF as a table of paired ends.

    Breakends (`N[chr2:321682[`) and records with `SVTYPE` and `END` (or `CHR2` and `POS2`) are
    read; samples are the columns whose genotype carries the variant.

    Args:
        content: The whole file.

    Returns:
        A table as `read_rearrangements` takes it (`sample` is empty where the VCF has no column of
        samples), the line of every row, and how many records did not pass their filters.

    Raises:
        GenomicTableError: There is no header.
    """
    lines = content.splitlines()
    header = next((line for line in lines if line.startswith("#CHROM")), None)
    if header is None:
        raise GenomicTableError("there is no #CHROM header; this is not a whole VCF")
    samples = header.split("\t")[9:]
    rows: list[tuple[str | None, ...]] = []
    where: list[int] = []
    failed = 0
    for at, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8:
            continue
        if cells[6] not in ("PASS", "."):
            failed += 1
            continue
        ends = _ends_of_record(cells)
        calls = zip(samples, cells[9:], strict=False)
        carriers = [n for n, call in calls if re.search(r"[1-9]", call.split(":", 1)[0])]
        for name in carriers if samples else [None]:
            rows.append((name, *ends))
            where.append(at)
    names = ("sample", "chrom1", "start1", "chrom2", "start2", "strands", "svtype")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    if not samples:
        frame = frame.drop("sample")
    return frame, pl.Series("line", where, dtype=pl.Int64), failed


def _ends_of_record(cells: list[str]) -> tuple[str | None, ...]:
    chromosome, position, alternate = cells[0], cells[1], cells[4]
    pairs = (part.partition("=") for part in cells[7].split(";"))
    info = {key: value for key, _, value in pairs}
    kind = info.get("SVTYPE") or None
    mate = _MATE.search(alternate)
    if mate:
        # Sequence before the bracket: this end is joined by its right side (+); a bracket that
        # opens to the right takes up what follows the mate (-).
        own = "+" if not alternate.startswith(("[", "]")) else "-"
        other = "-" if mate[1] == "[" else "+"
        return chromosome, position, mate["chromosome"], mate["position"], own + other, kind
    second = info.get("POS2") or info.get("END2") or info.get("END")
    return (
        chromosome, position, info.get("CHR2") or chromosome, second or None,
        info.get("STRANDS", "")[:2] or None, kind,
    )  # fmt: skip
