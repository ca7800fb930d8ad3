"""irRECIST: new measurable lesions are part of the burden."""

from __future__ import annotations

import pytest


@pytest.fixture
def related(course):
    def run(lesions, **options):
        return course(lesions, "irrecist", **options)

    return run


def test_a_new_measurable_lesion_is_added_to_the_sum(related):
    found = related({"T01": [100, 60], "NL1": ["-", 15]})
    assert found["sum_mm"].to_list() == [75]
    assert found["overall"].to_list() == ["irSD"]
    assert found["new_lesion"].to_list() == ["Y"]


@pytest.mark.parametrize(("size", "response"), [(19.9, "irSD"), (20, "irPD")])
def test_progression_is_20_percent_and_5_mm_of_the_burden(related, size, response):
    assert related({"T01": [100, 100], "NL1": ["-", size]})["overall"].to_list() == [response]


def test_the_reason_says_whether_a_later_scan_repeats_it(related):
    repeated = related({"T01": [100, 125, 125]})
    assert repeated["overall"].to_list() == ["irPD", "irPD"]
    assert repeated["reason"][0].endswith("confirmed on 2024-04-22")
    assert repeated["reason"][1].endswith("progression of 2024-02-26 was confirmed on 2024-04-22")
    gone = related({"T01": [100, 125, 80]})
    assert gone["reason"][0].endswith("not confirmed: irSD on 2024-04-22")


def test_a_progression_that_nothing_repeats_says_so_after_a_confirmed_one_was_reset(related):
    found = related({"T01": [100, 125, 125, 80, 100]})
    assert found["overall"].to_list()[2:] == ["irSD", "irPD"]
    assert "was confirmed on" in found["reason"][1]
    assert found["reason"][3].endswith("not confirmed: no later scan")


def test_new_lesions_that_cannot_be_measured_are_a_choice(related):
    lesions = {"T01": [100, 60], "NL1": ["-", "present"]}
    assert related(lesions)["overall"].to_list() == ["irPD"]
    assert related(lesions, burden_only=True)["overall"].to_list() == ["irPR"]


def test_non_targets_are_the_same_choice(related):
    lesions = {"T01": [100, 60], "NT1": ["present", "progression"]}
    assert related(lesions)["overall"].to_list() == ["irPD"]
    assert related(lesions, burden_only=True)["overall"].to_list() == ["irPR"]


def test_a_complete_response_leaves_no_lesion_at_all(related):
    assert related({"T01": [50, 0]})["overall"].to_list() == ["irCR"]
    assert related({"T01": [50, 0], "NL1": ["-", 12]})["overall"].to_list() == ["irPR"]


def test_a_new_lesion_that_is_not_measured_again_leaves_the_burden_unknown(related):
    found = related({"T01": [100, 60, 60], "NL1": ["-", 15, "-"]})
    assert found["overall"].to_list() == ["irSD", "irNE"]
    assert found["sum_mm"].to_list() == [75, None]


def test_disease_that_cannot_be_measured(related):
    found = related({"NT1": ["present", "present", "absent", "NE"]})
    assert found["overall"].to_list() == ["irNN", "irCR", "irNE"]
