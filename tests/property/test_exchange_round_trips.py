"""What is written in another form and read back says the same, but for what the list names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from exchange_cases import CASES, KNOWLEDGE, statements
from hypothesis import given, settings

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem
from nenuphar.io.case_file import parse_cases
from nenuphar.io.exchange.writing import document_of
from nenuphar.pipeline.case import assess

FEW = settings(deadline=None, max_examples=60)


def back(case: Case, form: str) -> tuple[Case, list[Problem]]:
    text, lost = document_of(case, form, KNOWLEDGE, "c.yaml")
    assert document_of(case, form, KNOWLEDGE, "c.yaml")[0] == text
    found = parse_cases(text, "c.json", KNOWLEDGE)
    assert found.problems == (), [f"{p.column} {p.value} {p.reason}" for p in found.problems]
    assert (found.read, found.rejected) == (1, 0)
    return found.cases[0], lost


def test_a_bundle_says_all_that_a_case_says() -> None:
    @FEW
    @given(CASES)
    def same(case: Case) -> None:
        again, lost = back(case, "fhir")
        assert {p.column for p in lost} <= {"readings", "lesions"}
        assert Counter(map(repr, statements(again))) == Counter(map(repr, statements(case)))
        assert again.patient == case.patient
        assert [t.id for t in again.tumours] == [t.id for t in case.tumours]
        assert [line.id for line in again.lines] == [line.id for line in case.lines]
        assert [point.id for point in again.time_points] == [p.id for p in case.time_points]

    same()


def test_a_phenopacket_invents_nothing_and_lists_what_it_lacks() -> None:
    @FEW
    @given(CASES)
    def same(case: Case) -> None:
        again, lost = back(case, "phenopacket")
        listed = {p.column for p in lost}
        before, after = statements(case), statements(again)
        told = {(place, fact, repr(value)) for place, _, fact, value in before}
        for place, assessor, fact, value in after:
            assert assessor == ""
            assert (place, fact, repr(value)) in told
        kept = {(place, fact) for place, _, fact, _ in after}
        for place, _, fact, _ in before:
            if (place, fact) in kept or fact in listed:
                continue
            assert place
            assert {"point": "time_points", "lesion": "lesions"}[place[0]] in listed

    same()


@pytest.mark.parametrize("form", ["fhir", "phenopacket"])
def test_where_nothing_is_listed_the_conclusions_are_the_same(form: str) -> None:
    @FEW
    @given(CASES)
    def same(case: Case) -> None:
        case = replace(case, time_points=()) if form == "phenopacket" else case
        again, lost = back(case, form)
        if lost:
            return
        assert concluded(again) == concluded(case)

    same()


def concluded(case: Case) -> list[tuple[str, ...]]:
    found = assess(case, KNOWLEDGE).conclusions
    return sorted((c.fact, str(c.value), str(c.status), ";".join(c.missing)) for c in found)
