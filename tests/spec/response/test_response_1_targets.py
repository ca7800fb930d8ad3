"""Targets: the sum of diameters against baseline and nadir (RECIST 1.1)."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements


def targets(found):
    return found["target"].to_list()


@pytest.mark.parametrize(
    ("total", "response"), [(71, "SD"), (70.1, "SD"), (70, "PR"), (69, "PR"), (1, "PR"), (0, "CR")]
)
def test_pr_is_a_sum_at_least_30_percent_below_baseline(course, total, response):
    assert targets(course({"T01": [100, total]})) == [response]


def test_the_cut_is_exact_for_decimal_sizes(course):
    assert targets(course({"T01": [43, 30.1]})) == ["PR"]
    assert targets(course({"T01": [43, 30.2]})) == ["SD"]


@pytest.mark.parametrize(
    ("nadir", "total", "response"),
    [
        (50, 59, "SD"),  # +18%
        (50, 60, "PD"),  # +20% and +10 mm
        (20, 24, "PR"),  # +20%, but only 4 mm; still 70% below baseline
        (20, 25, "PD"),  # +25% and 5 mm
    ],
)
def test_pd_is_20_percent_and_5_mm_above_the_nadir(course, nadir, total, response):
    assert targets(course({"T01": [80, nadir, total]}))[-1] == response


def test_the_baseline_may_be_the_nadir(course):
    found = course({"T01": [50, 60]})
    assert targets(found) == ["PD"]
    assert found["nadir_mm"].to_list() == [50]


def test_after_a_zero_nadir_5_mm_are_progression_and_less_is_not(course):
    assert targets(course({"T01": [50, 0, 5]})) == ["CR", "PD"]
    assert targets(course({"T01": [50, 0, 4.9]})) == ["CR", "PR"]


def test_nodes_below_10_mm_are_gone_although_the_sum_is_not_zero(course):
    found = course({"N01": [20, 9.9], "T01": [30, 0]})
    assert targets(found) == ["CR"]
    assert found["sum_mm"].to_list() == [9.9]
    assert targets(course({"N01": [20, 10], "T01": [30, 0]})) == ["PR"]


def test_a_lesion_too_small_to_measure_counts_5_mm(course):
    found = course({"T01": [50, "too small to measure"]})
    assert found["sum_mm"].to_list() == [5]
    assert targets(found) == ["PR"]
    assert course({"T01": [50, 3]})["sum_mm"].to_list() == [3]


def test_a_target_that_was_not_evaluated_makes_ne(course):
    found = course({"T01": [30, 20], "T02": [30, None]})
    assert targets(found) == ["NE"]
    assert found["sum_mm"].to_list() == [None]
    assert found["reason"][0] == "target T02 not evaluated"


def test_a_target_that_a_visit_does_not_mention_was_not_evaluated(course):
    assert targets(course({"T01": [30, 20], "T02": [30, "-"]})) == ["NE"]


def test_unless_the_others_alone_are_progression(course):
    found = course({"T01": [20, 40], "T02": [20, 40], "T03": [10, None]})
    assert targets(found) == ["PD"]
    assert "T03 not evaluated, but the others alone decide" in found["reason"][0]


def test_an_incomplete_sum_is_no_nadir(course):
    found = course({"T01": [50, 10, 40], "T02": [50, None, 50]})
    assert found["nadir_mm"].to_list() == [100, 100]
    assert targets(found) == ["NE", "SD"]


def test_fragments_of_a_target_are_added_up(course):
    found = course({"T01": [60, "-"], "T01.1": ["-", 25], "T01.2": ["-", 30]})
    assert found["sum_mm"].to_list() == [55]


def test_confluent_targets_count_once(course):
    found = course({"T01": [30, "-"], "T02": [25, "-"], "T01/T02": ["-", 50]})
    assert found["sum_mm"].to_list() == [50]
    merged = course({"T01": [30, 50], "T02": [25, "merged with T01"]})
    assert merged["sum_mm"].to_list() == [50]


def test_the_confluent_lesion_may_name_its_partner(course):
    found = course({"T01": [30, "-"], "T02": [25, "-"], "T01/T02": ["-", 50]})
    rows = [
        {"subject": "1", "date": date, "lesion": lesion, "role": "target", "diameter_mm": size,
         "status": status}
        for date, lesion, size, status in [
            ("2024-01-01", "T01", "30", ""), ("2024-01-01", "T02", "25", ""),
            ("2024-03-01", "T01", "50", "merged with T02"),
        ]
    ]  # fmt: skip
    named, _ = time_point_responses(read_measurements(pl.DataFrame(rows)).rows, "recist1.1")
    assert named["sum_mm"].to_list() == found["sum_mm"].to_list() == [50]


def test_fragments_may_share_the_name_of_their_lesion():
    rows = [
        {"subject": "1", "date": date, "lesion": "T01", "role": "target", "diameter_mm": size,
         "status": status}
        for date, size, status in [
            ("2024-01-01", "60", ""), ("2024-03-01", "20", "split"), ("2024-03-01", "20", "split"),
        ]
    ]  # fmt: skip
    checked = read_measurements(pl.DataFrame(rows))
    found, _ = time_point_responses(checked.rows, "recist1.1")
    assert checked.findings.is_empty()
    assert found["sum_mm"].to_list() == [40]


def test_pr_lasts_until_progression_once_it_is_confirmed(course):
    found = course({"T01": [100, 70, 70, 80, 80, 100]})
    assert targets(found) == ["PR", "PR", "PR", "PR", "PD"]
    assert "the earlier PR lasts" in found["reason"][2]


def test_progression_ends_a_lasting_pr(course):
    assert targets(course({"T01": [100, 70, 70, 90, 80]})) == ["PR", "PR", "PD", "SD"]


def test_before_confirmation_a_sum_that_rises_again_is_sd(course):
    assert targets(course({"T01": [100, 70, 80]})) == ["PR", "SD"]
    # two scans 27 days apart do not confirm each other
    assert targets(course({"T01": [100, 70, 70, 80]}, every=27)) == ["PR", "PR", "SD"]
    assert targets(course({"T01": [100, 70, 70, 80]}, every=28)) == ["PR", "PR", "PR"]


def test_persistence_is_a_choice(course):
    sizes = {"T01": [100, 70, 80, 85]}
    assert targets(course(sizes, persistence="always")) == ["PR", "PR", "PD"]
    confirmed = {"T01": [100, 70, 70, 80]}
    assert targets(course(confirmed, persistence="never")) == ["PR", "PR", "SD"]


def test_response_is_judged_from_baseline_even_when_the_nadir_is_lower(course):
    assert targets(course({"T01": [165, 63, 65]})) == ["PR", "PR"]


def test_the_reason_names_the_sum_and_the_threshold(course):
    found = course({"T01": [50, 60]})
    assert found["reason"][0] == (
        "sum 60 mm, +10 mm (+20.0%) from nadir 50 mm (PD: +20% and +5 mm)"
    )
