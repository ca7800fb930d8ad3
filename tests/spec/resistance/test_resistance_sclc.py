"""The definitions adapted to small cell lung cancer (Nie 2024)."""

from __future__ import annotations

import datetime as dt

import pytest
from tests_resistance_cases import ADJUVANT, CHEMO, COMBINATION, MONO

import nenuphar as nn
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.evidence.consolidation_section import consolidation_section


def days_after(day: str, days: int) -> str:
    return str(dt.date.fromisoformat(day) + dt.timedelta(days=days))


class TestMonotherapyFigure1:
    """`sclc_es_mono_figure1`: 3 months of stable disease, confirmed by 4 months."""

    def row(self, classify, pd_date, **changes):
        dates = {"ici_last_dose": pd_date, "pd_date": pd_date}
        scan = {"pd_confirmed_date": "2020-08-01", "last_assessment": "2020-08-01"}
        return classify("sclc_es_mono_figure1", MONO, **(dates | scan | changes))

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "reason"),
        [
            ("2020-03-31", "primary", "sd_below_3_months"),
            ("2020-04-01", "indeterminate", "sd_3_to_4_months"),
            ("2020-04-02", "indeterminate", "sd_3_to_4_months"),
            ("2020-04-30", "indeterminate", "sd_3_to_4_months"),
            ("2020-05-01", "indeterminate", "sd_3_to_4_months"),
            ("2020-05-02", "acquired", "beyond_cutoff"),
        ],
    )
    def test_stable_disease_of_3_to_4_months_is_a_gap(self, classify, pd_date, phenotype, reason):
        confirmed = "2020-04-30" if pd_date < "2020-04-30" else "2020-08-01"
        row = self.row(classify, pd_date, best_response="SD", pd_confirmed_date=confirmed)
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)

    @pytest.mark.parametrize(
        ("scan", "phenotype", "reason"),
        [
            ("2020-04-30", "primary", "best_response_pd"),
            ("2020-05-01", "primary", "best_response_pd"),
            ("2020-05-02", "indeterminate", "confirmed_beyond_cutoff"),
        ],
    )
    def test_primary_resistance_is_confirmed_by_4_months(self, classify, scan, phenotype, reason):
        row = self.row(classify, "2020-03-01", pd_confirmed_date=scan)
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)

    @pytest.mark.parametrize(
        ("pd_date", "phenotype"),
        [
            ("2020-04-30", "indeterminate"),
            ("2020-05-01", "indeterminate"),
            ("2020-05-02", "acquired"),
        ],
    )
    def test_a_response_that_ends_within_4_months_is_a_gap(self, classify, pd_date, phenotype):
        row = self.row(classify, pd_date, best_response="PR", response_confirmed="yes")
        assert row["phenotype"] == phenotype


class TestMonotherapyText:
    """`sclc_es_mono_text`: a range of 4 to 6 months, run at each of them."""

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "by_cutoff"),
        [
            ("2020-04-30", "primary", "4:primary;5:primary;6:primary"),
            ("2020-05-01", "primary", "4:primary;5:primary;6:primary"),
            ("2020-05-02", "indeterminate", "4:acquired;5:primary;6:primary"),
            ("2020-06-01", "indeterminate", "4:acquired;5:primary;6:primary"),
            ("2020-06-02", "indeterminate", "4:acquired;5:acquired;6:primary"),
            ("2020-07-01", "indeterminate", "4:acquired;5:acquired;6:primary"),
            ("2020-07-02", "acquired", "4:acquired;5:acquired;6:acquired"),
        ],
    )
    def test_within_the_range_the_cutoff_decides(self, classify, pd_date, phenotype, by_cutoff):
        row = classify(
            "sclc_es_mono_text",
            MONO,
            best_response="SD",
            ici_last_dose=pd_date,
            pd_date=pd_date,
            pd_confirmed_date="2020-09-01",
            last_assessment="2020-09-01",
        )
        assert (row["phenotype"], row["by_cutoff"]) == (phenotype, by_cutoff)
        if phenotype == "indeterminate":
            assert row["reason"] == "depends_on_cutoff"


