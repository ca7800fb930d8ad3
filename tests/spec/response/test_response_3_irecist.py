"""iRECIST: unconfirmed progression, its confirmation and its reset."""

from __future__ import annotations

import pytest


@pytest.fixture
def immune(course):
    def run(lesions, **kwargs):
        return course(lesions, "irecist", **kwargs)["overall"].to_list()

    return run


def test_progression_is_unconfirmed_at_first(immune):
    assert immune({"T01": [50, 65]}) == ["iUPD"]
    assert immune({"T01": [50, 50], "NT1": ["present", "progression"]}) == ["iUPD"]
    assert immune({"T01": [50, 50], "NL1": ["-", 12]}) == ["iUPD"]


@pytest.mark.parametrize(("size", "response"), [(69.9, "iUPD"), (70, "iCPD")])
def test_5_mm_more_in_the_targets_confirm_it(immune, size, response):
    assert immune({"T01": [50, 65, size]})[-1] == response


def test_increments_add_up_across_scans(immune):
    assert immune({"T01": [50, 65, 69, 71]}) == ["iUPD", "iUPD", "iCPD"]


@pytest.mark.parametrize(("size", "response"), [(16.9, "iUPD"), (17, "iCPD")])
def test_5_mm_more_in_the_new_lesion_targets_confirm_it(immune, size, response):
    assert immune({"T01": [50, 50, 50], "NL1": ["-", 12, size]})[-1] == response


def test_any_increase_of_what_is_not_measured_confirms_it(immune):
    worse = {"T01": [50, 50, 50], "NT1": ["present", "progression", "increased"]}
    assert immune(worse) == ["iUPD", "iCPD"]
    assert immune({"T01": [50, 50, 50], "NL1": ["-", "present", "increased"]})[-1] == "iCPD"
    assert immune({"T01": [50, 50, 50], "NL1": ["-", 6, 7]})[-1] == "iCPD"


def test_another_new_lesion_confirms_it(immune):
    found = immune({"T01": [50, 50, 50], "NL1": ["-", 12, 12], "NL2": ["-", "-", "present"]})
    assert found == ["iUPD", "iCPD"]


def test_progression_in_another_category_confirms_it(immune):
    assert immune({"T01": [50, 65, 65], "NL1": ["-", "-", 12]}) == ["iUPD", "iCPD"]
    assert immune({"T01": [50, 50, 61], "NL1": ["-", 12, 12]}) == ["iUPD", "iCPD"]
    assert immune({"T01": [50, 65, 65], "NT1": ["present", "present", "progression"]}) == [
        "iUPD", "iCPD",
    ]  # fmt: skip


def test_no_change_stays_unconfirmed(immune):
    assert immune({"T01": [50, 65, 65, 65]}) == ["iUPD"] * 3
    unchanged = {"T01": [50, 50, 50], "NT1": ["present", "progression", "stable"]}
    assert immune(unchanged) == ["iUPD", "iUPD"]


@pytest.mark.parametrize(("day", "response"), [(83, "iUPD"), (84, "iCPD"), (140, "iCPD")])
def test_a_scan_before_four_weeks_cannot_confirm(course, day, response):
    found = course({"T01": [50, 65, 75]}, "irecist", days=[0, 56, day])
    assert found["overall"][1] == response
    note = {83: "27 days after the iUPD, less than 28", 140: "later than 56 days"}.get(
        day, "28 days"
    )
    assert note in found["reason"][1]


def test_except_one_made_for_symptoms_that_shows_another_new_lesion(immune):
    lesions = {"T01": [50, 65, 65], "NL1": ["-", "-", "present"]}
    days = [0, 56, 66]
    assert immune(lesions, days=days) == ["iUPD", "iUPD"]
    assert immune(lesions, days=days, extra={"symptomatic": "yes"}) == ["iUPD", "iCPD"]


@pytest.mark.parametrize(("size", "response"), [(45, "iSD"), (30, "iPR"), (0, "iCR")])
def test_stability_or_response_resets_it(immune, size, response):
    assert immune({"T01": [50, 65, size]}) == ["iUPD", response]


def test_after_a_reset_progression_starts_again_from_the_nadir(immune):
    assert immune({"T01": [50, 65, 45, 55, 61]}) == ["iUPD", "iSD", "iUPD", "iCPD"]


def test_a_stable_new_lesion_does_not_block_a_later_pr(immune):
    assert immune({"T01": [50, 48, 30], "NL1": ["-", 12, 12]}) == ["iUPD", "iPR"]


def test_but_pr_then_new_lesion_then_no_change_stays_unconfirmed(immune):
    found = immune({"T01": [50, 30, 30, 30], "NL1": ["-", "-", 12, 12]})
    assert found == ["iPR", "iUPD", "iUPD"]


def test_a_new_lesion_that_is_gone_resets_it(immune):
    found = immune({"T01": [50, 30, 30, 30], "NL1": ["-", "-", 12, "absent"]})
    assert found == ["iPR", "iUPD", "iPR"]


def test_a_new_lesion_that_persists_rules_out_icr(immune):
    assert immune({"T01": [50, 48, 0], "NL1": ["-", 12, 12]}) == ["iUPD", "iPR"]


def test_after_a_reset_known_new_lesions_progress_by_20_percent(immune):
    stable = {"T01": [50, 48, 30, 30], "NL1": ["-", 20, 20, 23.9]}
    assert immune(stable) == ["iUPD", "iPR", "iPR"]
    grown = {"T01": [50, 48, 30, 30], "NL1": ["-", 20, 20, 25]}
    assert immune(grown) == ["iUPD", "iPR", "iUPD"]
    more = {"T01": [50, 48, 30, 30], "NL1": ["-", 20, 20, 20], "NL2": ["-", "-", "-", "present"]}
    assert immune(more) == ["iUPD", "iPR", "iUPD"]


def test_a_visit_without_evaluation_leaves_it_open(immune):
    assert immune({"T01": [50, 65, None, 70]}) == ["iUPD", "NE", "iCPD"]


def test_pr_persists_as_in_recist(immune):
    assert immune({"T01": [100, 70, 70, 80, 80, 80]}) == ["iPR"] * 5


def test_disease_that_cannot_be_measured(immune):
    assert immune({"NT1": ["present", "present", "absent"]}) == ["NON-iCR/NON-iUPD", "iCR"]


def test_what_progressed_and_was_not_looked_at_again_is_not_reset(immune):
    found = immune({"T01": [50] * 4, "NT1": ["present", "progression", "NE", "progression"]})
    assert found == ["iUPD", "NE", "iCPD"]
