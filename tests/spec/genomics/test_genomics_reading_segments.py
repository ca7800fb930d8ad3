"""What a table of segments may lack, and what is said about it."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.methods.genomics.checked_rows import GenomicTableError
from nenuphar.methods.genomics.segment_table import read_segments

HEADER = ["sample", "chromosome", "start", "end", "total_cn"]


def table(*rows, header=HEADER):
    return pl.DataFrame([tuple(map(str, r)) for r in rows], schema=header, orient="row")


def reasons(*rows):
    found = read_segments(table(*rows), "hg19")
    assert found.read == found.frame.height + found.rejected == len(rows)
    return found.findings.filter(used="no")["reason"].to_list()


@pytest.mark.parametrize(
    "header",
    [
        ["ID", "chrom", "loc.start", "loc.end", "seg.mean"],
        ["Sample", "Chromosome", "Start_bp", "End_bp", "total_cn"],
        ["SAMPLE", "CONTIG", "START", "END", "MEAN_LOG2_COPY_RATIO"],
        ["Tumor_Sample_Barcode", "Chr", "Start Position", "End Position", "Segment_Mean"],
    ],
)
def test_the_header_names_of_the_field_are_understood(header):
    assert read_segments(table(("T", "chr1", 1, 10, 0), header=header), "hg19").rejected == 0


@pytest.mark.parametrize(
    ("names", "cells", "loh"),
    [
        (["modal_A1", "modal_A2", "LOH"], (3, 0, 1), True),
        (["CNt", "A", "B"], (3, 3, 0), None),  # Sequenza
        (["cn", "cn1", "cn2"], (3, 0, 3), None),  # CNVkit
    ],
)
def test_alleles_are_understood(names, cells, loh):
    header = ["Sample", "Chromosome", "Start_bp", "End_bp", *names]
    frame = read_segments(table(("T", 1, 1, 10, *cells), header=header), "hg19").frame
    assert frame.select("total_cn", "minor_cn", "loh").row(0) == (3.0, 0.0, loh)


def test_other_names_are_mapped():
    odd = table(("T", 1, 1, 10, 2), header=["tumour", "chromosome", "start", "end", "n"])
    with pytest.raises(GenomicTableError, match="sample, log2 or total_cn"):
        read_segments(odd, "hg19")
    found = read_segments(odd, "hg19", mapping={"sample": "tumour", "total_cn": "n"})
    assert found.samples == ["T"]
    with pytest.raises(GenomicTableError, match="names no column"):
        read_segments(odd, "hg19", mapping={"sample": "absent"})


def test_rows_that_cannot_be_used_are_rejected_with_a_reason():
    assert reasons(
        ("", 1, 1, 10, 2),
        ("T", "GL000191", 1, 10, 2),
        ("T", 1, "x", 10, 2),
        ("T", 1, 20, 10, 2),
        ("T", 1, 1, 10, "NA"),
        ("T", 2, 1, 10, 2),
    ) == [
        "no sample is named",
        "unknown chromosome",
        "the start is no number",
        "the end lies before the start",
        "has neither log2 nor a copy number",
    ]


def test_overlapping_segments_are_rejected_and_touching_ones_are_not():
    assert reasons(("T", 1, 1, 100, 2), ("T", 1, 50, 150, 3), ("T", 1, 120, 200, 2)) == [
        "overlaps a segment that begins before it"
    ]
    assert reasons(("T", 1, 1, 100, 2), ("T", 1, 100, 200, 3), ("U", 1, 50, 60, 2)) == []


def test_a_repeated_row_costs_only_itself():
    assert reasons(("T", 1, 1, 100, 2), ("T", 1, 1, 100, 2)) == ["repeats another row"]


def test_two_profiles_under_one_id_are_not_mixed():
    one = [("T", c, 1, 1000, 2) for c in range(1, 9)]
    two = [("T", c, 500, 2000, 1) for c in range(1, 9)]
    found = reasons(*one, *two, ("U", 1, 1, 10, 2))
    assert len(found) == 16
    assert set(found) == {"many segments of this sample overlap: two profiles share one id"}


def test_unsorted_segments_are_sorted_and_that_is_said():
    found = read_segments(table(("T", 1, 200, 300, 2), ("T", 1, 1, 100, 3)), "hg19")
    assert found.rejected == 0
    assert found.frame["start"].to_list() == [1, 200]
    assert "not sorted" in found.findings["reason"][0]


def test_the_wrong_genome_build_is_detected_from_positions():
    # The end of chromosome 1 in hg19 lies beyond that of hg38; chromosome 17 is the other way.
    with pytest.raises(GenomicTableError, match="--genome hg19"):
        read_segments(table(("T", 1, 1, 249_250_000, 2)), "hg38")
    with pytest.raises(GenomicTableError, match="--genome hg38"):
        read_segments(table(("T", 17, 1, 83_000_000, 2)), "hg19")


def test_positions_beyond_both_builds_are_rejected_rows():
    assert reasons(("T", 1, 1, 300_000_000, 2), ("T", 2, 1, 10, 2)) == [
        "lies beyond the end of the chromosome in hg19"
    ]


def test_counts_in_a_log2_column_are_detected_and_the_reverse():
    log2 = [*HEADER[:4], "log2"]
    with pytest.raises(GenomicTableError, match="copy numbers"):
        read_segments(table(("T", 1, 1, 10, 2), ("T", 2, 1, 10, 3), header=log2), "hg19")
    with pytest.raises(GenomicTableError, match="ratios"):
        read_segments(table(("T", 1, 1, 10, 1.0), ("T", 2, 1, 10, 0.9), header=log2), "hg19")
    with pytest.raises(GenomicTableError, match="log2"):
        read_segments(table(("T", 1, 1, 10, -0.4)), "hg19")


def test_chromosomes_are_read_as_people_write_them():
    rows = [("T", name, 1, 10, 2) for name in ("chr1", "CHR2", "03", "4.0", "23", "chrY", "x")]
    found = read_segments(table(*rows[:-1]), "hg19")
    assert found.frame["chromosome"].to_list() == ["1", "2", "3", "4", "X", "Y"]


def test_decimal_commas_are_read_in_values_and_never_in_positions():
    header = ["ID", "chrom", "loc.start", "loc.end", "seg.mean"]
    read = read_segments(
        table(("T", 1, 1, 10, "-0,8"), ("T", 1, 11, "1,000", "0,1"), header=header), "hg19"
    )
    assert read.frame["log2"].to_list() == [-0.8]
    assert read.findings["reason"].to_list() == ["the end is no number"]


@pytest.mark.parametrize(
    ("given", "taken", "said"),
    [
        (["60", "100"], [0.6, 1.0], ["taken as percent"] * 2),
        (["0.6", "1"], [0.6, 1.0], []),
        (["0.6", "1.02"], [0.6, 1.02], ["not used"]),
        (["0.6", "high"], [0.6, None], ["not used"]),
    ],
)
def test_purity_in_percent_is_a_fraction_and_what_is_of_no_use_is_said(given, taken, said):
    header = ["sample", "chromosome", "start", "end", "log2", "purity", "ploidy"]
    rows = [(f"T{i}", 1, 1, 10, -0.1, purity, 2) for i, purity in enumerate(given)]
    read = read_segments(table(*rows, header=header), "hg19")
    assert read.frame["purity"].to_list() == taken
    assert read.rejected == 0
    reasons = read.findings["reason"].to_list()
    assert len(reasons) == len(said)
    assert all(part in reason for part, reason in zip(said, reasons, strict=True))
