"""Rearrangements: how they are read, where they crowd, and what that says with copy number."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nenuphar.methods.genomics import breakpoint_clusters as clusters_room
from nenuphar.methods.genomics.breakpoint_clusters import breakpoint_clusters, interleaved
from nenuphar.methods.genomics.checked_rows import GenomicTableError
from nenuphar.methods.genomics.rearrangement_table import read_rearrangements, table_of_vcf
from nenuphar.methods.genomics.segment_table import no_segments, read_segments
from nenuphar.methods.genomics.segments import profile_segments
from nenuphar.pipeline.molecular.genome_files import read_rearrangement_file


def table(*rows, sample="T"):
    """Write rearrangements as chromosome, position, chromosome, position, strands."""
    names = ("chrom1", "start1", "chrom2", "start2", "strands")
    frame = pl.DataFrame([[str(c) for c in row] for row in rows], schema=names, orient="row")
    return frame.with_columns(sample=pl.lit(sample))


def read(*rows, genome="hg19", **options):
    return read_rearrangements(table(*rows), genome, **options)


def tandem():
    """The same places, all joined as in duplications."""
    return [(c, min(a, b), d, max(a, b), "-+") for c, a, d, b, _ in shattered()]


def shattered(chromosome="11", count=12, start=60_000_000, span=20_000_000):
    """Joins of every orientation between random places of one stretch."""
    draw = np.random.default_rng(1)
    return [
        (
            chromosome,
            start + draw.integers(span),
            chromosome,
            start + draw.integers(span),
            strands,
        )
        for _, strands in zip(range(count), ("+-", "-+", "++", "--") * count, strict=False)
    ]


class TestReading:
    def test_the_columns_of_each_format_are_understood(self):
        one = {"sample": ["T"], "id": ["x"]}
        bedpe = {"chrom1": ["chr1"], "start1": ["99"], "end1": ["101"], "chrom2": ["2"],
                 "start2": ["500"], "end2": ["500"], "strand1": ["+"],
                 "strand2": ["-"]}  # fmt: skip
        portal = {"Site1_Chromosome": ["1"], "Site1_Position": ["100"], "Site2_Chromosome": ["2"],
                  "Site2_Position": ["500"], "Connection_Type": ["3to5"],
                  "NCBI_Build": ["GRCh37"]}  # fmt: skip
        pairs = {"CHROM": ["chr1"], "start.B1": ["99"], "end.B1": ["101"], "CHROM2": ["chr2"],
                 "start.B2": ["500"], "end.B2": ["500"], "STRANDS": ["+-"]}  # fmt: skip
        for columns in (bedpe, portal, pairs):
            found = read_rearrangements(pl.DataFrame(one | columns), "hg19").frame
            assert found.rows() == [("T", "1", 100, "2", 500, "+-")]

    def test_rows_that_tell_of_the_same_ends_are_one_rearrangement(self):
        found = read(("1", 5, "1", 900, "+-"), ("1", 900, "1", 5, "-+"), ("1", 5, "1", 901, "+-"))
        assert (found.read, found.rejected, found.frame.height) == (3, 0, 2)

    @pytest.mark.parametrize(
        ("row", "column", "reason"),
        [
            (("1", 5, "", "", "+-"), "chromosome_2", "one end only"),
            (("1", 5, "GL000192", 7, "+-"), "chromosome_2", "unknown chromosome"),
            (("1", "here", "2", 7, "+-"), "start_1", "no number"),
            (("1", 5, "21", 90_000_000, "+-"), "start_2", "beyond the end"),
            (("1", 5, "1", 5, "+-"), "start_2", "nothing is joined"),
        ],
    )
    def test_a_row_that_cannot_be_used_is_listed(self, row, column, reason):
        found = read(("1", 5, "1", 900, "+-"), row)
        (finding,) = found.findings.iter_rows(named=True)
        assert (finding["line"], finding["column"], finding["used"]) == (3, column, "no")
        assert reason in finding["reason"]
        assert (found.read, found.rejected, found.frame.height) == (2, 1, 1)

    def test_rearrangements_of_the_germline_are_left_out(self):
        both = table(("1", 5, "1", 900, "+-"), ("2", 5, "2", 900, "+-")).with_columns(
            SV_Status=pl.Series(["SOMATIC", "GERMLINE"])
        )
        found = read_rearrangements(both, "hg19")
        assert found.frame["chromosome_1"].to_list() == ["1"]
        assert "germline" in found.findings["reason"][0]

    def test_the_other_build_is_refused_by_positions_and_by_what_the_table_says(self):
        # Chromosome 11 is longer in hg38.
        with pytest.raises(GenomicTableError, match="--genome hg38"):
            read(("11", 135_050_000, "1", 5, "+-"))
        stated = table(("1", 5, "1", 900, "+-")).with_columns(NCBI_Build=pl.lit("GRCh38"))
        with pytest.raises(GenomicTableError, match="of hg38, not of hg19"):
            read_rearrangements(stated, "hg19")

    def test_a_table_without_second_ends_is_no_table_of_rearrangements(self):
        with pytest.raises(GenomicTableError, match="chromosome_2, start_2"):
            read_rearrangements(
                pl.DataFrame({"sample": ["T"], "chr": ["1"], "pos1": ["5"]}), "hg19"
            )

    def test_breakends_of_a_vcf_join_once(self):
        text = (
            "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n"
            "1\t100\ta\tN\tN[2:500[\t.\tPASS\tSVTYPE=BND\tGT\t0/1\t0/0\n"
            "2\t500\tb\tN\t]1:100]N\t.\tPASS\tSVTYPE=BND\tGT\t0/1\t0/0\n"
            "3\t10\tc\tN\t<DUP>\t.\tPASS\tSVTYPE=DUP;END=900\tGT\t0/0\t0/1\n"
            "4\t10\td\tN\t<DEL>\t.\tLowQual\tSVTYPE=DEL;END=900\tGT\t0/1\t0/1\n"
        )
        rows, lines, failed = table_of_vcf(text)
        found = read_rearrangements(rows, "hg19", lines=lines)
        assert found.frame.rows() == [
            ("A", "1", 100, "2", 500, "+-"),
            ("B", "3", 10, "3", 900, "-+"),
        ]
        assert failed == 1

    @pytest.mark.parametrize("header", ["", "#chrom1\tstart1\tend1\tchrom2\tstart2\tend2\tname\t"
                                            "score\tstrand1\tstrand2\n"])  # fmt: skip
    def test_a_bedpe_of_one_tumour_is_named_after_its_file(self, tmp_path, header):
        path = tmp_path / "NET-1.sv.bedpe"
        path.write_text(
            header + "chr1\t99\t101\tchr2\t500\t501\ta\t9\t+\t-\n" * 2, encoding="utf-8"
        )
        found, problems = read_rearrangement_file(path, "hg19")
        assert found.frame.rows() == [("NET-1", "1", 100, "2", 500, "+-")]
        assert (found.read, found.rejected, problems) == (2, 0, ())

    def test_a_bedpe_of_one_line_without_a_header_is_read(self, tmp_path):
        path = tmp_path / "T.bedpe"
        path.write_text("chr1\t99\t101\tchr2\t500\t501\n", encoding="utf-8")
        found, _ = read_rearrangement_file(path, "hg19")
        assert found.frame.rows() == [("T", "1", 100, "2", 500, None)]
        path.write_text("chr1\t99\t101\tchrZ\t500\t501\n", encoding="utf-8")
        found, _ = read_rearrangement_file(path, "hg19")
        assert found.findings["line"].to_list() == [1]

    def test_a_message_names_the_first_of_many_columns(self):
        many = pl.DataFrame({f"c{i}": ["1"] for i in range(40)})
        with pytest.raises(GenomicTableError, match="c11 and 28 more"):
            read_rearrangements(many, "hg19")


class TestClusters:
    def test_a_shattered_stretch_is_found_among_scattered_rearrangements(self, cutoffs):
        scattered = [(str(c), 10**7, str(c + 1), 3 * 10**7, "+-") for c in range(1, 8)]
        (found,) = breakpoint_clusters(
            read(*scattered, *shattered()).frame, "hg19", cutoffs
        ).iter_rows(named=True)
        assert (found["chromosome"], found["shattered"]) == ("11", True)
        assert found["start"] >= 60_000_000
        assert found["end"] <= 80_000_000

    def test_scattered_rearrangements_are_no_cluster(self, cutoffs):
        draw = np.random.default_rng(2)
        rows = [
            ("1", draw.integers(240_000_000), "2", draw.integers(240_000_000), "+-")
            for _ in range(40)
        ]
        spread = [(str(1 + i % 22), 10**6 * (1 + i), str(1 + i % 22), 10**6 * (20 + i), "++")
                  for i in range(25)]  # fmt: skip
        assert breakpoint_clusters(read(*spread).frame, "hg19", cutoffs).is_empty()
        # Against the density of the sample itself: a genome full of breakpoints is no cluster.
        full = [(str(c), p, str(c), p + 10**6, "+-") for c in range(1, 23)
                for p in range(10**6, 4 * 10**7, 2 * 10**6)]  # fmt: skip
        assert (
            breakpoint_clusters(read(*full).frame, "hg19", cutoffs)
            .filter(pl.col("p") <= 1e-12)
            .is_empty()
        )
        assert not breakpoint_clusters(read(*rows).frame, "hg19", cutoffs)["shattered"].any()

    def test_the_two_ends_of_one_rearrangement_count_once(self, cutoffs):
        small = [("5", 10**7 * i, "5", 10**7 * i + 1000, "+-") for i in (1, 6, 11, 16)]
        assert breakpoint_clusters(read(*small).frame, "hg19", cutoffs).is_empty()

    def test_crowding_of_one_orientation_is_not_shattered(self, cutoffs):
        (found,) = breakpoint_clusters(read(*tandem()).frame, "hg19", cutoffs).iter_rows(named=True)
        assert (found["shattered"], found["most_frequent"]) == (False, 1.0)

    def test_unknown_orientations_leave_it_open(self, cutoffs):
        blind = [(c, a, d, b, "") for c, a, d, b, _ in shattered()]
        (found,) = breakpoint_clusters(read(*blind).frame, "hg19", cutoffs).iter_rows(named=True)
        assert found["shattered"] is None

    def test_of_many_breakpoints_some_open_and_close_stretches(self, cutoffs, monkeypatch):
        monkeypatch.setattr(clusters_room, "_BOUNDS_MAX", 20)
        scattered = [(str(c), 10**7, str(c + 1), 3 * 10**7, "+-") for c in range(1, 8)]
        rows = read(*scattered, *shattered(count=60)).frame
        (found,) = breakpoint_clusters(rows, "hg19", cutoffs).iter_rows(named=True)
        assert found["rearrangements"] >= 40
        assert 60_000_000 <= found["start"] < found["end"] <= 80_000_000

    def test_ends_at_one_place_are_a_cluster_of_no_length(self, cutoffs):
        rows = [("4", 10**7, str(c), 10**6 * c, "+-") for c in range(5, 12)]
        (found,) = breakpoint_clusters(read(*rows).frame, "hg19", cutoffs).iter_rows(named=True)
        assert (found["start"], found["end"], found["rearrangements"]) == (10**7, 10**7, 7)

    def test_the_same_whatever_the_order_of_rows(self, cutoffs):
        rows = shattered(count=30)
        first = breakpoint_clusters(read(*rows).frame, "hg19", cutoffs)
        assert first.equals(breakpoint_clusters(read(*rows[::-1]).frame, "hg19", cutoffs))

    @pytest.mark.parametrize(
        ("spans", "count"),
        [([], 0), ([(1, 9)], 0), ([(1, 9), (2, 8)], 0), ([(1, 5), (4, 9)], 2),
         ([(1, 5), (4, 9), (6, 7)], 2), ([(1, 4), (4, 9)], 0)],
    )  # fmt: skip
    def test_interleaved_means_overlap_without_one_holding_the_other(self, spans, count):
        assert interleaved(spans) == count

    def test_the_count_of_interleaved_spans_equals_an_obvious_loop(self):
        draw = np.random.default_rng(3)
        for _ in range(50):
            spans = [
                tuple(sorted(draw.choice(60, 2, replace=False).tolist()))
                for _ in range(draw.integers(12))
            ]
            slow = sum(
                any(a < c < b < d or c < a < d < b for c, d in spans) for a, b in spans
            )  # fmt: skip
            assert interleaved(spans) == slow


def oscillating(chromosome="11", first=60_000_000, size=2_000_000, count=10):
    """Segments of one sample that go to and fro between two copies and one."""
    rows = [
        ("T", chromosome, first + i * size, first + (i + 1) * size - 1, 2 - i % 2)
        for i in range(count)
    ]
    rows += [("T", str(c), 1, 30_000_000, 2) for c in range(1, 23) if str(c) != chromosome]
    # What a binned assay shows as its shortest segments.
    rows += [("T", "2", 30_000_001 + i * 200_000, 30_200_000 + i * 200_000, 2) for i in range(4)]
    names = ("sample", "chromosome", "start", "end", "total_cn")
    return pl.DataFrame([[str(x) for x in r] for r in rows], schema=names, orient="row")


@pytest.fixture
def joined(cutoffs):
    """Judge one tumour from its segments and rearrangements; either may be left out."""
    loose = cutoffs.replace(genome__measured_min=0.01)

    def judge(segments=None, rows=None):
        checked = read_segments(segments, "hg19") if segments is not None else no_segments()
        broken = read(*rows) if rows is not None else None
        found = profile_segments(
            checked.frame, "hg19", samples=checked.samples, rearrangements=broken, cutoffs=loose
        )
        return found.samples.row(0, named=True)

    return judge


class TestBothTraces:
    def test_both_in_one_place_are_high_confidence(self, joined):
        row = joined(oscillating(), shattered())
        assert row["oscillation"] == "high_confidence"
        assert (row["chromothripsis"], row["chromothripsis_where"]) == ("high_confidence", "11")
        assert row["chromothripsis_needs"] == ""

    def test_too_few_segments_or_one_orientation_are_low_confidence(self, joined):
        assert joined(oscillating(count=5), shattered())["chromothripsis"] == "low_confidence"
        assert joined(oscillating(), tandem())["chromothripsis"] == "low_confidence"

    def test_unknown_orientations_are_what_would_decide(self, joined):
        blind = [(c, a, d, b, "") for c, a, d, b, _ in shattered()]
        row = joined(oscillating(), blind)
        assert row["chromothripsis"] == "low_confidence"
        assert row["chromothripsis_needs"] == "orientation of the joined ends"

    def test_breakpoints_alone_never_are_more_than_a_cluster(self, joined):
        row = joined(None, shattered())
        assert row["chromothripsis"] == "cluster_of_breakpoints"
        assert row["chromothripsis_needs"] == "copy-number segments of the whole genome"
        assert row["oscillation"] == "undetermined"

    def test_in_different_places_they_do_not_join(self, joined):
        row = joined(oscillating(chromosome="5"), shattered())
        assert row["chromothripsis"] == "cluster_of_breakpoints"

    def test_copy_number_alone_asks_for_rearrangements(self, joined):
        row = joined(oscillating())
        assert row["chromothripsis"] == "oscillation_only"
        assert row["chromothripsis_needs"] == "rearrangements of the whole genome"
        assert row["breakpoint_clusters"] == ""

    def test_nothing_is_said_only_where_both_were_measured(self, joined):
        flat = oscillating().with_columns(total_cn=pl.lit("2"))
        few = [("1", 5, "2", 900, "+-")]
        assert joined(flat, few)["chromothripsis"] == "none"
        assert joined(flat)["chromothripsis"] == "undetermined"
        assert joined(None, few)["chromothripsis"] == "undetermined"
        assert joined(None, few)["breakpoint_clusters"] == "none"
