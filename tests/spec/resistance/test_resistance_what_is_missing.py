"""What is not on record: censoring, early deaths, partial dates, contradictions, missing data."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests_resistance_cases import CHEMO, COMBINATION, MONO
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.pipeline.resistance.definition_sets import SETS
from nenuphar.pipeline.resistance.reading import read_timelines
from nenuphar.pipeline.resistance.sensitivity import sensitivity
from nenuphar.pipeline.resistance.side_by_side import phenotype_counts, side_by_side

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"

NO_PD = {"pd_date": "", "pd_confirmed_date": ""}


class TestWithoutProgression:
    """An event without a date has not happened only where a last assessment is on record."""

    def test_no_progression_up_to_the_last_assessment(self, classify):
        row = classify("sitc_mono", MONO, best_response="SD", **NO_PD)
        assert (row["phenotype"], row["reason"]) == ("none_seen", "no_progression")

    def test_without_a_last_assessment_nobody_knows(self, classify):
        row = classify("sitc_mono", MONO, best_response="SD", last_assessment="", **NO_PD)
        assert row["phenotype"] == ""
        assert {"pd_date", "last_assessment"} <= set(row["missing"].split(";"))

    @pytest.mark.parametrize(
        ("death", "phenotype"),
        [("2020-03-24", "not_evaluable"), ("2020-03-25", "not_evaluable"), ("2020-03-26", "")],
    )
    def test_an_early_death_without_a_scan_is_listed_apart(self, classify, death, phenotype):
        blank = {"best_response": "NE", "last_assessment": "", "death_date": death}
        row = classify("sitc_mono", MONO, **blank, **NO_PD)
        assert row["phenotype"] == phenotype
        if phenotype:
            assert row["reason"] == "early_death_without_scan"

    def test_a_death_after_scans_is_no_resistance(self, classify):
        row = classify("sitc_mono", MONO, best_response="SD", death_date="2020-05-01", **NO_PD)
        assert (row["phenotype"], row["reason"]) == ("none_seen", "death_without_progression")


class TestMissing:
    """Missing is not no: the phenotype stays open and names what would decide."""

    def test_a_missing_last_dose(self, classify):
        late = {"pd_date": "2020-05-20", "pd_confirmed_date": "2020-07-01"}
        row = classify("sitc_mono", MONO, ici_last_dose="", last_assessment="2020-07-01", **late)
        assert row["reason"] == "missing:ici_last_dose"
        assert row["could_be"] == "not_evaluable;primary"
        assert row["exposure_days"] == "0-140"

    def test_progression_within_12_weeks_of_the_first_dose_needs_no_last_dose(self, classify):
        row = classify("sitc_mono", MONO, ici_last_dose="")
        assert row["phenotype"] == "primary"

    def test_a_date_known_to_the_month(self, classify):
        changes = {"best_response": "SD", "ici_last_dose": "2020-06-01", "pd_date": "2020-07"}
        scan = {"pd_confirmed_date": "2020-09-01", "last_assessment": "2020-09-01"}
        row = classify("sclc_es_mono_figure1", MONO, **changes, **scan)
        assert row["phenotype"] == "acquired"
        row = classify("sitc_mono_kluger", MONO, **changes, **scan)
        assert (row["phenotype"], row["pd_date"], row["pd_months"]) == ("", "2020-07", "6-6.96")
        assert row["missing"] == "ici_last_dose;pd_date" or "pd_date" in row["missing"]

    def test_an_unknown_regimen_leaves_every_set_open_that_could_apply(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("subject,setting,ici_start,last_assessment\n1,advanced,2020,2021\n")
        table = side_by_side(read_timelines(path).lines)
        assert set(table["missing"].to_list()) == {"regimen_class"}
        assert table["definition_set"].to_list() == [
            name for name in SETS if name not in ("sitc_adjuvant", "sclc_ls_consolidation")
        ]


class TestBadInput:
    """What cannot be true is listed with record and fix; counts reconcile."""

    def write(self, path: Path, *subjects: dict[str, str]) -> Path:
        rows = [{"subject": f"S{i}", **s} for i, s in enumerate(subjects)]
        pl.DataFrame(rows).write_csv(path)
        return path

    def test_dates_the_wrong_way_round(self, tmp_path):
        wrong = MONO | {"pd_date": "2019-12-31"}
        read = read_timelines(self.write(tmp_path / "t.csv", MONO, wrong))
        assert (read.read, read.rejected, read.lines.height) == (2, 1, 1)
        (problem,) = [p for p in read.problems if p.rejected]
        assert (problem.line, problem.record, problem.column) == (3, "S1", "pd_date")
        assert "before the first dose" in problem.reason
        assert "ici_start" in problem.fix

    def test_a_progression_after_the_last_assessment_was_an_assessment(self, tmp_path):
        late = MONO | {"last_assessment": "2020-02-01"}
        read = read_timelines(self.write(tmp_path / "t.csv", late))
        assert (read.rejected, read.lines.height) == (0, 1)
        assert any("the later date counts" in problem.reason for problem in read.problems)

    def test_two_rows_of_one_subject_that_differ_are_both_rejected(self, tmp_path):
        path = self.write(tmp_path / "t.csv", MONO, MONO)
        path.write_text(path.read_text().replace("S1", "S0").replace("PD", "SD", 1))
        read = read_timelines(path)
        assert (read.read, read.rejected, read.lines.height) == (2, 2, 0)
        assert side_by_side(read.lines).height == 0

    def test_the_command_says_so_and_lists_them(self, tmp_path):
        wrong = MONO | {"best_response": "very good", "cycles": "-3"}
        source = self.write(tmp_path / "t.csv", MONO, wrong, CHEMO | {"death_date": "2020-01-02"})
        out = tmp_path / "out.csv"
        done = CliRunner().invoke(app, ["resistance", str(source), "-o", str(out), "--json"])
        assert done.exit_code == 1, done.output
        counts = json.loads(done.stdout)
        assert (counts["read"], counts["accepted"], counts["rejected"]) == (3, 2, 1)
        listed = pl.read_csv(tmp_path / "out.rejected.tsv", separator="\t", infer_schema=False)
        assert {"best_response", "cycles", "death_date"} <= set(listed["column"].to_list())
        table = pl.read_csv(out, infer_schema=False)
        assert table.columns[:6] == [
            "subject",
            "definition_set",
            "phenotype",
            "reason",
            "pd_date",
            "exposure_days",
        ]
        assert table.filter(pl.col("subject") == "S0").height == 4

    def test_the_same_input_gives_the_same_bytes(self, tmp_path):
        source = self.write(tmp_path / "t.csv", MONO, COMBINATION | {"best_response": "SD"})
        written = []
        for name in ("a.csv", "b.csv"):
            done = CliRunner().invoke(app, ["resistance", str(source), "-o", str(tmp_path / name)])
            assert done.exit_code == 0, done.output
            written.append((tmp_path / name).read_bytes())
        assert written[0] == written[1]


class TestSensitivity:
    """Every count over cut-offs of 3 to 6 months and 6 to 12 weeks."""

    def test_the_grid_moves_the_cutoffs(self, tmp_path):
        pd_date, scan = "2020-05-10", "2020-06-20"
        subject = MONO | {"best_response": "SD", "ici_last_dose": "2020-03-25"}
        subject |= {"pd_date": pd_date, "pd_confirmed_date": scan, "last_assessment": scan}
        path = tmp_path / "t.csv"
        pl.DataFrame([{"subject": "S", **subject}]).write_csv(path)
        grid = sensitivity(read_timelines(path).lines)
        mono = grid.filter(pl.col("definition_set") == "sitc_mono")
        assert mono.height == 4 * 7
        found = {(m, w): p for m, w, p in mono.select("cutoff_months", "weeks", "phenotype").rows()}
        # 46 days since the last dose; 4 months and 9 days since the first.
        assert found[4, 6] == "not_evaluable"
        assert found[4, 7] == "acquired"
        assert found[5, 7] == "primary"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
class TestRealCohorts:
    """Cohorts with times but without doses: what they cannot tell is open, and named."""

    def test_melanoma_under_nivolumab(self):
        path = SHARED / "ici_riaz2017" / "data_bms038_clinical_data.csv"
        read = read_timelines(path, "ici-riaz2017")
        assert (read.read, read.rejected) == (73, 0)
        table = side_by_side(read.lines)
        assert set(table["definition_set"]) == {"sitc_mono", "sitc_mono_kluger"}
        counts = {(s, p): n for s, p, n, _ in phenotype_counts(table).iter_rows()}
        assert counts["sitc_mono", "none_seen"] == 16
        assert counts["sitc_mono", "not_evaluable"] == 3
        assert counts["sitc_mono", "undetermined"] == 54
        opened = table.filter(pl.col("phenotype") == "")
        assert opened["missing"].str.contains("pd_confirmed_date").all()

    def test_small_cell_lung_cancer_treated_with_a_checkpoint_inhibitor(self):
        read = read_timelines(SHARED / "sclc_smc" / "patients.csv", "sclc-smc")
        assert (read.read, read.rejected) == (65, 0)
        table = side_by_side(read.lines)
        chemo = table.filter(pl.col("definition_set") == "sclc_es_chemo_ici")
        assert chemo.height == 65
        assert chemo.filter(pl.col("phenotype") == "none_seen").height == 3
        # A regimen after the first line is not stated: every set of the setting stays possible.
        assert table.filter(pl.col("definition_set") == "sitc_mono").height == 30
        opened = chemo.filter(pl.col("phenotype") == "")
        assert opened["missing"].str.contains("chemo_end|regimen_class").all()
