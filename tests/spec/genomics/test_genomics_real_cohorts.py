"""What the segments of published cohorts say."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from nenuphar.methods.genomics.segment_table import read_segments
from nenuphar.methods.genomics.segments import profile_segments

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="the shared cohorts are not beside the checkout"
    ),
]


@pytest.fixture(scope="module")
def nets(cutoffs):
    table = pl.read_csv(SHARED / "net_segments" / "segments_hg19.csv", infer_schema=False)
    read = read_segments(table, "hg19")
    assert (read.read, read.rejected) == (table.height, 0)
    profile = profile_segments(read.frame, "hg19", samples=read.samples, cutoffs=cutoffs)
    site = table.group_by(sample="Sample").agg(pl.col("site").first())
    # One id is used for two tumours in the source.
    return profile.samples.join(site, on="sample").filter(pl.col("sample") != "NET-2-006")


def share(table, site):
    calls = table.filter(site=site)["chr18_loss"]
    return (calls == "yes").mean()


def test_chromosome_18_is_lost_in_the_small_intestine_and_rarely_in_the_pancreas(nets):
    assert 0.4 <= share(nets, "SINET") <= 0.8
    assert share(nets, "PNET") <= 0.2


def test_published_calls_of_the_same_tumours_agree(nets):
    published = pl.read_csv(SHARED / "net_segments" / "cgh_cases.csv", infer_schema=False)
    cases = published.filter(pl.col("Study.id") == "NETseq.2017")
    compared = 0
    for case in cases.iter_rows(named=True):
        mine = nets.filter(pl.col("sample") == f"NET-{int(case['Case']):03d}-T_2")
        whole = {s for s in re.split(r",\s*", case["Losses"]) if re.fullmatch(r"\d+", s)}
        gained = {re.match(r"\d+|[XY]", s)[0] for s in re.split(r",\s*", case["Gains"])}
        if mine.is_empty() or "18" in gained:  # gained and lost in parts: no call of the whole
            continue
        assert (mine["chr18_loss"][0] == "yes") == ("18" in whole)
        compared += 1
    assert compared >= 2


def test_the_recurrent_loh_group_is_found_in_the_pancreas_only(nets):
    found = nets.group_by("site").agg((pl.col("loh10") == "yes").sum().alias("yes"), pl.len())
    table = {row["site"]: row for row in found.iter_rows(named=True)}
    assert table["SINET"]["yes"] == 0
    assert table["PNET"]["yes"] / table["PNET"]["len"] >= 0.3


def test_the_pattern_of_pancreatic_tumours_is_losses(nets):
    patterns = nets.filter(site="PNET")["pannet_pattern"]
    assert (patterns == "predominant_losses").mean() >= 0.5


def test_the_tumour_with_a_shattered_chromosome_13_oscillates(nets):
    row = nets.filter(sample="NET-007-T_2").row(0, named=True)
    assert row["oscillation"] == "high_confidence"
    assert row["oscillation_chromosomes"].startswith("13:")


@pytest.mark.parametrize(
    ("study", "samples", "rejected"),
    [
        ("sclc_cancercell_gardner_2017", 20, 0),
        ("nepc_wcm_2016", 107, 0),
        # Three samples stand in the file twice; their repeats are rejected.
        ("nsclc_pd1_msk_2018", 240, 115),
    ],
)
def test_segment_files_of_a_portal_run_whole(study, samples, rejected, cutoffs):
    table = pl.read_csv(
        SHARED / "cbioportal_datahub" / "seg" / f"{study}.seg", separator="\t", infer_schema=False
    )
    read = read_segments(table, "hg19")
    assert (len(read.samples), read.rejected) == (samples, rejected)
    found = profile_segments(read.frame, "hg19", samples=read.samples, cutoffs=cutoffs).samples
    assert found.height == samples
    assert found.null_count().select("chr18_loss", "loh10", "oscillation").row(0) == (0, 0, 0)


def test_an_sclc_model_series_shows_its_known_events(cutoffs):
    table = pl.read_csv(
        SHARED / "cbioportal_datahub" / "seg" / "sclc_cancercell_gardner_2017.seg",
        separator="\t",
        infer_schema=False,
    )
    read = read_segments(table, "hg19")
    found = profile_segments(read.frame, "hg19", cutoffs=cutoffs)
    events = "; ".join(found.samples["focal_events"])
    assert "MYCL amplified" in events
    assert "RB1 deleted" in events
