"""From scans and doses to a phenotype: lesions, responses, course of the line, definition sets."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import nenuphar as nn
from nenuphar.cli.main import app
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.cohort import conclude

LESIONS = """subject,date,lesion,role,diameter_mm
S,2020-01-01,T1,target,50
S,2020-02-20,T1,target,30
S,2020-04-01,T1,target,28
S,2020-08-10,T1,target,40
S,2020-09-20,T1,target,48
"""
DOSES = "subject,regimen_class,setting,ici_start,ici_last_dose,cycles,rapid_progression\n"
DOSES += "S,ici_mono,advanced,2020-01-02,2020-08-01,10,no\n"


def run(*arguments: object) -> int:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code in (0, 1), done.output
    return done.exit_code


def phenotypes(folder: Path, criteria: str = "recist1.1", doses: str = DOSES) -> dict[str, dict]:
    (folder / "lesions.csv").write_text(LESIONS)
    (folder / "doses.csv").write_text(doses)
    points = folder / "points.csv"
    run("lesions", folder / "lesions.csv", "--criteria", criteria, "-o", points)
    run("resistance", folder / "doses.csv", "--responses", points, "-o", folder / "out.csv")
    rows = pl.read_csv(folder / "out.csv", infer_schema=False).to_dicts()
    return {row["definition_set"]: row for row in rows}


class TestTheWholeChain:
    """`nenuphar lesions`, then `nenuphar resistance --responses`."""

    @pytest.mark.parametrize("criteria", ["recist1.1", "irecist"])
    def test_a_confirmed_response_that_ends_is_acquired_resistance(self, tmp_path, criteria):
        row = phenotypes(tmp_path, criteria)["sitc_mono_kluger"]
        assert (row["phenotype"], row["reason"]) == ("acquired", "after_confirmed_response")
        assert (row["pd_date"], row["pd_basis"]) == ("2020-08-10", criteria)
        assert row["days_to_confirmation"] == "41"

    def test_what_the_record_states_stands(self, tmp_path):
        """Progression that the record states is not replaced by that of the scans."""
        head, row = DOSES.strip().split("\n")
        stated = f"{head},pd_date,pd_confirmed_date,last_assessment\n"
        stated += f"{row},2020-05-01,2020-06-01,2020-06-01\n"
        found = phenotypes(tmp_path, doses=stated)["sitc_mono"]
        assert (found["pd_date"], found["pd_basis"]) == ("2020-05-01", None)
        assert found["phenotype"] == "acquired", "best response is still that of the scans"

    def test_scans_before_the_first_dose_are_left_out(self, tmp_path):
        late = DOSES.replace("2020-01-02", "2020-07-01")
        row = phenotypes(tmp_path, doses=late)["sitc_mono"]
        assert (row["phenotype"], row["reason"]) == ("primary", "best_response_pd")

    def test_scans_that_several_assessors_read_are_not_used_and_listed(self, tmp_path):
        points = "subject,assessor,date,response\nS,1,2020-02-20,PD\nS,2,2020-02-20,SD\n"
        (tmp_path / "doses.csv").write_text(DOSES)
        (tmp_path / "points.csv").write_text(points)
        out = tmp_path / "out.csv"
        run("resistance", tmp_path / "doses.csv", "--responses", tmp_path / "points.csv", "-o", out)
        assert "several assessors" in (tmp_path / "out.rejected.tsv").read_text()
        assert set(pl.read_csv(out)["status"]) == {"undetermined"}

    def test_a_table_that_holds_no_responses_is_wrong_usage(self, tmp_path):
        (tmp_path / "doses.csv").write_text(DOSES)
        arguments = ["resistance", tmp_path / "doses.csv", "-o", tmp_path / "out.csv"]
        arguments += ["--responses", tmp_path / "doses.csv"]
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert done.exit_code != 0


CASE = """
patient: P1
treatments:
  - id: "1"
    facts:
      line.regimen_class: ici_mono
      line.setting: advanced
      line.disease: sclc
      line.ici_start: "2020-01-01"
      line.ici_last_dose: "2020-08-01"
      line.cycles: "10"
      line.rapid_progression: "no"
%s
time_points:
  - {id: "1", date: "2020-02-20", facts: {response.overall: PR}}
  - {id: "2", date: "2020-04-01", facts: {response.overall: PR}}
  - {id: "3", date: "2020-08-10", facts: {response.overall: PD}}
  - {id: "4", date: "2020-09-20", facts: {response.overall: PD}}
"""
SECOND = '  - {id: "2", facts: {line.regimen_class: ici_mono, line.ici_start: "2020-10-01"}}'
FACTS = ("resistance.sitc_mono_kluger", "endpoint.dor_days", "endpoint.pfs_reason")


def concluded(folder: Path, more: str = "") -> dict[str, object]:
    """Conclusions about the first line, the same for one case and for a cohort."""
    (folder / "case.yaml").write_text(CASE % more)
    case = nn.read_case(folder / "case.yaml")
    kb = load_knowledge()
    table = conclude(frames_of([rows_of_case(case)], kb), kb)
    found = {}
    for fact in FACTS:
        one = nn.assess(case).of(fact)[0]
        row = table.filter(pl.col("fact") == fact).row(0, named=True)
        assert row["status"] == one.status, fact
        found[fact] = one.value
    return found


class TestInWholeRecords:
    """Where scans and doses stand in one record, `assess` joins them."""

    def test_scans_fill_in_the_course_of_the_line(self, tmp_path):
        found = concluded(tmp_path)
        assert found["resistance.sitc_mono_kluger"] == "acquired"
        assert found["endpoint.pfs_reason"] == "event after two missed visits"

    def test_with_several_lines_nobody_knows_which_one_the_scans_are_of(self, tmp_path):
        assert concluded(tmp_path, SECOND)["resistance.sitc_mono_kluger"] is None
