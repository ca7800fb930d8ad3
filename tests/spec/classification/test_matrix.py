"""The matrix of editions, sites and entities is read off the records and has no silent gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.report.matrix import covers, make_matrix, matrix_page


@pytest.fixture(scope="module")
def matrix():
    return make_matrix(load_knowledge())


@pytest.mark.parametrize(
    ("edition", "entity", "site", "rule"),
    [
        ("who_thoracic_2021", "typical_carcinoid", "lung", "lung.typical_carcinoid"),
        ("who_digestive_2010", "nec", "colon", "gep.nec_2010_by_count"),
        ("who_pancreas_2017", "net", "pancreas", "nen.net"),
        ("who_2022", "minen", "stomach", "gep.minen"),
        ("who_2022", "merkel_cell", "skin", "gate.merkel_cell"),
    ],
)
def test_a_cell_names_the_rules_that_can_fire_there(matrix, edition, entity, site, rule):
    assert rule in matrix.cells[edition, entity, site]


@pytest.mark.parametrize(
    ("edition", "entity", "site"),
    [
        ("who_2022", "minen", "bladder"),
        ("who_2022", "nec_small_cell", "skin"),
        ("who_2022", "net", "lung"),
        ("who_pancreas_2017", "net", "colon"),
        ("who_thoracic_2015", "carcinoid_elevated_proliferation", "lung"),
    ],
)
def test_a_cell_is_empty_where_no_rule_can_fire(matrix, edition, entity, site):
    assert (edition, entity, site) not in matrix.cells


def test_every_rule_in_a_cell_fires_does_not_fire_and_can_lack_its_input(matrix):
    kb = load_knowledge()
    for rule in {rule for rules in matrix.cells.values() for rule in rules}:
        expected = {case.expect for case in kb.rules[rule].cases}
        assert expected & {"met", "provisional"}
        assert {"not_met", "undetermined"} <= expected


def test_every_site_has_an_edition_that_speaks_of_it(matrix):
    kb = load_knowledge()
    for group in matrix.sites:
        assert any(covers(kb, edition, group[0]) for edition in matrix.editions)


def test_the_page_gives_every_empty_cell_its_reason():
    page = matrix_page(load_knowledge())
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows
    assert not any("|  |" in row for row in rows)
    assert "*not at this site*" in page


def test_the_matrix_in_the_documentation_is_that_of_the_records():
    page = Path(__file__).parents[3] / "docs" / "classification-matrix.md"
    assert page.read_text("utf-8") == matrix_page(load_knowledge()), "run `make docs`"
