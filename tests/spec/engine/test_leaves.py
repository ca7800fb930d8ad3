"""What a criterion asks of one fact, and when the answer stays open."""

from __future__ import annotations

import pytest
from tiny import ENTITY, LOOK, MITOSES, NECROSIS, base, rule, specimen

FACTS = (MITOSES, NECROSIS, LOOK, ENTITY)


def truth(when: dict, **facts) -> str:
    kb = base(*FACTS, rule("asked", "specimen.entity", "typical", when))
    return specimen(kb, **facts).rules[0].status


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("lt", "1", "met"),
        ("lt", "2", "not_met"),
        ("lt", "<2", "met"),
        ("lt", "<=2", "undetermined"),
        ("le", "<=2", "met"),
        ("gt", ">2", "met"),
        ("gt", ">=2", "undetermined"),
        ("ge", ">=2", "met"),
        ("ge", "1-3", "undetermined"),
        ("ge", "2-3", "met"),
        ("ge", "<2", "not_met"),
    ],
)
def test_a_comparison_holds_if_it_holds_for_all_that_the_report_leaves_open(op, value, expected):
    assert truth({"fact": "specimen.mitoses", op: "mitoses.two"}, mitoses=value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2", "met"),
        ("10", "met"),
        ("10.5", "not_met"),
        ("1-5", "undetermined"),
        (">10", "not_met"),
    ],
)
def test_between_includes_both_limits(value, expected):
    when = {"fact": "specimen.mitoses", "between": ["mitoses.two", "mitoses.ten"]}
    assert truth(when, mitoses=value) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        ("net", "met"),
        ("typical", "met"),
        ("nec", "not_met"),
        ("neoplasm", "undetermined"),
    ],
)
def test_is_a_holds_for_kinds_and_stays_open_for_what_may_turn_out_to_be_one(look, expected):
    assert truth({"fact": "specimen.look", "is_a": "net"}, look=look) == expected


def test_is_stays_open_while_only_something_wider_is_known():
    when = {"fact": "specimen.look", "is": "typical"}
    assert truth(when, look="net") == "undetermined"
    assert truth(when, look="atypical") == "not_met"


def test_a_missing_answer_is_neither_yes_nor_no():
    assert truth({"fact": "specimen.necrosis", "is": True}) == "undetermined"
    assert truth({"not": {"fact": "specimen.necrosis", "is": True}}) == "undetermined"
    assert truth({"fact": "specimen.necrosis", "is": False}, necrosis=False) == "met"


def test_all_needs_every_part_and_any_needs_one():
    parts = [
        {"fact": "specimen.necrosis", "is": True},
        {"fact": "specimen.mitoses", "ge": "mitoses.two"},
    ]
    assert truth({"all": parts}, mitoses=1) == "not_met"
    assert truth({"all": parts}, mitoses=2) == "undetermined"
    assert truth({"any": parts}, mitoses=2) == "met"
    assert truth({"any": parts}, mitoses=1) == "undetermined"


def test_at_least_is_settled_as_soon_as_enough_parts_are_met_or_can_no_longer_be():
    parts = [
        {"fact": "specimen.necrosis", "is": True},
        {"fact": "specimen.mitoses", "ge": "mitoses.two"},
        {"fact": "specimen.look", "is_a": "nec"},
    ]
    two = {"at_least": {"k": 2, "of": parts}}
    assert truth(two, necrosis=True, mitoses=2) == "met"
    assert truth(two, necrosis=False, mitoses=1) == "not_met"
    assert truth(two, necrosis=True) == "undetermined"
