"""Mixed neoplasms of the digestive system: at least 30% of each, each graded on its own."""

from __future__ import annotations

import pytest

from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import assess_rows


def parts(*components: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"component.morphology": name} | ({"component.percent": share} if share else {})
        for name, share in components
    ]


COLON = {"tumour.site": "colon", "pathology.mitoses": "40", "pathology.ki67": "80"}


@pytest.mark.parametrize(
    ("neuroendocrine", "other", "entity"),
    [
        ("30", "70", "minen"),
        ("70", "30", "minen"),
        ("29", "71", "not_nen"),
        ("29.9", "70.1", "not_nen"),
        ("71", "29", "nec_large_cell"),
        ("100", "", "nec_large_cell"),
    ],
)
def test_both_components_make_up_at_least_30_percent(conclude, neuroendocrine, other, entity):
    named = [("large_cell", neuroendocrine)] + ([("adenocarcinoma", other)] if other else [])
    found = conclude("tumour.entity", COLON, parts(*named))
    assert (found.value, found.status) == (entity, "met")


def test_a_neuroendocrine_part_below_30_percent_is_mentioned(conclude):
    components = parts(("large_cell", "20"), ("adenocarcinoma", "80"))
    found = conclude("tumour.entity", COLON, components)
    assert "entity.neuroendocrine_part_below_30" in [each.id for each in found.cautions]


def test_without_shares_a_mixed_neoplasm_is_open_and_asks_for_them(conclude):
    found = conclude("tumour.entity", COLON, parts(("large_cell", ""), ("adenocarcinoma", "")))
    assert found.value is None
    assert {"minen", "not_nen"} <= set(found.alternatives)
    assert "component.percent" in found.missing


def test_the_family_is_its_own_and_the_grade_is_that_of_each_component(conclude):
    components = parts(("large_cell", "50"), ("adenocarcinoma", "50"))
    assert conclude("tumour.family", COLON, components).value == "MiNEN"
    grade = conclude("tumour.grade", COLON, components)
    assert grade.value is None
    assert "grade.minen_by_component" in [each.id for each in grade.cautions]


@pytest.mark.parametrize(
    ("component", "grade"),
    [
        ({"component.morphology": "small_cell"}, "high_grade"),
        (
            {
                "component.morphology": "well_differentiated",
                "component.mitoses": "1",
                "component.ki67": "3",
            },
            "G2",
        ),
        ({"component.morphology": "well_differentiated", "component.ki67": "25"}, "G3"),
        ({"component.morphology": "adenocarcinoma"}, None),
    ],
)
def test_each_neuroendocrine_component_has_its_own_grade(component, grade):
    kb = load_knowledge()
    rows = rows_of_facts({"tumour.site": "colon"}, (component,), kb)
    assert assess_rows("P", rows, kb).of("component.grade")[0].value == grade


def test_in_2010_the_other_component_was_an_adenocarcinoma(conclude):
    components = parts(("large_cell", "50"), ("squamous_cell_carcinoma", "50"))
    found = conclude("tumour.entity", COLON, components)
    by_edition = {edition: value for edition, value, _ in found.by_context}
    assert by_edition["who_2022"] == "minen"
    assert by_edition["who_digestive_2010"] != "minen"


def test_outside_the_digestive_system_no_share_is_stated_and_nothing_is_guessed(conclude):
    facts = {**COLON, "tumour.site": "bladder"}
    found = conclude("tumour.entity", facts, parts(("small_cell", "60"), ("adenocarcinoma", "40")))
    assert (found.value, found.rule_id) == (None, "other_sites.mixed")
