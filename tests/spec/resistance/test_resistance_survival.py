"""Survival by phenotype: numbers at risk, landmarks, and a Cox model that checks its assumption."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from nenuphar.methods.hazards import EVENTS_PER_TERM, cox_model
from nenuphar.methods.survival import survival
from nenuphar.pipeline.resistance.survival import FREE, PROGRESSED, from_landmark, landmark_model


def exponential(patients: int, ratio: float, seed: int = 7) -> pl.DataFrame:
    """Made-up times: the second half dies `ratio` times as fast; a fifth is censored."""
    draw = np.random.default_rng(seed)
    fast = np.arange(patients) >= patients // 2
    time = draw.exponential(np.where(fast, 10 / ratio, 10))
    return pl.DataFrame({"time": time, "event": draw.random(patients) > 0.2, "Fast": fast})


def test_numbers_at_risk_are_those_whose_time_is_not_over():
    table = exponential(60, 2).with_columns(group=pl.col("Fast").cast(pl.String))
    found = survival(table, endpoint="Death")
    assert found is not None
    times = [0.0, 1.0, 5.0, 10.0, 30.0]
    for group, *counts in found.at_risk(times).iter_rows():
        own = table.filter(pl.col("group") == group)["time"].to_list()
        assert counts == [sum(time >= at for time in own) for at in times]


def test_a_cox_model_reports_its_ratio_and_whether_hazards_are_proportional():
    model = cox_model(exponential(400, 2), ["Fast"], endpoint="Death")
    (term,) = model.terms
    assert model.reason == ""
    assert term.ci_low < 2 < term.ci_high
    assert term.ci_low < term.hazard_ratio < term.ci_high
    assert term.p_value < 0.001
    assert term.proportional_p > 0.05


def test_hazards_that_cross_fail_the_check():
    rows = [{"time": 1 + i / 100, "event": True, "Early": i % 10 != 0} for i in range(100)]
    rows += [{"time": 5 + i / 100, "event": True, "Early": i % 10 == 0} for i in range(100)]
    rows += [{"time": 9 + i / 100, "event": True, "Early": i % 2 == 0} for i in range(100)]
    (term,) = cox_model(pl.DataFrame(rows), ["Early"], endpoint="Death").terms
    assert term.proportional_p < 0.05


def test_too_few_events_are_said_instead_of_a_ratio():
    few = exponential(8, 2)
    model = cox_model(few, ["Fast"], endpoint="Death")
    assert model.terms == ()
    assert model.events == few["event"].sum() < EVENTS_PER_TERM
    assert "too few" in model.reason


def test_a_group_without_an_event_has_no_finite_ratio():
    table = exponential(60, 2).with_columns(event=pl.col("Fast"))
    assert "no event" in cox_model(table, ["Fast"], endpoint="Death").reason


def test_groups_that_do_not_overlap_in_time_have_no_finite_ratio():
    rows = [{"time": float(i), "event": True, "Fast": i < 30} for i in range(1, 60)]
    assert "converge" in cox_model(pl.DataFrame(rows), ["Fast"], endpoint="Death").reason


def test_patients_who_lack_something_are_left_out_and_counted():
    table = pl.concat(
        [exponential(60, 2), pl.DataFrame({"time": [None], "event": [True], "Fast": [True]})],
        how="vertical_relaxed",
    )
    model = cox_model(table, ["Fast"], endpoint="Death")
    assert (model.patients, model.left_out) == (60, 1)


@pytest.fixture
def times() -> pl.DataFrame:
    """Forty who progress at two months, forty who never do; ten of each die before the third."""
    rows = []
    for i in range(80):
        progressed = i < 40
        death = 1.0 if i % 4 == 0 else 4.0 + math.sqrt(i % 40) + (3 if not progressed else 0)
        seen = progressed and death > 2
        rows.append(
            {
                "subject": f"S{i}",
                "progression": 2.0 if seen else None,
                "pfs": 2.0 if seen else death,
                "pfs_event": True,
                "os": death,
                "os_event": i % 5 != 0,
            }
        )
    return pl.DataFrame(rows)


def test_who_died_before_the_landmark_is_in_none_of_its_groups(times):
    found = from_landmark(times, 3)
    assert found is not None
    groups = dict(found.summary.select("group", "patients").iter_rows())
    assert groups == {PROGRESSED: 30, FREE: 30}
    assert found.left_out == 20


def test_survival_counts_from_the_landmark(times):
    found = from_landmark(times, 3)
    assert found is not None
    longest = float(times["os"].max()) - 3
    assert found.curves["time"].max() == pytest.approx(longest)


def test_a_later_progression_does_not_count_at_the_landmark(times):
    late = times.with_columns(progression=pl.col("progression") + 4, pfs=pl.col("pfs") + 4)
    assert from_landmark(late, 3) is None


def test_the_model_of_a_landmark_compares_the_same_groups(times):
    model = landmark_model(times, 3)
    assert model.patients == 60
    (term,) = model.terms
    assert term.name == PROGRESSED
    assert term.hazard_ratio > 1
