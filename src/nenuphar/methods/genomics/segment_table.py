"""Segments from a table of text: columns understood, rows checked, everything wrong listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nenuphar.terminology.genome import CHROMOSOMES, GENOMES, chromosome_lengths

# The first spelling that a table has is taken; case, blanks, dots and underscores do not matter.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "sample": ("sample", "id", "sampleid", "tumorsamplebarcode", "tumourid", "tumorid", "name"),
    "chromosome": ("chromosome", "chrom", "chr", "seqnames"),
    "start": ("start", "locstart", "startbp", "startposition", "chromstart", "startpos"),
    "end": ("end", "locend", "endbp", "endposition", "chromend", "endpos", "stop"),
    "log2": ("log2", "segmean", "segmentmean", "log2ratio", "logr", "meanlog2", "cnlrmedian"),
    "total_cn": ("totalcn", "tcn", "tcnem", "copynumber", "modaltotalcn", "cnt", "ntot"),
    "minor_cn": ("minorcn", "lcn", "lcnem", "minorallelecopynumber", "nminor", "minor"),
    "allele_1": ("modala1", "majorcn", "nmajor", "nmajcn", "major", "a1"),
    "allele_2": ("modala2", "nmincn", "a2"),
    "loh": ("loh",),
    "purity": ("purity", "cellularity"),
    "ploidy": ("ploidy",),
}
REQUIRED = ("sample", "chromosome", "start", "end")
_NUMBERS = ("start", "end", "log2", "total_cn", "minor_cn", "allele_1", "allele_2")
# Overlaps from which on the segments of a sample are taken for two profiles under one id.
_CLASHES_MIN, _CLASH_SHARE = 5, 0.2
_ALIASES = {"23": "X", "24": "Y"}
_TRUE, _FALSE = ("1", "1.0", "true", "yes", "t", "loh"), ("0", "0.0", "false", "no", "f")
FINDINGS = {
    "line": pl.Int64,
    "record": pl.String,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "fix": pl.String,
    "used": pl.String,
}


class SegmentInputError(ValueError):
    """The table as a whole cannot be used; the message says why and what to do."""


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
        rejected: Rows left out; `read == frame.height + rejected`.
    """

    frame: pl.DataFrame
    samples: list[str]
    findings: pl.DataFrame
    read: int
    rejected: int


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def understand_columns(
    names: list[str], mapping: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Say which column holds what.

    Args:
        names: Names of the columns.
        mapping: Columns by meaning, where somebody stated them; they win over spellings.

    Raises:
        SegmentInputError: A needed column is missing, or a mapped one does not exist.
    """
    mapping = dict(mapping or {})
    unknown = sorted(set(mapping) - set(SPELLINGS))
    absent = sorted(column for column in mapping.values() if column not in names)
    if unknown or absent:
        what = f"does not know {', '.join(unknown)}" if unknown else "names no column of the table"
        seen = ", ".join(unknown or absent)
        known = ", ".join(SPELLINGS)
        raise SegmentInputError(f"the mapping {what} ({seen}); meanings are {known}")
    by_plain = {_plain(name): name for name in reversed(names)}
    found = dict(mapping)
    for meaning, spellings in SPELLINGS.items():
        column = next((by_plain[s] for s in spellings if s in by_plain), None)
        if meaning not in found and column is not None:
            found[meaning] = column
    missing = [name for name in REQUIRED if name not in found]
    if not {"log2", "total_cn", "allele_1"} & found.keys():
        missing.append("log2 or total_cn")
    if missing:
        raise SegmentInputError(
            f"there is no column for {', '.join(missing)} (columns: {', '.join(names)}); "
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
        SegmentInputError: Columns are missing; positions fit the other genome build and not this
            one; or the values are not what their column says (counts for log2, or the reverse).
    """
    if genome not in GENOMES:
        raise SegmentInputError(f"genome {genome!r} is not one of {', '.join(GENOMES)}")
    columns = understand_columns(table.columns, mapping)
    rows = _typed(table, columns, lines)
    _refuse_other_units(rows)
    _refuse_other_build(rows, genome)
    rows = _with_reasons(rows, genome)
    accepted = rows.filter(pl.col("reason").is_null()).sort("sample", "chromosome", "start", "end")
    accepted, overlapping = _without_overlaps(accepted)
    rejected = pl.concat([rows.filter(pl.col("reason").is_not_null()), overlapping])
    findings = pl.concat([_listed(rejected), _remarks(rows)])
    order = {name: i for i, name in enumerate(CHROMOSOMES)}
    frame = (
        accepted.sort(
            "sample", pl.col("chromosome").replace_strict(order, return_dtype=pl.Int32), "start"
        )
        .select("sample", "chromosome", "start", "end", "log2", "total_cn", "minor_cn", "loh",
                "purity", "ploidy")
    )  # fmt: skip
    samples = rows["sample"].drop_nulls().unique(maintain_order=True).to_list()
    return Segments(frame, samples, findings.sort("line"), rows.height, rejected.height)


def _typed(
    table: pl.DataFrame, columns: Mapping[str, str], lines: pl.Series | None
) -> pl.DataFrame:
    """Give every meaning its column and type; what is no number becomes null."""
    where = lines if lines is not None else pl.Series(range(2, table.height + 2))

    def text(meaning: str) -> pl.Expr:
        if meaning not in columns:
            return pl.lit(None, pl.String)
        cell = pl.col(columns[meaning]).cast(pl.String).str.strip_chars()
        return pl.when(~cell.str.to_lowercase().is_in(["", "na", "nan", "null", "."])).then(cell)

    def number(meaning: str) -> pl.Expr:
        value = text(meaning).cast(pl.Float64, strict=False)
        return pl.when(value.is_finite()).then(value)

    name = text("chromosome").str.replace(r"(?i)^chr", "").str.to_uppercase()
    name = name.str.replace(r"^0*([1-9]\d*)(\.0)?$", "$1").replace(_ALIASES)
    loh = text("loh").str.to_lowercase()
    rows = table.select(
        text("sample").str.replace(r"^(\d+)\.0$", "$1").alias("sample"),
        text("chromosome").alias("chromosome_text"),
        name.alias("chromosome"),
        *(number(m).alias(m) for m in (*_NUMBERS, "purity", "ploidy")),
        *(text(m).alias(f"{m}_text") for m in ("start", "end")),
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


def _refuse_other_units(rows: pl.DataFrame) -> None:
    log2, total = rows["log2"].drop_nulls(), rows["total_cn"].drop_nulls()
    least = 0.0 if total.is_empty() else float(total.min())  # type: ignore[arg-type]
    if log2.len() and total.is_empty() and float(log2.min()) >= 0:  # type: ignore[arg-type]
        middle = float(log2.median())  # type: ignore[arg-type]
        if middle >= 0.5:
            what = "copy numbers (name the column total_cn)"
            ratio = "ratios (take their log2)"
            raise SegmentInputError(
                f"the column of log2 ratios has no negative value and a median of {middle:.2f}: "
                f"these look like {what if middle >= 1.4 else ratio}"
            )
    if least < 0:
        raise SegmentInputError(
            f"the column of copy numbers has negative values (least {least:.2f}): these look "
            "like log2 ratios; name the column log2"
        )


def _refuse_other_build(rows: pl.DataFrame, genome: str) -> None:
    """Tell hg19 from hg38 by positions beyond the ends of chromosomes."""
    beyond = {name: int(_beyond(rows, name).sum()) for name in GENOMES}
    other = next(name for name in GENOMES if name != genome)
    if beyond[genome] and not beyond[other]:
        row = rows.filter(_beyond(rows, genome)).row(0, named=True)
        raise SegmentInputError(
            f"{beyond[genome]} row(s) lie beyond the ends of {genome}, none beyond those of "
            f"{other} (first on line {row['line']}, chromosome {row['chromosome']}): the "
            f"positions are of {other}; run with --genome {other}"
        )


def _beyond(rows: pl.DataFrame, genome: str) -> pl.Series:
    ends = pl.col("chromosome").replace_strict(
        chromosome_lengths(genome), default=None, return_dtype=pl.Int64
    )
    return rows.select((pl.max_horizontal("start", "end") > ends).fill_null(False)).to_series()


def _with_reasons(rows: pl.DataFrame, genome: str) -> pl.DataFrame:
    """Add `column`, `value`, `reason`, `fix` of the first thing that is wrong with a row."""
    rows = rows.with_columns(beyond=_beyond(rows, genome))
    minor_over = pl.col("minor_cn") > pl.col("total_cn")
    negative = pl.min_horizontal("total_cn", "minor_cn") < 0
    checks: list[tuple[pl.Expr, str, str, str, str]] = [
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
    wrong = [check.fill_null(False) for check, *_ in checks]

    def first(values: list[pl.Expr]) -> pl.Expr:
        return pl.coalesce(pl.when(w).then(v) for w, v in zip(wrong, values, strict=True))

    seen = [pl.col(c[2]) if c[2] else pl.lit("") for c in checks]
    return rows.with_columns(
        column=first([pl.lit(c[1]) for c in checks]),
        value=first(seen),
        reason=first([pl.lit(c[3]) for c in checks]),
        fix=first([pl.lit(c[4]) for c in checks]),
    )


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


def _listed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "line",
        pl.col("sample").fill_null("").alias("record"),
        "column",
        pl.col("value").fill_null(""),
        "reason",
        "fix",
        pl.lit("no").alias("used"),
    ).cast(FINDINGS)  # type: ignore[arg-type]


def _remarks(rows: pl.DataFrame) -> pl.DataFrame:
    """Say once per sample that its segments were not in order."""
    known = rows.filter(pl.col("reason").is_null())
    before = pl.col("start").shift(1).over("sample", "chromosome")
    unsorted = known.filter(pl.col("start") < before).unique("sample", maintain_order=True)
    return _listed(
        unsorted.with_columns(
            column=pl.lit("start"),
            value=pl.col("start_text"),
            reason=pl.lit("the segments of this sample were not sorted; they are now"),
            fix=pl.lit("nothing to do, unless the order was meant to say something"),
        )
    ).with_columns(used=pl.lit("yes"))
