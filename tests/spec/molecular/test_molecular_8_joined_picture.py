"""Morphology, molecules, surroundings and treatment joined: agreement, conflict, the next test."""

from __future__ import annotations

import json
import re
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest

from nenuphar.io.case_file import read_case
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.job import run_job

LUNG = "patient: P1\ntumour.site: lung\n"
CARCINOID = LUNG + (
    "pathology.morphology: carcinoid\npathology.mitoses: 5/2mm2\npathology.ki67: 12\n"
    "pathology.necrosis: focal\nlesion.size: 30\nspecimen.procedure: resection\n"
    "specimen.site_type: primary\n"
)
LARGE = LUNG + "pathology.morphology: large_cell\npathology.mitoses: 14/2mm2\npathology.ki67: 35\n"
SMALL = LUNG + "pathology.morphology: small_cell\npathology.mitoses: 60/2mm2\npathology.ki67: 85\n"
GENES = "assays: [{id: p, type: panel, genes: [RB1, TP53, EGFR]}]\n"


def told(folder: Path, text: str) -> Assessment:
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return assess(read_case(folder / "case.yaml"))


def joined(assessment: Assessment) -> tuple[str | None, str, tuple[str, ...]]:
    (found,) = assessment.of("tumour.integrated")
    return found.value, found.status, found.missing


def section(folder: Path, text: str) -> str:
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    run_job(folder / "case.yaml", folder / "out")
    page = (folder / "out" / "cases" / "P1.html").read_text("utf-8")
    body = page.split('<h2 id="molecular">')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def expression_like(folder: Path, group: str) -> str:
    """A file of a made tumour that looks like a group of the lung NEN map; what names it."""
    path = files("nenuphar.methods.expression.subtypes").joinpath("models/lung-nen.json")
    model = json.loads(path.read_text("utf-8"))
    profile = model["profiles"][model["groups"].index(group)]
    rows = [f"{gene},{10 * v:.4f}" for gene, v in zip(model["genes"], profile, strict=True)]
    (folder / "rna.csv").write_text("\n".join(["gene,T", *rows]), encoding="utf-8")
    return "assays: [{id: rna, type: rna, file: rna.csv}]\n"


@pytest.mark.parametrize("road", ["reported as a group", "reported as a profile", "called"])
def test_a_supra_carcinoid_is_found_on_every_road(tmp_path, road):
    by = {
        "reported as a group": "molecular.lung_nen: lcnec_1\n",
        "reported as a profile": "molecular.lung_profile: lcnec\n",
        "called": expression_like(tmp_path, "lcnec_1"),
    }[road]
    found = told(tmp_path, CARCINOID + by)
    value, status, missing = joined(found)
    assert value == "supra_carcinoid"
    if road == "reported as a profile":  # its group could still be that of a carcinoid
        assert status == "provisional"
        assert "molecular.calls.lung_nen" in missing
    else:
        assert status == "met"
    (finding,) = found.of("finding.supra_carcinoid")
    assert (finding.value, finding.status) == ("by_profile", "met")
    (entity,) = found.of("tumour.entity")
    assert entity.value == "atypical_carcinoid"


def test_a_carcinoid_with_the_profile_of_one_is_in_agreement(tmp_path):
    found = told(tmp_path, CARCINOID + expression_like(tmp_path, "B"))
    assert joined(found)[0] == "concordant"
    (finding,) = found.of("finding.supra_carcinoid")
    assert finding.value == "not_by_profile"


def test_stains_that_know_no_supra_carcinoid_do_not_speak_against_one(tmp_path):
    text = CARCINOID + "molecular.lung_nen: lcnec_1\nmolecular.lung_net_ihc: A1\n"
    (found,) = told(tmp_path, text).of("tumour.integrated")
    assert "integrated.stains_know_no_supra" in [c.id for c in found.cautions]


