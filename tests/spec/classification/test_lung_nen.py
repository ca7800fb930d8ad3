"""Lung neuroendocrine neoplasms, WHO 2021 and 2015: one test a rule of the field."""

from __future__ import annotations

import pytest

from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import assess_rows

RESECTED = {
    "tumour.site": "lung",
    "specimen.procedure": "resection",
    "specimen.site_type": "primary",
    "lesion.size": "20",
}
CARCINOID = {**RESECTED, "pathology.morphology": "carcinoid", "pathology.ki67": "2"}


def concluded(fact: str, components=(), **facts: str):
    kb = load_knowledge()
    named = {name.replace("__", "."): value for name, value in facts.items() if value is not None}
    rows = rows_of_facts(named, tuple(components), kb)
    return assess_rows("P", rows, kb).of(fact)[0]


def entity(base: dict[str, str], components=(), **facts: str | None):
    merged = {**base, **{name.replace("__", "."): value for name, value in facts.items()}}
    return concluded("tumour.entity", components, **merged)


@pytest.mark.parametrize(
    ("mitoses", "necrosis", "expected"),
    [
        ("0", "absent", "typical_carcinoid"),
        ("1", "absent", "typical_carcinoid"),
        ("1.83", "absent", "typical_carcinoid"),
        ("2", "absent", "atypical_carcinoid"),
        ("10", "absent", "atypical_carcinoid"),
        ("0", "focal", "atypical_carcinoid"),
        ("2", "extensive", "atypical_carcinoid"),
        ("10.1", "absent", "carcinoid_elevated_proliferation"),
        ("33", "focal", "carcinoid_elevated_proliferation"),
    ],
)
def test_within_carcinoid_morphology_mitoses_and_necrosis_decide(mitoses, necrosis, expected):
    found = entity(CARCINOID, pathology__mitoses=mitoses, pathology__necrosis=necrosis)
    assert (found.value, found.status) == (expected, "met")


@pytest.mark.parametrize(
    ("ki67", "expected"),
    [("29.9", "atypical_carcinoid"), ("30", "carcinoid_elevated_proliferation")],
)
def test_ki67_of_30_percent_makes_proliferation_elevated(ki67, expected):
    found = entity(
        CARCINOID, pathology__mitoses="4", pathology__necrosis="absent", pathology__ki67=ki67
    )
    assert expected in (found.value or "")


def test_carcinoid_morphology_is_never_lcnec_by_numbers_in_2021_but_was_in_2015():
    crosswalk = concluded(
        "tumour.crosswalk",
        **{**CARCINOID, "pathology.mitoses": "40", "pathology.necrosis": "absent"},
    )
    assert crosswalk.value == (
        "who_thoracic_2015=lcnec;who_thoracic_2021=carcinoid_elevated_proliferation"
    )


def test_below_5_mm_it_is_a_tumorlet():
    found = entity(
        CARCINOID, pathology__mitoses="0", pathology__necrosis="absent", lesion__size="4.9"
    )
    assert (found.value, found.status) == ("tumorlet", "met")


def test_without_a_size_a_typical_carcinoid_is_provisional_and_names_the_size():
    found = entity(
        CARCINOID, pathology__mitoses="1", pathology__necrosis="absent", lesion__size=None
    )
    assert (found.value, found.status) == ("typical_carcinoid", "provisional")
    assert "lesion.size" in found.missing
    assert "tumorlet" in found.alternatives


def test_necrosis_of_unstated_extent_with_few_mitoses_is_atypical_provisionally():
    found = entity(CARCINOID, pathology__mitoses="1", pathology__necrosis="present")
    assert (found.value, found.status) == ("atypical_carcinoid", "provisional")
    assert found.missing == ("pathology.necrosis",)


def test_few_mitoses_with_extensive_necrosis_are_left_undetermined():
    found = entity(CARCINOID, pathology__mitoses="1", pathology__necrosis="extensive")
    assert (found.value, found.status) == (None, "undetermined")
    assert "pathology.morphology" in found.missing
    assert found.rule_id == "lung.few_mitoses_extensive_necrosis"


@pytest.mark.parametrize("sample", [{"procedure": "biopsy"}, {"site_type": "metastasis"}])
def test_a_small_sample_or_a_metastasis_gives_a_carcinoid_not_further_specified(sample):
    facts = {f"specimen__{name}": value for name, value in sample.items()}
    found = entity(CARCINOID, pathology__mitoses="1", pathology__necrosis="absent", **facts)
    assert found.value == "carcinoid"
    assert "lung.small_sample" in [caution.id for caution in found.cautions]


