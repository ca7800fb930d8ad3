"""Times to events: each ends with an event or is censored, and says why."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from nenuphar.methods.timelines.endpoints import times_to_event

START = dt.date(2020, 1, 1)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def ends(missed_days: float = 120, **dates: int | bool) -> dict[str, tuple[int, bool, str]]:
    subject = {
        name: value if isinstance(value, bool) else day(value) for name, value in dates.items()
    }
    frame = pl.DataFrame([{"subject": "S1", "start": START, **subject}])
    found = times_to_event(frame, missed_days=missed_days)
    columns = ("endpoint", "days", "event", "reason")
    return {name: tuple(rest) for name, *rest in found.select(columns).iter_rows()}


class TestProgressionFreeSurvival:
    """From the first dose to progression or death, whichever comes first."""

    def test_progression(self):
        assert ends(pd_date=90, last_assessment=120)["PFS"] == (90, True, "progression")

    def test_death(self):
        assert ends(death_date=50, last_assessment=40)["PFS"] == (50, True, "death")

    def test_no_event_is_censored_at_the_last_assessment(self):
        found = ends(last_assessment=200)
        assert found["PFS"] == (200, False, "censored: end of follow-up")

    def test_lost_to_follow_up(self):
        """Contact without a scan does not lengthen the time."""
        found = ends(last_assessment=200, last_contact=300)
        assert found["PFS"] == (200, False, "censored: no assessment after this one")

    def test_a_new_therapy_before_the_event_censors_at_the_last_assessment_before_it(self):
        found = ends(pd_date=150, assessed_before=90, new_therapy=100, last_assessment=150)
        assert found["PFS"] == (90, False, "censored: new anti-cancer therapy")

    def test_a_new_therapy_on_the_day_of_progression_comes_after_it(self):
        found = ends(pd_date=100, new_therapy=100, last_assessment=100)
        assert found["PFS"] == (100, True, "progression")

    @pytest.mark.parametrize(("gap", "event"), [(119, True), (120, True), (121, False)])
    def test_two_missed_visits_before_the_event(self, gap, event):
        found = ends(pd_date=60 + gap, assessed_before=60, last_assessment=60 + gap)
        assert found["PFS"][1] is event
        if not event:
            assert found["PFS"] == (60, False, "censored: event after two missed visits")


class TestSurvivalAndResponse:
    """Overall survival, time to response, duration of response, time on treatment."""

    def test_overall_survival_is_censored_at_the_last_contact(self):
        assert ends(last_assessment=200, last_contact=300)["OS"] == (
            300,
            False,
            "censored: last contact",
        )

    def test_a_response_has_a_time_and_a_duration(self):
        found = ends(response_date=42, pd_date=200, assessed_before=160, last_assessment=200)
        assert found["TTR"] == (42, True, "response")
        assert found["DOR"] == (158, True, "progression")

    def test_who_did_not_respond_has_neither(self):
        assert not {"TTR", "DOR"} & ends(pd_date=60).keys()

    def test_time_on_treatment(self):
        assert ends(last_dose=84)["time_on_treatment"] == (84, True, "last dose")
        still = ends(last_dose=84, on_treatment=True)["time_on_treatment"]
        assert still == (84, False, "censored: still on treatment")

    def test_without_a_first_dose_nothing_can_be_told(self):
        frame = pl.DataFrame({"subject": ["S1"], "start": [None], "pd_date": [START]})
        frame = frame.with_columns(pl.col("start").cast(pl.Date))
        assert times_to_event(frame, missed_days=120).height == 0

    def test_months_are_calendar_months(self):
        frame = pl.DataFrame(
            {"subject": ["S1"], "start": [dt.date(2020, 8, 31)], "pd_date": [dt.date(2021, 2, 28)]}
        )
        assert times_to_event(frame, missed_days=400)["months"].to_list()[0] == 6
