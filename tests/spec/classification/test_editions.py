"""Editions are contexts: the same tumour, named in each of them."""

from __future__ import annotations

import pytest


def names(conclude, facts) -> dict[str, str]:
    listed = conclude("tumour.crosswalk", facts).value or ""
    return dict(part.split("=") for part in listed.split(";") if part)


def tumour(site: str, morphology: str, mitoses: str | None, ki67: str | None) -> dict:
    return {
        "tumour.site": site,
        "pathology.morphology": morphology,
        "pathology.mitoses": mitoses,
        "pathology.ki67": ki67,
    }


@pytest.mark.parametrize(
    ("ki67", "in_2010"), [("20", "net"), ("20.1", "nec"), ("35", "nec"), (">20", "nec")]
)
def test_above_20_percent_2010_named_every_tumour_a_carcinoma(conclude, ki67, in_2010):
    found = names(conclude, tumour("pancreas", "well_differentiated", "5", ki67))
    assert found == {
        "who_digestive_2010": in_2010,
        "who_pancreas_2017": "net",
        "who_digestive_2019": "net",
        "who_2022": "net",
    }


@pytest.mark.parametrize(
    ("site", "editions"),
    [
        ("pancreas", {"who_digestive_2010", "who_pancreas_2017", "who_digestive_2019", "who_2022"}),
        ("small_intestine", {"who_digestive_2010", "who_digestive_2019", "who_2022"}),
        ("bladder", {"who_2022"}),
        ("unknown_primary", {"who_2022"}),
        ("lung", {"who_thoracic_2015", "who_thoracic_2021"}),
    ],
)
def test_an_edition_speaks_only_of_the_organs_that_it_covers(conclude, site, editions):
    morphology = "carcinoid" if site == "lung" else "well_differentiated"
    assert set(names(conclude, tumour(site, morphology, "1", "1"))) == editions


@pytest.mark.parametrize(
    ("site", "edition"),
    [
        ("lung", "who_thoracic_2021"),
        ("thymus", "who_thoracic_2021"),
        ("rectum", "who_2022"),
        ("prostate", "who_2022"),
        ("unknown_primary", "who_2022"),
        (None, None),
    ],
)
def test_the_site_chooses_the_primary_edition(conclude, site, edition):
    facts = {"tumour.site": site, "pathology.morphology": "well_differentiated"}
    assert conclude("tumour.who_edition", facts).value == edition


@pytest.mark.parametrize(
    ("mitoses", "ki67", "grade_2010"),
    [
        ("1", "2", "G1"),
        ("1", "2.5", "G1"),
        ("2", "2.5", "G2"),
        (None, "2.5", ""),
        ("1", "3", "G2"),
    ],
)
def test_between_2_and_3_percent_mitoses_decide_in_2010(conclude, mitoses, ki67, grade_2010):
    found = conclude("tumour.grade", tumour("pancreas", "well_differentiated", mitoses, ki67))
    by_edition = {edition: value for edition, value, _ in found.by_context}
    assert by_edition["who_digestive_2010"] == grade_2010


@pytest.mark.parametrize(
    ("mitoses", "necrosis", "ki67", "grade"),
    [
        ("1", "absent", "5", "G1"),
        ("2", "absent", "5", "G2"),
        ("10", "absent", "5", "G2"),
        ("10.5", "absent", "5", "G3"),
        ("1", "focal", "5", "G2"),
        ("1", "absent", "20.1", "G3"),
    ],
)
def test_the_upper_aerodigestive_tract_grades_by_2_and_10_mitoses(
    conclude, mitoses, necrosis, ki67, grade
):
    facts = tumour("upper_aerodigestive_tract", "well_differentiated", mitoses, ki67)
    facts["pathology.necrosis"] = necrosis
    assert conclude("tumour.grade", facts).value == grade


@pytest.mark.parametrize("site", ["bladder", "breast", "kidney", "cervix", "prostate"])
def test_where_no_criterion_grades_a_net_the_grade_stays_open_and_says_so(conclude, site):
    facts = tumour(site, "well_differentiated", "1", "2")
    assert conclude("tumour.entity", facts).value == "net"
    grade = conclude("tumour.grade", facts)
    assert grade.value is None
    assert "grade.no_criterion" in [each.id for each in grade.cautions]
    carcinoma = tumour(site, "small_cell", "50", "90")
    assert conclude("tumour.entity", carcinoma).value == "nec_small_cell"
    assert conclude("tumour.grade", carcinoma).value == "high_grade"


def test_without_a_primary_the_grade_asks_for_it(conclude):
    facts = tumour("unknown_primary", "well_differentiated", "1", "2")
    grade = conclude("tumour.grade", facts)
    assert (grade.value, grade.missing) == (None, ("tumour.site",))


@pytest.mark.parametrize(
    ("site", "reported", "entity"),
    [
        ("bladder", "sclc", "nec_small_cell"),
        ("rectum", "lcnec", "nec_large_cell"),
        ("small_intestine", "typical_carcinoid", "net"),
        ("lung", "sclc", "sclc"),
        ("thymus", "atypical_carcinoid", "atypical_carcinoid"),
        ("pancreas", "nen", "nen"),
    ],
)
def test_words_of_the_chest_are_not_carried_to_other_organs(conclude, site, reported, entity):
    found = conclude("tumour.entity", {"tumour.site": site, "diagnosis.reported": reported})
    assert (found.value, found.status) == (entity, "provisional")
