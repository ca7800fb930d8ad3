"""Laws of the comparison of hypotheses: what must not matter does not matter."""

from __future__ import annotations

from functools import lru_cache

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.evolution.features import MICROENVIRONMENT, PARENTS
from nenuphar.pipeline.evolution.analysis import analyse
from nenuphar.pipeline.evolution.calibration import ROLES
from nenuphar.pipeline.evolution.reading import Cohort
from nenuphar.pipeline.evolution.telling import told
from nenuphar.simulate.evolution import draw_evolution

LIGHT = {"permutations": 39, "simulations": 20, "repeats": 1, "sizes": ()}
FEW = settings(max_examples=3, deadline=None, derandomize=True)


def result(records: pl.DataFrame, seed: int = 0, roles=None):
    cohort = Cohort(records, "group", roles or ROLES, records.height, ())
    knowledge = load_knowledge()
    return told(analyse(cohort, knowledge, **LIGHT, seed=seed), cohort, knowledge)


@lru_cache(maxsize=4)
def drawn(truth: str) -> pl.DataFrame:
    return draw_evolution(truth, 70, missing=0.1, seed=11).records


@lru_cache(maxsize=4)
def plain(truth: str):
    return result(drawn(truth))


@FEW
@given(st.integers(0, 2**16), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_columns_matters(seed, chance):
    records = drawn("immune_parallel").sample(fraction=1, shuffle=True, seed=seed)
    roles = {parent: chance.sample(list(ROLES[parent]), len(ROLES[parent])) for parent in PARENTS}
    assert result(records, roles=roles) == plain("immune_parallel")


@FEW
@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_the_unit_of_a_number_does_not_matter(scale, shift):
    moved = (pl.col("t_cells").cast(pl.Float64) * scale + shift).cast(pl.String)
    found = result(drawn("immune_parallel").with_columns(moved))
    own = plain("immune_parallel")
    assert found["verdict"] == own["verdict"]
    for one, other in zip(found["differences"], own["differences"], strict=True):
        assert abs(one["mean"] - other["mean"]) < 1e-3


@FEW
@given(st.integers(0, 2**16))
def test_a_column_of_noise_makes_no_case_for_the_microenvironment(seed):
    records = drawn("spontaneous_parallel")
    noise = pl.Series("noise", range(records.height)).sample(fraction=1, shuffle=True, seed=seed)
    noisy = records.with_columns(noise=noise.cast(pl.String))
    roles = {**ROLES, MICROENVIRONMENT: (*ROLES[MICROENVIRONMENT], "noise")}
    found = result(noisy, roles=roles)
    assert found["favoured"] not in ("immune_parallel", "immune_divergent")
    assert found["settled"]["microenvironment"] != "adds"


def test_the_same_seed_gives_the_same_result_and_another_one_other_folds():
    records = drawn("immune_parallel")
    assert result(records) == plain("immune_parallel")
    assert result(records, seed=1)["differences"] != plain("immune_parallel")["differences"]
