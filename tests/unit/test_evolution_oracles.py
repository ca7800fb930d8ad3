"""Fast forms of the models of evolution held against obvious loops and against libraries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from nenuphar.methods.evolution.likelihood import deal_folds, log_likelihood, out_of_fold
from nenuphar.methods.evolution.null import permutation_null
from nenuphar.methods.evolution.power import _pulled
from nenuphar.methods.evolution.verdict import paired_difference


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1):
        yield


def cohort(tumours: int = 90, seed: int = 0):
    rng = np.random.default_rng(seed)
    group = np.arange(tumours) % 3
    numbers = rng.normal(size=(tumours, 3)) + group[:, None] * [1, 0, 0]
    marks = (rng.random((tumours, 4)) < 0.3).astype(float)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    marks[rng.random(marks.shape) < 0.1] = np.nan
    return numbers, marks, group, deal_folds(group, 5, 1, seed)[0]


def as_a_loop(parents, group, fold, prior_sd):
    """One classifier of a library for each fold."""
    found = np.empty((len(group), group.max() + 1))
    for number in range(fold.max() + 1):
        learnt = fold != number
        blocks = []
        for values in parents:
            mean = np.nanmean(values[learnt], axis=0)
            spread = np.nanstd(values[learnt], axis=0)
            blocks.append(np.nan_to_num((values - mean) / spread) / np.sqrt(values.shape[1]))
        columns = np.hstack(blocks)
        model = LogisticRegression(C=prior_sd**2, tol=1e-8, max_iter=2000)
        model.fit(columns[learnt], group[learnt])
        found[~learnt] = model.predict_proba(columns[~learnt])
    return found


@pytest.mark.parametrize("prior_sd", [0.5, 1.0, 2.0])
def test_all_folds_at_once_are_one_classifier_for_each_fold(prior_sd):
    numbers, marks, group, fold = cohort()
    fast = out_of_fold([numbers, marks], group, fold, prior_sd)
    assert np.allclose(fast, as_a_loop([numbers, marks], group, fold, prior_sd), atol=1e-4)
    assert np.allclose(fast.sum(axis=1), 1)


def test_without_parents_the_shares_of_the_other_folds_are_the_probabilities():
    _, _, group, fold = cohort()
    found = out_of_fold([], group, fold, 1.0)
    for tumour in range(len(group)):
        others = group[fold != fold[tumour]]
        assert found[tumour] == pytest.approx([np.mean(others == g) for g in range(3)])


def test_folds_hold_each_group_evenly_and_differ_between_dealings():
    group = np.array([0] * 25 + [1] * 13)
    dealt = deal_folds(group, 5, 3, 7)
    for fold in dealt:
        sizes = [np.bincount(group[fold == number], minlength=2) for number in range(5)]
        assert np.ptp(sizes, axis=0).max() <= 1
    assert (dealt[0] != dealt[1]).any()


def test_the_interval_of_a_paired_difference_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.2, 1, 40), rng.normal(0, 1, 40)
    found = paired_difference(first, second)
    low, high = stats.ttest_rel(first, second).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.mean == pytest.approx(first.mean() - second.mean())


def test_the_null_of_a_set_added_to_nothing_permutes_its_rows():
    numbers, _, group, fold = cohort(seed=2)
    found = permutation_null([], numbers, group, fold, 1.0, 39, [5], lambda more: None)
    low = log_likelihood(out_of_fold([], group, fold, 1.0), group).mean()
    rng = np.random.default_rng([5])
    drawn = []
    for _ in range(39):
        moved = numbers[rng.permutation(len(numbers))]
        drawn.append(log_likelihood(out_of_fold([moved], group, fold, 1.0), group).mean() - low)
    assert found.drawn == pytest.approx(sorted(drawn), abs=1e-9)
    assert found.p_value == (1 + sum(gain >= found.seen for gain in drawn)) / 40


def test_a_copy_of_the_base_is_no_discovery():
    numbers, _, group, fold = cohort(seed=4)
    rng = np.random.default_rng(0)
    copy = np.nan_to_num(numbers) + 0.1 * rng.normal(size=numbers.shape)
    found = permutation_null([numbers], copy, group, fold, 1.0, 39, [1], lambda more: None)
    assert found.p_value > 0.05


def test_drawing_ends_early_where_the_set_is_chance():
    _, marks, group, fold = cohort(seed=6)
    steps = []
    noise = np.random.default_rng(1).normal(size=marks.shape)
    found = permutation_null([marks], noise, group, fold, 1.0, 199, [1], steps.append)
    assert 39 <= len(found.drawn) < 199
    assert sum(steps) == 199


def test_pulled_probabilities_are_worth_what_was_asked_for():
    rng = np.random.default_rng(9)
    base = rng.dirichlet(np.ones(3), size=50)
    pulled = _pulled(base, rng.normal(size=(50, 3)), 0.08)
    worth = (pulled * (np.log(pulled) - np.log(base))).sum(axis=1).mean()
    assert worth == pytest.approx(0.08, abs=1e-3)
