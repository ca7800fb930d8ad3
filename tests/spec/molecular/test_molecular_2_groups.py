"""The molecular group of a case: on record, from stains, from expression."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nenuphar.io.case_file import read_case
from nenuphar.methods.expression.subtypes import classify_stains, load_stains
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.job import run_job

LUNG = "patient: P1\ntumour.site: lung\n"


def told(folder: Path, text: str) -> Assessment:
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return assess(read_case(folder / "case.yaml"))


def group(assessment: Assessment) -> tuple[str | None, str]:
    (found,) = assessment.of("molecular.group")
    return found.value, found.status


def test_a_group_on_record_stands_in_its_scheme(tmp_path):
    assert group(told(tmp_path, LUNG + "molecular.lung_net: A1\n")) == ("lung_net=A1", "met")


def test_groups_of_several_schemes_stand_beside_each_other(tmp_path):
    text = LUNG + "molecular.lung_net: B\nmolecular.lung_nen: lcnec_1\n"
    assert group(told(tmp_path, text)) == ("lung_nen=lcnec_1;lung_net=B", "met")


def test_without_a_call_the_group_names_what_would_decide_it_in_this_organ(tmp_path):
    (found,) = told(tmp_path, "patient: P1\ntumour.site: pancreas\npathology.ki67: 4\n").of(
        "molecular.group"
    )
    assert (found.value, found.status) == (None, "undetermined")
    assert found.missing == ("molecular.calls.pannet",)


def test_without_an_organ_a_group_is_provisional(tmp_path):
    (found,) = told(tmp_path, "patient: P1\nmolecular.lung_net: A1\n").of("molecular.group")
    assert (found.status, found.missing) == ("provisional", ("tumour.site",))


@pytest.mark.parametrize(
    ("stains", "expected"),
    [
        ("{ascl1: {h_score: 250}, neurod1: {h_score: 0}, pou2f3: {h_score: 0}}", "sclc_ihc=A"),
        ("{ascl1: {h_score: 0}, neurod1: {h_score: 0}, pou2f3: {h_score: 280}}", "sclc_ihc=P"),
        ("{otp: {h_score: 280}, ascl1: {h_score: 0}, hnf1a: {h_score: 200}}", "lung_net_ihc=A2"),
    ],
)
def test_h_scores_give_the_group_of_their_scheme(tmp_path, stains, expected):
    morphology = "small_cell" if expected.startswith("sclc") else "carcinoid"
    text = LUNG + f"pathology.morphology: {morphology}\nihc: {stains}\n"
    assert group(told(tmp_path, text)) == (expected, "met")


SCLC = LUNG + "pathology.morphology: small_cell\n"
STAINED = "ihc: {ascl1: {h_score: 100}, neurod1: {h_score: 30}, pou2f3: {h_score: 0}}\n"


def panel_says() -> float:
    """Probability of the group that the panel calls in `STAINED`."""
    (call,) = classify_stains(load_stains("sclc-ihc"), ["1"], np.array([[100.0, 30.0, 0.0]]))
    assert call.status == "called"
    return max(call.probabilities)


def test_a_group_that_a_panel_called_has_the_probability_of_the_panel(tmp_path):
    assessment = told(tmp_path, SCLC + STAINED)
    for fact in ("molecular.calls.sclc_ihc", "molecular.group.sclc_ihc", "molecular.group"):
        (found,) = assessment.of(fact)
        assert found.probability == pytest.approx(panel_says(), abs=1e-4)
    assert 0 < panel_says() < 1
    assert not assessment.of("molecular.probability.sclc_ihc")  # told once, beside the group


@pytest.mark.parametrize(
    "record",
    [
        "molecular.sclc_ihc: A\n",  # no panel was asked
        "molecular.sclc_ihc: P\n" + STAINED,  # the panel says otherwise
        "molecular.sclc: A\n" + STAINED,  # two schemes stand beside each other
        "ihc: {ascl1: {h_score: 47}, neurod1: {h_score: 0}, pou2f3: {h_score: 0}}\n",  # not called
    ],
)
def test_a_group_that_no_panel_or_not_only_a_panel_gives_has_no_probability(tmp_path, record):
    (found,) = told(tmp_path, SCLC + record).of("molecular.group")
    assert found.probability is None


def test_the_table_of_a_cohort_and_the_json_of_a_case_hold_the_probability(tmp_path):
    (tmp_path / "case.yaml").write_text(SCLC + STAINED, encoding="utf-8")
    run_job(tmp_path / "case.yaml", tmp_path / "out")
    table = pl.read_csv(tmp_path / "out" / "conclusions.tsv", separator="\t")
    (row,) = table.filter(fact="molecular.group").to_dicts()
    assert row["probability"] == pytest.approx(panel_says(), abs=1e-4)
    assert table.filter(fact="tumour.entity")["probability"].to_list() == [None]
    page = tmp_path / "out" / "cases" / "P1.json"
    concluded = json.loads(page.read_text("utf-8"))["conclusions"]
    (said,) = [one for one in concluded if one["fact"] == "molecular.group"]
    assert said["probability"] == row["probability"]


def test_stains_and_record_that_differ_are_a_conflict(tmp_path):
    text = LUNG + (
        "pathology.morphology: small_cell\nmolecular.sclc_ihc: P\n"
        "ihc: {ascl1: {h_score: 250}, neurod1: {h_score: 0}, pou2f3: {h_score: 0}}\n"
    )
    (found,) = told(tmp_path, text).of("molecular.group")
    assert found.status == "conflict"
    assert found.alternatives == ("sclc_ihc=A", "sclc_ihc=P")


def test_stains_of_small_cell_carcinoma_are_not_read_in_a_carcinoid(tmp_path):
    stains = "ihc: {ascl1: {h_score: 250}, neurod1: {h_score: 0}, pou2f3: {h_score: 0}}\n"
    text = LUNG + "pathology.morphology: carcinoid\n" + stains
    assert group(told(tmp_path, text))[0] is None


@pytest.fixture
def expression(tmp_path) -> str:
    """A made tumour that looks like the mean of carcinoid group B, written beside the case."""
    path = files("nenuphar.methods.expression.subtypes").joinpath("models/lung-nen.json")
    model = json.loads(path.read_text("utf-8"))
    profile = model["profiles"][model["groups"].index("B")]
    mean = model["mean"]
    typical = [m + p for m, p in zip(mean, profile, strict=True)]
    if max(profile) > 0.9:
        typical = profile
    lines = ["gene,T"] + [f"{g},{10 * v:.4f}" for g, v in zip(model["genes"], typical, strict=True)]
    (tmp_path / "rna.csv").write_text("\n".join(lines), encoding="utf-8")
    return "assays: [{id: rna, type: rna, file: rna.csv}]\n"


def test_attached_expression_is_put_on_the_lung_map(tmp_path, expression):
    found = told(tmp_path, LUNG + "pathology.morphology: carcinoid\n" + expression)
    (evidence,) = found.of("molecular.evidence")
    assert "lung_nen: B" in (evidence.value or "")
    assert group(found) == ("lung_nen=B", "met")
    (called,) = found.of("molecular.group")
    assert called.probability is not None
    assert f"lung_nen: B {called.probability:.2f}" in (evidence.value or "")


def test_a_carcinoid_with_the_profile_of_a_carcinoma_is_a_supra_carcinoid(tmp_path):
    text = LUNG + "pathology.morphology: carcinoid\nmolecular.lung_nen: lcnec_1\n"
    (found,) = told(tmp_path, text).of("tumour.integrated")
    assert found.value == "supra_carcinoid"


def test_small_cell_carcinoma_with_both_genes_kept_and_a_shattered_genome(tmp_path):
    text = LUNG + (
        "pathology.morphology: small_cell\npathology.mitoses: 60/2mm2\n"
        "genome.chromothripsis: yes\n"
        "assays: [{id: p, type: panel, genes: [RB1, TP53]}]\n"
    )
    (found,) = told(tmp_path, text).of("tumour.integrated")
    assert (found.value, found.status) == ("carcinoid_derived_sclc", "provisional")
    assert {"ihc.rb1", "ihc.p53"} <= set(found.missing)
    without = text.replace("assays: [{id: p, type: panel, genes: [RB1, TP53]}]\n", "")
    assert not told(tmp_path, without).of("tumour.integrated")


def test_a_cohort_keeps_what_both_expression_and_stains_say_as_a_case_does(tmp_path, expression):
    stains = "ihc: {otp: {h_score: 280}, ascl1: {h_score: 0}, hnf1a: {h_score: 200}}\n"
    text = LUNG + "pathology.morphology: carcinoid\n" + expression + stains
    (alone,) = told(tmp_path, text).of("molecular.evidence")
    assert "lung_nen: B" in (alone.value or "")
    assert "lung_net_ihc: A2" in (alone.value or "")
    run_job(tmp_path / "case.yaml", tmp_path / "out", reports="none")
    table = pl.read_parquet(tmp_path / "out" / "conclusions.parquet")
    assert table.filter(fact="molecular.evidence")["value"].to_list() == [alone.value]