class TestCombination:
    """`sclc_es_combination`: a cut-off below 6 months, a parameter (4 by default)."""

    @pytest.mark.parametrize(
        ("pd_date", "phenotype"),
        [("2020-04-30", "primary"), ("2020-05-01", "indeterminate"), ("2020-05-02", "acquired")],
    )
    def test_the_cutoff_is_a_parameter(self, classify, pd_date, phenotype):
        row = classify(
            "sclc_es_combination",
            COMBINATION,
            best_response="SD",
            ici_last_dose=pd_date,
            pd_date=pd_date,
            pd_confirmed_date="2020-07-01",
            last_assessment="2020-07-01",
        )
        assert row["phenotype"] == phenotype


class TestChemotherapyWithCheckpointInhibitor:
    """`sclc_es_chemo_ici`: induction and platinum first, then the start of maintenance."""

    def row(self, classify, pd_date, *, confirm=21, **changes):
        scan = days_after(pd_date, confirm)
        dates = {"pd_date": pd_date, "pd_confirmed_date": scan, "last_assessment": scan}
        return classify("sclc_es_chemo_ici", CHEMO, ici_last_dose="2020-02-01", **dates, **changes)

    def test_progression_during_induction(self, classify):
        row = self.row(classify, "2020-02-20")
        assert (row["phenotype"], row["reason"]) == ("indeterminate", "ici_or_platinum")

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "reason"),
        [
            ("2020-06-04", "indeterminate", "ici_or_platinum"),
            ("2020-06-05", "primary", "possible_within_cutoff"),
            ("2020-06-06", "primary", "possible_within_cutoff"),
            ("2020-09-25", "primary", "possible_within_cutoff"),
            ("2020-09-26", "primary", "possible_within_cutoff"),
            ("2020-09-27", "acquired", "possible_beyond_cutoff"),
        ],
    )
    def test_three_months_after_chemotherapy_six_after_the_start_of_maintenance(
        self, classify, pd_date, phenotype, reason
    ):
        row = self.row(classify, pd_date)
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)

    @pytest.mark.parametrize(
        ("days", "phenotype"), [(27, "primary"), (28, "primary"), (29, "not_evaluable")]
    )
    def test_progression_is_confirmed_within_4_weeks(self, classify, days, phenotype):
        assert self.row(classify, "2020-08-01", confirm=days)["phenotype"] == phenotype

    def test_a_missing_end_of_chemotherapy_is_named(self, classify):
        row = self.row(classify, "2020-08-01", chemo_end="")
        assert (row["phenotype"], row["reason"]) == ("", "missing:chemo_end")
        assert row["could_be"] == "indeterminate;primary"

    def test_without_maintenance_there_is_no_zero_to_count_from(self, classify):
        row = self.row(classify, "2020-08-01", maintenance_start="")
        assert (row["phenotype"], row["reason"]) == ("indeterminate", "no_maintenance")


class TestConsolidation:
    """`sclc_ls_consolidation`: nothing can be called primary or acquired yet."""

    @pytest.mark.parametrize(
        ("pd_date", "reason"),
        [
            ("2020-12-31", "contributions_not_separable"),
            ("2021-01-01", "contributions_not_separable"),
            ("2021-01-02", "acquired_not_definable"),
        ],
    )
    def test_a_year_from_the_start_of_consolidation(self, classify, pd_date, reason):
        row = classify(
            "sclc_ls_consolidation",
            ADJUVANT | {"setting": "limited"},
            pd_date=pd_date,
            last_assessment=pd_date,
        )
        assert (row["phenotype"], row["reason"]) == ("indeterminate", reason)


