"""What fits no entity is a result: a finding beside the entity, which stays as it is."""

from __future__ import annotations

import pytest

SCLC = {"tumour.site": "lung", "pathology.morphology": "small_cell", "pathology.mitoses": "60"}
INTACT = {"variant(RB1,pathogenic,any)": "false", "variant(TP53,pathogenic,any)": "false"}
SHATTERED = {"genome.chromothripsis": "true"}
EGFR = {"variant(EGFR,pathogenic,any)": "true"}
PROSTATE = {"tumour.site": "prostate", "pathology.morphology": "small_cell"}
SEEN = {"specimen.procedure": "resection", "specimen.site_type": "primary"}
CARCINOID = {
    "tumour.site": "lung",
    "pathology.morphology": "carcinoid",
    "pathology.mitoses": "5",
    "pathology.necrosis": "absent",
    "pathology.ki67": "10",
}


@pytest.mark.parametrize(
    ("fact", "facts", "finding", "status"),
    [
        ("carcinoid_origin", SCLC | INTACT | SHATTERED, "consider", "provisional"),
        (
            "carcinoid_origin",
            SCLC | INTACT | SHATTERED | {"ihc.rb1": "retained", "ihc.p53": "wild_type"},
            "consider",
            "met",
        ),
        ("carcinoid_origin", SCLC | INTACT | SHATTERED | {"ihc.rb1": "lost"}, "unlikely", "met"),
        ("carcinoid_origin", SCLC, None, "undetermined"),
        ("transformation", SCLC | EGFR, "from_adenocarcinoma", "provisional"),
        (
            "transformation",
            SCLC | EGFR | {"treatment.regimen": "osimertinib"},
            "from_adenocarcinoma",
            "met",
        ),
        (
            "transformation",
            SCLC | EGFR | {"treatment.regimen": "cisplatin_etoposide"},
            "not_suspected",
            "met",
        ),
        ("transformation", PROSTATE, "from_adenocarcinoma", "provisional"),
        ("supra_carcinoid", CARCINOID | {"molecular.lung_profile": "lcnec"}, "by_profile", "met"),
        ("supra_carcinoid", CARCINOID, None, "undetermined"),
    ],
)
def test_a_finding_names_it_and_the_entity_stays(conclude, fact, facts, finding, status):
    facts = SEEN | facts
    found = conclude(f"finding.{fact}", facts)
    assert (found.value, found.status) == (finding, status)
    plain = {k: v for k, v in facts.items() if k.startswith(("tumour", "pathology"))}
    assert conclude("tumour.entity", facts).value == conclude("tumour.entity", plain).value


def test_what_would_settle_a_small_cell_carcinoma_of_carcinoid_origin_is_named(conclude):
    found = conclude("finding.carcinoid_origin", SCLC | INTACT | SHATTERED)
    assert found.missing == ("ihc.p53", "ihc.rb1")
    assert [each.id for each in found.cautions] == ["entity.sclc_wild_type"]


def test_stains_and_genes_each_cast_their_own_finding_and_may_disagree(conclude):
    facts = {
        "tumour.site": "pancreas",
        "pathology.morphology": "well_differentiated",
        "pathology.mitoses": "25",
        "pathology.ki67": "60",
        "ihc.atrx": "lost",
        "variant(TP53,pathogenic,any)": "true",
    }
    assert conclude("finding.net_or_nec_stains", facts).value == "supports_net"
    assert conclude("finding.net_or_nec_genes", facts).value == "supports_nec"
    together = conclude("finding.net_or_nec_markers", facts)
    assert together.status == "conflict"
    entity = conclude("tumour.entity", facts)
    assert (entity.value, entity.status) == ("net", "met")
    assert "entity.net_ki67_from_55" in [each.id for each in entity.cautions]


@pytest.mark.parametrize(
    ("sstr", "fdg", "pattern"),
    [
        ("positive", "negative", "sstr_only"),
        ("positive", "mixed", "both"),
        ("negative", "positive", "fdg_only"),
        ("negative", "negative", "neither"),
        ("positive", None, None),
    ],
)
def test_two_tracers_are_read_together_and_change_no_grade(conclude, sstr, fdg, pattern):
    facts = {
        "tumour.site": "pancreas",
        "pathology.morphology": "well_differentiated",
        "pathology.mitoses": "1",
        "pathology.ki67": "2",
        "imaging.sstr_pet": sstr,
        "imaging.fdg_pet": fdg,
    }
    assert conclude("imaging.dual_tracer", facts).value == pattern
    assert conclude("tumour.grade", facts).value == "G1"


@pytest.mark.parametrize(
    ("stage", "tnm", "caution"),
    [
        ("limited", "IV", "stage.limited_but_distant"),
        ("extensive", "III", "stage.extensive_below_iv"),
        ("limited", "III", None),
        ("extensive", "IV", None),
    ],
)
def test_stages_that_contradict_each_other_are_said_to(conclude, stage, tnm, caution):
    facts = SCLC | {"disease.stage_sclc": stage, "disease.stage": tnm}
    said = {each.id for each in conclude("tumour.entity", facts).cautions}
    assert "stage.limited_definition" in said
    assert said & {"stage.limited_but_distant", "stage.extensive_below_iv"} == (
        {caution} if caution else set()
    )
