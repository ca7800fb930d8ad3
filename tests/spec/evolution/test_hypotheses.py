"""How the groups of a cohort may have arisen: four hypotheses, one answer, or none."""

from __future__ import annotations

import polars as pl
import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN
from nenuphar.pipeline.evolution.analysis import Analysis, analyse, hypotheses_of
from nenuphar.pipeline.evolution.calibration import ROLES
from nenuphar.pipeline.evolution.reading import Cohort
from nenuphar.simulate.evolution import draw_evolution

LIGHT = {"permutations": 39, "simulations": 20, "repeats": 1, "sizes": ()}


def analysed(records: pl.DataFrame, **roles: tuple[str, ...]) -> Analysis:
    cohort = Cohort(records, "group", {**ROLES, **roles}, records.height, ())
    return analyse(cohort, load_knowledge(), **LIGHT)


def test_the_hypotheses_are_those_of_the_review_each_with_its_graph():
    found = {one.name: one.parents for one in hypotheses_of(load_knowledge())}
    assert found == {
        "spontaneous parallel evolution": {ORIGIN},
        "spontaneous divergent evolution": {ALTERATIONS},
        "immune-mediated parallel evolution": {ORIGIN, MICROENVIRONMENT},
        "immune-mediated divergent evolution": {ALTERATIONS, MICROENVIRONMENT},
    }
    assert all(one.sources[0]["locator"] for one in hypotheses_of(load_knowledge()))


@pytest.mark.parametrize("truth", [one.key for one in hypotheses_of(load_knowledge())])
def test_a_large_cohort_shows_what_its_groups_were_drawn_from(truth):
    drawn = draw_evolution(truth, 400, effect=2.0, seed=1)
    assert analysed(drawn.records).comparison.favoured == truth


def test_groups_drawn_from_nothing_favour_nothing():
    compared = analysed(draw_evolution("none", 200, seed=2).records).comparison
    assert compared.favoured == ""
    assert "no_better_than_chance" in compared.reasons
    assert all(score < 0.01 for score in gains_over_nothing(compared))


def gains_over_nothing(compared):
    nothing = compared.scores[frozenset()]
    return [score - nothing for parents, score in compared.scores.items() if parents]


def test_groups_drawn_from_surroundings_alone_favour_none_of_the_four():
    compared = analysed(draw_evolution("microenvironment_alone", 250, seed=3).records).comparison
    assert compared.favoured == ""
    assert compared.notes == ("surroundings_alone",)


def test_a_cohort_of_middling_size_says_what_is_settled_and_what_is_not():
    compared = analysed(draw_evolution("spontaneous_parallel", 90, seed=4).records).comparison
    assert compared.favoured == ""
    assert compared.settled is not None
    assert compared.settled.side == ORIGIN
    assert "surroundings_unseen" in compared.reasons


def test_too_few_tumours_are_not_modelled_at_all():
    compared = analysed(draw_evolution("spontaneous_parallel", 36, seed=5).records).comparison
    assert compared.reasons == ("too_few_tumours",)
    assert compared.scores == {}


def test_a_set_without_features_is_said_to_lack_them():
    records = draw_evolution("spontaneous_parallel", 120, seed=6).records
    compared = analysed(records, **{MICROENVIRONMENT: ()}).comparison
    assert compared.reasons == ("no_microenvironment",)


def test_a_feature_from_which_the_groups_were_drawn_up_is_pointed_out():
    records = draw_evolution("none", 120, seed=7).records
    copied = records.with_columns(lineage_1=pl.col("group").replace({"A": "1", "B": "2", "C": "3"}))
    compared = analysed(copied).comparison
    assert list(compared.restating) == ["lineage_1"]
    assert compared.restating["lineage_1"] > 0.6


def test_power_counts_simulated_cohorts_and_nulls_tell_sets_from_chance():
    compared = analysed(draw_evolution("spontaneous_divergent", 300, seed=8).records).comparison
    assert compared.power is not None
    assert compared.power.simulations == LIGHT["simulations"]
    assert compared.power.recovered + compared.power.otherwise <= 1
    found = compared.nulls[frozenset(), ALTERATIONS]
    assert found.p_value == pytest.approx(1 / 40)
    assert compared.nulls[frozenset(), ORIGIN].p_value > 0.025
