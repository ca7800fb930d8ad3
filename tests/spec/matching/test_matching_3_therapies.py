"""Treatments: population, predictive factor, negative evidence and decisions of authorities."""

from __future__ import annotations

from matching_patients import KB, assessed

from nenuphar.pipeline.therapies import NO_FACTOR, match_therapies, predictive_words

PANCREAS = {"tumour.site": "pancreas", "disease.extent": "metastatic"}


def therapy(part, facts=None, **known):
    found = match_therapies(assessed(facts or PANCREAS, **known), KB)
    return next(match for match in found if f".{part}." in match.record["id"])


def test_a_population_is_met_failed_or_open():
    name = "table_3.sunitinib"
    assert therapy(name, entity="net").population.value == "met"
    assert therapy(name, {"tumour.site": "lung"}, entity="net").population.value == "not_met"
    assert therapy(name, entity="nen").population.value == "undetermined"


def test_a_predictive_factor_is_asked_apart_from_the_population():
    missing = therapy("table_3.lanreotide", entity="net")
    assert (missing.population.value, missing.predictive) == ("met", "undetermined")
    facts = {**PANCREAS, "biomarker.sstr_imaging": "negative"}
    assert therapy("table_3.lanreotide", facts, entity="net").predictive == "not_met"


def test_the_absence_of_a_validated_factor_is_stated():
    found = therapy("table_3.everolimus", entity="net")
    assert predictive_words(found) == NO_FACTOR


def test_negative_evidence_is_evidence():
    found = therapy("prose.ici_monotherapy", entity="net")
    assert found.population.value == "met"
    assert found.record["negative"]


def test_what_authorities_granted_and_withdrew_stands_beside_a_drug():
    found = therapy("nivolumab_third_line", {"tumour.site": "lung"}, entity="sclc")
    assert found.record["status"] == "withdrawn"
    events = {event["event"] for event in found.regulatory}
    assert "withdrawal" in events
    assert events & {"approval", "accelerated_approval"}


def test_where_a_record_states_no_criteria_only_entity_grade_and_site_are_asked():
    found = therapy("captem.g3_gep_net", entity="net", grade="G3")
    assert found.as_stated_only
    assert found.population.value == "undetermined"  # the text asks for more than is computable
    assert [criterion.truth.value for criterion in found.criteria] == ["met", "met"]
    assert therapy("captem.g3_gep_net", entity="net", grade="G2").population.value == "not_met"


def test_a_change_of_the_protein_is_asked_as_such():
    found = therapy("table_3.braf_inhibitors", entity="net")
    assert found.criteria[-1].missing == ("variant(BRAF,pathogenic,any,V600E)",)
