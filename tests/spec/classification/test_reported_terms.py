"""Terms of editions and organs: carried over into each other, with what decides."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.crosswalk import HARMONISED, carry, harmonise
from nenuphar.pipeline.case import plan_of
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.harmonised_section import harmonised_section
from nenuphar.simulate.digestive_2010 import simulate_digestive_2010

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
        meant, there = harmonise(kb, term), carry(kb, term, system)
        back = {own for other in there.can_be for own in carry(kb, other, system_of(term)).can_be}
        # Whatever comes back still allows the term that was sent; a detour never excludes it.
        assert not there.can_be or term in back
        # All that the term can mean is still possible, save what the other system cannot say.
        returned = {name for other in there.can_be for name in harmonise(kb, other).can_be}
        assert {*meant.can_be} - {*there.unsayable} <= returned
        assert returned - {*meant.can_be} == {*there.blurred}


def test_what_has_no_word_elsewhere_and_what_is_blurred_is_said():
    kb = load_knowledge()
    assert carry(kb, "manec_2010", "thoracic_2021").unsayable == ("minen",)
    blurred = carry(kb, "net_g3_2017", "digestive_2010").blurred
    assert blurred == ("nec_large_cell", "nec_small_cell")
    assert carry(kb, "net_g3_2017", "digestive_2019").blurred == ()


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


def test_a_term_that_was_reported_names_the_tumour_where_nothing_else_does(conclude):
    named = {"tumour.site": "pancreas", "diagnosis.reported_term": "net_g2_2010"}
    for fact, value in (("tumour.entity", "net"), ("tumour.grade", "G2")):
        found = conclude(fact, named)
        assert (found.value, found.status) == (value, "provisional")
    vague = {"tumour.site": "pancreas", "diagnosis.reported_term": "nec_g3_2010"}
    assert conclude("tumour.entity", vague).value == "nen"
    lung = {"tumour.site": "lung", "diagnosis.reported_term": "typical_carcinoid_2015"}
    assert conclude("tumour.entity", lung).value == "typical_carcinoid"


@pytest.fixture(scope="module")
def archive():
    """An archive of 2010: the truth, its names in the framework and the section that shows them."""
    kb = load_knowledge()
    drawn = simulate_digestive_2010(400, seed=1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.csv"
        drawn.records.write_csv(path)
        frames = read_input(path, kb, "simulated-2010").frames
    table = conclude(frames, kb)
    return drawn, table.filter(table["fact"] == HARMONISED), harmonised_section(frames, table, kb)


def test_in_an_archive_of_2010_exactly_the_nec_g3_without_morphology_stay_open(archive):
    drawn, found, _ = archive
    vague = drawn.records["morphology"].is_in(["", "neuroendocrine"])
    expected = drawn.records.filter(vague & (drawn.records["diagnosis_2010"] == "NEC G3"))
    still_open = found.filter(found["value"].is_null())
    assert sorted(still_open["patient_id"]) == sorted(expected["patient_id"])
    assert set(still_open["missing"]) == {"pathology.morphology"}


def test_whatever_is_told_of_an_archive_of_2010_is_true(archive):
    drawn, found, _ = archive
    told = found.filter(found["value"].is_not_null()).join(drawn.truth, on="patient_id")
    assert told.height > 300
    assert (told["value"] == told["entity"]).all()


def test_the_page_of_an_archive_shows_the_flow_the_open_share_and_why(archive):
    _, found, shown = archive
    [row] = [row for row in shown.data["rows"] if row["term"] == "NEC G3 (2010)"]
    assert row["open"] == found["value"].null_count() > 0
    assert row["decides"] == f"morphology ({row['open']})"
    assert "Cannot be told" in shown.body


def test_a_cohort_without_such_terms_has_no_such_section():
    kb = load_knowledge()
    rows = rows_of_facts({"tumour.site": "lung", "diagnosis.reported": "sclc"}, (), kb)
    frames = frames_of([rows], kb)
    assert harmonised_section(frames, conclude_cohort(plan_of(kb), frames), kb) is None
