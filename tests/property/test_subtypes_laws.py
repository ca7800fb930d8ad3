"""Calls depend on the order of the panel's genes within one tumour, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.methods.expression.subtypes import (
    FITTED_PANELS,
    classify,
    classify_stains,
    load_model,
    load_stains,
)


def made_up(panel, seed, noise=0.12):
    model, rng = load_model(panel), np.random.default_rng(seed)
    values = np.repeat(model.profiles, 3, axis=0)
    return model, values + rng.normal(0, noise, values.shape), rng


def same(one, two):
    return [(c.call, c.status, c.probabilities, c.evidence) for c in one] == [
        (c.call, c.status, c.probabilities, c.evidence) for c in two
    ]


@pytest.mark.parametrize("panel", FITTED_PANELS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_any_monotone_transform_gives_the_same_calls(panel, seed):
    model, values, _ = made_up(panel, seed)
    ids = [str(i) for i in range(len(values))]
    for bent in (np.exp(values), values**3, 7 * values - 2):
        assert same(
            classify(model, ids, model.genes, values), classify(model, ids, model.genes, bent)
        )


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_neither_gene_order_nor_company_nor_other_genes_change_a_call(seed):
    model, values, rng = made_up("lung-net", seed)
    ids = [str(i) for i in range(len(values))]
    together = classify(model, ids, model.genes, values)
    order = rng.permutation(len(model.genes))
    turned = classify(model, ids, [model.genes[i] for i in order], values[:, order])
    assert same(together, turned)
    alone = [
        classify(model, [ids[i]], model.genes, values[i : i + 1])[0] for i in range(len(values))
    ]
    assert same(together, alone)
    more = np.hstack([rng.normal(size=(len(values), 40)), values])
    genes = [*(f"NOTAGENE{i}" for i in range(40)), *model.genes]
    assert same(together, classify(model, ids, genes, more))


@given(
    scores=st.lists(
        st.one_of(st.floats(0, 300, allow_nan=False), st.just(float("nan"))),
        min_size=3,
        max_size=3,
    ),
    panel=st.sampled_from(["sclc-ihc", "lung-net-ihc"]),
)
@settings(max_examples=60, deadline=None)
def test_probabilities_of_stains_are_filled_and_sum_to_one(scores, panel):
    (call,) = classify_stains(load_stains(panel), ["T"], np.array([scores]))
    assert all(0 < p <= 1 for p in call.probabilities)
    assert sum(call.probabilities) == pytest.approx(1, abs=1e-9)
    assert call.call == load_stains(panel).groups[int(np.argmax(call.probabilities))]
