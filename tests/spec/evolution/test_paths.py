"""Paths of progression: what several specimens of one tumour show, and what would decide."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rule_cases import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.schema import RuleCase
from nenuphar.pipeline.case import (
    Assessment,
    assess_rows,
    plan_for_single_specimens,
    plan_of,
)
from nenuphar.pipeline.cohort import conclude, described
from nenuphar.pipeline.evolution.paths import (
    case_progression_section,
    cohort_progression_section,
)

NET = {"pathology.morphology": "well_differentiated"}
G2 = {**NET, "pathology.mitoses": "5", "pathology.ki67": "10"}
G3 = {**NET, "pathology.mitoses": "25", "pathology.ki67": "40"}
KEPT = {"genomics.daxx_atrx": "retained"}
LOST = {"genomics.daxx_atrx": "lost"}


def rows(*specimens: dict[str, str], patient: str = "P", **facts: str):
    known = {"tumour.site": "pancreas", **{k.replace("__", "."): v for k, v in facts.items()}}
    case = RuleCase(name="specimens", expect="met", facts=known, specimens=specimens)
    return rows_of_case(case, load_knowledge(), patient)


def assessed(*specimens: dict[str, str], **facts: str) -> Assessment:
    return assess_rows("P", rows(*specimens, **facts), load_knowledge())


def path(name: str, *specimens: dict[str, str], **facts: str):
    (found,) = assessed(*specimens, **facts).of(f"progression.{name}")
    return found.value, found.status, found.missing


def dated(first: dict[str, str], last: dict[str, str]):
    return {**first, "date": "2019"}, {**last, "date": "2022-06"}


def placed(first: dict[str, str], last: dict[str, str]):
    primary = {**first, "specimen.site_type": "primary"}
    return primary, {**last, "specimen.site_type": "metastasis"}


@pytest.mark.parametrize("order", [dated, placed])
def test_daxx_or_atrx_is_lost_in_time_or_from_primary_to_metastasis(order):
    lost = {**LOST, "genomics.alt_assay": "positive"}
    assert path("daxx_atrx", *order(KEPT, lost))[:2] == ("loss_with_alt", "met")
    assert path("daxx_atrx", *order(KEPT, KEPT))[:2] == ("not_seen", "met")
    assert path("daxx_atrx", *order(lost, lost))[:2] == ("not_seen", "met")


def test_without_a_look_at_telomeres_the_loss_is_provisional_and_the_assay_is_asked_for():
    value, status, missing = path("daxx_atrx", *dated(KEPT, LOST))
    assert (value, status) == ("loss", "provisional")
    assert "genomics.alt_assay" in missing


def test_a_specimen_that_is_not_stained_leaves_the_path_open_and_names_the_stain():
    value, status, missing = path("daxx_atrx", *dated({}, LOST))
    assert (value, status) == (None, "undetermined")
    assert "genomics.daxx_atrx" in missing


ALPHA = {"molecular.pannet_epigenetic": "alpha_like"}
TURNED = {"molecular.pannet_epigenetic": "intermediate"}


@pytest.mark.parametrize("order", [dated, placed])
def test_methylation_turns_from_alpha_like_to_intermediate(order):
    assert path("pannet_epigenetic", *order(ALPHA, TURNED))[:2] == ("recognised", "met")
    assert path("pannet_epigenetic", *order(ALPHA, ALPHA))[:2] == ("not_seen", "met")
    assert path("pannet_epigenetic", *order(TURNED, TURNED))[:2] == ("not_seen", "met")


def test_methylation_of_one_specimen_alone_leaves_the_path_open_and_asks_for_the_other():
    value, status, missing = path("pannet_epigenetic", *dated({}, TURNED))
    assert (value, status) == (None, "undetermined")
    assert "molecular.pannet_epigenetic" in missing


def test_loss_without_a_turn_of_methylation_and_a_turn_without_loss_are_both_told():
    (loss,) = assessed(*dated(ALPHA | KEPT, ALPHA | LOST)).of("progression.daxx_atrx")
    (turn,) = assessed(*dated(ALPHA | KEPT, TURNED | KEPT)).of("progression.pannet_epigenetic")
    both = assessed(*dated(ALPHA | KEPT, TURNED | LOST))
    assert [one.id for one in loss.cautions] == ["progression.daxx_atrx.methylation_differs"]
    assert [one.id for one in turn.cautions] == ["progression.pannet_epigenetic.kept"]
    for name in ("daxx_atrx", "pannet_epigenetic"):
        assert not both.of(f"progression.{name}")[0].cautions


def test_a_rise_to_grade_3_tells_treated_from_untreated():
    treated = path("g3", *dated(G2, G3), treatment__regimen="everolimus")
    assert treated[:2] == ("treated", "met")
    assert path("g3", *dated(G2, G3), treatment__regimen="surgery")[:2] == ("untreated", "met")
    value, status, missing = path("g3", *dated(G2, G3))
    assert (value, status) == ("untreated", "provisional")
    assert "treatment.regimen" in missing


def test_the_same_rise_in_the_lung_is_not_this_path():
    assert path("g3", *dated(G2, G3), tumour__site="lung")[:2] == ("not_seen", "met")


def test_one_specimen_shows_no_path_and_nothing_is_listed():
    found = assessed(G3 | LOST)
    assert not [one for one in found.conclusions if one.fact.startswith("progression.")]
    assert case_progression_section(found, load_knowledge()) is None


def test_two_assessors_of_one_specimen_are_one_specimen():
    own = rows(G2, G3)
    specimens = own[next(scope for scope in own if scope.value == "specimen")]
    specimens[1].key = specimens[0].key
    specimens[0].assessor, specimens[1].assessor = "1", "2"
    found = assess_rows("P", own, load_knowledge())
    assert not [one for one in found.conclusions if one.fact.startswith("progression.")]


def test_the_case_page_shows_what_was_seen_and_what_would_decide_the_rest():
    section = case_progression_section(assessed(*dated(G2 | KEPT, G3 | LOST)), load_knowledge())
    assert section is not None
    assert "DAXX and ATRX kept, then one of them lost" in section.body
    assert "Telomere FISH or C-circle assay." in section.body
    assert "a second primary" in section.body
    paths = {one["fact"]: one for one in section.data["paths"]}
    assert paths["progression.g3"]["value"] == "untreated"
    assert paths["progression.malignant_insulinoma"]["value"] == ""
    assert paths["progression.malignant_insulinoma"]["asks"]


def cohort():
    patients = [
        rows(*dated(G2 | KEPT, G3 | LOST), patient="P1"),
        rows(*dated(G2 | KEPT, G2 | KEPT), patient="P2"),
        rows(*dated(G2, G2 | LOST), patient="P3"),
        rows(G3 | LOST, patient="P4"),
        rows(*dated(G2, G2), patient="P5", tumour__site="lung"),
    ]
    return patients, frames_of(patients, load_knowledge())


def test_a_cohort_is_counted_by_path_over_tumours_with_several_specimens():
    _, frames = cohort()
    kb = load_knowledge()
    section = cohort_progression_section(described(frames, kb), conclude(frames, kb), kb)
    assert section is not None
    assert section.data["tumours"] == 4
    counts = {one["name"]: one for one in section.data["paths"]}
    loss = counts["Alpha-like to intermediate: DAXX, ATRX and ALT"]
    assert [n for _, n in loss["seen"]] == [1]
    assert (loss["provisional"], loss["not_seen"], loss["still_open"]) == (1, 2, 1)
    assert counts["G1 or G2 to G3"]["not_seen"] == 3


def test_columns_conclude_what_rows_conclude():
    patients, frames = cohort()
    kb = load_knowledge()
    table = conclude(frames, kb).filter(pl.col("fact").cast(pl.String).str.starts_with("progress"))
    columns = {
        (row["patient_id"], row["fact"]): (row["value"], row["status"])
        for row in table.cast({"fact": pl.String, "status": pl.String}).to_dicts()
    }
    alone = {
        (name, one.fact): (one.value, one.status)
        for name, own in zip(("P1", "P2", "P3", "P4", "P5"), patients, strict=True)
        for one in assess_rows(name, own, kb).conclusions
        if one.fact.startswith("progression.")
    }
    assert columns == alone


def test_leaving_paths_out_where_every_specimen_is_alone_changes_nothing():
    kb = load_knowledge()
    alone = [rows(G3 | LOST, patient="P1"), rows(G2, patient="P2", tumour__site="lung")]
    frames = described(frames_of(alone, kb), kb)
    light, whole = plan_for_single_specimens(kb), plan_of(kb)
    assert [name for name in whole.order if name not in light.order] == [
        name for name in whole.order if name.startswith("progression.")
    ]
    assert conclude_cohort(light, frames).equals(conclude_cohort(whole, frames))
