"""Segments from a table of text: columns understood, rows checked, everything wrong listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nenuphar.methods.genomics.checked_rows import (
    FINDINGS,
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

# The first spelling that a table has is taken; case, blanks, dots and underscores do not matter.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "sample": ("sample", "id", "sampleid", "tumorsamplebarcode", "tumourid", "tumorid", "name"),
    "chromosome": ("chromosome", "chrom", "chr", "seqnames", "contig"),
    "start": ("start", "locstart", "startbp", "startposition", "chromstart", "startpos"),
    "end": ("end", "locend", "endbp", "endposition", "chromend", "endpos", "stop"),
    "log2": (
        "log2",
        "segmean",
        "segmentmean",
        "log2ratio",
        "logr",
        "meanlog2",
        "meanlog2copyratio",
        "cnlrmedian",
    ),
    "total_cn": ("totalcn", "tcn", "tcnem", "copynumber", "modaltotalcn", "cnt", "ntot", "cn"),
    "minor_cn": ("minorcn", "lcn", "lcnem", "minorallelecopynumber", "nminor", "minor"),
    "allele_1": ("modala1", "majorcn", "nmajor", "nmajcn", "major", "a1", "cn1", "a"),
    "allele_2": ("modala2", "nmincn", "a2", "cn2", "b"),
    "loh": ("loh",),
    "purity": ("purity", "cellularity"),
    "ploidy": ("ploidy",),
}
REQUIRED = ("sample", "chromosome", "start", "end")
_NUMBERS = ("start", "end", "log2", "total_cn", "minor_cn", "allele_1", "allele_2")
# Overlaps from which on the segments of a sample are taken for two profiles under one id.
_CLASHES_MIN, _CLASH_SHARE = 5, 0.2
_PERCENT_ABOVE = 5.0  # as a fraction no purity, only slightly above 1 it is a fraction overshot
_TRUE, _FALSE = ("1", "1.0", "true", "yes", "t", "loh"), ("0", "0.0", "false", "no", "f")
SEGMENTS: dict[str, pl.DataType] = {
    **dict.fromkeys(("sample", "chromosome"), pl.String()),
    **dict.fromkeys(("start", "end", "log2", "total_cn", "minor_cn"), pl.Float64()),
    "loh": pl.Boolean(),
    **dict.fromkeys(("purity", "ploidy"), pl.Float64()),
}


@dataclass(frozen=True)
class Segments:
    """Checked segments.

    Attributes:
        frame: sample, chromosome, start, end (1-based, closed; bases), log2, total_cn, minor_cn,
            loh (reported), purity, ploidy; null where not given; sorted, without overlap.
        samples: Every sample id of the table in the order of first appearance, also those all of
            whose rows were rejected.
        findings: line, record (sample), column, value, reason, fix, used (`no` is rejected).
        read: Rows of the table.
        rejected: Rows left out; `read == frame.height + rejected`, but for tables of bands.
        coarse: Whether they were made from bands, which tell arms but no breakpoints.
    """

    frame: pl.DataFrame
    samples: list[str]
    findings: pl.DataFrame
    read: int
    rejected: int
    coarse: bool = False


def no_segments() -> Segments:
    """Return the segments of no sample."""
    return Segments(pl.DataFrame(schema=SEGMENTS), [], pl.DataFrame(schema=FINDINGS), 0, 0)


def understand_columns(
    names: list[str], mapping: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Say which column holds what.

    Args:
        names: Names of the columns.
        mapping: Columns by meaning, where somebody stated them; they win over spellings.

    Raises:
        GenomicTableError: A needed column is missing, or a mapped one does not exist.
    """
    found = find_columns(names, SPELLINGS, mapping)
    missing = [name for name in REQUIRED if name not in found]
    if not {"log2", "total_cn", "allele_1"} & found.keys():
        missing.append("log2 or total_cn")
    if missing:
        raise GenomicTableError(
            f"there is no column for {', '.join(missing)} (columns: {few(names)}); "
            "rename them, or say what they mean with --mapping"
        )
    return found


