"""Times to events: each ends with an event or is censored, and names the rule that ended it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from tests_resistance_cases import CHEMO, COMBINATION
from typer.testing import CliRunner

import nenuphar as nn
from nenuphar.cli.main import app
from nenuphar.domain.problems import KnowledgeError, UsageError
from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.timelines.endpoints import TESTS, times_to_event
from nenuphar.pipeline.resistance.files import with_thresholds
from nenuphar.pipeline.timelines.endpoints import censoring_rules, counting

START = dt.date(2020, 1, 1)
KB = load_knowledge()


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def ends(ignored: tuple[str, ...] = (), **dates: int | bool | str) -> dict[str, tuple]:
    """Days, status and reason of every endpoint of a subject who starts on day 0."""
    plain = (bool, str)
    subject = {n: v if isinstance(v, plain) else day(v) for n, v in dates.items()}
    frame = pl.DataFrame([{"subject": "S1", "start": START, **subject}])
    found = times_to_event(frame, censoring_rules(KB, ignored), counting(KB))
    columns = ("endpoint", "days", "status", "reason")
    return {name: tuple(rest) for name, *rest in found.select(columns).iter_rows()}


class TestTheRulesAreRecords:
    """`nenuphar kb search censoring` shows them; each has its order, its reason and a source."""

    def test_every_rule_has_a_test_and_every_result_a_rule(self):
        assert {rule.id for rule in censoring_rules(KB)} == {f"censoring.{name}" for name in TESTS}

    def test_a_record_without_a_test_is_refused(self):
        unknown = KB.with_records([{**KB.raw["censoring.lost"], "id": "censoring.moved_abroad"}])
        with pytest.raises(KnowledgeError, match="moved_abroad"):
            censoring_rules(unknown)

    def test_a_rule_can_be_left_out(self):
        """Regulators differ on whether a new therapy censors."""
        dates = {"pd_date": 100, "assessed_before": 60, "new_therapy": 80, "last_assessment": 100}
        assert ends(**dates)["PFS"] == (60, "censored", "new anti-cancer therapy")
        assert ends(("new_therapy",), **dates)["PFS"] == (100, "event", "progression")

    def test_a_rule_that_does_not_exist_cannot(self):
        with pytest.raises(UsageError, match="missed_visits"):
            censoring_rules(KB, ["missed"])

    def test_a_retired_rule_takes_no_part(self):
        retired = KB.with_records([{**KB.raw["censoring.lost"], "status": "retired"}])
        assert "censoring.lost" not in {rule.id for rule in censoring_rules(retired)}


class TestProgressionFreeSurvival:
    """From the first dose to progression or death, whichever comes first."""

    def test_progression(self):
        assert ends(pd_date=90, last_assessment=120)["PFS"] == (90, "event", "progression")

    def test_progression_that_a_clinician_stated_says_so(self):
        found = ends(pd_date=90, pd_basis="clinician")
        assert found["PFS"] == (90, "event", "progression, clinician-stated")

    def test_death(self):
        assert ends(death_date=50, last_assessment=40)["PFS"] == (50, "event", "death")

    def test_no_event_is_censored_at_the_last_assessment(self):
        found = ends(last_assessment=200)
        assert found["PFS"] == (200, "censored", "end of follow-up")

    def test_contact_without_a_scan_does_not_lengthen_the_time(self):
        found = ends(last_assessment=200, last_contact=300)
        assert found["PFS"] == (200, "censored", "no assessment after this one")

    def test_lost_to_follow_up(self):
        found = ends(last_assessment=200, lost_date=260)
        assert found["PFS"] == (200, "censored", "lost to follow-up")
        assert found["OS"] == (260, "censored", "lost to follow-up")

    def test_no_assessment_after_the_start_is_censored_there(self):
        assert ends(last_assessment=0)["PFS"] == (0, "censored", "no assessment after the start")

    def test_a_new_therapy_before_the_event_censors_at_the_last_assessment_before_it(self):
        found = ends(pd_date=150, assessed_before=90, new_therapy=100, last_assessment=150)
        assert found["PFS"] == (90, "censored", "new anti-cancer therapy")

    def test_a_new_therapy_on_the_day_of_progression_comes_after_it(self):
        found = ends(pd_date=100, new_therapy=100, last_assessment=100)
        assert found["PFS"] == (100, "event", "progression")

    @pytest.mark.parametrize(("gap", "status"), [(118, "event"), (119, "event"), (120, "censored")])
    def test_two_missed_visits_before_the_event(self, gap, status):
        """Two planned intervals of 8 weeks and a week by which a visit may be late: 119 days."""
        found = ends(pd_date=60 + gap, assessed_before=60, last_assessment=60 + gap)
        assert found["PFS"][1] == status
        if status == "censored":
            assert found["PFS"] == (60, "censored", "event after two missed visits")

    def test_what_is_not_known_is_open_and_named(self):
        assert ends()["PFS"] == (None, "undetermined", "missing: last_assessment")
        assert ends()["OS"] == (None, "undetermined", "missing: last_contact")


class TestSurvivalAndResponse:
    """Overall survival, time to response, duration of response, time on treatment."""

    def test_overall_survival_is_censored_at_the_last_contact(self):
        found = ends(last_assessment=200, last_contact=300)
        assert found["OS"] == (300, "censored", "last contact")

    def test_a_response_has_a_time_and_a_duration(self):
        found = ends(response_date=42, pd_date=200, assessed_before=160, last_assessment=200)
        assert found["TTR"] == (42, "event", "response")
        assert found["DOR"] == (158, "event", "progression")

    def test_who_did_not_respond_has_neither(self):
        assert not {"TTR", "DOR"} & ends(pd_date=60).keys()

    def test_a_response_after_progression_has_neither(self):
        assert not {"TTR", "DOR"} & ends(pd_date=60, response_date=90).keys()

    def test_time_on_treatment(self):
        assert ends(last_dose=84)["time_on_treatment"] == (84, "event", "last dose")
        still = ends(last_dose=84, on_treatment=True)["time_on_treatment"]
        assert still == (84, "censored", "still on treatment")
        died = ends(last_dose=84, death_date=84)["time_on_treatment"]
        assert died == (84, "event", "death on treatment")

    def test_without_a_first_dose_no_time_can_be_told(self):
        frame = pl.DataFrame({"subject": ["S1"], "start": [None], "pd_date": [START]})
        frame = frame.with_columns(pl.col("start").cast(pl.Date))
        found = times_to_event(frame, censoring_rules(KB), counting(KB))
        assert set(found["status"]) == {"undetermined"}
        assert set(found["reason"]) == {"missing: start"}

    def test_months_are_calendar_months(self):
        frame = pl.DataFrame(
            {"subject": ["S1"], "start": [dt.date(2020, 8, 31)], "pd_date": [dt.date(2021, 2, 28)]}
        )
        found = times_to_event(frame, censoring_rules(KB), counting(KB))
        assert found["months"].to_list()[0] == 6


class TestClinicalBenefit:
    """A response, or neither progression nor death before a stated time (6 calendar months)."""

    def test_a_response_is_a_benefit_however_short(self):
        found = ends(response_date=42, pd_date=60, assessed_before=42)
        assert found["clinical_benefit"] == (42, "met", "response")

    @pytest.mark.parametrize(("last", "status"), [(181, "not_met"), (182, "met"), (183, "met")])
    def test_progression_at_the_stated_time(self, last, status):
        """1 July is day 182 of 2020: who progresses on it was free of progression before it."""
        found = ends(pd_date=last, assessed_before=120)
        assert found["clinical_benefit"][1] == status

    def test_censored_before_it_leaves_it_open(self):
        status, reason = ends(last_assessment=100)["clinical_benefit"][1:]
        assert (status, reason) == ("undetermined", "missing: an assessment at 6 months or later")


TIMEPOINTS = """subject,date,response,reference_date
A,2020-02-12,PR,2020-01-01
A,2020-03-25,PR,2020-01-01
A,2020-06-10,PD,2020-01-01
B,2020-02-12,SD,2020-01-01
B,2020-03-25,NE,2020-01-01
"""
SUBJECTS = """subject,reference_date,death_date,last_contact
A,,2020-12-01,
B,,,2020-07-01
C,2020-01-01,2020-02-30,
"""


class TestAtTheCommandLine:
    """`nenuphar response --endpoints` and `nenuphar resistance --endpoints`."""

    def run(self, folder: Path, *options: str, criteria: str = "recist1.1", points=TIMEPOINTS):
        (folder / "points.csv").write_text(points)
        (folder / "subjects.csv").write_text(SUBJECTS)
        arguments = [
            *("response", str(folder / "points.csv"), "--criteria", criteria),
            *("--subjects", str(folder / "subjects.csv"), "-o", str(folder / "best.csv")),
            *("--endpoints", str(folder / "times.csv"), *options),
        ]
        done = CliRunner().invoke(app, arguments)
        rows = pl.read_csv(folder / "times.csv").to_dicts()
        return done, {(r["subject"], r["endpoint"]): r for r in rows}

    def test_from_time_points(self, tmp_path):
        done, rows = self.run(tmp_path, "--confirm-days", "28")
        assert (rows["A", "PFS"]["end"], rows["A", "PFS"]["reason"]) == (
            "2020-06-10", "progression",
        )  # fmt: skip
        assert rows["A", "DOR"]["days"] == 119
        assert rows["A", "OS"]["reason"] == "death"
        assert rows["B", "PFS"]["end"] == "2020-02-12", "a scan that is NE assesses nothing"
        assert rows["B", "PFS"]["rule_id"] == "censoring.no_later_assessment"
        assert rows["C", "PFS"]["reason"] == "no assessment after the start"
        assert done.exit_code == 1, "a date of death that does not exist is listed"
        assert "2020-02-30" in (tmp_path / "best.csv.rejected.tsv").read_text()

    def test_an_unconfirmed_response_does_not_count_where_confirmation_is_asked_for(self, tmp_path):
        points = TIMEPOINTS.replace("2020-03-25,PR", "2020-03-25,SD")
        _, rows = self.run(tmp_path, "--confirm-days", "28", points=points)
        assert ("A", "DOR") not in rows
        _, rows = self.run(tmp_path, points=points)
        assert ("A", "DOR") in rows

    def test_under_irecist_progression_is_the_iupd_that_is_confirmed(self, tmp_path):
        points = """subject,date,response,reference_date
