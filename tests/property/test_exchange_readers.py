"""Whatever a Phenopacket or a bundle is damaged to, it is read or explained, and names nobody."""

from __future__ import annotations

import copy
import json
from typing import Any

from exchange_documents import KI67, KNOWLEDGE, PACKET, observation, of_patient
from exchange_documents import given as drug
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.case_file import parse_cases

NOBODY = "Zaphod Quux"
FEW = settings(deadline=None, max_examples=120)
BUNDLE = of_patient(
    KI67,
    drug("m1", "cisplatin", "2021-07-01", "2021-10-01"),
    observation("e", "89247-1", valueInteger=1, note=[{"text": NOBODY}]),
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from((NOBODY, "", "\0", "2020-02-31", "urn:uuid:x", "#x", "NCIT:C3809", "P1Y")),
    st.lists(st.just(NOBODY), max_size=2),
    st.dictionaries(st.sampled_from(("id", "code", "value", NOBODY)), st.just(NOBODY), max_size=2),
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        data.keys()
        if isinstance(data, dict)
        else range(len(data))
        if isinstance(data, list)
        else ()
    )
    return [place for key in keys for place in [(*path, key), *places(data[key], (*path, key))]]


@st.composite
def damaged(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(places(document)))
        at: Any = document
        for step in way:
            at = at[step]
        match draw(st.sampled_from(("drop", "junk", "twice", "text"))):
            case "drop":
                del at[last]
            case "junk":
                at[last] = draw(JUNK)
            case "twice" if isinstance(at, list):
                at.append(copy.deepcopy(at[last]))
            case _:
                at[last] = NOBODY if isinstance(at[last], str) else at[last]
        if not document:
            break
    return document


def told(message: str, name: str) -> None:
    assert message.startswith(name)
    assert NOBODY not in message


def explained(document: Any, name: str = "c.json") -> None:
    text = json.dumps(document)
    try:
        found = parse_cases(text, name, KNOWLEDGE)
    except UnreadableInputError as error:
        return told(str(error), name)
    assert found.read == len(found.cases) + found.rejected
    for problem in found.problems:
        shown = (problem.column, problem.value, problem.reason, problem.fix)
        assert NOBODY not in " ".join(shown)
        if problem.column == "" and "statement(s)" in problem.reason:
            total, *parts = (int(word) for word in problem.reason.split() if word.isdigit())
            assert total == sum(parts)


@FEW
@given(damaged(PACKET))
def test_a_damaged_packet_is_read_or_explained(document: dict[str, Any]) -> None:
    explained(document)


@FEW
@given(damaged(BUNDLE))
def test_a_damaged_bundle_is_read_or_explained(document: dict[str, Any]) -> None:
    explained(document)


@FEW
@given(st.data())
def test_a_document_that_is_cut_off_is_explained(data: st.DataObject) -> None:
    text = json.dumps(data.draw(st.sampled_from((PACKET, BUNDLE))))
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    try:
        parse_cases(cut, "c.json", KNOWLEDGE)
    except UnreadableInputError as error:
        told(str(error), "c.json")