def test_a_profile_and_a_group_that_differ_are_never_settled(tmp_path):
    text = CARCINOID + "molecular.lung_profile: lcnec\nmolecular.lung_nen: B\n"
    (found,) = told(tmp_path, text).of("tumour.integrated")
    assert found.status != "met"
    assert "concordant" in found.alternatives
    shattered = text + "genome.chromothripsis: no\nmolecular.lung_net: B\n"
    (found,) = told(tmp_path, shattered).of("tumour.integrated")
    assert (found.status, found.alternatives) == ("conflict", ("concordant", "supra_carcinoid"))


def test_lcnec_with_the_profile_of_a_carcinoid_asks_for_what_could_turn_it(tmp_path):
    value, status, missing = joined(told(tmp_path, LARGE + expression_like(tmp_path, "B")))
    assert (value, status) == ("net_like_lcnec", "provisional")
    assert "variant(EGFR,pathogenic,any)" in missing


def test_small_cell_carcinoma_of_carcinoid_origin_asks_for_both_stains(tmp_path):
    value, status, missing = joined(told(tmp_path, SMALL + GENES + "genome.chromothripsis: yes\n"))
    assert (value, status) == ("carcinoid_derived_sclc", "provisional")
    assert {"ihc.rb1", "ihc.p53"} <= set(missing)
    stained = (
        SMALL + GENES + "genome.chromothripsis: yes\nihc: {rb1: retained}\nihc.p53: wild_type\n"
    )
    assert joined(told(tmp_path, stained))[:2] == ("carcinoid_derived_sclc", "met")


EGFR = (
    "variants: [{gene: EGFR, change: p.L858R, significance: pathogenic}, "
    "{gene: RB1, consequence: frameshift}]\n"
)


def test_small_cell_carcinoma_after_egfr_blockade_is_a_transformation(tmp_path):
    text = SMALL + EGFR + "molecular.lung_nen: sclc\n"
    (open_,) = told(tmp_path, text).of("finding.transformation")
    assert (open_.value, open_.status) == ("from_adenocarcinoma", "provisional")
    assert open_.missing == ("treatment.regimen",)
    said = section(tmp_path, text)
    assert "State the regimen of every line." in said
    treated = text + "treatments: [{id: 1, treatment.regimen: osimertinib}]\n"
    # The profile of SCLC agrees with the morphology; where it came from is the more specific.
    assert joined(told(tmp_path, treated))[:2] == ("transformed_adenocarcinoma", "met")


def test_small_cell_carcinoma_of_the_prostate_under_androgen_suppression(tmp_path):
    text = (
        "patient: P1\ntumour.site: prostate\npathology.morphology: small_cell\n"
        "pathology.mitoses: 60/2mm2\npathology.ki67: 85\nihc: {rb1: lost}\n"
        "treatments: [{id: 1, treatment.regimen: enzalutamide}]\n"
    )
    assert joined(told(tmp_path, text))[:2] == ("transformed_adenocarcinoma", "met")
    said = section(tmp_path, text)
    assert "Neuroendocrine carcinoma that fits a transformed adenocarcinoma" in said
    assert "Regimen: Enzalutamide" in said


def test_a_page_spells_out_groups_and_draws_the_case_among_the_cohort(tmp_path):
    cells = "cd4: 0.5, cd8: 4.8, treg: 3, b_cell: 2, nk: 2, monocyte: 1, neutrophil: 2"
    text = (
        CARCINOID
        + expression_like(tmp_path, "lcnec_1")
        + (
            f"immune.fraction_method: quantiseq\nimmune.fraction: {{{cells}, macrophage_m1: 4, "
            "macrophage_m2: 5, dendritic: 0}\nihc: {lag_3: positive}\n"
        )
    )
    said = section(tmp_path, text)
    assert "Lung NEN map: LCNEC type I" in said
    assert "T cells, by their share: Many; Myeloid cells, by their share: Rich" in said
    assert "CD8 T cells above 90%" in said
    assert "TIM-3, LAG-3 or TIGIT stains" in said
    assert "Place among the groups of the lung NEN map" in said
    assert "Ranks among the panel's genes (diamonds) against 157 lung neuroendocrine" in said


PANCREAS = "patient: P1\ntumour.site: pancreas\npathology.morphology: well_differentiated\n"


