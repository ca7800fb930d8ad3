"""Terms of editions and organs: carried over into each other, with what decides."""

from __future__ import annotations

import pytest

from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.crosswalk import carry, harmonise
from nenuphar.methods import components
from nenuphar.pipeline.case import plan_of

SYSTEMS = (
    "digestive_2010",
    "pancreas_2017",
    "digestive_2019",
    "thoracic_2015",
    "thoracic_2021",
    "larynx_2005",
)


def terms() -> list[str]:
    hierarchy = load_knowledge().hierarchies["reported_term"]
    return [code for code in hierarchy.parents if not hierarchy.descendants(code)]


def system_of(term: str) -> str:
    return load_knowledge().hierarchies["reported_term"].parents[term][0]


def test_a_nec_g3_of_2010_needs_its_differentiation():
    carried = harmonise(load_knowledge(), "nec_g3_2010")
    assert carried.can_be == ("nec_large_cell", "nec_small_cell", "net_g3")
    assert carried.decided_by == ("pathology.morphology",)


@pytest.mark.parametrize(
    ("term", "system", "expected"),
    [
        ("typical_carcinoid_2021", "digestive_2019", ("net_g1_2019",)),
        ("atypical_carcinoid_2021", "digestive_2019", ("net_g2_2019",)),
        ("carcinoid_elevated_2021", "pancreas_2017", ("net_g3_2017",)),
        ("net_g3_2017", "digestive_2010", ("nec_g3_2010",)),
        ("net_g3_2019", "thoracic_2015", ("lcnec_2015",)),
        ("net_g1_2019", "larynx_2005", ("typical_carcinoid_larynx",)),
        ("manec_2010", "digestive_2019", ("minen_2019",)),
        ("manec_2010", "thoracic_2021", ()),
        ("sclc_2021", "digestive_2019", ("nec_small_cell_2019",)),
    ],
)
def test_a_term_is_carried_into_another_system(term, system, expected):
    assert carry(load_knowledge(), term, system).can_be == expected


@pytest.mark.parametrize("system", SYSTEMS)
def test_there_and_back_never_gains_information(system):
    kb = load_knowledge()
    for term in terms():
        there = carry(kb, term, system).can_be
        back = {own for other in there for own in carry(kb, other, system_of(term)).can_be}
        # Whatever comes back still allows the term that was sent; a detour never excludes it.
        assert not there or term in back
        meant = set(harmonise(kb, term).can_be)
        returned = {name for other in there for name in harmonise(kb, other).can_be}
        assert not there or meant & returned


def test_what_can_be_several_things_says_what_decides():
    for term in terms():
        carried = harmonise(load_knowledge(), term)
        assert carried.can_be
        assert len(carried.can_be) == 1 or carried.decided_by or term == "carcinoid_nos_2021"


@pytest.mark.parametrize(
    ("morphology", "harmonised"),
    [
        ("well_differentiated", "net_g3"),
        ("small_cell", "nec_small_cell"),
        ("poorly_differentiated", "nec"),
        (None, None),
    ],
)
def test_a_cohort_of_2010_is_reclassified_where_morphology_is_known(
    conclude, morphology, harmonised
):
    facts = {"diagnosis.reported_term": "nec_g3_2010", "pathology.morphology": morphology}
    found = conclude("tumour.harmonised", facts)
    assert found.value == harmonised
    if harmonised is None:
        assert found.missing == ("pathology.morphology",)
        assert set(found.alternatives) >= {"net_g3", "nec"}


@pytest.mark.parametrize(
    ("mitoses", "ki67", "harmonised"),
    [("1", "2", "net_g1"), ("1", "3", "net_g2"), (None, None, "net")],
)
def test_an_old_carcinoid_of_the_gut_is_graded_by_its_counts(conclude, mitoses, ki67, harmonised):
    facts = {
        "diagnosis.reported_term": "carcinoid_gut",
        "pathology.mitoses": mitoses,
        "pathology.ki67": ki67,
    }
    assert conclude("tumour.harmonised", facts).value == harmonised


def test_in_a_cohort_of_2010_the_share_that_stays_open_is_the_share_without_morphology():
    kb = load_knowledge()
    read = ["well_differentiated", "small_cell", "large_cell", "neuroendocrine", None]
    patients = []
    for number in range(50):
        facts = {"tumour.site": "pancreas", "diagnosis.reported_term": "nec_g3_2010"}
        if morphology := read[number % 5]:
            facts["pathology.morphology"] = morphology
        rows = rows_of_facts(facts, (), kb)
        for own in rows.values():
            for row in own:
                row.key = (f"P{number:02}", *row.key[1:])
        components.describe_rows(rows)
        patients.append(rows)
    table = conclude_cohort(plan_of(kb), components.describe_frames(frames_of(patients, kb)))
    found = table.filter(table["fact"] == "tumour.harmonised")
    counts = dict(found["value"].value_counts().iter_rows())
    assert counts == {"net_g3": 10, "nec_small_cell": 10, "nec_large_cell": 10, None: 20}
    still_open = found.filter(found["value"].is_null())
    assert set(still_open["missing"]) == {"pathology.morphology"}
