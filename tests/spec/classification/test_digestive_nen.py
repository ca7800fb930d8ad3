"""Digestive neuroendocrine neoplasms, WHO 2019 and 2022: morphology names, counts grade."""

from __future__ import annotations

import pytest

PANCREAS = {"tumour.site": "pancreas", "pathology.morphology": "well_differentiated"}


def counted(mitoses: str | None, ki67: str | None, **more: str) -> dict[str, str | None]:
    return {**PANCREAS, "pathology.mitoses": mitoses, "pathology.ki67": ki67, **more}


@pytest.mark.parametrize(
    ("mitoses", "ki67", "grade"),
    [
        ("0", "0", "G1"),
        ("1.9", "2.9", "G1"),
        ("2", "1", "G2"),
        ("1", "3", "G2"),
        ("20", "20", "G2"),
        ("20.1", "20", "G3"),
        ("20", "20.1", "G3"),
        ("5", ">20", "G3"),
        ("30", "60", "G3"),
    ],
)
def test_mitoses_and_ki67_grade_a_net_and_the_higher_counts(conclude, mitoses, ki67, grade):
    found = conclude("tumour.grade", counted(mitoses, ki67))
    assert (found.value, found.status) == (grade, "met")
    assert conclude("tumour.entity", counted(mitoses, ki67)).value == "net"


@pytest.mark.parametrize(
    ("mitoses", "ki67", "disagree"),
    [("1", "2", False), ("1", "3", True), ("2", "1", True), ("5", "10", False), ("5", "30", True)],
)
def test_counts_that_give_different_grades_are_said_to_disagree(conclude, mitoses, ki67, disagree):
    said = [each.id for each in conclude("tumour.grade", counted(mitoses, ki67)).cautions]
    assert ("grade.counts_disagree" in said) is disagree


@pytest.mark.parametrize(
    ("mitoses", "ki67", "grade", "missing"),
    [
        (None, "1", "G1", ("pathology.mitoses",)),
        (None, "10", "G2", ("pathology.mitoses",)),
        ("1", None, "G1", ("pathology.ki67",)),
        (None, None, None, ("pathology.ki67", "pathology.mitoses")),
    ],
)
def test_one_count_alone_grades_provisionally_and_asks_for_the_other(
    conclude, mitoses, ki67, grade, missing
):
    found = conclude("tumour.grade", counted(mitoses, ki67))
    assert found.value == grade
    assert found.status == ("provisional" if grade else "undetermined")
    assert found.missing == missing


def test_one_count_above_the_highest_limit_is_enough_for_g3(conclude):
    assert conclude("tumour.grade", counted(None, "35")).status == "met"


@pytest.mark.parametrize("ki67", ["15-25", ">10", "<5"])
def test_a_range_across_a_limit_leaves_the_grade_open(conclude, ki67):
    assert conclude("tumour.grade", counted("1", ki67)).status != "met"


@pytest.mark.parametrize(
    ("morphology", "entity"),
    [
        ("small_cell", "nec_small_cell"),
        ("large_cell", "nec_large_cell"),
        ("poorly_differentiated", "nec"),
    ],
)
def test_carcinomas_are_high_grade_and_carry_no_number(conclude, morphology, entity):
    facts = counted("40", "80", **{"pathology.morphology": morphology})
    assert conclude("tumour.entity", facts).value == entity
    assert conclude("tumour.family", facts).value == "NEC"
    assert conclude("tumour.grade", facts).value == "high_grade"


@pytest.mark.parametrize(
    ("mitoses", "ki67", "status"),
    [
        ("20", "20", "undetermined"),
        ("21", "20", "met"),
        ("20", "20.1", "met"),
        (None, "15", "provisional"),
    ],
)
def test_carcinoma_morphology_with_low_counts_is_left_for_review(conclude, mitoses, ki67, status):
    found = conclude(
        "tumour.entity", counted(mitoses, ki67, **{"pathology.morphology": "large_cell"})
    )
    assert found.status == status


def test_numbers_alone_never_name_a_tumour(conclude):
    found = conclude("tumour.entity", counted("50", "90", **{"pathology.morphology": None}))
    assert found.value is None
    assert "pathology.morphology" in found.missing


@pytest.mark.parametrize(
    ("size", "syndrome", "precursor"),
    [
        ("4.9", "none", "microadenoma"),
        ("5", "none", None),
        ("4", "hypoglycaemia", None),
    ],
)
def test_a_small_silent_pancreatic_lesion_is_a_microadenoma(conclude, size, syndrome, precursor):
    facts = counted("0", "1", **{"lesion.size": size, "disease.hormone_syndrome": syndrome})
    assert conclude("tumour.precursor", facts).value == precursor
    assert conclude("tumour.entity", facts).value == "net"


@pytest.mark.parametrize(
    ("syndrome", "function"),
    [
        ("hypoglycaemia", "insulinoma"),
        ("gastrinoma_syndrome", "gastrinoma"),
        ("carcinoid_syndrome", "serotonin_producing"),
        ("none", "non_functioning"),
        (None, None),
    ],
)
def test_a_functioning_tumour_is_a_net_with_its_function(conclude, syndrome, function):
    facts = counted("1", "2", **{"disease.hormone_syndrome": syndrome})
    assert conclude("tumour.function", facts).value == function
    assert conclude("tumour.entity", facts).value == "net"


def test_a_reported_insulinoma_is_a_net_as_reported(conclude):
    facts = {"tumour.site": "pancreas", "diagnosis.reported": "insulinoma"}
    found = conclude("tumour.entity", facts)
    assert (found.value, found.status) == ("net", "provisional")
    assert conclude("tumour.function", facts).value == "insulinoma"


def test_a_reported_grade_stands_only_where_no_counts_decide(conclude):
    reported = counted(None, None, **{"grade.reported": "G2"})
    found = conclude("tumour.grade", reported)
    assert (found.value, found.status) == ("G2", "provisional")
    assert conclude("tumour.grade", counted("1", "1", **{"grade.reported": "G2"})).value == "G1"
