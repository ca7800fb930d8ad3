"""Grades of several specimens of one tumour: they are compared, and the specimens are named."""

from __future__ import annotations

import pytest

from nenuphar.domain.conclusion import Conclusion, Trace
from nenuphar.engine.rule_cases import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.schema import RuleCase
from nenuphar.pipeline.case import assess_rows

NET = {"pathology.morphology": "well_differentiated"}
G1 = {**NET, "pathology.mitoses": "1", "pathology.ki67": "2"}
G2 = {**NET, "pathology.mitoses": "5", "pathology.ki67": "10"}
G3 = {**NET, "pathology.mitoses": "25", "pathology.ki67": "40"}
NEC = {"pathology.morphology": "small_cell", "pathology.mitoses": "60", "pathology.ki67": "90"}
PRIMARY, METASTASIS = {"specimen.site_type": "primary"}, {"specimen.site_type": "metastasis"}


def compared(fact: str, *specimens: dict[str, str], **facts: str) -> Conclusion:
    kb = load_knowledge()
    known = {"tumour.site": "pancreas", **{k.replace("__", "."): v for k, v in facts.items()}}
    case = RuleCase(name="specimens", expect="met", facts=known, specimens=specimens)
    return assess_rows("P", rows_of_case(case, kb), kb).of(fact)[0]


@pytest.mark.parametrize(
    ("primary", "metastases", "value"),
    [
        (G1, [G3], "higher"),
        (G2, [G2], "same"),
        (G3, [G2], "lower"),
        (G2, [NEC], "carcinoma"),
        (G1, [G1, G2], "higher"),
        (G1, [], "not_comparable"),
    ],
)
def test_metastases_are_compared_with_the_primary(primary, metastases, value):
    rows = [primary | PRIMARY, *(each | METASTASIS for each in metastases)]
    found = compared("tumour.grade_at_metastasis", *rows)
    assert (found.value, found.status) == (value, "met")


def test_one_metastasis_above_and_one_below_the_primary_are_both_shown():
    rows = (G2 | PRIMARY, G1 | METASTASIS, G3 | METASTASIS)
    found = compared("tumour.grade_at_metastasis", *rows)
    assert (found.value, found.status) == ("higher;lower", "conflict")


def test_a_grade_that_is_provisional_makes_the_comparison_provisional():
    half_counted = {**NET, "pathology.ki67": "10"}
    found = compared("tumour.grade_at_metastasis", G1 | PRIMARY, half_counted | METASTASIS)
    assert (found.value, found.status) == ("higher", "provisional")
    assert found.missing == ("pathology.mitoses",)


@pytest.mark.parametrize(
    ("first", "last", "value"), [(G2, G3, "higher"), (G3, G2, "lower"), (G1, G1, "same")]
)
def test_the_latest_specimen_is_compared_with_the_earliest(first, last, value):
    rows = ({**first, "date": "2019"}, {**last, "date": "2021-03"})
    assert compared("tumour.grade_over_time", *rows).value == value
    assert compared("tumour.grade_over_time", *reversed(rows)).value == value


def test_without_dates_nobody_can_say_and_the_dates_are_asked_for():
    found = compared("tumour.grade_over_time", G2, G3)
    assert (found.value, found.missing) == (None, ("specimen.date",))
    assert compared("tumour.grade_over_time", G2).value == "one_specimen"


def test_a_rise_after_systemic_treatment_says_so():
    rows = ({**G2, "date": "2019"}, {**G3, "date": "2021"})
    treated = compared("tumour.grade_over_time", *rows, treatment__regimen="captem")
    assert [each.id for each in treated.cautions] == ["grade.rose_under_treatment"]
    assert compared("tumour.grade_over_time", *rows).cautions == ()


def test_the_specimens_are_named():
    rows = ({**G2, "date": "2019"}, {**G3, "date": "2021-03"})
    found = compared("tumour.grade_over_time", *rows)
    grades = {(each.row, each.value) for each in found.inputs if each.fact == "tumour.grade"}
    assert grades == {("specimen specimen 1 (2019)", "G2"), ("specimen specimen 2 (2021-03)", "G3")}
    [rule] = [each for each in found.rules if each.status == "met"]
    assert {leaf.row for leaf in _leaves(rule.when)} == {row for row, _ in grades}


def _leaves(trace: Trace):
    if not trace.children:
        yield trace
    for child in trace.children:
        yield from _leaves(child)