class TestPlatinumRechallenge:
    """The chemotherapy-free interval, and what a rechallenge tells (3 to 6 months)."""

    def row(self, classify, **changes):
        dates = {"chemo_end": "2020-01-31", "maintenance_start": "2020-02-07"}
        scan = {"pd_confirmed_date": "", "last_assessment": "2020-12-01"}
        return classify("sclc_es_chemo_ici", CHEMO, **(dates | scan | changes))

    @pytest.mark.parametrize(
        ("pd_date", "sensitivity"),
        [
            ("2020-04-29", "not_a_candidate"),
            ("2020-04-30", "candidate_by_shorter_cutoff"),
            ("2020-05-01", "candidate_by_shorter_cutoff"),
            ("2020-07-30", "candidate_by_shorter_cutoff"),
            ("2020-07-31", "candidate"),
            ("2020-08-01", "candidate"),
        ],
    )
    def test_the_interval_makes_a_candidate(self, classify, pd_date, sensitivity):
        """3 months after 31 January is the last day of April."""
        row = self.row(classify, pd_date=pd_date, rechallenge_response="NE")
        assert row["platinum_sensitivity"] == sensitivity

    def test_without_word_of_a_rechallenge_that_is_provisional(self, classify):
        row = self.row(classify, pd_date="2020-08-01")
        assert row["platinum_sensitivity"] == "candidate (provisional)"

    @pytest.mark.parametrize(
        ("response", "sensitivity"),
        [("CR", "sensitive"), ("PR", "sensitive"), ("SD", "no_response"), ("PD", "no_response")],
    )
    def test_the_response_to_rechallenge_tells(self, classify, response, sensitivity):
        row = self.row(classify, pd_date="2020-03-01", rechallenge_response=response)
        assert row["platinum_sensitivity"] == sensitivity

    def test_a_rechallenge_before_progression_ends_the_interval(self, classify):
        changes = {"rechallenge_start": "2020-04-01", "rechallenge_response": "NE"}
        row = self.row(classify, pd_date="2020-09-01", **changes)
        assert row["platinum_sensitivity"] == "not_a_candidate"

    def test_the_phenotype_does_not_rest_on_it(self, classify):
        one = self.row(classify, pd_date="2020-09-01", rechallenge_response="PR")
        other = self.row(classify, pd_date="2020-09-01", rechallenge_response="PD")
        assert one["phenotype"] == other["phenotype"]


class TestWhatProgressionRestsOn:
    """Real-world progression is often stated by the clinician; that stays with the phenotype."""

    def test_the_basis_is_shown(self, classify):
        row = classify("sitc_mono", MONO, pd_basis="clinician")
        assert (row["phenotype"], row["pd_basis"]) == ("primary", "clinician")
        assert classify("sitc_mono", MONO)["pd_basis"] == ""


class TestConsolidationBesideThePublishedMedians:
    """Figure 3 of Nie 2024: medians of progression-free survival, each with its own time zero."""

    def section(self, folder, **facts):
        own = {"line.disease": "sclc", "line.setting": "limited", "line.ici_start": "2020-01-01"}
        lines = "".join(f'      {name}: "{value}"\n' for name, value in (own | facts).items())
        text = f'patient: P1\ntreatments:\n  - id: "1"\n    facts:\n{lines}'
        (folder / "case.yaml").write_text(text)
        assessment = nn.assess(nn.read_case(folder / "case.yaml"))
        return consolidation_section(assessment, load_knowledge())

    def test_no_axis_is_shared(self, tmp_path):
        medians = self.section(tmp_path).data["published_medians"]
        assert {one["time_zero"] for one in medians} == {
            "after completion of chemoradiotherapy",
            "start of or randomisation to chemoradiotherapy",
        }
        assert [one["months"] for one in medians] == [9.2, 14.3, 14.5, 15.4, 16.6]

    def test_the_patient_is_counted_from_the_start_of_consolidation(self, tmp_path):
        (own,) = self.section(tmp_path, **{"line.pd_date": "2020-07-01"}).data["recurrence"]
        assert (own["months"], own["time_zero"]) == (6, "the start of consolidation")

    def test_it_is_shown_for_limited_disease_only(self, tmp_path):
        assert self.section(tmp_path, **{"line.setting": "advanced"}) is None
