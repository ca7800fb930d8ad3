"""Groups from H-scores: a rule, read as often as a second reading could differ."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from nenuphar.cli import subtype
from nenuphar.methods.expression.subtypes import classify_stains, load_stains

NONE = float("nan")


def call(panel, *scores):
    return classify_stains(load_stains(panel), ["T"], np.array([scores], dtype=float))[0]


@pytest.mark.parametrize(
    ("scores", "group"),
    [
        ((220, 10, 0), "A"),
        ((180, 160, 5), "AN"),
        ((0, 250, 10), "N"),
        ((0, 0, 280), "P"),
        ((5, 0, 10), "TN"),
    ],
)
def test_sclc_is_called_by_the_leading_stains(scores, group):
    found = call("sclc-ihc", *scores)
    assert (found.call, found.status) == (group, "called")
    assert sum(found.probabilities) == pytest.approx(1)


@pytest.mark.parametrize(
    ("scores", "group"),
    [((280, 120, 0), "A1"), ((250, 0, 220), "A2"), ((0, 0, 200), "B"), ((200, 60, 250), "A1")],
)
def test_lung_net_is_called_by_otp_ascl1_and_hnf1a(scores, group):
    found = call("lung-net-ihc", *scores)
    assert (found.call, found.status) == (group, "called")


def test_scores_at_a_cut_off_are_equivocal():
    found = call("lung-net-ihc", 75, 0, 250)
    assert found.status == "equivocal"
    assert "A2" in found.evidence
    assert "B" in found.evidence


def test_a_lung_net_that_stains_for_nothing_is_left_open():
    found = call("lung-net-ihc", 0, 0, 0)
    assert found.status == "equivocal"
    assert found.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=1e-5)


def test_a_stain_not_done_is_read_over_its_whole_range_and_named():
    assert call("sclc-ihc", NONE, NONE, NONE).status == "abstained"
    assert call("sclc-ihc", 200, NONE, NONE).status == "abstained"
    open_case = call("sclc-ihc", 200, NONE, 0)
    assert open_case.status != "called"
    assert "would be decided by NEUROD1" in open_case.evidence
    settled = call("lung-net-ihc", 250, 120, NONE)
    assert (settled.call, settled.status) == ("A1", "called")


@pytest.fixture(name="run")
def _run():
    app = typer.Typer()
    app.callback()(lambda: None)
    subtype.register(app)
    return lambda *words: CliRunner().invoke(app, ["subtype", *map(str, words)])


def test_stain_columns_are_found_however_they_are_called(run, tmp_path):
    table = tmp_path / "stains.tsv"
    table.write_text(
        "case\tNEUROD1_H_Score\tH-score ASCL1\tPOU2F3\tYAP1_H_Score\tsex\n"
        "1\t10\t220\t0\t30\tF\n2\t250\t0\tNA\t0\tM\n"
    )
    out = tmp_path / "out.csv"
    result = run(table, "--panel", "sclc-ihc", "-o", out)
    assert result.exit_code == 0, result.output
    head, first, second = out.read_text().splitlines()
    assert head.startswith("sample,call,status,probability_A,probability_AN,probability_N,")
    assert first.startswith("1,A,called,")
    assert second.startswith("2,N,")


def test_what_is_no_h_score_is_listed_and_taken_as_not_done(run, tmp_path):
    table = tmp_path / "stains.csv"
    table.write_text("id,OTP,ASCL1,HNF1A\na,250,120,400\nb,250,strong,200\na,0,0,0\n,1,1,1\n")
    out = tmp_path / "out.csv"
    result = run(table, "--panel", "lung-net-ihc", "-o", out)
    assert result.exit_code == 1
    assert result.output.count("Rejected:") == 4
    assert len(out.read_text().splitlines()) == 3


def test_expression_in_place_of_h_scores_is_noticed(run, tmp_path):
    table = tmp_path / "expression.csv"
    table.write_text("id,OTP,ASCL1,HNF1A\na,14.62,3.21,2.05\nb,4.18,1.73,10.49\n")
    out = tmp_path / "out.csv"
    result = run(table, "--panel", "lung-net-ihc", "-o", out)
    assert "not H-scores" in result.output
    assert out.read_text().count("abstained") == 2


def test_a_row_that_cannot_be_read_is_listed_and_a_turned_table_is_refused(run, tmp_path):
    table, out = tmp_path / "stains.csv", tmp_path / "out.csv"
    table.write_text("id;OTP;ASCL1;HNF1A\na;250,5;120;0\nb;250;120;0;9;9\n")
    result = run(table, "--panel", "lung-net-ihc", "-o", out, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [one["line"] for one in report["rejected"]] == [3]
    assert [(one["sample"], one["call"]) for one in report["calls"]] == [("a", "A1")]
    table.write_text("marker,a,b\nOTP,250,0\nASCL1,120,0\nHNF1A,0,200\n")
    turned = run(table, "--panel", "lung-net-ihc", "-o", out)
    assert (turned.exit_code, "samples go in rows" in turned.output) == (3, True)


def test_a_table_without_the_stains_is_refused(run, tmp_path):
    table = tmp_path / "other.csv"
    table.write_text("id,age\na,50\n")
    result = run(table, "--panel", "sclc-ihc", "-o", tmp_path / "out.csv")
    assert (result.exit_code, "ASCL1" in result.output) == (3, True)
