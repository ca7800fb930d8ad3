"""Going up from narrower rows to a wider one needs a stated quantifier."""

from __future__ import annotations

import pytest
from tiny import MITOSES, NECROSIS, Patient, base, fact, rule

FACTS = (
    MITOSES,
    NECROSIS,
    fact("specimen.is_index", "boolean"),
    fact("tumour.call", values={"yes": "Yes"}, derived=True),
)
MANY = {"fact": "specimen.mitoses", "ge": "mitoses.two"}
NECROTIC = {"fact": "specimen.necrosis", "is": True}


def asked(quantifier: str, *specimens: dict, **body):
    """Return how a quantified criterion comes out, and what it names as missing."""
    over = {quantifier: {"over": "specimen", "that": MANY, **body}}
    patient = Patient(base(*FACTS, rule("asked", "tumour.call", "yes", over))).add("tumour/1")
    for number, facts in enumerate(specimens):
        patient.add(facts.pop("at", f"specimen/1/s{number}"), **facts)
    [found] = patient.concluded("tumour.call")
    return found.rules[0].status, found.missing


def test_nothing_recorded_is_not_the_same_as_nothing_there():
    for quantifier in ("exists", "every", "count", "latest", "earliest", "index"):
        assert asked(quantifier) == ("undetermined", ("specimen.mitoses",))


def test_exists_needs_one_and_every_needs_all():
    assert asked("exists", {"mitoses": 5}, {})[0] == "met"
    assert asked("exists", {"mitoses": 1}, {}) == ("undetermined", ("specimen.mitoses",))
    assert asked("every", {"mitoses": 5}, {})[0] == "undetermined"
    assert asked("every", {"mitoses": 1}, {})[0] == "not_met"


def test_where_says_which_rows_are_meant_and_others_are_not_missed():
    rows = ({"necrosis": True, "mitoses": 1}, {"necrosis": False})
    assert asked("exists", *rows, where=NECROTIC)[0] == "not_met"
    assert asked("every", *rows, where=NECROTIC)[0] == "not_met"
    open_row = ({"necrosis": True}, {"mitoses": 1})
    assert asked("exists", *open_row, where=NECROTIC) == ("undetermined", ("specimen.mitoses",))


def test_count_asks_for_a_number_of_rows():
    assert asked("count", {"mitoses": 5}, {"mitoses": 5}, at_least=2)[0] == "met"
    assert asked("count", {"mitoses": 5}, {"mitoses": 1}, at_least=2)[0] == "not_met"
    assert asked("count", {"mitoses": 5}, {}, at_least=2)[0] == "undetermined"


def test_several_assessors_of_one_specimen_are_one_specimen():
    rows = [
        {"at": "specimen/1/s", "assessor": "a", "mitoses": 5},
        {"at": "specimen/1/s", "assessor": "b", "mitoses": 5},
    ]
    assert asked("count", *rows, at_least=2)[0] == "not_met"


def test_latest_and_earliest_choose_by_date():
    rows = ({"date": "2020-01", "mitoses": 1}, {"date": "2021", "mitoses": 5})
    assert asked("latest", *map(dict, rows))[0] == "met"
    assert asked("earliest", *map(dict, rows))[0] == "not_met"


def test_dates_that_do_not_tell_leave_it_open_unless_all_candidates_agree():
    differ = ({"date": "2020", "mitoses": 1}, {"date": "2020-05", "mitoses": 5})
    assert asked("latest", *differ) == ("undetermined", ("specimen.date",))
    agree = ({"date": "2020", "mitoses": 4}, {"mitoses": 5})
    assert asked("latest", *agree)[0] == "met"


def test_worst_chooses_by_a_number():
    rows = ({"mitoses": 12, "necrosis": True}, {"mitoses": 3, "necrosis": False})
    body = {"that": NECROTIC, "by": "specimen.mitoses"}
    assert asked("worst", *rows, **body)[0] == "met"
    vague = ({"mitoses": ">2", "necrosis": True}, {"mitoses": 3, "necrosis": False})
    assert asked("worst", *vague, **body) == ("undetermined", ("specimen.mitoses",))


def test_index_chooses_the_marked_row():
    rows = ({"is_index": True, "mitoses": 5}, {"mitoses": 1})
    assert asked("index", *rows)[0] == "met"
    assert asked("index", {"mitoses": 5}, {"mitoses": 1}) == (
        "undetermined",
        ("specimen.is_index",),
    )


def test_a_single_row_is_the_index_whether_or_not_it_is_marked():
    assert asked("index", {"mitoses": 5})[0] == "met"


@pytest.mark.parametrize("quantifier", ["latest", "earliest", "index"])
def test_if_no_row_is_meant_the_criterion_is_not_met(quantifier):
    assert asked(quantifier, {"necrosis": False, "mitoses": 5}, where=NECROTIC)[0] == "not_met"


CALL = fact("specimen.call", values={"yes": "Yes"}, derived=True)


def rests_on_calls(criterion: dict, *specimens: dict):
    """Conclude something about a tumour from what is concluded of its specimens.

    A specimen is called where it has many mitoses, unless it is necrotic: without a word on
    necrosis the call is provisional.
    """
    called = rule("called", "specimen.call", "yes", MANY, unless=NECROTIC)
    asks = rule("asked", "tumour.call", "yes", criterion)
    patient = Patient(base(*FACTS, CALL, called, asks)).add("tumour/1")
    for number, facts in enumerate(specimens):
        patient.add(f"specimen/1/s{number}", **facts)
    [found] = patient.concluded("tumour.call")
    return found.rules[0].status, found.missing


CALLED = {"over": "specimen", "that": {"fact": "specimen.call", "is": "yes"}}
SURE, DOUBTFUL = {"mitoses": 5, "necrosis": False}, {"mitoses": 5}


def test_what_rests_on_a_provisional_value_of_another_row_is_provisional():
    asks = ("specimen.necrosis",)
    assert rests_on_calls({"exists": CALLED}, dict(SURE)) == ("met", ())
    assert rests_on_calls({"exists": CALLED}, dict(DOUBTFUL)) == ("provisional", asks)
    assert rests_on_calls({"every": CALLED}, dict(SURE), dict(DOUBTFUL)) == ("provisional", asks)


def test_a_provisional_value_on_which_nothing_turns_softens_nothing():
    assert rests_on_calls({"exists": CALLED}, dict(SURE), dict(DOUBTFUL)) == ("met", ())
