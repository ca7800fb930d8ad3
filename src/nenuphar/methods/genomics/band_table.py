"""Segments from tables of lost and gained bands, as comparative hybridisation prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import polars as pl

from nenuphar.methods.genomics.checked_rows import (
    FINDINGS,
    GenomicTableError,
    find_columns,
    known_genome,
    sample_id,
    text,
)
from nenuphar.methods.genomics.segment_table import SEGMENTS, Segments
from nenuphar.methods.genomics.segment_table import SPELLINGS as SEGMENT_SPELLINGS
from nenuphar.terminology.genome import AUTOSOMES, CHROMOSOMES, bands

SPELLINGS: dict[str, tuple[str, ...]] = {
    "sample": ("sample", "sampleid", "case", "id", "name", "tumour", "tumor"),
    "study": ("study", "studyid"),
    "losses": ("losses", "loss", "lost"),
    "gains": ("gains", "gain", "gained"),
    "neutral_loh": ("neutralloh", "cnloh", "copyneutralloh"),
    "gain_loh": ("gainsloh", "gainloh"),
}
_STATES = {"losses": (1.0, True), "gains": (3.0, False), "neutral_loh": (2.0, True),
           "gain_loh": (3.0, True)}  # fmt: skip
"""Copies that stand for each state, and whether alleles were lost."""
_BAND = re.compile(r"(?P<chromosome>\d{1,2}|X|Y)?(?P<place>cen|[pq](?:ter|\d+(?:\.\d+)?)?)?", re.I)

Stretch = tuple[str, int, int]
_Change = tuple[int, int, float, bool]


class BandError(ValueError):
    """A band that cannot be placed; the message says why.

    Attributes:
        chromosome: The chromosome that it names, if that can be read.
    """

    def __init__(self, message: str, chromosome: str = "") -> None:
        super().__init__(message)
        self.chromosome = chromosome


def is_band_table(names: list[str]) -> bool:
    """Whether a table has lost and gained bands in place of segments."""
    places = find_columns(names, {name: SEGMENT_SPELLINGS[name] for name in ("start", "end")})
    return {"sample", "losses", "gains"} <= find_columns(names, SPELLINGS).keys() and not places


def stretch_of(band: str, genome: str, before: str = "") -> Stretch:
    """Place a band, an arm, a chromosome or a range of bands.

    Args:
        band: `18`, `4q`, `1p31-pter`, `16cen-qter`.
        genome: `hg19` or `hg38`.
        before: Chromosome of the band before it, for one that names none.

    Returns:
        Chromosome, first and last base.

    Raises:
        BandError: It is no band of that chromosome.
    """
    first, _, last = band.strip().partition("-")
    chromosome, one = _placed(first, genome, before)
    if not last:
        return chromosome, *one
    other, two = _placed(last, genome, chromosome)
    if other != chromosome:
        raise BandError("goes from one chromosome to another", chromosome)
    return chromosome, min(one[0], two[0]), max(one[1], two[1])


def _placed(text_: str, genome: str, before: str) -> tuple[str, tuple[int, int]]:
    match = _BAND.fullmatch(text_.strip())
    if match is None or not text_.strip():
        raise BandError("is no band", _leading_chromosome(text_))
    chromosome = (match["chromosome"] or before).upper()
    own = bands(genome).get(chromosome)
    if own is None:
        raise BandError("names no chromosome")
    return chromosome, _place(match["place"] or "", own, chromosome)


def _leading_chromosome(text_: str) -> str:
    match = re.match(r"\s*(\d{1,2}|[XY])(?=[pqc])", text_, re.I)
    return match[1].upper() if match and match[1].upper() in CHROMOSOMES else ""


def _place(place: str, own: Mapping[str, tuple[int, int]], chromosome: str) -> tuple[int, int]:
    """Find a place among the bands of a chromosome; a coarse name takes in its finer bands."""
    place = place.lower()
    ends = list(own.values())
    if place in ("pter", "qter"):
        return (ends[0][0],) * 2 if place == "pter" else (ends[-1][1],) * 2
    if place == "cen":
        centre = next(start for name, (start, _) in own.items() if name.startswith("q"))
        return centre, centre
    inside = [ends_ for name, ends_ in own.items() if name.startswith(place)]
    if not inside:
        raise BandError(f"chromosome {chromosome} has no band {place}", chromosome)
    return inside[0][0], inside[-1][1]


def read_bands(
    table: pl.DataFrame,
    genome: str,
    *,
    lines: pl.Series | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Segments:
    """Read one row per tumour with its lost and gained bands, and make segments of them.

    What no band names was looked at and found unchanged. A band that cannot be placed is listed;
    as it hides a change, the rest of its chromosome counts as not measured, or that of the whole
    tumour where it names none. Copies are one, two and three in place of lost, kept and gained;
    alleles are known only where some tumour of the table has LOH that keeps copies.

    Args:
        table: String columns, one row per tumour.
        genome: `hg19` or `hg38`.
        lines: Line of every row in its file; counted from 2 if left out.
        mapping: Column of each meaning, where the spelling does not say it.

    Returns:
        The segments; `read` counts tumours, `rejected` those without an id or with one that is
        used twice. Bands that were not placed are findings of `part`.

    Raises:
        GenomicTableError: Columns are missing.
    """
    known_genome(genome)
    columns = find_columns(table.columns, SPELLINGS, mapping)
    missing = [name for name in ("sample", "losses", "gains") if name not in columns]
    if missing:
        raise GenomicTableError(f"there is no column for {', '.join(missing)}")
    rows = _named(table, columns, lines)
    twice = pl.col("sample").is_duplicated() | pl.col("sample").is_null()
    refused = rows.filter(twice)
    findings = [
        (line, name or "", "sample", name or "",
         "several rows have this id" if name else "no sample is named",
         "give each tumour its own id", "no")
        for line, name in refused.select("line", "sample").iter_rows()
    ]  # fmt: skip
    segments: list[tuple[object, ...]] = []
    for row in rows.filter(~twice).iter_rows(named=True):
        own, problems = _segments_of(row, genome)
        segments += own
        findings += problems
    return Segments(
        pl.DataFrame(segments, schema=SEGMENTS, orient="row"),
        rows["sample"].drop_nulls().unique(maintain_order=True).to_list(),
        pl.DataFrame(findings, schema=FINDINGS, orient="row").sort("line", maintain_order=True),
        rows.height,
        refused.height,
        coarse=True,
    )


def _named(
    table: pl.DataFrame, columns: Mapping[str, str], lines: pl.Series | None
) -> pl.DataFrame:
    """Name each tumour; by study and case where cases of several studies share a number."""
    where = lines if lines is not None else pl.Series(range(2, table.height + 2))
    rows = table.select(
        sample_id(columns).alias("sample"),
        *(text(columns, name).alias(name) for name in ("study", *_STATES)),
        line=where.cast(pl.Int64),
    )
    if rows["sample"].is_duplicated().any() and rows["study"].null_count() == 0:
        rows = rows.with_columns(sample=pl.concat_str("study", "sample", separator=" "))
    # A method that sees LOH with two copies says so somewhere; the others are silent on alleles.
    sees = pl.col("neutral_loh").is_not_null().any()
    return rows.with_columns(alleles=sees.over("study") if "study" in columns else sees)


def _segments_of(
    row: Mapping[str, object], genome: str
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    changed: dict[str, list[_Change]] = {name: [] for name in CHROMOSOMES}
    hidden: set[str] = set()
    problems: list[tuple[object, ...]] = []

    def say(column: str, value: str, reason: str, fix: str) -> None:
        problems.append((row["line"], row["sample"], column, value[:60], reason, fix, "part"))

    for state, (copies, lost) in _STATES.items():
        for band, placed, error in _bands_of(str(row[state] or ""), genome):
            if error is None:
                changed[placed[0]].append((placed[1], placed[2], copies, lost))
                continue
            hidden |= {error.chromosome} if error.chromosome else set(CHROMOSOMES)
            say(state, band, str(error), "write it like 1p31-pter; what it hides is not measured")
    found: list[tuple[object, ...]] = []
    for chromosome, own in changed.items():
        unnamed = chromosome in hidden or chromosome not in AUTOSOMES
        for start, end, states in _painted(stretch_of(chromosome, genome)[1:], own):
            if {1.0, 3.0} <= {copies for copies, _ in states}:
                place = f"{chromosome}:{start}-{end}"
                say("losses", place, "is lost and gained at once", "keep one of both")
            elif states or not unnamed:
                copies = max((c for c, _ in states), key=lambda c: abs(c - 2), default=2.0)
                loh = any(lost for _, lost in states) if row["alleles"] else None
                found.append(
                    (row["sample"], chromosome, start, end, None, copies, None, loh, None, None)
                )
    return found, problems


_NOWHERE: Stretch = ("", 0, 0)


def _bands_of(cell: str, genome: str) -> Iterator[tuple[str, Stretch, BandError | None]]:
    """Place the bands of a cell; one without a chromosome is of that before it."""
    before = ""
    for band in filter(None, (part.strip() for part in re.split(r"[,;]", cell))):
        try:
            placed = stretch_of(band, genome, before)
        except BandError as error:
            yield band, _NOWHERE, error
            before = error.chromosome
            continue
        before = placed[0]
        yield band, placed, None


def _painted(
    whole: tuple[int, int], changed: list[_Change]
) -> Iterator[tuple[int, int, set[tuple[float, bool]]]]:
    """Cut a chromosome at the ends of its changes, and name those that cover each part."""
    cuts = sorted({whole[0], whole[1] + 1, *(c[0] for c in changed), *(c[1] + 1 for c in changed)})
    for start, after in pairwise(cuts):
        yield start, after - 1, {c[2:] for c in changed if c[0] <= start and after - 1 <= c[1]}
