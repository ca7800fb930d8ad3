"""The commands around matching, from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app

CASE = """
patient: P1
tumour.site: lung
disease.extent: metastatic
pathology.morphology: large_cell
pathology.mitoses: "25"
pathology.ki67: "80"
ihc: {mhc_i: lost}
treatments:
  - id: "1"
    facts: {treatment.regimen: carboplatin + etoposide, treatment.progressed: "yes"}
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(CASE, "utf-8")
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_a_case_is_matched_to_one_trial_with_reasons(case: Path) -> None:
    text = run("trials", "match", case, "--trial", "NIPINEC")
    assert "met" in text
    assert "(asked: Lung)" in text
    assert "not suitability" in text


def test_a_case_is_matched_to_all_trials_as_json(case: Path) -> None:
    data = json.loads(run("trials", "match", case, "--json"))
    found = {trial["nct_id"]: trial for trial in data["trials"] if trial["nct_id"]}
    assert found["NCT03591731"]["eligibility"] == "met"
    assert found["NCT02939651"]["eligibility"] == "not_met"
    assert found["NCT02939651"]["status_as_of"] == "2021"
    assert all(0 <= trial["completeness"] <= 1 for trial in data["trials"])


def test_a_cohort_is_matched_and_written(case: Path, tmp_path: Path) -> None:
    second = CASE.replace("P1", "P2").replace("tumour.site: lung\n", "")
    (tmp_path / "second.yaml").write_text(second, "utf-8")
    out = tmp_path / "out" / "pairs.parquet"
    out.parent.mkdir()
    text = run("trials", "match", tmp_path, "--trial", "NIPINEC", "--out", out)
    assert "Met by: P1" in text
    pairs = pl.read_parquet(out)
    found = dict(pairs.select("patient_id", pl.col("eligibility").cast(pl.String)).iter_rows())
    assert found == {"P1": "met", "P2": "undetermined"}
    assert list(out.parent.iterdir()) == [out]


def test_trials_are_listed_and_shown() -> None:
    assert "1 trials" in run("trials", "list", "NCT02939651")
    assert "Ki-67 > 20 %" in run("trials", "show", "NCT02939651")


def test_an_unknown_trial_is_refused_with_the_nearest_name() -> None:
    result = CliRunner().invoke(app, ["trials", "show", "NIPINEK"])
    assert result.exit_code != 0
    assert "nipinec" in str(result.exception)


def test_treatments_are_matched(case: Path) -> None:
    data = json.loads(run("therapies", "match", case, "--json"))
    belongs = {t["therapy"]: t["population_match"] for t in data["therapies"]}
    assert belongs["therapy.table_3.sunitinib.fernandez_cuesta_2025"] == "not_met"
    assert "would decide: " in run("therapies", "match", case)
    assert "Belzutifan" in run("therapies", "list", "belzutifan").title()


def test_mechanisms_are_listed_and_drawn(case: Path, tmp_path: Path) -> None:
    figure = tmp_path / "map.svg"
    assert "antigen presentation" in run("mechanisms", case, "--figure", figure)
    first = figure.read_bytes()
    run("mechanisms", case, "--figure", figure)
    assert first == figure.read_bytes()
    data = json.loads(run("mechanisms", case, "--json"))
    shown = {m["mechanism"]: m["evidence"] for m in data["mechanisms"]}
    assert shown["mechanism.mhc_i_loss.nie_2024"] == "support"


def test_the_question_on_g3_net_is_answered(tmp_path: Path) -> None:
    figure = tmp_path / "g3.svg"
    data = json.loads(run("trials", "g3-net", "--patients", 20, "--figure", figure, "--json"))
    answers = {answer["nct_id"]: answer for answer in data if answer["nct_id"]}
    assert answers["NCT02923934"]["enrols_g3_net_by_criteria"] == "yes"
    assert figure.read_text("utf-8").startswith("<svg")


def test_matching_one_case_loads_no_tables(case: Path) -> None:
    code = (
        "import sys; from nenuphar.cli.main import app; "
        f"app(['trials', 'match', {str(case)!r}, '--json'], standalone_mode=False); "
        "assert 'polars' not in sys.modules and 'altair' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
