"""Treatments: population, predictive factor, negative evidence and decisions of authorities."""

from __future__ import annotations

import pytest
from matching_patients import KB, assessed

from nenuphar.pipeline.matching.therapies import NO_FACTOR, match_therapies, predictive_words

PANCREAS = {"tumour.site": "pancreas", "disease.extent": "metastatic"}


def therapy(part, facts=None, lines=(), **known):
    patient = assessed(PANCREAS if facts is None else facts, lines, **known)
    found = [m for m in match_therapies(patient, KB) if f".{part}." in f"{m.record['id']}."]
    assert len(found) == 1
    return found[0]


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


def test_what_no_criterion_computes_leaves_a_fitting_case_open_and_is_said():
    found = therapy("surgery.nie_2024", {"disease.stage_sclc": "limited"}, entity="sclc")
    assert found.as_stated_only == "node-negative"
    assert {criterion.truth.value for criterion in found.criteria} == {"met"}
    assert found.population.value == "undetermined"
    extensive = therapy("surgery.nie_2024", {"disease.stage_sclc": "extensive"}, entity="sclc")
    assert extensive.population.value == "not_met"


LIMITED, EXTENSIVE = ({"disease.stage_sclc": stage} for stage in ("limited", "extensive"))
SITE = {"tumour.site": "pancreas"}
PLATINUM = [("cisplatin_etoposide", "yes")]

# treatment, facts, lines, entity, grade, whether the case belongs to its population
POPULATIONS = [
    ("captem.g3_gep_net", {**SITE, "pathology.ki67": "30-40"}, [], "net", "G3", "met"),
    ("captem.g3_gep_net", {**SITE, "pathology.ki67": "55"}, [], "net", "G3", "not_met"),
    ("captem.g3_gep_net", {**SITE, "pathology.ki67": ">50"}, [], "net", "G3", "undetermined"),
    ("folfox_xelox", {**SITE, "treatment.line_count": "0"}, [], "net", "G3", "met"),
    ("folfox_xelox", SITE, PLATINUM, "net", "G3", "not_met"),
    ("durvalumab_ls", LIMITED, [("chemoradiotherapy", "no")], "sclc", None, "met"),
    ("durvalumab_ls", LIMITED, [("platinum_chemotherapy", "no")], "sclc", None, "undetermined"),
    ("durvalumab_ls", EXTENSIVE, [("chemoradiotherapy", "no")], "sclc", None, "not_met"),
    ("atezolizumab.nie_2024", {**EXTENSIVE, "treatment.line_count": "0"}, [], "sclc", None, "met"),
    ("atezolizumab.nie_2024", EXTENSIVE, PLATINUM, "sclc", None, "not_met"),
    ("tarlatamab.nie_2024", {}, PLATINUM, "sclc", None, "met"),
    ("tarlatamab.nie_2024", {"treatment.line_count": "0"}, [], "sclc", None, "not_met"),
    ("nivolumab_third_line", {}, [*PLATINUM, ("topotecan", "yes")], "sclc", None, "met"),
    ("nivolumab_third_line", {"treatment.line_count": "1"}, PLATINUM, "sclc", None, "not_met"),
    ("ezh2_inhibitors", {"ihc.mhc_i": "lost"}, [], "sclc", None, "met"),
    ("ezh2_inhibitors", {"ihc.mhc_i": "retained"}, [], "sclc", None, "not_met"),
    ("pembrolizumab_lanreotide", SITE, [("lanreotide", "yes")], "net", "G1", "met"),
    ("pembrolizumab_lanreotide", SITE, [("lanreotide", "no")], "net", "G1", "not_met"),
    ("toripalimab.nen", {"pathology.ki67": "<10"}, PLATINUM, "net", "G2", "not_met"),
    ("toripalimab.nen", {"pathology.ki67": "10"}, PLATINUM, "net", "G2", "met"),
    ("spartalizumab.net", SITE, [], "net", "G3", "not_met"),
    ("spartalizumab.net", SITE, [], "nec", "high_grade", "met"),
    ("survaxm_octreotide", {**SITE, "ihc.survivin": "positive"}, [], "net", "G2", "met"),
    ("pembrolizumab_lenvatinib", SITE, [], "net", "G2", "not_met"),
]


@pytest.mark.parametrize(("name", "facts", "lines", "entity", "grade", "expected"), POPULATIONS)
def test_a_population_is_asked_as_far_as_it_is_computable(
    name, facts, lines, entity, grade, expected
):
    known = {"entity": entity} | ({"grade": grade} if grade else {})
    assert therapy(name, facts, lines, **known).population.value == expected


def test_a_change_of_the_protein_is_asked_as_such():
    found = therapy("table_3.braf_inhibitors", entity="net")
    assert found.criteria[-1].missing == ("variant(BRAF,pathogenic,any,V600E)",)
