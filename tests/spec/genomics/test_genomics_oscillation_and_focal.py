"""Chromothripsis-like oscillation, and focal events."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.methods.genomics.segment_table import read_segments
from nenuphar.methods.genomics.segments import profile_segments
from nenuphar.terminology.genome import AUTOSOMES, arms, loci


def with_pieces(cutoffs, pieces, chromosome="11", rest=2):
    """A diploid genome, of which one chromosome arm is cut into pieces of given copies."""
    rows = []
    for arm in arms("hg19"):
        if arm.chromosome not in AUTOSOMES:
            continue
        values = pieces if arm.name == f"{chromosome}q" else [rest]
        size = (arm.end - arm.start + 1) // len(values)
        rows += [
            ("T", arm.chromosome, arm.start + i * size, arm.start + (i + 1) * size - 1, value)
            for i, value in enumerate(values)
        ]
    names = ["sample", "chromosome", "start", "end", "total_cn"]
    table = pl.DataFrame(rows, schema=names, orient="row").cast(pl.String)
    return profile_segments(read_segments(table, "hg19").frame, "hg19", cutoffs=cutoffs)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([2, 1] * 5, "high_confidence"),
        ([2, 1, 2, 1, 2], "low_confidence"),
        ([2, 1, 2], "none"),
        ([2, 3, 4, 5, 6, 7, 8, 9], "none"),
    ],
)
def test_oscillation_between_two_states(cutoffs, pieces, expected):
    row = with_pieces(cutoffs.replace(oscillation__bins_min=0), pieces).samples.row(0, named=True)
    assert row["oscillation"] == expected
    assert bool(row["oscillation_chromosomes"]) == (expected != "none")


def test_it_says_on_which_chromosome(cutoffs):
    found = with_pieces(cutoffs.replace(oscillation__bins_min=0), [2, 1] * 5)
    assert found.samples["oscillation_chromosomes"][0].startswith("11: 10 segments")


def test_changes_spread_evenly_over_the_genome_are_not_clustered(cutoffs):
    rows = []
    for arm in arms("hg19"):
        if arm.chromosome in AUTOSOMES:
            size = (arm.end - arm.start + 1) // 8
            rows += [
                (
                    "T",
                    arm.chromosome,
                    arm.start + i * size,
                    arm.start + (i + 1) * size - 1,
                    2 - i % 2,
                )
                for i in range(8)
            ]
    names = ["sample", "chromosome", "start", "end", "total_cn"]
    table = pl.DataFrame(rows, schema=names, orient="row").cast(pl.String)
    frame = read_segments(table, "hg19").frame
    row = profile_segments(frame, "hg19", cutoffs=cutoffs).samples.row(0, named=True)
    assert row["oscillation"] in ("none", "undetermined")


def test_a_profile_of_too_many_segments_is_too_noisy_to_say(cutoffs):
    found = with_pieces(
        cutoffs.replace(oscillation__bins_min=0, oscillation__segments_max=20), [2, 1] * 5
    )
    row = found.samples.row(0, named=True)
    assert row["oscillation"] == "undetermined"
    assert "more segments" in row["oscillation_reason"]


def focal(cutoffs, gene, value, column="total_cn", rest="2"):
    """A genome of whole arms, but for half a megabase either side of a gene."""
    locus, rows = loci("hg19")[gene], []
    for arm in arms("hg19"):
        if arm.chromosome not in AUTOSOMES:
            continue
        low, high = locus.start - 500_000, locus.end + 500_000
        if arm.chromosome != locus.chromosome or not arm.start < locus.start < arm.end:
            rows.append((arm.chromosome, arm.start, arm.end, rest))
            continue
        rows += [
            (arm.chromosome, arm.start, low - 1, rest),
            (arm.chromosome, low, high, value),
            (arm.chromosome, high + 1, arm.end, rest),
        ]
    table = pl.DataFrame(rows, schema=["chromosome", "start", "end", column], orient="row")
    table = table.cast(pl.String).with_columns(sample=pl.lit("T"))
    return profile_segments(read_segments(table, "hg19").frame, "hg19", cutoffs=cutoffs).samples


@pytest.mark.parametrize("gene", ["CCND1", "CDK4", "MDM2", "MYC", "MYCL", "MYCN", "FGFR1"])
def test_three_times_the_ploidy_is_an_amplification(cutoffs, gene):
    assert f"{gene} amplified" in focal(cutoffs, gene, "8")["focal_events"][0]
    assert focal(cutoffs, gene, "5")["focal_events"][0] == ""


def test_a_twofold_log2_change_is_an_amplification_where_copies_are_not_known(cutoffs):
    found = focal(cutoffs, "MYC", "1.2", "log2", "0.0")
    assert "MYC amplified" in found["focal_events"][0]
    # MYC is no suppressor, RB1 is.
    assert focal(cutoffs, "MYC", "-1.2", "log2", "-0.0")["focal_events"][0] == ""
    assert focal(cutoffs, "RB1", "-1.2", "log2", "-0.0")["focal_events"][0] == "RB1 deleted"


def test_no_copies_of_a_suppressor_is_a_deletion(cutoffs):
    assert focal(cutoffs, "CDKN2A", "0")["focal_events"][0] == "CDKN2A deleted"


def test_a_whole_arm_of_many_copies_is_not_focal(cutoffs):
    row = with_pieces(cutoffs, [9], chromosome="11").samples.row(0, named=True)
    assert row["focal_events"] == ""
    assert row["arm_11q"] == "gain"
