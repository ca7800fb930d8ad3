"""Tables of lost and gained bands, as comparative genomic hybridisation prints them."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.methods.genomics.band_table import BandError, is_band_table, read_bands, stretch_of
from nenuphar.methods.genomics.segments import profile_segments


def table(*rows, **more):
    names = ("Case", "Losses", "Gains")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(pl.lit(value).alias(name) for name, value in more.items())


@pytest.fixture
def judge(cutoffs):
    def profile(*rows, **more):
        read = read_bands(table(*rows, **more), "hg19")
        return profile_segments(
            read.frame, "hg19", samples=read.samples, coarse=read.coarse, cutoffs=cutoffs
        ).samples

    return profile


@pytest.mark.parametrize(
    ("band", "place"),
    [
        ("18", ("18", 1, 78_077_248)),
        ("18q", ("18", 17_200_001, 78_077_248)),
        ("18q21", ("18", 43_500_001, 61_600_000)),
        ("18q21.3", ("18", 53_800_001, 61_600_000)),
        ("1p31-pter", ("1", 1, 84_900_000)),
        ("16cen-pter", ("16", 1, 36_600_001)),
        ("5q11-q31", ("5", 48_400_001, 144_500_000)),
        ("Xp22", ("X", 1, 24_900_000)),
        ("q21", ("18", 43_500_001, 61_600_000)),
    ],
)
def test_bands_arms_chromosomes_and_ranges_have_their_place(band, place):
    assert stretch_of(band, "hg19", before="18") == place


@pytest.mark.parametrize(
    ("band", "why"),
    [("20p21", "no band p21"), ("10p-12pter", "another"), ("23", "no chromosome"),
     ("loss", "is no band"), ("p31", "no chromosome"), ("18q21x", "is no band")],
)  # fmt: skip
def test_what_is_no_band_is_refused_with_a_reason(band, why):
    with pytest.raises(BandError, match=why):
        stretch_of(band, "hg19")


def test_a_table_of_bands_is_told_from_one_of_segments():
    assert is_band_table(["Case", "Losses", "Gains"])
    assert not is_band_table(["sample", "chromosome", "start", "end", "loss", "gain"])
    assert not is_band_table(["Case", "Losses"])


def test_what_no_band_names_was_kept(judge):
    row = judge(("T", "18, 11q", "4, 5, 20")).row(0, named=True)
    assert (row["chr18_loss"], row["arm_18q"], row["arm_11q"]) == ("yes", "loss", "loss")
    assert (row["arm_4p"], row["arm_1p"]) == ("gain", "neutral")
    assert judge(("T", None, None)).row(0, named=True)["pannet_pattern"] == "no_CNV"


def test_bands_tell_nothing_of_breakpoints_single_genes_and_neutral_loh(judge):
    row = judge(("T", "18q11, 18q21, 18q23, 9p21", "8q24")).row(0, named=True)
    assert (row["oscillation"], row["oscillation_reason"]) == (
        "undetermined",
        "bands are too coarse",
    )
    assert (row["focal_events"], row["hla_loh"], row["mean_copies"]) == ("", "undetermined", None)
    assert "CDKN2A" in row["focal_unmeasured"]
    assert (row["loh10"], row["loh10_reason"]) == (
        "undetermined",
        "LOH that keeps two copies is not seen without alleles",
    )


def test_loh_is_believed_where_the_table_sees_it(judge):
    ten = "1, 2, 3, 6, 8, 10, 11"
    rows = judge(("T", ten, None), ("U", None, "7"), Neutral_LOH="16")
    assert rows["loh10"].to_list() == ["yes", "no"]
    assert rows["arm_16p"].to_list() == ["loh", "loh"]


def test_a_band_that_cannot_be_placed_hides_the_rest_of_its_chromosome(judge):
    read = read_bands(table(("T", "18q99, 1p", "7"), ("U", "somewhere", "7")), "hg19")
    assert read.findings.select("line", "record", "column", "value", "used").rows() == [
        (2, "T", "losses", "18q99", "part"),
        (3, "U", "losses", "somewhere", "part"),
    ]
    rows = judge(("T", "18q99, 1p", "7"), ("U", "somewhere", "7"))
    assert rows["chr18_loss"].to_list() == ["undetermined", "undetermined"]
    assert rows["arm_1p"].to_list() == ["loss", "unmeasured"]
    assert rows["arm_7q"].to_list() == ["gain", "gain"]


def test_a_place_lost_and_gained_at_once_is_listed_and_not_believed(judge):
    read = read_bands(table(("T", "18", "18q")), "hg19")
    assert "lost and gained" in read.findings["reason"][0]
    assert judge(("T", "18", "18q"))["chr18_loss"].to_list() == ["undetermined"]


def test_cases_of_several_studies_that_share_a_number_are_named_by_both():
    both = pl.concat([table(("1", "18", None), Study="A"), table(("1", None, "4"), Study="B")])
    assert read_bands(both, "hg19").samples == ["A 1", "B 1"]
    read = read_bands(both.drop("Study"), "hg19")
    assert (read.read, read.rejected, read.frame.height) == (2, 2, 0)
    assert set(read.findings["used"]) == {"no"}