@pytest.mark.parametrize(
    ("morphology", "expected"), [("small_cell", "sclc"), ("large_cell", "lcnec")]
)
def test_carcinomas_have_more_than_ten_mitoses_and_need_no_necrosis(morphology, expected):
    found = entity(
        RESECTED,
        pathology__morphology=morphology,
        pathology__mitoses="11",
        pathology__necrosis="absent",
    )
    assert (found.value, found.status) == (expected, "met")


def test_carcinoma_morphology_with_ten_mitoses_is_left_undetermined():
    found = entity(RESECTED, pathology__morphology="large_cell", pathology__mitoses="10")
    assert (found.value, found.status) == (None, "undetermined")


def parts(*components: tuple[str, str]):
    return [
        {"component.morphology": name} | ({"component.percent": share} if share else {})
        for name, share in components
    ]


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([("small_cell", "99"), ("adenocarcinoma", "1")], "combined_sclc"),
        ([("small_cell", "90"), ("large_cell", "10")], "combined_sclc"),
        ([("small_cell", "91"), ("large_cell", "9")], "sclc"),
        ([("large_cell", "95"), ("squamous_cell_carcinoma", "5")], "combined_lcnec"),
    ],
)
def test_components_make_a_tumour_combined(components, expected):
    found = entity({"tumour.site": "lung", "pathology.mitoses": "50"}, parts(*components))
    assert (found.value, found.status) == (expected, "met")


def test_a_large_cell_component_of_unknown_share_leaves_combined_open():
    found = entity(
        {"tumour.site": "lung", "pathology.mitoses": "50"},
        parts(("small_cell", ""), ("large_cell", "")),
    )
    assert (found.value, found.status) == ("sclc", "provisional")
    assert found.alternatives == ("combined_sclc",)
    assert "component.percent" in found.missing


def test_components_are_listed_with_their_shares():
    found = concluded(
        "tumour.components",
        parts(("small_cell", "60"), ("adenocarcinoma", "40")),
        **{"tumour.site": "lung"},
    )
    assert found.value == "adenocarcinoma 40%;small_cell 60%"


@pytest.mark.parametrize(
    ("ki67", "caution"),
    [("5", None), ("5.1", "lung.ki67_above_typical"), (">20", "lung.ki67_above_typical")],
)
def test_ki67_above_what_is_usual_is_a_caution_and_changes_nothing(ki67, caution):
    found = entity(
        CARCINOID, pathology__mitoses="1", pathology__necrosis="absent", pathology__ki67=ki67
    )
    assert found.value == "typical_carcinoid"
    said = [each.id for each in found.cautions]
    assert said == ([caution] if caution else [])


def test_a_reported_diagnosis_stands_provisionally_where_no_criteria_decide():
    found = entity({"tumour.site": "lung", "diagnosis.reported": "atypical_carcinoid"})
    assert (found.value, found.status) == ("atypical_carcinoid", "provisional")
    assert "as_reported" in [caution.id for caution in found.cautions]
    assert "pathology.morphology" in found.missing


def test_a_reported_diagnosis_never_overrides_the_criteria():
    found = entity(
        CARCINOID,
        pathology__mitoses="1",
        pathology__necrosis="absent",
        diagnosis__reported="lcnec",
    )
    assert found.value == "typical_carcinoid"


def test_a_reported_diagnosis_that_the_criteria_refute_does_not_stand():
    found = entity(
        {"tumour.site": "lung", "pathology.mitoses": "5", "diagnosis.reported": "typical_carcinoid"}
    )
    assert found.value is None
    assert "report_not_supported" in [caution.id for caution in found.cautions]


def test_without_a_site_the_edition_is_open_and_the_site_is_asked_for():
    found = entity({"diagnosis.reported": "sclc"})
    assert (found.value, found.status) == ("sclc", "provisional")
    assert "tumour.site" in found.missing


@pytest.mark.parametrize(
    ("facts", "family", "grade"),
    [
        ({"pathology.mitoses": "1", "pathology.necrosis": "absent"}, "NET", "G1"),
        ({"pathology.mitoses": "5", "pathology.necrosis": "absent"}, "NET", "G2"),
        ({"pathology.mitoses": "15", "pathology.necrosis": "absent"}, "NET", "G3"),
        ({"pathology.morphology": "small_cell", "pathology.mitoses": "60"}, "NEC", "high_grade"),
    ],
)
def test_family_and_grade_follow_the_uniform_framework(facts, family, grade):
    merged = {**CARCINOID, **facts}
    assert concluded("tumour.family", **merged).value == family
    assert concluded("tumour.grade", **merged).value == grade
