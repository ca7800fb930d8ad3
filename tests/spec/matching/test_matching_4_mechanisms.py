"""Mechanisms: what a case shows of them; no data is not absence."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from matching_patients import KB, assessed

from nenuphar.domain.case import Assay, Case, Specimen, Tumour, Variant
from nenuphar.engine.rows import rows_of_case
from nenuphar.pipeline.case import assess_rows
from nenuphar.pipeline.matching.mechanisms import chapters, match_mechanisms
from nenuphar.pipeline.matching.trials import questions_of_trials
from nenuphar.report.figures.mechanism_map import draw_mechanisms


def found(assessment):
    return {m.record["id"].removeprefix("mechanism."): m for m in match_mechanisms(assessment, KB)}


def sequenced(*variants):
    panel = (Assay("panel", genes=("RB1", "TP53", "STK11")),)
    specimen = Specimen("1", variants=variants, assays=panel)
    rows = rows_of_case(Case("P", tumours=(Tumour("1", (), (specimen,)),)), questions_of_trials(KB))
    return found(assess_rows("P", rows, KB))


def test_a_variant_supports_and_its_absence_in_an_assayed_gene_contradicts():
    case = sequenced(Variant("RB1", "pathogenic"))
    assert case["rb1_mutation.nie_2024"].evidence == "support"
    assert case["rb1_wild_type.nie_2024"].evidence == "contradiction"
    assert case["stk11_sclc.nie_2024"].evidence == "contradiction"


def test_a_gene_that_no_assay_covers_gives_no_data():
    assert sequenced()["keap1_sclc.nie_2024"].evidence == "no_data"


def test_lost_mhc_supports_and_names_its_strategies():
    case = found(assessed({"tumour.site": "lung", "ihc.mhc_i": "lost"}, entity="sclc"))
    mhc = case["mhc_i_loss.nie_2024"]
    assert mhc.evidence == "support"
    assert "ezh2_inhibitor" in mhc.record["strategies"]
    assert case["mhc_i_high_outcome.nie_2024"].evidence == "contradiction"


def test_it_is_said_in_which_tumour_the_evidence_was_seen():
    case = found(assessed({"tumour.site": "lung"}, entity="sclc"))
    assert case["mhc_i_low_outcome.nie_2024"].own_tumour is True
    assert case["jak1_mutation.nie_2024"].own_tumour is False


def test_what_no_fact_can_tell_is_no_data_and_says_so():
    case = found(assessed({"tumour.site": "lung"}, entity="sclc"))
    assert case["gut_microbiome.nie_2024"].evidence == "no_data"
    assert not case["gut_microbiome.nie_2024"].computable


@pytest.mark.parametrize(
    ("facts", "mechanism", "evidence"),
    [
        ({"microenvironment.tregs": "many"}, "treg", "support"),
        ({"microenvironment.mdsc": "few"}, "mdsc", "contradiction"),
        ({"microenvironment.neutrophils": "many"}, "tin", "support"),
        ({"ihc.hif1a": "positive"}, "hypoxia_hif1a", "support"),
        ({"ihc.vegfa": "negative"}, "vegf_hypoxia", "contradiction"),
        ({"chemokine.cxcl9": "low"}, "silencing.cxcl9", "support"),
        ({"chemokine.cxcl9": "low"}, "cxcl9", "contradiction"),
        ({"ihc.tim_3": "positive"}, "exhaustion.tim3", "support"),
        ({"ihc.ido1": "positive"}, "ido1", "support"),
        ({"ihc.cd276": "negative"}, "cd276_high", "contradiction"),
        ({"ihc.tap1": "negative"}, "apm.tap1", "support"),
        ({"ihc.sting": "negative"}, "sting_low", "support"),
        ({"ihc.sting": "positive"}, "sting_low", "contradiction"),
        ({"ihc.sting": "positive", "ihc.cgas": "positive"}, "sting_low", "contradiction"),
        ({}, "treg", "no_data"),
    ],
)
def test_the_microenvironment_supports_or_contradicts_its_mechanisms(facts, mechanism, evidence):
    rows = assessed({"tumour.site": "lung", **facts}).rows
    case = found(assess_rows("P", rows, KB))
    assert case[f"{mechanism}.nie_2024"].evidence == evidence


def test_the_map_has_both_sides_and_is_well_formed():
    matches = match_mechanisms(assessed({"microenvironment.t_cells": "desert"}, entity="sclc"), KB)
    svg = draw_mechanisms(chapters(matches), "Case <P>")
    texts = [element.text or "" for element in ET.fromstring(svg).iter() if element.text]  # noqa: S314
    assert any(text.startswith("Intrinsic") for text in texts)
    assert any(text.startswith("Extrinsic") for text in texts)
    assert any("lymphocytes (TIL) low" in text and "▲" in text for text in texts)
    assert len(svg) < 150_000
