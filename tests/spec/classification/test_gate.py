"""The gate: what is not an epithelial neuroendocrine neoplasm is named as what it is."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("facts", "entity"),
    [
        ({"tumour.site": "thyroid", "ihc.calcitonin": "positive"}, "medullary_thyroid_carcinoma"),
        ({"tumour.site": "adrenal", "ihc.keratin": "negative"}, "paraganglioma"),
        ({"tumour.site": "pituitary"}, "pituitary_net"),
        ({"tumour.site": "duodenum", "pathology.morphology": "paraganglioma"}, "paraganglioma"),
        ({"tumour.site": "appendix", "pathology.morphology": "goblet_cell"}, "not_nen"),
        ({"tumour.site": "colon", "pathology.morphology": "adenocarcinoma"}, "not_nen"),
    ],
)
def test_what_is_set_apart_is_never_called_a_net_or_nec(conclude, facts, entity):
    found = conclude("tumour.entity", {"pathology.morphology": "well_differentiated", **facts})
    assert (found.value, found.status) == (entity, "met")
    family = conclude("tumour.family", {"pathology.morphology": "well_differentiated", **facts})
    assert family.value == "not_nen"


def test_merkel_cell_carcinoma_is_a_neuroendocrine_carcinoma_that_keeps_its_name(conclude):
    facts = {"tumour.site": "skin", "pathology.morphology": "small_cell"}
    assert conclude("tumour.entity", facts).value == "merkel_cell"
    assert conclude("tumour.family", facts).value == "NEC"
    assert conclude("tumour.grade", facts).value == "high_grade"


@pytest.mark.parametrize(
    ("reported", "entity", "caution"),
    [
        ("neuroblastoma", "not_nen", "entity.neuroblastoma"),
        ("goblet_cell_adenocarcinoma", "not_nen", "entity.goblet_cell"),
        ("paraganglioma", "paraganglioma", None),
        ("medullary_thyroid_carcinoma", "medullary_thyroid_carcinoma", None),
        ("merkel_cell", "merkel_cell", None),
        ("pituitary_net", "pituitary_net", None),
    ],
)
def test_reports_of_what_is_set_apart_keep_their_name(conclude, reported, entity, caution):
    found = conclude("tumour.entity", {"diagnosis.reported": reported})
    assert found.value == entity
    assert caution is None or caution in [each.id for each in found.cautions]


MARKERS = ("ihc.synaptophysin", "ihc.chromogranin_a", "ihc.insm1")


def test_a_tumour_without_any_neuroendocrine_marker_is_not_named(conclude):
    facts = {"tumour.site": "pancreas", "pathology.morphology": "well_differentiated"}
    found = conclude("tumour.entity", facts | dict.fromkeys(MARKERS, "negative"))
    assert (found.value, found.rule_id) == (None, "gate.no_phenotype")
    assert set(MARKERS) <= set(found.missing)


def test_stains_that_nobody_did_cast_no_doubt(conclude):
    facts = {"tumour.site": "pancreas", "pathology.morphology": "well_differentiated"}
    found = conclude("tumour.entity", facts)
    assert (found.value, found.status, found.missing) == ("net", "met", ())


def test_without_keratin_a_paraganglioma_has_to_be_excluded(conclude):
    facts = {"tumour.site": "pancreas", "pathology.morphology": "well_differentiated"}
    found = conclude("tumour.entity", {**facts, "ihc.keratin": "negative"})
    assert found.value is None
    assert "ihc.gata3" in found.missing


@pytest.mark.parametrize(
    ("morphology", "markers", "caution"),
    [
        ("well_differentiated", {"ihc.rb1": "lost"}, "entity.net_with_nec_markers"),
        ("large_cell", {"ihc.daxx": "lost"}, "entity.nec_with_net_markers"),
        ("well_differentiated", {"ihc.atrx": "lost"}, None),
    ],
)
def test_markers_stand_beside_morphology_and_never_override_it(
    conclude, morphology, markers, caution
):
    facts = {
        "tumour.site": "pancreas",
        "pathology.morphology": morphology,
        "pathology.mitoses": "30",
        "pathology.ki67": "60",
    }
    plain = conclude("tumour.entity", facts)
    found = conclude("tumour.entity", facts | markers)
    assert found.value == plain.value
    said = {each.id for each in found.cautions} & {
        "entity.net_with_nec_markers",
        "entity.nec_with_net_markers",
    }
    assert said == ({caution} if caution else set())


def test_markers_that_contradict_each_other_are_a_visible_conflict(conclude):
    facts = {"tumour.site": "pancreas", "ihc.rb1": "lost", "ihc.daxx": "lost"}
    assert conclude("finding.net_or_nec_markers", facts).status == "conflict"


@pytest.mark.parametrize(
    ("sample", "caution"),
    [
        ("primary", "prognosis.daxx_atrx_primary"),
        ("metastasis", "prognosis.daxx_atrx_metastasis"),
    ],
)
def test_the_context_turns_the_meaning_of_daxx_loss_round(conclude, sample, caution):
    facts = {
        "tumour.site": "pancreas",
        "pathology.morphology": "well_differentiated",
        "specimen.site_type": sample,
        "ihc.daxx": "lost",
    }
    said = [each.id for each in conclude("tumour.entity", facts).cautions]
    assert [each for each in said if each.startswith("prognosis.")] == [caution]


def test_heredity_is_a_referral_and_never_read_off_a_tumour(conclude):
    facts = {
        "tumour.site": "pancreas",
        "pathology.morphology": "well_differentiated",
        "variant(MEN1,pathogenic,any)": "true",
    }
    said = [each.id for each in conclude("tumour.entity", facts).cautions]
    assert "heredity.pancreas" in said
    assert "heredity.syndrome" not in said
