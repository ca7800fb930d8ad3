"""Non-targets, new lesions and the overall response (RECIST 1.1)."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements


def overall(found):
    return found["overall"].to_list()


@pytest.mark.parametrize(
    ("size", "state", "response"),
    [
        (0, "absent", "CR"),
        (0, "present", "PR"),
        (0, "NE", "PR"),
        (30, "present", "PR"),
        (30, "NE", "PR"),
        (48, "present", "SD"),
        (48, "NE", "SD"),
        (48, "increased", "SD"),
        (None, "present", "NE"),
        (70, "present", "PD"),
        (0, "unequivocal progression", "PD"),
        (None, "unequivocal progression", "PD"),
    ],
)
def test_targets_and_non_targets_together(course, size, state, response):
    assert overall(course({"T01": [50, size], "NT1": ["present", state]})) == [response]


@pytest.mark.parametrize(
    ("state", "response"),
    [
        ("absent", "CR"),
        ("present", "NON-CR/NON-PD"),
        ("not evaluable", "NE"),
        ("unequivocal progression", "PD"),
    ],
)
def test_disease_that_cannot_be_measured(course, state, response):
    found = course({"NT1": ["present", "absent"], "NT2": ["present", state]})
    assert overall(found) == [response]
    assert found["target"].to_list() == [None]


def test_without_non_targets_targets_alone_make_cr(course):
    found = course({"T01": [50, 0]})
    assert overall(found) == ["CR"]
    assert found["non_target"].to_list() == [None]


def test_a_new_lesion_is_progression_whatever_the_others_do(course):
    found = course({"T01": [50, 10], "NL1": ["-", "present"]})
    assert overall(found) == ["PD"]
    assert found["target"].to_list() == ["PR"]
    assert found["new_lesion"].to_list() == ["Y"]


def test_an_equivocal_new_lesion_is_not_yet_progression(course):
    found = course({"T01": [50, 45, 45], "NL1": ["-", "equivocal", "equivocal"]})
    assert overall(found) == ["SD", "SD"]
    assert found["new_lesion"].to_list() == ["EQUIVOCAL", "EQUIVOCAL"]


def test_once_it_is_definite_progression_is_dated_at_its_first_scan(course):
    found = course({"T01": [50, 45, 45, 45], "NL1": ["-", "-", "equivocal", "unequivocal"]})
    assert overall(found) == ["SD", "PD", "PD"]
    assert "equivocal, confirmed on 2024-06-17" in found["reason"][1]


def test_an_equivocal_lesion_that_goes_away_never_was_one(course):
    found = course({"T01": [50, 45, 45], "NL1": ["-", "equivocal", "absent"]})
    assert overall(found) == ["SD", "SD"]
    assert found["new_lesion"].to_list() == ["EQUIVOCAL", "N"]


def test_what_reappears_after_a_confirmed_cr_is_progression(course):
    found = course({"T01": [50, 0, 0, 3], "NT1": ["present", "absent", "absent", "absent"]})
    assert overall(found) == ["CR", "CR", "PD"]
    assert "reappears after a confirmed CR" in found["reason"][2]
    back = course({"T01": [50, 0, 0, 0], "NT1": ["present", "absent", "absent", "present"]})
    assert overall(back) == ["CR", "CR", "PD"]


def test_after_a_single_cr_it_is_not_unless_the_sum_says_so(course):
    assert overall(course({"T01": [50, 0, 3]})) == ["CR", "PR"]
    assert overall(course({"T01": [50, 0, 6]})) == ["CR", "PD"]


def test_a_node_reappears_only_from_10_mm(course):
    assert overall(course({"N01": [20, 8, 8, 9.9]})) == ["CR", "CR", "CR"]
    assert overall(course({"N01": [20, 8, 8, 10]})) == ["CR", "CR", "PD"]


def test_later_visits_are_judged_by_the_same_rules_after_progression(course):
    assert overall(course({"T01": [50, 70, 40]})) == ["PD", "SD"]


def test_every_assessor_is_judged_on_their_own():
    rows = [
        {"subject": "1", "assessor": reader, "date": date, "lesion": "T01", "role": "target",
         "diameter_mm": size}
        for reader, sizes in {"A": ["50", "30"], "B": ["40", "35"]}.items()
        for date, size in zip(["2024-01-01", "2024-03-01"], sizes, strict=True)
    ]  # fmt: skip
    found, _ = time_point_responses(read_measurements(pl.DataFrame(rows)).rows, "recist1.1")
    assert found.select("assessor", "overall").rows() == [("A", "PR"), ("B", "SD")]
