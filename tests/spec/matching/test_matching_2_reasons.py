"""What a match says beside its answer: value and threshold, what could change, what decides."""

from __future__ import annotations

from matching_patients import assessed, match

from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.check import check
from nenuphar.pipeline.matching.trials import NOT_SUITABILITY, match_as_data, match_case

PANCREAS = {"tumour.site": "pancreas", "disease.extent": "metastatic"}
PLATINUM = [("cisplatin_etoposide", "yes")]


def criterion(found, part):
    return next(c for c in found.criteria if part in c.asks)


def test_a_message_names_the_patients_value_and_the_threshold():
    found = match("nct02939651", {**PANCREAS, "pathology.ki67": "15"}, PLATINUM, entity="net")
    assert criterion(found, "Ki-67").messages == ("Ki-67: 15% (asked: > 20%)",)


def test_an_open_criterion_says_which_test_would_decide():
    found = match("nct02939651", PANCREAS, PLATINUM, entity="net")
    ki67 = criterion(found, "Ki-67")
    assert ki67.truth is Truth.UNDETERMINED
    assert ki67.tests == ("Stain Ki-67 and count the hot spot.",)


def test_lines_only_grow_so_a_second_line_never_becomes_the_only_one():
    two = match("nct04079712", {**PANCREAS, "treatment.line_count": "2"}, PLATINUM, entity="nec")
    none = match("nct04079712", {**PANCREAS, "treatment.line_count": "0"}, PLATINUM, entity="nec")
    assert criterion(two, "Lines of systemic").truth is Truth.NOT_MET
    assert criterion(two, "Lines of systemic").may_change == ()
    assert criterion(none, "Lines of systemic").may_change == ("treatment.line_count",)


def test_the_extent_of_disease_may_change_the_entity_does_not():
    local = {**PANCREAS, "disease.extent": "localised"}
    found = match("nct03591731", local, PLATINUM, entity="net")
    assert criterion(found, "extent").may_change == ("disease.extent",)
    assert criterion(found, "carcinoma, poorly").may_change == ()


def test_a_progression_can_still_come_but_not_go_away():
    stable = match("nct03591731", PANCREAS, [("cisplatin", "no")], entity="nec")
    progressed = match("nct03591731", PANCREAS, [("cisplatin", "yes")], entity="nec")
    assert criterion(stable, "Progressed").may_change == ("treatment.progressed",)
    assert criterion(progressed, "Progressed").may_change == ()


def test_what_rests_on_a_provisional_entity_is_provisional():
    found = match("nct02923934", PANCREAS, entity="net", grade="G2", provisional=True)
    assert found.eligibility is Truth.MET
    assert found.provisional


def test_a_firm_failure_is_firm_even_where_the_entity_is_provisional():
    local = {**PANCREAS, "disease.extent": "localised"}
    found = match("nct02923934", local, entity="net", grade="G2", provisional=True)
    assert found.eligibility is Truth.NOT_MET
    assert not found.provisional


def test_listed_lines_are_the_least_number_of_lines():
    found = match("caspian", {"tumour.site": "lung"}, [("surgery", "no")], entity="sclc")
    assert criterion(found, "Lines of systemic").truth is Truth.UNDETERMINED


def test_the_status_of_a_trial_is_as_of_its_date():
    data = match_as_data(match("nct02923934", PANCREAS, entity="net", grade="G2"))
    assert data["recruitment_status"] == "Active, not recruiting"
    assert data["status_as_of"] == "2021"


def test_the_order_is_by_completeness_and_says_what_it_is_not():
    matches = match_case(assessed(PANCREAS, entity="net", grade="G2"), load_knowledge())
    shares = [match.completeness for match in matches]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]
    assert "not suitability" in NOT_SUITABILITY


def test_an_unknown_fact_of_a_trial_is_found_with_the_nearest_spelling():
    kb = load_knowledge()
    trial = kb.raw["trial.nct02939651.xu_2021"]
    tree = {"all": [{"fact": "pathology.ki76", "gt": {"value": "20", "unit": "percent"}}]}
    findings = check(kb.with_records([{**trial, "criteria": tree}]))
    assert any("did you mean 'pathology.ki67'" in text for text in findings)


def test_a_limit_in_another_unit_is_found():
    kb = load_knowledge()
    trial = kb.raw["trial.nct02939651.xu_2021"]
    tree = {"fact": "pathology.ki67", "gt": {"value": "20", "unit": "per_2mm2"}}
    findings = check(kb.with_records([{**trial, "criteria": tree}]))
    assert any("state it in percent" in text for text in findings)
