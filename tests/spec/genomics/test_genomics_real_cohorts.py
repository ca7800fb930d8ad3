"""What the segments of published cohorts say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from nenuphar.methods.genomics.breakpoint_clusters import breakpoint_clusters
from nenuphar.methods.genomics.checked_rows import GenomicTableError
from nenuphar.methods.genomics.segment_table import no_segments, read_segments
from nenuphar.methods.genomics.segments import profile_segments
from nenuphar.pipeline.molecular.genome_files import read_rearrangement_file, read_segment_file

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


@pytest.fixture(scope="module")
def published(cutoffs):
    read, _ = read_segment_file(SHARED / "net_segments" / "cgh_cases.csv", "hg19")
    assert (read.read, read.rejected, read.coarse) == (132, 0, True)
    # Four bands that do not exist, or span two chromosomes, and nine places lost and gained.
    assert read.findings.height == 13
    source = pl.read_csv(SHARED / "net_segments" / "cgh_cases.csv", infer_schema=False)
    samples = profile_segments(
        read.frame, "hg19", samples=read.samples, coarse=True, cutoffs=cutoffs
    ).samples
    return pl.concat([samples, source.select("NET")], how="horizontal")


@pytest.mark.parametrize(
    ("site", "yes", "partial", "no", "undetermined"),
    [("GINET", 6, 1, 7, 0), ("PNET", 6, 2, 107, 2)],
)
def test_published_bands_show_chromosome_18_lost_in_half_and_in_a_tenth(
    published, site, yes, partial, no, undetermined
):
    # The two left open list 18 as lost and gained at once.
    calls = dict(published.filter(NET=site)["chr18_loss"].value_counts().iter_rows())
    names = ("yes", "partial", "no", "undetermined")
    assert tuple(calls.get(name, 0) for name in names) == (yes, partial, no, undetermined)


def test_published_bands_leave_the_loh_group_open_where_alleles_were_not_seen(published):
    open_ = published.filter(loh10="undetermined")
    assert open_.height == 127
    assert open_["loh10_reason"].str.contains("two copies").all()


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


def _marked() -> dict[str, list[tuple[str, int, int]]]:
    """Regions that the source marks as shattered, by tumour; empty for tumours without one."""
    lines = (SHARED / "lung_nen" / "Supplementary_Table_S17.csv").read_text("utf-8").splitlines()
    first = lines.index(next(line for line in lines if line.startswith("sample,chrom,start,end")))
    found = {}
    for row in csv.DictReader(lines[:first]):
        places = [place for place in row["shattered_regions"].split(";") if place]
        found[row["sample_id"]] = [
            (chromosome.removeprefix("chr"), *map(int, ends.split("-")))
            for chromosome, ends in (place.split(":") for place in places)
        ]
    return found


@pytest.fixture(scope="module")
def lung_rearrangements():
    path = SHARED / "lung_nen" / "Supplementary_Table_S16.csv"
    found, _ = read_rearrangement_file(path, "hg38")
    assert (found.read, found.rejected, found.frame.height) == (266, 0, 206)
    return found


def test_the_list_of_gene_hitting_rearrangements_is_of_hg38(lung_rearrangements):
    assert len(lung_rearrangements.samples) == 50
    path = SHARED / "lung_nen" / "Supplementary_Table_S16.csv"
    with pytest.raises(GenomicTableError, match="--genome hg38"):
        read_rearrangement_file(path, "hg19")


def test_clusters_of_breakpoints_lie_where_lung_tumours_are_marked_as_shattered(
    lung_rearrangements, cutoffs
):
    # The table lists rearrangements that hit genes. In three marked tumours enough of them lie in
    # a marked region to be a cluster; the marks rest on all breakpoints and on copy number.
    marked = _marked()
    clusters = breakpoint_clusters(lung_rearrangements.frame, "hg38", cutoffs)
    found = set(clusters["sample"])
    judged = set(lung_rearrangements.samples)
    shattered = {name for name, regions in marked.items() if regions} & judged
    assert (len(shattered), len(judged - shattered)) == (14, 36)
    assert len(found & shattered) == 2
    assert not found - shattered
    for name, chromosome, start, end in clusters.select(
        "sample", "chromosome", "start", "end"
    ).iter_rows():
        assert any(c == chromosome and a <= end and b >= start for c, a, b in marked[name])


def test_rearrangements_alone_are_never_called_chromothripsis(lung_rearrangements, cutoffs):
    samples = profile_segments(
        no_segments().frame, "hg38", rearrangements=lung_rearrangements, cutoffs=cutoffs
    ).samples
    counts = dict(samples["chromothripsis"].value_counts().iter_rows())
    assert counts == {"cluster_of_breakpoints": 2, "undetermined": 48}


@pytest.mark.parametrize(
    ("study", "high", "low", "none", "undetermined"),
    [
        ("sclc_cancercell_gardner_2017", 0, 0, 18, 2),
        ("nepc_wcm_2016", 27, 5, 61, 14),
        ("nsclc_pd1_msk_2018", 2, 4, 234, 0),
    ],
)
def test_oscillation_in_segment_files_of_a_portal(study, high, low, none, undetermined, cutoffs):
    found, _ = read_segment_file(SHARED / "cbioportal_datahub" / "seg" / f"{study}.seg", "hg19")
    samples = profile_segments(found.frame, "hg19", samples=found.samples, cutoffs=cutoffs).samples
    counts = dict(samples["oscillation"].value_counts().iter_rows())
    names = ("high_confidence", "low_confidence", "none", "undetermined")
    assert tuple(counts.get(name, 0) for name in names) == (high, low, none, undetermined)
