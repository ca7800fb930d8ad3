"""No patient counts twice: neither in a table nor among records."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.hazard import HazardRatio, pool_hazards
from nenuphar.methods.evidence.overlap import DoubleCountingError, disjoint, without_overlap
from nenuphar.methods.evidence.pool import pool

ABOVE = {
    "net": {"nen"},
    "nec": {"nen"},
    "sclc": {"nec", "nen"},
    "pancreas": {"gep"},
    "small_intestine": {"gep"},
}


def ancestors(code: str) -> Collection[str]:
    return ABOVE.get(code, ())


def record(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "study": "Trial", "nct_id": "NCT00000001", "entity": "nen", **fields}


def test_a_study_listed_twice_is_refused() -> None:
    rows = [StudyCounts("Alpha-028", 2, 20), StudyCounts("alpha 028", 2, 20)]
    with pytest.raises(DoubleCountingError, match="listed 2 times"):
        pool(rows)


@pytest.mark.parametrize("whole", [None, "all", "Overall"])
def test_a_subgroup_beside_its_whole_is_refused(whole: str | None) -> None:
    rows = [
        StudyCounts("Alpha", 5, 30, whole),
        StudyCounts("Alpha", 2, 12, "NEC"),
        StudyCounts("Beta", 1, 9),
    ]
    with pytest.raises(DoubleCountingError, match="Alpha is listed as a whole and by subgroup"):
        pool(rows)


def test_a_subgroup_listed_twice_is_refused() -> None:
    rows = [StudyCounts("Alpha", 5, 30, "NEC"), StudyCounts("Alpha", 2, 12, "nec ")]
    with pytest.raises(DoubleCountingError, match="subgroup nec more than once"):
        pool(rows)


def test_disjoint_subgroups_of_one_study_are_pooled() -> None:
    rows = [StudyCounts("Alpha", 5, 30, "NET"), StudyCounts("Alpha", 2, 12, "NEC")]
    assert pool(rows).k == 2


def test_a_hazard_ratio_listed_twice_is_refused() -> None:
    with pytest.raises(DoubleCountingError, match="more than once"):
        pool_hazards([HazardRatio("Alpha", 0.7, 0.5, 0.98), HazardRatio("ALPHA", 0.8, 0.6, 1.1)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"nct_id": "NCT00000001"}, {"nct_id": "NCT00000002"}),
        ({"entity": "net"}, {"entity": "nec"}),
        ({"entity": "net"}, {"entity": "sclc"}),
        ({"grade": ["G1", "G2"]}, {"grade": ["G3"]}),
        ({"site": ["pancreas"]}, {"site": ["small_intestine"]}),
        ({"arm": "cohort 1"}, {"arm": "cohort 2"}),
        ({"arm": "PD-L1 ≥10%"}, {"arm": "PD-L1 <10%"}),
        ({"arm": "TMB high"}, {"arm": "TMB low"}),
        ({"arm": "pancreatic"}, {"arm": "extrapancreatic"}),
        ({"regimen": "drug A"}, {"regimen": "drug A + drug B"}),
        ({"cohort": "first"}, {"cohort": "second"}),
    ],
)
def test_what_makes_two_cohorts_of_one_trial_disjoint(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert disjoint(record("a", **one), record("b", **other), ancestors)
    assert disjoint(record("b", **other), record("a", **one), ancestors)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"entity": "nen"}, {"entity": "sclc"}),
        ({"grade": ["G2", "G3"]}, {"grade": ["G3"]}),
        ({"grade": ["G3"]}, {}),
        ({"site": ["gep"]}, {"site": ["pancreas"]}),
        ({"arm": "TMB high"}, {"arm": "PD-L1 low"}),
        ({"arm": "TMB high"}, {"arm": "well differentiated"}),
        ({"arm": "cohort 1"}, {"arm": "part 2"}),
        ({"nct_id": None, "study": "Trial-1"}, {"nct_id": None, "study": "trial 1"}),
    ],
)
def test_what_leaves_two_cohorts_of_one_trial_possibly_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert not disjoint(record("a", **one), record("b", **other), ancestors)


def test_the_whole_is_kept_and_its_subgroup_set_aside() -> None:
    part = record("part", entity="nec", events=2, n=11)
    whole = record("whole", events=4, n=15)
    kept, aside = without_overlap([part, whole], ancestors)
    assert [item["id"] for item in kept] == ["whole"]
    assert [(item.record, "whole (n = 15)" in item.reason) for item in aside] == [("part", True)]


def test_one_cohort_printed_in_two_reviews_counts_once() -> None:
    first = record("orr.review_a", events=2, n=11)
    second = record("orr.review_b", events=2, n=11)
    kept, aside = without_overlap([second, first], ancestors)
    assert [item["id"] for item in kept] == ["orr.review_a"]
    assert "the same cohort as orr.review_a" in aside[0].reason


def test_two_reviews_that_contradict_each_other_are_both_set_aside() -> None:
    first = record("orr.review_a", events=2, n=11)
    second = record("orr.review_b", events=3, n=11)
    kept, aside = without_overlap([first, second], ancestors)
    assert kept == []
    assert [item.record for item in aside] == ["orr.review_a", "orr.review_b"]
    assert "2 and 3 events" in aside[0].reason


def test_patients_judged_by_two_response_criteria_count_once_and_by_recist() -> None:
    immune = record("orr.a_immune", events=8, n=32, response_criteria="irRECIST")
    plain = record("orr.b_plain", events=6, n=32, response_criteria="RECIST 1.1")
    kept, aside = without_overlap([immune, plain], ancestors)
    assert [item["id"] for item in kept] == ["orr.b_plain"]
    assert "counted (RECIST 1.1); here by irRECIST" in aside[0].reason


def test_of_one_cohort_told_twice_the_record_that_needs_no_repair_counts() -> None:
    slip = record("orr.a_slip", events=2, n=3, repaired={"field": "endpoint", "value": "ORR"})
    plain = record("orr.b_plain", events=2, n=3)
    kept, _ = without_overlap([slip, plain], ancestors)
    assert [item["id"] for item in kept] == ["orr.b_plain"]
