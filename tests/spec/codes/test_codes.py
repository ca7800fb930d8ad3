"""Codes in and out: what they say, what they cannot say, and the traps among them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UsageError
from nenuphar.knowledge.base import load_knowledge
from nenuphar.terminology.codes import (
    code_in,
    coded_tumours,
    contradiction,
    read_code,
    write_code,
)


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


def test_a_mondo_identifier_is_read_and_written_where_it_means_the_same():
    (found,) = read_code("mondo", "mondo:0019954")
    assert (found.entity, found.site) == ("net", "pancreas")
    written = write_code("mondo", "net", "pancreas", "G3")
    assert (written.code, written.lost) == ("MONDO:0019954", ("G3",))


@pytest.mark.parametrize("code", ["GINET", "AWDNET", "SWDNET", "CENE", "PRNE", "LUNE"])
def test_a_cross_reference_of_mondo_that_means_something_else_is_not_taken_over(code):
    assert coded_tumours()[code].mondo == ""


@pytest.mark.parametrize("system", ["oncotree", "ncit", "mondo"])
def test_no_code_stands_for_two_tumours_within_a_system(system):
    codes = [code for each in coded_tumours().values() if (code := code_in(system, each))]
    assert len(codes) == len(set(codes))


def test_codes_are_read_and_written_from_the_command_line():
    def run(*words):
        return CliRunner().invoke(app, ["codes", *words, "--json"])

    (read,) = json.loads(run("C9461").stdout)
    assert (read["system"], read["entity"], read["site"]) == ("ncit", "nec_small_cell", "bladder")
    written = {one["system"]: one for one in json.loads(run("--entity", "minen").stdout)}
    assert [one["code"] for one in written.values()] == [None] * 4
    assert written["icdo3"]["lost"] == ["minen"]
    plain = CliRunner().invoke(app, ["codes", "SBWDNET"]).stdout
    assert "cannot say: grade" in plain
    assert "the site must agree" in plain


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["PNTE"], "no code of a neuroendocrine neoplasm"),
        (["--entity", "nett"], "did you mean 'net'"),
        ([], "give a code to read"),
        (["PANET", "--entity", "net"], "not both"),
    ],
)
def test_what_is_no_code_is_said(words, why):
    with pytest.raises(UsageError, match=why):
        CliRunner().invoke(app, ["codes", *words], catch_exceptions=False)
