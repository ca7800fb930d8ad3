"""Real cohorts beside the checkout: what they can and cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN
from nenuphar.pipeline.evolution.analysis import analyse
from nenuphar.pipeline.evolution.reading import Roles, read_cohort

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
LUNG, MAPS = DATA / "lung_nen", DATA / "lnen_alcala2019_maps"
LIGHT = {"permutations": 39, "simulations": 20, "repeats": 1, "sizes": ()}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not LUNG.is_dir(), reason="the real cohorts are not beside the checkout"),
]


def lung(origin: str):
    roles = {
        ORIGIN: [origin],
        ALTERATIONS: ["del_*", "amp_*"],
        MICROENVIRONMENT: ["quantiseq.*"],
    }
    tables = ("gistic_table", "Supplementary_Table_S9", "Supplementary_Table_S31")
    further = [LUNG / f"{name}.csv" for name in tables]
    cohort = read_cohort(LUNG / "samples_S1.csv", further, Roles("LNET k = 3 archetype", roles))
    return analyse(cohort, load_knowledge(), **LIGHT)


def test_lung_groups_follow_the_regulatory_subtype_which_was_read_from_the_same_expression():
    compared = lung("Regulatory subtype").comparison
    assert compared.favoured == ""
    assert compared.settled is not None
    assert compared.settled.side == ORIGIN
    assert list(compared.restating) == ["Regulatory subtype"]


def test_too_few_lung_tumours_have_location_copy_number_and_deconvolution():
    assert "too_few_tumours" in lung("location").comparison.reasons


def test_mutations_that_are_listed_only_where_found_cannot_be_used():
    roles = {
        ORIGIN: ["Smoking_status"],
        ALTERATIONS: ["Mutation_*"],
        MICROENVIRONMENT: ["Macro*", "T.cells*", "Neutrophils"],
    }
    cohort = read_cohort(MAPS / "Attributes_fig1A.tsv", [], Roles("Cluster_LNEN", roles))
    analysis = analyse(cohort, load_knowledge(), **LIGHT)
    assert analysis.comparison.reasons == ("no_somatic_alterations",)
    aside = {one.name for one in analysis.design.set_aside if one.kind == "feature"}
    assert {"Mutation_MEN1", "Mutation_TP53"} <= aside