A,2020-02-12,iPR,2020-01-01
A,2020-03-25,iUPD,2020-01-01
A,2020-05-06,iSD,2020-01-01
A,2020-06-17,iUPD,2020-01-01
A,2020-07-29,iCPD,2020-01-01
"""
        _, rows = self.run(tmp_path, criteria="irecist", points=points)
        assert rows["A", "iPFS"]["end"] == "2020-06-17"
        assert (rows["A", "iDOR"]["start"], rows["A", "iDOR"]["end"]) == (
            "2020-02-12", "2020-06-17",
        )  # fmt: skip

    def test_the_planned_interval_and_the_time_of_benefit_are_options(self, tmp_path):
        _, rows = self.run(tmp_path, "--visit-interval", "28", "--benefit-months", "1")
        assert rows["A", "PFS"]["reason"] == "event after two missed visits"
        assert rows["B", "clinical_benefit"]["status"] == "met"

    def test_from_timelines(self, tmp_path):
        path = tmp_path / "t.csv"
        row = {"subject": "S1", **CHEMO, "death_date": "2020-12-01"}
        pl.DataFrame([row]).write_csv(path)
        out = tmp_path / "times.csv"
        arguments = ["resistance", str(path), "-o", str(tmp_path / "p.csv"), "--endpoints"]
        assert CliRunner().invoke(app, [*arguments, str(out)]).exit_code == 0
        rows = {row["endpoint"]: row for row in pl.read_csv(out).to_dicts()}
        assert (rows["PFS"]["months"], rows["PFS"]["reason"]) == (6, "progression")
        assert rows["clinical_benefit"]["reason"] == "response"


CASE = """
patient: P1
treatments:
  - id: "1"
    facts:
      line.ici_start: "2020-01-01"
      line.ici_last_dose: "2020-04-01"
      line.best_response: SD
      line.pd_date: "%s"
      line.death_date: "2020-12-01"
