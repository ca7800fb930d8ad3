"""The definitions of the SITC: monotherapy, combinations, chemotherapy, adjuvant therapy.

Weeks are 7 days. Months are calendar months: 6 months after 1 January is 1 July, 6 months after
31 August is the last day of February.
"""

from __future__ import annotations

import datetime as dt

import pytest
from tests_resistance_cases import ADJUVANT, CHEMO, COMBINATION, MONO


def days_after(day: str, days: int) -> str:
    return str(dt.date.fromisoformat(day) + dt.timedelta(days=days))


class TestMonotherapyAsNiePrintsIt:
    """`sitc_mono`: stable disease of at least 6 months is lasting."""

    def test_progression_as_best_response_is_primary(self, classify):
        row = classify("sitc_mono", MONO)
        assert (row["phenotype"], row["reason"]) == ("primary", "best_response_pd")

    @pytest.mark.parametrize(
        ("pd_date", "phenotype"),
        [("2020-06-30", "primary"), ("2020-07-01", "acquired"), ("2020-07-02", "acquired")],
    )
    def test_stable_disease_lasts_from_exactly_six_months_on(self, classify, pd_date, phenotype):
        scan = days_after(pd_date, 30)
        row = classify(
            "sitc_mono",
            MONO,
            best_response="SD",
            ici_last_dose="2020-06-20",
            pd_date=pd_date,
            pd_confirmed_date=scan,
            last_assessment=scan,
        )
        assert row["phenotype"] == phenotype

    def test_six_months_after_the_end_of_august_is_the_end_of_february(self, classify):
        dates = {"ici_start": "2020-08-31", "ici_last_dose": "2021-02-10", "cycles": "8"}
        for pd_date, phenotype in (("2021-02-27", "primary"), ("2021-02-28", "acquired")):
            row = classify(
                "sitc_mono",
                MONO | dates,
                best_response="SD",
                pd_date=pd_date,
                pd_confirmed_date="2021-04-01",
                last_assessment="2021-04-01",
            )
            assert row["phenotype"] == phenotype

    @pytest.mark.parametrize(
        ("days", "phenotype", "reason"),
        [
            (83, "primary", "best_response_pd"),
            (84, "primary", "best_response_pd"),
            (85, "not_evaluable", "no_dose_within_window"),
        ],
    )
    def test_the_last_dose_lies_within_12_weeks(self, classify, days, phenotype, reason):
        pd_date = days_after(MONO["ici_last_dose"], days)
        scan = days_after(pd_date, 30)
        row = classify(
            "sitc_mono", MONO, pd_date=pd_date, pd_confirmed_date=scan, last_assessment=scan
        )
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)
        assert row["days_since_last_dose"] == str(days)

    @pytest.mark.parametrize(
        ("days", "phenotype"), [(27, "not_evaluable"), (28, "primary"), (29, "primary")]
    )
    def test_a_scan_at_least_4_weeks_later_confirms_progression(self, classify, days, phenotype):
        scan = days_after(MONO["pd_date"], days)
        row = classify("sitc_mono", MONO, pd_confirmed_date=scan, last_assessment=scan)
        assert row["phenotype"] == phenotype

    @pytest.mark.parametrize(
        ("days", "phenotype"), [(41, "not_evaluable"), (42, "primary"), (43, "primary")]
    )
    def test_exposure_is_at_least_6_weeks(self, classify, days, phenotype):
        last = days_after(MONO["ici_start"], days)
        row = classify("sitc_mono", MONO, cycles="1", ici_last_dose=last)
        assert row["phenotype"] == phenotype
        assert row["exposure_days"] == str(days)

    def test_or_two_cycles(self, classify):
        short = {"ici_last_dose": "2020-01-22"}
        assert classify("sitc_mono", MONO, cycles="1", **short)["reason"] == "inadequate_exposure"
        assert classify("sitc_mono", MONO, cycles="2", **short)["phenotype"] == "primary"

    def test_rapid_progression_needs_neither_exposure_nor_confirmation(self, classify):
        row = classify(
            "sitc_mono",
            MONO,
            cycles="1",
            ici_last_dose="2020-01-22",
            pd_date="2020-02-01",
            pd_confirmed_date="",
            rapid_progression="yes",
            last_assessment="2020-02-01",
        )
        assert row["phenotype"] == "primary"
        assert row["phenotype_without_rapid"] == "not_evaluable"

    def test_a_response_must_be_confirmed(self, classify):
        late = {
            "best_response": "PR",
            "ici_last_dose": "2020-10-20",
            "pd_date": "2020-11-01",
            "pd_confirmed_date": "2020-12-15",
            "last_assessment": "2020-12-15",
        }
        row = classify("sitc_mono", MONO, **late, response_confirmed="yes")
        assert (row["phenotype"], row["reason"]) == ("acquired", "after_confirmed_response")
        row = classify("sitc_mono", MONO, **late, response_confirmed="no")
        assert (row["phenotype"], row["reason"]) == ("indeterminate", "response_not_confirmed")
        row = classify("sitc_mono", MONO, **late, response_confirmed="")
        assert (row["phenotype"], row["reason"]) == ("", "missing:response_confirmed")
        assert row["could_be"] == "acquired;indeterminate"


