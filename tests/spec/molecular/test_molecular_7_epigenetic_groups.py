"""Groups by methylation, enhancers and lineage factors: each in its own scheme."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nenuphar.io.case_file import read_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.job import run_job

PANCREAS = "patient: P1\ntumour.site: pancreas\npathology.morphology: well_differentiated\n"
ILEUM = "patient: P1\ntumour.site: small_intestine\n"
LUNG = "patient: P1\ntumour.site: lung\npathology.morphology: carcinoid\n"


def told(folder: Path, text: str) -> Assessment:
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return assess(read_case(folder / "case.yaml"))


def value(assessment: Assessment, fact: str) -> str | None:
    found = assessment.of(fact)
    return found[0].value if found else None


@pytest.mark.parametrize(
    ("arx", "pdx1", "group"),
    [
        ("positive", "negative", "alpha"),
        ("negative", "positive", "beta"),
        ("positive", "positive", "double_positive"),
        ("negative", "negative", "double_negative"),
    ],
)
def test_two_lineage_factors_give_the_enhancer_group_of_the_pancreas(tmp_path, arx, pdx1, group):
    found = told(tmp_path, PANCREAS + f"ihc: {{arx: {arx}, pdx1: {pdx1}}}\n")
    (listed,) = found.of("molecular.epigenetic_group")
    assert (listed.value, listed.status) == (f"pannet_enhancer={group}", "met")


def test_one_lineage_factor_gives_none_and_names_the_other(tmp_path):
    found = told(tmp_path, PANCREAS + "ihc: {arx: positive}\n")
    (group,) = found.of("molecular.group.pannet_enhancer")
    assert (group.value, group.status) == (None, "undetermined")
    assert group.missing == ("molecular.calls.pannet_enhancer",)
    assert load_knowledge().facts[group.missing[0]].ask == "Stain ARX and PDX1."


def test_stains_and_a_report_that_differ_are_a_conflict(tmp_path):
    text = PANCREAS + "molecular.pannet_enhancer: beta\nihc: {arx: positive, pdx1: negative}\n"
    (group,) = told(tmp_path, text).of("molecular.group.pannet_enhancer")
    assert (group.status, group.alternatives) == ("conflict", ("alpha", "beta"))


def test_intermediate_of_methylation_and_of_expression_are_two_facts(tmp_path):
    text = PANCREAS + "molecular.pannet_epigenetic: intermediate\nmolecular.pannet: intermediate\n"
    found = told(tmp_path, text)
    assert value(found, "molecular.group") == "pannet=intermediate"
    assert value(found, "molecular.epigenetic_group") == "pannet_epigenetic=intermediate"


def test_alpha_stains_with_daxx_lost_point_to_methylation(tmp_path):
    text = PANCREAS + "ihc: {arx: positive, pdx1: negative, daxx: lost}\n"
    (group,) = told(tmp_path, text).of("molecular.group.pannet_enhancer")
    assert "molecular.alpha_with_daxx_atrx_loss" in [c.id for c in group.cautions]


def test_groups_of_the_pancreas_are_not_told_of_the_lung(tmp_path):
    found = told(tmp_path, LUNG + "ihc: {arx: positive, pdx1: negative}\n")
    assert not found.of("molecular.epigenetic_group")


@pytest.mark.parametrize(
    ("stains", "expected"),
    [
        ("{arx: positive, daxx: lost}", "as_malignant"),
        ("{arx: positive, daxx: retained, atrx: lost}", "as_malignant"),
        ("{arx: negative}", "as_indolent"),
        ("{arx: positive}", None),
    ],
)
def test_an_insulinoma_that_stains_as_metastatic_ones_is_named(tmp_path, stains, expected):
    text = PANCREAS + (
        "pathology.mitoses: 1/2mm2\npathology.ki67: 1\ndiagnosis.reported: insulinoma\n"
        f"disease.hormone_syndrome: hypoglycaemia\nihc: {stains}\n"
    )
    found = told(tmp_path, text)
    assert value(found, "finding.insulinoma") == expected
    assert value(found, "tumour.entity") == "net"


SEG = "ID\tchrom\tloc.start\tloc.end\tseg.mean\n" + "".join(
    f"S1\t{n}\t1\t{end}\t{-0.9 if n == 18 else 0.0}\n"
    for n, end in zip(
        range(1, 23),
        [249, 243, 198, 191, 180, 171, 159, 146, 141, 135, 135, 133, 115, 107, 102, 90, 81, 78, 59,
         63, 48, 51],
        strict=True,
    )
    for end in [end * 1_000_000]
)  # fmt: skip


@pytest.mark.parametrize(("group", "expected"), [(1, "fit"), (3, "differ")])
def test_methylation_and_copy_number_of_the_ileum_are_compared(tmp_path, group, expected):
    (tmp_path / "tumour.seg").write_text(SEG, encoding="utf-8")
    text = ILEUM + (
        f"molecular.sinet_methylation: group_{group}\n"
        "assays: [{id: cn, type: segments, file: tumour.seg, genome: hg19}]\n"
    )
    found = told(tmp_path, text)
    assert value(found, "genomics.sinet_group") == "18LOH"
    assert value(found, "molecular.epigenetic_group") == f"sinet_methylation=group_{group}"
    assert value(found, "finding.sinet_groups") == expected


@pytest.mark.parametrize(
    ("otp", "ascl1", "hnf1a", "expected"),
    [
        (250, 120, 0, "proneural"),
        (250, 0, 120, "hnf"),
        (0, 0, 120, "luminal"),
        (0, 120, 120, "other"),
        (0, 0, None, None),
    ],
)
def test_three_factors_give_the_regulatory_subtype_of_a_carcinoid(
    tmp_path, otp, ascl1, hnf1a, expected
):
    scores = {"otp": otp, "ascl1": ascl1, "hnf1a": hnf1a}
    stains = ", ".join(f"{m}: {{h_score: {n}}}" for m, n in scores.items() if n is not None)
    found = told(tmp_path, LUNG + f"ihc: {{{stains}}}\n")
    assert value(found, "molecular.group.lung_net_epigenetic") == expected


def test_stains_and_ranks_that_differ_are_a_conflict(tmp_path):
    stains = "ihc: {otp: {h_score: 250}, ascl1: {h_score: 0}, hnf1a: {h_score: 120}}\n"
    text = LUNG + "molecular.lung_net_epigenetic: luminal\n" + stains
    (group,) = told(tmp_path, text).of("molecular.group.lung_net_epigenetic")
    assert (group.status, group.alternatives) == ("conflict", ("hnf", "luminal"))


def test_a_cohort_leaves_out_what_a_case_leaves_out(tmp_path):
    (tmp_path / "a.yaml").write_text(PANCREAS + "ihc: {arx: positive, pdx1: negative}\n", "utf-8")
    (tmp_path / "b.yaml").write_text(LUNG.replace("P1", "P2"), "utf-8")
    run_job(tmp_path, tmp_path / "out", reports="none")
    table = pl.read_parquet(tmp_path / "out" / "conclusions.parquet")
    groups = table.filter(fact="molecular.epigenetic_group").select("patient_id", "value")
    assert groups.rows() == [("P1", "pannet_enhancer=alpha")]


def test_a_carcinoma_has_no_regulatory_subtype_of_carcinoids(tmp_path):
    text = LUNG.replace("carcinoid", "large_cell") + "molecular.lung_net_epigenetic: hnf\n"
    assert value(told(tmp_path, text), "molecular.group.lung_net_epigenetic") is None


def test_an_alpha_like_tumour_that_becomes_intermediate_is_told(tmp_path):
    text = """