"""


class TestAsFacts:
    """Where whole records are assessed, the times are facts that a method yields."""

    def assessed(self, folder: Path, progression: str):
        (folder / "case.yaml").write_text(CASE % progression)
        return nn.assess(nn.read_case(folder / "case.yaml"))

    def test_times_are_facts(self, tmp_path):
        found = self.assessed(tmp_path, "2020-05-01")
        (days,) = found.of("endpoint.pfs_days")
        (why,) = found.of("endpoint.pfs_reason")
        assert (str(days.value), days.rule_id) == ("121 days", "method.times_to_event")
        assert why.value == "progression"

    def test_a_date_known_to_the_month_leaves_them_open(self, tmp_path):
        (days,) = self.assessed(tmp_path, "2020-05").of("endpoint.pfs_days")
        assert days.status == "undetermined"


class TestThresholdsAsOptions:
    """Cut-offs are parameters: `nenuphar resistance --threshold ID=VALUE`."""

    def phenotype(self, folder: Path, *options: str) -> str:
        row = {"subject": "S1", **COMBINATION, "best_response": "SD", "pd_date": "2020-04-10"}
        row |= {"ici_last_dose": "2020-05-05", "pd_confirmed_date": "2020-05-20"}
        row["last_assessment"] = "2020-05-20"
        pl.DataFrame([row]).write_csv(folder / "t.csv")
        arguments = ["resistance", str(folder / "t.csv"), "-o", str(folder / "p.csv"), *options]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        rows = pl.read_csv(folder / "p.csv").to_dicts()
        return next(r["phenotype"] for r in rows if r["definition_set"] == "sclc_es_combination")

    def test_the_cut_off_that_no_source_prints(self, tmp_path):
        assert self.phenotype(tmp_path) == "primary"
        option = "resistance.sclc_es_combination.cutoff=3"
        assert self.phenotype(tmp_path, "--threshold", option) == "acquired"

    def test_a_misspelt_threshold_is_named_with_the_nearest(self):
        with pytest.raises(UsageError, match="did you mean"):
            with_thresholds(KB, {"resistance.cycle_min": 3})
