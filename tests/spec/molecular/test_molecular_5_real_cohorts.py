"""What published cohorts say, read through their shipped mappings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest

from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.molecular.describe import describe_read

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="the shared cohorts are not beside the checkout"
    ),
]


@cache
def concluded(file: str, mapping: str) -> pl.DataFrame:
    knowledge = load_knowledge()
    read = describe_read(read_input(SHARED / file, knowledge, mapping), knowledge)
    assert read.rejected == 0
    return conclude(read.frames, knowledge)


def values(table: pl.DataFrame, fact: str) -> pl.DataFrame:
    return table.filter(fact=fact).select("patient_id", "value")


@pytest.fixture(scope="module")
def alcala() -> pl.DataFrame:
    file = "lnen_alcala2019_maps/Attributes_fig13A.tsv"
    source = pl.read_csv(SHARED / file, separator="\t", infer_schema=False)
    classes = values(concluded(file, "lnen-alcala2019"), "immune.class")
    return source.join(classes, left_on="Sample_ID", right_on="patient_id")


@pytest.mark.parametrize("gene", ["CD274", "LAG3", "HLA-B", "HLA_D_mean"])
def test_checkpoints_and_antigen_presentation_rise_from_cold_to_hot(alcala, gene):
    # The classes are made from shares of cells alone; the genes are an independent look.
    level = alcala.group_by("value").agg(pl.col(gene).cast(pl.Float64).median())
    by_class = dict(level.iter_rows())
    assert by_class["cold"] < by_class["intermediate"] < by_class["hot"]


def test_most_lung_neuroendocrine_neoplasms_are_cold(alcala):
    shares = alcala["value"].value_counts(normalize=True)
    by_class = dict(shares.iter_rows())
    assert by_class["cold"] > 0.5
    assert by_class["hot"] < 0.2


def test_supra_carcinoids_are_infiltrated_more_often_than_others():
    file = "lung_nen/samples_S1.csv"
    source = pl.read_csv(SHARED / file, infer_schema=False)
    classes = values(concluded(file, "lung-nen-samples"), "immune.class").drop_nulls()
    both = source.join(classes, left_on="sample id", right_on="patient_id")
    warm = both.with_columns(warm=pl.col("value") != "cold")
    supra = pl.col("supra-carcinoid").is_not_null()
    assert warm.filter(supra)["warm"].mean() >= warm.filter(~supra)["warm"].mean() + 0.15


def test_groups_from_stains_agree_with_the_authors():
    source = pl.read_csv(SHARED / "sclc_smc" / "patients.csv", infer_schema=False)
    groups = values(concluded("sclc_smc/patients.csv", "sclc-smc"), "molecular.group")
    both = source.drop_nulls("SCLC_subtype").join(groups, on="patient_id").drop_nulls("value")
    right = both["value"] == "sclc_ihc=" + both["SCLC_subtype"]
    assert both.height >= 170
    assert right.mean() >= 0.95


def test_groups_from_expression_agree_with_the_map():
    file = "lung_nen/samples_S1.csv"
    source = pl.read_csv(SHARED / "lung_nen" / "LNEN_map_expression_238.csv", infer_schema=False)
    groups = values(concluded(file, "lung-nen-samples"), "molecular.group").drop_nulls()
    names = {
        "Carcinoid-A1": "A1",
        "Carcinoid-A2": "A2",
        "Carcinoid-B": "B",
        "LCNEC/TypeI": "lcnec_1",
        "LCNEC/TypeII": "lcnec_2",
        "SCLC/SCLC-like": "sclc",
    }
    both = source.join(groups, left_on="Sample_ID", right_on="patient_id").with_columns(
        known=pl.col("Molecular_clusters").replace_strict(names, default=None)
    )
    both = both.drop_nulls("known")
    # The panel was fitted on these samples: this holds the wiring, not the accuracy.
    assert both.height >= 100
    assert (both["value"] == "lung_nen=" + both["known"]).mean() >= 0.97


@pytest.fixture(scope="module")
def sclc_with_variants():
    file = "sclc_smc/patients.csv"
    knowledge = load_knowledge()
    return describe_read(read_input(SHARED / file, knowledge, "sclc-smc"), knowledge)


def test_variants_reach_the_patients_whose_sample_they_name_and_counts_add_up(sclc_with_variants):
    told = [p.reason for p in sclc_with_variants.problems]
    assert sum("of a sample that is none of the input" in reason for reason in told) == 146
    assert sum("has no variant of this specimen" in reason for reason in told) == 4
    assert any(reason.startswith("153 of 319 specimens have no name") for reason in told)
    assert (
        "4241 variants read = 2307 of 162 samples of the input + 1934 of 146 samples that are "
        "none of it + 0 rejected"
    ) in told


def test_rb1_and_tp53_are_damaged_in_most_small_cell_carcinomas(sclc_with_variants):
    genes = sclc_with_variants.frames[Scope.SPECIMEN]["genomics.pathogenic_genes"].drop_nulls()
    # The panel's genes are not stated: without a damaged gene nothing is said.
    assert not genes.str.contains("none").any()
    assert genes.str.contains(r"\bTP53\b").sum() / 162 >= 0.6
    assert genes.str.contains(r"\bRB1\b").sum() / 162 >= 0.5


@pytest.mark.parametrize(
    ("file", "mapping", "fact", "high", "not_high"),
    [
        ("sclc_smc/patients.csv", "sclc-smc", "genomics.tmb_cohort", 59, 256),
        ("cbioportal_datahub/tmb_output/sclc_ucologne_2015.txt", "", "genomics.tmb_cohort", 21, 86),
        # Two panels, each against itself; twenty samples of a third are too few.
        (
            "cbioportal_datahub/tmb_output/nsclc_pd1_msk_2018.txt",
            "",
            "genomics.tmb_cohort",
            37,
            183,
        ),
    ],
)
def test_the_highest_fifth_of_a_cohort_by_its_own_assay(file, mapping, fact, high, not_high):
    counts = dict(values(concluded(file, mapping), fact)["value"].value_counts().iter_rows())
    assert (counts["high"], counts["not_high"]) == (high, not_high)