patient: P1
tumour.site: pancreas
tumours:
  - id: T
    specimens:
      - {id: a, specimen.time_point: baseline, molecular.pannet_epigenetic: alpha_like,
         ihc: {arx: positive, pdx1: negative}}
      - {id: b, specimen.time_point: progression, molecular.pannet_epigenetic: intermediate,
         ihc: {arx: positive, pdx1: positive}}
"""
    found = told(tmp_path, text)
    later = {c.fact: c.value for c in found.conclusions if c.key[2:] == ("b",)}
    assert (later["change.epigenetic"], later["change.lineage"]) == ("switched", "gained")
    # That it fits acquired resistance to immunotherapy is said of the groups of SCLC only.
    assert later["change.fits_acquired_resistance"] == "none of those compared"


DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared cohorts are not beside the checkout")
def test_ranks_find_the_published_regulatory_subtypes_in_tumours_that_set_no_cut_off():
    from nenuphar.methods.expression.subtypes.training.regulatory import (
        cuts_of,
        figures_of,
        read_tumours,
        shipped_cuts,
        subtype_of,
    )

    read = read_tumours(DATA)
    labelled = [i for i, label in enumerate(read.labels) if label]
    free = cuts_of(read.ranks[[i for i, label in enumerate(read.labels) if not label]])
    on_ranks, on_stains = shipped_cuts()
    for factor, cuts in free.items():
        assert on_ranks[factor] == pytest.approx(cuts, abs=0.01)
    told_of = [subtype_of(read.ranks[i], on_ranks) for i in labelled]
    tumours, said, right = figures_of(told_of, [read.labels[i] for i in labelled])
    assert said / tumours >= 0.85
    assert right / said >= 0.95
    by_stain = [subtype_of(scores, on_stains) for scores, _ in read.stains]
    tumours, said, right = figures_of(by_stain, [label for _, label in read.stains])
    assert right / tumours >= 0.93