class TestMonotherapyAsKlugerHasIt:
    """`sitc_mono_kluger`: at least 6 months of exposure, stable disease beyond 6 months."""

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "reason"),
        [
            ("2020-06-30", "primary", "sd_below_cutoff"),
            ("2020-07-01", "indeterminate", "sd_exactly_at_cutoff"),
            ("2020-07-02", "acquired", "after_durable_sd"),
        ],
    )
    def test_stable_disease_of_exactly_6_months_is_a_gap(
        self, classify, pd_date, phenotype, reason
    ):
        row = classify(
            "sitc_mono_kluger",
            MONO,
            best_response="SD",
            ici_last_dose="2020-07-01",
            pd_date=pd_date,
            pd_confirmed_date="2020-08-15",
            last_assessment="2020-08-15",
        )
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)

    @pytest.mark.parametrize(
        ("last_dose", "phenotype", "reason"),
        [
            ("2020-06-30", "indeterminate", "response_with_short_exposure"),
            ("2020-07-01", "acquired", "after_confirmed_response"),
            ("2020-07-02", "acquired", "after_confirmed_response"),
        ],
    )
    def test_a_response_under_less_than_6_months_of_exposure_is_a_gap(
        self, classify, last_dose, phenotype, reason
    ):
        row = classify(
            "sitc_mono_kluger",
            MONO,
            best_response="CR",
            response_confirmed="yes",
            ici_last_dose=last_dose,
            pd_date="2020-09-01",
            pd_confirmed_date="2020-10-15",
            last_assessment="2020-10-15",
        )
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)


class TestCombinations:
    """`sitc_combination`: at least 2 cycles of both drugs."""

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "reason"),
        [
            ("2020-06-30", "primary", "sd_below_cutoff"),
            ("2020-07-01", "indeterminate", "sd_with_short_exposure"),
            ("2020-07-02", "acquired", "after_durable_sd"),
        ],
    )
    def test_stable_disease_and_exposure_beyond_6_months(
        self, classify, pd_date, phenotype, reason
    ):
        row = classify(
            "sitc_combination",
            COMBINATION,
            best_response="SD",
            ici_last_dose=pd_date,
            pd_date=pd_date,
            pd_confirmed_date="2020-08-15",
            last_assessment="2020-08-15",
        )
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)

    def test_after_induction_resistance_is_to_the_drug_that_was_continued(self, classify):
        row = classify(
            "sitc_combination",
            COMBINATION,
            best_response="SD",
            maintenance_start="2020-04-01",
            ici_last_dose="2020-06-25",
            pd_date="2020-07-02",
            pd_confirmed_date="2020-08-15",
            last_assessment="2020-08-15",
        )
        assert (row["phenotype"], row["reason"]) == ("acquired", "to_continued_drug")


class TestChemotherapyWithCheckpointInhibitor:
    """`sitc_chemo_ici`: whatever the initial response; no confirmation is asked for."""

    @pytest.mark.parametrize(
        ("pd_date", "phenotype", "reason"),
        [
            ("2020-06-30", "primary", "pd_within_cutoff"),
            ("2020-07-01", "primary", "pd_within_cutoff"),
            ("2020-07-02", "indeterminate", "acquired_not_defined"),
        ],
    )
    def test_progression_up_to_6_months_is_primary(self, classify, pd_date, phenotype, reason):
        row = classify("sitc_chemo_ici", CHEMO, pd_date=pd_date, last_assessment=pd_date)
        assert (row["phenotype"], row["reason"]) == (phenotype, reason)


class TestAdjuvant:
    """`sitc_adjuvant`: on therapy or up to 12 weeks after its end."""

    @pytest.mark.parametrize(
        ("days", "phenotype"), [(83, "primary"), (84, "primary"), (85, "indeterminate")]
    )
    def test_recurrence_up_to_12_weeks_after_the_end(self, classify, days, phenotype):
        pd_date = days_after(ADJUVANT["ici_last_dose"], days)
        row = classify("sitc_adjuvant", ADJUVANT, pd_date=pd_date, last_assessment=pd_date)
        assert row["phenotype"] == phenotype

    def test_recurrence_on_therapy(self, classify):
        row = classify(
            "sitc_adjuvant", ADJUVANT, pd_date="2020-05-01", last_assessment="2021-01-10"
        )
        assert (row["phenotype"], row["days_since_last_dose"]) == ("primary", "0")


class TestRelapseAfterTheLastDose:
    """SITC also calls progression within 6 to 12 weeks of the last dose early, later on late."""

    @pytest.mark.parametrize(
        ("days", "relapse", "phenotype"),
        [
            (41, "on_treatment", "primary"),
            (42, "early_relapse", "primary"),
            (84, "early_relapse", "primary"),
            (85, "late_relapse", "not_evaluable"),
        ],
    )
    def test_6_and_12_weeks(self, classify, days, relapse, phenotype):
        pd = dt.date.fromisoformat(MONO["ici_last_dose"]) + dt.timedelta(days=days)
        scan = str(pd + dt.timedelta(days=28))
        changes = {"pd_date": str(pd), "pd_confirmed_date": scan, "last_assessment": scan}
        row = classify("sitc_mono", MONO, **changes)
        assert (row["relapse_timing"], row["phenotype"]) == (relapse, phenotype)
