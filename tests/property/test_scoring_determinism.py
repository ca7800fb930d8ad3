"""Scores depend on the sample alone: not on the order of genes, the cohort, or how it is stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from nenuphar.methods.expression import METHODS, Options, Scorer, as_signatures

VALUES = {
    "counts": lambda rng, shape: rng.poisson(rng.gamma(0.4, 2.0, shape)).astype(float),
    "log counts": lambda rng, shape: np.log1p(rng.poisson(rng.gamma(0.4, 2.0, shape)) * 1.7),
    "real": lambda rng, shape: rng.normal(5, 3, shape),
    "rounded": lambda rng, shape: rng.normal(0, 2, shape).round(1),
    "half zero": lambda rng, shape: rng.gamma(2, 1, shape) * (rng.random(shape) < 0.5),
    "close": lambda rng, shape: 1e6 + rng.random(shape) * 1e-7,
    "huge and tiny": lambda rng, shape: 10.0 ** rng.uniform(-300, 30, shape),
}
OPTIONS = Options(max_rank=50)


@st.composite
def cohorts(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    genes = [f"G{i}" for i in range(draw(st.sampled_from([12, 99, 700])))]
    values = VALUES[draw(st.sampled_from(sorted(VALUES)))](
        rng, (draw(st.integers(1, 9)), len(genes))
    )
    signatures = as_signatures({
        f"s{j}": {
            str(g): float(rng.choice([-1, 1, 0.3, 2.7], p=[0.2, 0.6, 0.1, 0.1]))
            for g in rng.choice(genes, int(rng.integers(1, 10)), replace=False)
        }
        for j in range(4)
    })  # fmt: skip
    return genes, values, signatures, rng


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("engine", ["plain", "compiled"])
@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(cohort=cohorts())
def test_no_order_of_genes_or_samples_and_no_neighbour_changes_a_bit(method, engine, cohort):
    genes, x, signatures, rng = cohort
    scores = Scorer(genes, signatures, method, OPTIONS, engine=engine).score(x).scores

    order = rng.permutation(len(genes))
    turned = Scorer([genes[i] for i in order], signatures, method, OPTIONS, engine=engine)
    assert same(turned.score(x[:, order]).scores, scores)

    rows = rng.permutation(len(x))
    scorer = Scorer(genes, signatures, method, OPTIONS, engine=engine)
    assert same(scorer.score(x[rows]).scores, scores[rows])

    for i, row in enumerate(x):
        assert same(scorer.score(row[None]).scores[0], scores[i])


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(cohort=cohorts())
def test_every_way_of_storing_and_computing_gives_the_same_bits(method, cohort):
    genes, x, signatures, _ = cohort
    plain = Scorer(genes, signatures, method, OPTIONS, engine="plain")
    scores = plain.score(x).scores
    compiled = Scorer(genes, signatures, method, OPTIONS, engine="compiled", threads=3)
    for values in (x, np.asfortranarray(x), csr_array(x)):
        assert same(compiled.score(values).scores, scores)
        assert same(plain.score(values).scores, scores)


@pytest.mark.parametrize("method", ["ssgsea", "aucell", "ucell", "singscore"])
@settings(max_examples=25, deadline=None)
@given(cohort=cohorts())
def test_rank_scores_ignore_any_monotone_change_of_scale(method, cohort):
    genes, x, signatures, _ = cohort
    options = Options(max_rank=50, zeros_last=False)
    scorer = Scorer(genes, signatures, method, options, engine="plain")
    levels = np.unique(x, return_inverse=True)[1].reshape(x.shape).astype(float)
    moved = np.sqrt(levels + 3.0)  # the same order and ties, other values, no zeros
    assert same(scorer.score(moved).scores, scorer.score(x).scores)


def test_a_sample_alone_scores_as_in_a_cohort_of_ten_thousand():
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(300)]
    x = rng.poisson(rng.gamma(0.4, 2.0, (10_000, 300))).astype(float)
    signatures = as_signatures({"s": genes[:20], "t": genes[50:140]})
    for method in METHODS:
        cohort = Scorer(genes, signatures, method).score(x).scores  # compiled, by its size
        alone = Scorer(genes, signatures, method, engine="plain")
        for i in (0, 4321, 9_999):
            assert same(alone.score(x[i : i + 1]).scores[0], cohort[i])


def test_single_precision_changes_only_what_it_says():
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(300)]
    x = rng.normal(5, 1, (20, 300))
    signatures = as_signatures({"s": genes[:20]})
    for method in METHODS:
        exact = Scorer(genes, signatures, method).score(x).scores
        single = Scorer(genes, signatures, method, single=True).score(x).scores
        np.testing.assert_allclose(single, exact, rtol=1e-3, atol=1e-3)
        held = Scorer(genes, signatures, method).score(x.astype(np.float32)).scores
        assert same(single, held)
