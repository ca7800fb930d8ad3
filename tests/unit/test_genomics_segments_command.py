"""`nenuphar segments`: exit codes, rejected rows beside the result, JSON, bytes."""

from __future__ import annotations

import json
from itertools import pairwise

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from nenuphar.cli import segments
from nenuphar.methods.genomics.thresholds import shipped_cutoffs
from nenuphar.terminology.genome import GENOMES, arms, loci

pytestmark = pytest.mark.skipif(
    not shipped_cutoffs().values,
    reason="the compiled knowledge lacks the thresholds; run `make kb`",
)

SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\n"
GOOD = "T\t1\t1\t249000000\t10\t0.0\nT\t18\t1\t78000000\t10\t-0.9\n"


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.callback()(lambda: None)
    segments.register(app)

    def call(text, *options, name="in.seg"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["segments", str(tmp_path / name), *options])

    return call


def test_one_row_per_sample(run, tmp_path):
    out = tmp_path / "out.csv"
    done = run(SEG + GOOD, "--genome", "hg19", "-o", str(out))
    assert done.exit_code == 0, done.output
    row = pl.read_csv(out).row(0, named=True)
    assert (row["sample"], row["chr18_loss"], row["arm_18q"]) == ("T", "yes", "loss")
    assert row["sinet_group"] == "undetermined"
    assert not (tmp_path / "out.csv.rejected.tsv").exists()
    first = out.read_bytes()
    run(SEG + GOOD, "--genome", "hg19", "-o", str(out))
    assert out.read_bytes() == first


def test_rejected_rows_are_listed_and_counted(run, tmp_path):
    out = tmp_path / "out.csv"
    bad = "T\tMT\t1\t100\t1\t0.1\nU\t2\t1\tx\t1\t0.1\n"
    done = run(SEG + GOOD + bad, "--genome", "hg19", "-o", str(out))
    assert done.exit_code == 1
    assert "read 4 = accepted 2 + rejected 2" in done.output
    listed = pl.read_csv(tmp_path / "out.csv.rejected.tsv", separator="\t")
    assert listed["line"].to_list() == [4, 5]
    # A sample without any accepted row is still a row.
    assert pl.read_csv(out)["chr18_loss"].to_list() == ["yes", "undetermined"]


def test_the_wrong_build_and_missing_columns_are_unreadable_input(run, tmp_path):
    out = str(tmp_path / "out.csv")
    long = "T\t1\t1\t249200000\t10\t0.0\nT\t2\t1\t9\t10\t-0.2\n"
    done = run(SEG + long, "--genome", "hg38", "-o", out)
    assert done.exit_code == 3
    assert "--genome hg19" in done.output
    assert run("a,b\n1,2\n", "--genome", "hg19", "-o", out, name="x.csv").exit_code == 3
    assert run(SEG + GOOD, "--genome", "hg18", "-o", out).exit_code == 2
    assert run(SEG + GOOD, "--genome", "hg19").exit_code == 2


def test_json_arms_and_mapping(run, tmp_path):
    text = "tumour;chromosome;start;end;n\nT;18;1;78000000;1\nT;1;1;249000000;2\n"
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {sample: tumour, total_cn: n}\n", encoding="utf-8")
    arm_table = tmp_path / "arms.csv"
    options = ("--genome", "hg19", "--mapping", str(mapping), "--arms", str(arm_table), "--json")
    done = run(text, *options, name="x.csv")
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    assert (body["read"], body["rejected"]) == (2, 0)
    assert body["results"][0]["chr18_loss"] == "yes"
    lost = pl.read_csv(arm_table).filter(region="18q").row(0, named=True)
    assert (lost["state"], lost["lost"]) == ("loss", 1.0)
    mapping.write_text("- no mapping\n", encoding="utf-8")
    assert run(text, *options, name="x.csv").exit_code != 0


def test_arms_do_not_overlap_and_genes_lie_on_their_chromosomes():
    for genome in GENOMES:
        table = arms(genome)
        assert len(table) == 43
        for first, second in pairwise(table):
            if first.chromosome == second.chromosome:
                assert first.end < second.start
        ends = {arm.chromosome: arm.length for arm in table}
        for locus in loci(genome).values():
            assert 0 < locus.start < locus.end <= ends[locus.chromosome]


@pytest.mark.parametrize(
    ("gene", "arm"), [("MEN1", "11q"), ("CDKN1B", "12p"), ("DAXX", "6p"), ("CDKN2A", "9p"),
                      ("MYCL", "1p"), ("MYC", "8q"), ("B2M", "15q"), ("FGFR1", "8p")],
)  # fmt: skip
def test_genes_lie_on_the_arms_that_the_field_names(gene, arm):
    for genome in GENOMES:
        locus = loci(genome)[gene]
        found = [
            a.name
            for a in arms(genome)
            if a.chromosome == locus.chromosome and a.start <= locus.start and locus.end <= a.end
        ]
        assert found == [arm]


SV = "sample\tchrom1\tstart1\tchrom2\tstart2\tstrands\n"


def test_rearrangements_alone_and_beside_segments(run, tmp_path):
    crowd = "".join(
        f"T\t11\t{60_000_000 + 400_000 * i}\t11\t{60_000_000 + 300_000 * (i + 5)}\t{strands}\n"
        for i, strands in enumerate(("+-", "-+", "++", "--") * 3)
    )
    sv = tmp_path / "sv.tsv"
    sv.write_text(SV + crowd + "U\t1\t5\t\t\t+-\n", encoding="utf-8")
    app = typer.Typer()
    app.callback()(lambda: None)
    segments.register(app)
    out, clusters = tmp_path / "out.csv", tmp_path / "clusters.csv"
    options = ("--rearrangements", str(sv), "--genome", "hg19", "-o", str(out))
    done = CliRunner().invoke(app, ["segments", *options, "--clusters", str(clusters)])
    assert done.exit_code == 1, done.output
    assert "read 13 = accepted 12 + rejected 1" in done.output
    table = pl.read_csv(out)
    assert table["sample"].to_list() == ["T", "U"]
    assert table["chromothripsis"].to_list() == ["cluster_of_breakpoints", "undetermined"]
    assert pl.read_csv(clusters)["chromosome"].to_list() == [11]
    both = run(SEG + GOOD, *options)
    assert "read 15 = accepted 14 + rejected 1" in both.output
    assert pl.read_csv(out)["chr18_loss"].to_list() == ["yes", "undetermined"]
    listed = pl.read_csv(tmp_path / "out.csv.rejected.tsv", separator="\t")
    assert listed["file"].to_list() == ["sv.tsv"]


def test_neither_segments_nor_rearrangements_is_wrong_usage(tmp_path):
    app = typer.Typer()
    app.callback()(lambda: None)
    segments.register(app)
    done = CliRunner().invoke(app, ["segments", "--genome", "hg19", "-o", str(tmp_path / "o.csv")])
    assert done.exit_code == 2
    assert "--rearrangements" in done.output