def read_segments(
    table: pl.DataFrame,
    genome: str,
    *,
    lines: pl.Series | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Segments:
    """Check a table of segments.

    Rows without sample, with an unknown chromosome, positions that are no numbers, lie beyond the
    chromosome or end before they start, without a copy number, repeated or overlapping an earlier
    one are rejected with a reason. Unsorted rows are sorted, and that is said.

    Args:
        table: String columns, one row per segment.
        genome: `hg19` or `hg38`.
        lines: Line of every row in its file; counted from 2 if left out.
        mapping: Column of each meaning, where the spelling does not say it.

    Raises:
        GenomicTableError: Columns are missing; positions fit the other genome build and not this
            one; or the values are not what their column says (counts for log2, or the reverse).
    """
    known_genome(genome)
    columns = understand_columns(table.columns, mapping)
    rows, percent = _as_fraction(_typed(table, columns, lines))
    _refuse_other_units(rows)
    refuse_other_build(rows, genome, {"chromosome": ("start", "end")})
    rows = _checked(rows, genome)
    accepted = rows.filter(pl.col("reason").is_null()).sort("sample", "chromosome", "start", "end")
    accepted, overlapping = _without_overlaps(accepted)
    rejected = pl.concat([rows.filter(pl.col("reason").is_not_null()), overlapping])
    findings = pl.concat([listed(rejected), _remarks(rows), _purity_remarks(rows, percent)])
    order = {name: i for i, name in enumerate(CHROMOSOMES)}
    place = pl.col("chromosome").replace_strict(order, return_dtype=pl.Int32)
    frame = accepted.sort("sample", place, "start").select(list(SEGMENTS))
    samples = rows["sample"].drop_nulls().unique(maintain_order=True).to_list()
    return Segments(frame, samples, findings.sort("line"), rows.height, rejected.height)


def _typed(
    table: pl.DataFrame, columns: Mapping[str, str], lines: pl.Series | None
) -> pl.DataFrame:
    """Give every meaning its column and type; what is no number becomes null."""
    where = lines if lines is not None else pl.Series(range(2, table.height + 2))

    loh = text(columns, "loh").str.to_lowercase()
    rows = table.select(
        sample_id(columns).alias("sample"),
        text(columns, "chromosome").alias("chromosome_text"),
        chromosome_name(text(columns, "chromosome")).alias("chromosome"),
        *(number(columns, m).alias(m) for m in ("start", "end")),
        *(number(columns, m, decimals=True).alias(m) for m in (*_NUMBERS[2:], "purity", "ploidy")),
        *(text(columns, m).alias(f"{m}_text") for m in ("start", "end", "purity")),
        pl.when(loh.is_in(_TRUE)).then(True).when(loh.is_in(_FALSE)).then(False).alias("loh"),
    ).with_columns(line=where.cast(pl.Int64))
    pair = pl.col("allele_1").is_not_null() & pl.col("allele_2").is_not_null()
    major = pl.col("allele_1").is_not_null() & pl.col("minor_cn").is_not_null()
    low = pl.min_horizontal("allele_1", "allele_2")
    return rows.with_columns(
        total_cn=pl.coalesce(
            "total_cn",
            pl.when(pair).then(pl.col("allele_1") + pl.col("allele_2")),
            pl.when(major).then(pl.col("allele_1") + pl.col("minor_cn")),
        ),
        minor_cn=pl.coalesce("minor_cn", pl.when(pair).then(low)),
    )


def _as_fraction(rows: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
    """Turn purities in percent into fractions; say whether they were in percent."""
    given = rows["purity"].drop_nulls()
    percent = bool(given.len() and (given >= 1).all() and (given > _PERCENT_ABOVE).any())
    return (rows.with_columns(pl.col("purity") / 100) if percent else rows), percent


def _purity_remarks(rows: pl.DataFrame, percent: bool) -> pl.DataFrame:
    """Say once per sample that its purity was in percent, or is of no use."""
    usable = pl.col("purity").is_between(0, 1, closed="right") & (pl.col("ploidy") > 0)
    given = pl.col("purity_text").is_not_null() & pl.col("log2").is_not_null()
    first = rows.filter(pl.col("reason").is_null() & given).unique("sample", maintain_order=True)
    used = usable.fill_null(False)
    reason = (
        pl.when(~used)
        .then(pl.lit("the purity is not used: it is no fraction, or has no ploidy beside it"))
        .otherwise(pl.lit("the purity is taken as percent"))
    )
    told = first if percent else first.filter(~used)
    return listed(
        told.with_columns(
            column=pl.lit("purity"),
            value=pl.col("purity_text"),
            reason=reason,
            fix=pl.lit("give purity as a fraction (0-1), with the ploidy of the tumour"),
        ),
        used="yes",
    )


def _refuse_other_units(rows: pl.DataFrame) -> None:
    log2, total = rows["log2"].drop_nulls(), rows["total_cn"].drop_nulls()
    least = 0.0 if total.is_empty() else float(total.min())  # type: ignore[arg-type]
    if log2.len() and total.is_empty() and float(log2.min()) >= 0:  # type: ignore[arg-type]
        middle = float(log2.median())  # type: ignore[arg-type]
        if middle >= 0.5:
            what = "copy numbers (name the column total_cn)"
            ratio = "ratios (take their log2)"
            raise GenomicTableError(
                f"the column of log2 ratios has no negative value and a median of {middle:.2f}: "
                f"these look like {what if middle >= 1.4 else ratio}"
            )
    if least < 0:
        raise GenomicTableError(
            f"the column of copy numbers has negative values (least {least:.2f}): these look "
            "like log2 ratios; name the column log2"
        )


def _checked(rows: pl.DataFrame, genome: str) -> pl.DataFrame:
    """Add `column`, `value`, `reason`, `fix` of the first thing that is wrong with a row."""
    rows = rows.with_columns(beyond=beyond_end(rows, genome, "chromosome", "start", "end"))
    minor_over = pl.col("minor_cn") > pl.col("total_cn")
    negative = pl.min_horizontal("total_cn", "minor_cn") < 0
    checks: list[Check] = [
        (pl.col("sample").is_null(), "sample", "", "no sample is named", "fill in the sample id"),
        (~pl.col("chromosome").is_in(CHROMOSOMES).fill_null(False), "chromosome",
         "chromosome_text", "unknown chromosome", "use 1-22, X, Y; leave out contigs"),
        (pl.col("start").is_null(), "start", "start_text", "the start is no number",
         "give the first base"),
        (pl.col("end").is_null(), "end", "end_text", "the end is no number", "give the last base"),
        (pl.col("start") < 0, "start", "start_text", "the start is negative", "count from 1"),
        (pl.col("end") < pl.col("start"), "end", "end_text", "the end lies before the start",
         "swap start and end if they were exchanged"),
        (pl.col("beyond"), "end", "end_text", f"lies beyond the end of the chromosome in {genome}",
         "check the genome build of this row"),
        (pl.col("log2").is_null() & pl.col("total_cn").is_null(), "log2", "",
         "has neither log2 nor a copy number", "leave the row out, or give its value"),
        (negative | minor_over, "minor_cn", "", "copies are negative, or minor exceeds total",
         "check which columns hold the total and the minor allele"),
    ]  # fmt: skip
    return with_reasons(rows, checks)


def _without_overlaps(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reject what overlaps an accepted segment that begins before it, by more than one base.

    A sample in which many segments do is two profiles under one id, of which neither can be told
    from the other: all its rows are rejected, but for exact repeats, which cost only themselves.
    """
    places = ["sample", "chromosome"]
    reach = pl.col("end").cum_max().shift(1).over(places)
    if not rows.select((pl.col("start") < reach).any()).item():
        return rows, rows.clear()
    again = rows.select(~pl.struct(*places, *_NUMBERS).is_first_distinct()).to_series()
    repeats = _refused(rows.filter(again), "repeats another row", "leave it out")
    rows = rows.filter(~again)
    keep = _standing(rows)
    clash = pl.col("kept").not_().sum().over("sample")
    mixed = rows.with_columns(kept=keep).select(
        (clash >= _CLASHES_MIN) & (clash >= _CLASH_SHARE * pl.len().over("sample"))
    ).to_series()  # fmt: skip
    clashing = _refused(
        rows.filter(~keep & ~mixed),
        "overlaps a segment that begins before it",
        "keep one of both; which is right cannot be told from the table",
    )
    twins = _refused(
        rows.filter(mixed),
        "many segments of this sample overlap: two profiles share one id",
        "give each profile its own id",
    )
    return rows.filter(keep & ~mixed), pl.concat([repeats, clashing, twins])


def _refused(rows: pl.DataFrame, reason: str, fix: str) -> pl.DataFrame:
    return rows.with_columns(
        column=pl.lit("start"), value="start_text", reason=pl.lit(reason), fix=pl.lit(fix)
    )


def _standing(rows: pl.DataFrame) -> pl.Series:
    """Walk along each chromosome and keep what begins at or after the end of the last one kept."""
    keep: list[bool] = []
    last, until = (None, None), -1.0
    for sample, chromosome, start, end in rows.select(
        "sample", "chromosome", "start", "end"
    ).iter_rows():
        if (sample, chromosome) != last:
            last, until = (sample, chromosome), -1.0
        keep.append(start >= until)
        until = end if keep[-1] else until
    return pl.Series(keep, dtype=pl.Boolean)


def _remarks(rows: pl.DataFrame) -> pl.DataFrame:
    """Say once per sample that its segments were not in order."""
    known = rows.filter(pl.col("reason").is_null())
    before = pl.col("start").shift(1).over("sample", "chromosome")
    unsorted = known.filter(pl.col("start") < before).unique("sample", maintain_order=True)
    return listed(
        unsorted.with_columns(
            column=pl.lit("start"),
            value=pl.col("start_text"),
            reason=pl.lit("the segments of this sample were not sorted; they are now"),
            fix=pl.lit("nothing to do, unless the order was meant to say something"),
        ),
        used="yes",
    )
