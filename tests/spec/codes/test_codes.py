"""Codes in and out: what they say, what they cannot say, and the traps among them."""

from __future__ import annotations

import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.terminology.codes import coded_tumours, contradiction, read_code, write_code


@pytest.mark.parametrize(
    ("code", "entity", "site"),
    [
        ("PNET", "not_nen", ""),  # primitive neuroectodermal, not pancreatic
        ("PANET", "net", "pancreas"),
        ("PANEC", "nec", "pancreas"),
        ("SBWDNET", "net", "small_intestine"),
        ("CENE", "nen", "cervix"),
        ("TNET", "nen", "thymus"),
        ("LUNE", "lcnec", "lung"),
        ("ALUCA", "atypical_carcinoid", "lung"),
        ("LNET", "nen", "lung"),
        ("GCCAP", "goblet_cell_adenocarcinoma", "appendix"),
        ("THME", "medullary_thyroid_carcinoma", "thyroid"),
    ],
)
def test_an_oncotree_code_means_what_it_is_defined_as_not_what_it_sounds_like(code, entity, site):
    (found,) = read_code("oncotree", f" {code.lower()} ")
    assert (found.entity, found.site) == (entity, site)


def test_every_entity_and_site_of_the_map_is_a_concept_of_the_knowledge_base():
    hierarchies = load_knowledge().hierarchies
    for each in coded_tumours().values():
        assert not each.entity or each.entity in hierarchies["tumour_entity"]
        assert not each.site or each.site in hierarchies["tumour_site"]


def test_no_oncotree_code_states_a_grade_of_a_net():
    nets = [each for each in coded_tumours().values() if each.entity == "net"]
    assert nets
    assert all("grade" in each.cannot_say for each in nets)


def test_a_code_of_another_organ_is_caught_and_not_believed():
    sites = load_knowledge().hierarchies["tumour_site"]
    assert "small_intestine" in contradiction("SBWDNET", "bladder", sites)
    assert contradiction("SBWDNET", "small_intestine", sites) == ""
    assert contradiction("SBWDNET", "digestive", sites) == ""
    assert contradiction("SBWDNET", "", sites) == ""
    assert contradiction("NETNOS", "bladder", sites) == ""


def test_the_thesaurus_code_of_bladder_small_cell_carcinoma_is_not_read_as_a_small_bowel_tumour():
    assert [each.oncotree for each in read_code("ncit", "C9461")] == ["SCBC"]


def test_an_icdo_morphology_needs_its_topography():
    assert len({each.entity for each in read_code("icdo3", "8240/3")}) > 1
    (found,) = read_code("icdo3", "8240/3", "C16.2")
    assert (found.entity, found.site) == ("net", "stomach")
    assert read_code("icdo3", "8240/3", "C71.9") == ()


def test_a_code_that_nobody_knows_says_nothing():
    assert read_code("oncotree", "LUAD") == ()
    assert read_code("oncotree", ">20") == ()


@pytest.mark.parametrize(
    ("tumour", "code", "lost"),
    [
        (("net", "pancreas", "G3"), "PANET", ("G3",)),
        (("nec_small_cell", "bladder", "high_grade"), "SCBC", ("high_grade",)),
        (("typical_carcinoid", "lung", "G1"), "LUCA", ("typical_carcinoid", "G1")),
        (("minen", "colon", ""), "", ("minen", "colon")),
        (("net", "kidney", "G1"), "NETNOS", ("kidney", "G1")),
    ],
)
def test_what_a_code_does_not_carry_is_listed(tumour, code, lost):
    written = write_code("oncotree", *tumour)
    assert (written.code, written.lost) == (code, lost)


def test_writing_and_reading_back_never_adds_anything():
    for each in coded_tumours().values():
        if each.entity:
            code = write_code("oncotree", each.entity, each.site).code
            (back,) = read_code("oncotree", code)
            assert (back.entity, back.site) == (each.entity, each.site)