def test_markers_of_both_kinds_in_a_g3_net_are_a_picture_of_their_own(tmp_path):
    text = PANCREAS + (
        "pathology.mitoses: 26/2mm2\npathology.ki67: 40\n"
        "ihc: {rb1: lost, p53: mutant_pattern, daxx: lost, sstr2: positive}\n"
    )
    found = told(tmp_path, text)
    assert joined(found)[:2] == ("markers_of_both", "met")
    (markers,) = found.of("finding.net_or_nec_markers")
    assert markers.status == "conflict"  # which is shown, and never settled
    assert "Markers of NET and of carcinoma together" in section(tmp_path, text)


def test_proliferation_of_a_carcinoma_with_the_profile_of_a_carcinoid(tmp_path):
    text = CARCINOID.replace("5/2mm2", "14/2mm2") + expression_like(tmp_path, "B")
    assert joined(told(tmp_path, text))[0] == "net_like_lcnec"


def test_small_cell_morphology_with_the_profile_of_a_carcinoid_disagrees(tmp_path):
    value, status, missing = joined(told(tmp_path, SMALL + expression_like(tmp_path, "A1")))
    assert (value, status) == ("profile_disagrees", "provisional")
    assert "genome.chromothripsis" in missing


@pytest.mark.parametrize("chromothripsis", ["", "genome.chromothripsis: yes\n"])
def test_chromothripsis_is_no_disagreement_in_a_carcinoid(tmp_path, chromothripsis):
    text = CARCINOID + "molecular.lung_net: B\nmolecular.lung_nen: B\n" + chromothripsis
    assert joined(told(tmp_path, text))[:2] == ("concordant", "met")


def test_schemes_that_call_different_carcinoid_groups_are_pointed_at(tmp_path):
    text = CARCINOID + "molecular.lung_net: A1\nmolecular.lung_net_ihc: B\n"
    (found,) = told(tmp_path, text).of("tumour.integrated")
    assert "integrated.lung_schemes_disagree" in [c.id for c in found.cautions]


def test_nobody_is_asked_to_stain_daxx_in_a_carcinoma_of_the_colon(tmp_path):
    text = (
        "patient: P1\ntumour.site: colon\npathology.morphology: large_cell\n"
        "pathology.mitoses: 45/2mm2\npathology.ki67: 80\nihc: {rb1: lost, sstr2: negative}\n"
    )
    assert joined(told(tmp_path, text)) == ("concordant", "met", ())


def test_intact_rb1_and_tp53_in_sclc_ask_for_rearrangements(tmp_path):
    stains = "ihc: {rb1: retained, p53: wild_type}\nmolecular.sclc: A\n"
    said = section(tmp_path, SMALL + GENES + stains)
    assert "RB1 and TP53 are kept" in said
    assert "Look for chromothripsis" in said


def test_panels_of_the_lung_say_nothing_of_another_organ(tmp_path):
    text = PANCREAS.replace("pancreas", "colon") + expression_like(tmp_path, "lcnec_1")
    found = told(tmp_path, text)
    assert not [c for c in found.of("molecular.lung_profile") if c.value]
    assert not [c for c in found.of("molecular.evidence") if c.value]
    unknown = told(tmp_path, text.replace("site: colon", "site: unknown_primary"))
    assert unknown.of("molecular.lung_profile")[0].value == "lcnec"


def test_panels_are_named_and_no_test_of_another_organ_is_asked(tmp_path):
    text = (
        CARCINOID + expression_like(tmp_path, "lcnec_1").replace("]", ", "
        "{id: p, type: panel, genes: [MEN1, TP53, RB1]}]")
        + "variants: [{gene: MEN1, consequence: nonsense}]\n"
    )  # fmt: skip
    said = section(tmp_path, text)
    assert "Lung NEN map: LCNEC type I, probability 1.00 (called)" in said
    assert "Mitoses: 5/2 mm²; Necrosis: Focal" in said  # what the entity rests on
    assert "Telomere FISH" not in said
    assert "Sequence the tumour." not in said
