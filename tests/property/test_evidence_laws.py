"""Laws of pooling that hold for any table, and agreement with slow or foreign implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from nenuphar.methods.evidence import effects
from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import EvidenceError, PoolingPlan
from nenuphar.methods.evidence.glmm import log_likelihood
from nenuphar.methods.evidence.heterogeneity import cochran_q, tau_squared
from nenuphar.methods.evidence.inverse_variance import fit_inverse_variance
from nenuphar.methods.evidence.pool import pool

SIZES = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
TABLES = st.lists(SIZES, min_size=2, max_size=9)
EFFECTS = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.02, 2.0)), min_size=2, max_size=12)
PLANS = [
    PoolingPlan("glmm"),
    PoolingPlan("logit"),
    PoolingPlan("logit", "pm", "hk"),
    PoolingPlan("freeman-tukey", "dl"),
]


def named(table: list[tuple[int, int]]) -> list[StudyCounts]:
    return [StudyCounts(f"S{i}", x, n) for i, (x, n) in enumerate(table)]


def attempt(table: list[tuple[int, int]], plan: PoolingPlan) -> object:
    try:
        return pool(named(table), plan)
    except EvidenceError:
        return None


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_estimates_lie_in_their_intervals_and_these_in_the_prediction_interval(
    table: list[tuple[int, int]],
) -> None:
    for plan in PLANS:
        found = attempt(table, plan)
        if found is None:
            assert plan.method == "glmm"
            continue
        assert 0 <= found.ci_low <= found.estimate <= found.ci_high <= 1
        if found.pooled:
            assert found.tau2 >= 0
            assert 0 <= found.i2 <= 1
            assert found.prediction_low <= found.ci_low + 1e-12
            assert found.prediction_high >= found.ci_high - 1e-12


@settings(max_examples=40, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_studies_does_not_matter(table: list[tuple[int, int]], random: object) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)
    for plan in PLANS:
        one, other = attempt(table, plan), attempt(shuffled, plan)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.estimate == pytest.approx(other.estimate, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_counting_those_without_the_event_mirrors_the_estimate(
    table: list[tuple[int, int]],
) -> None:
    mirrored = [(n - x, n) for x, n in table]
    for plan in (PoolingPlan("glmm"), PoolingPlan("logit")):
        one, other = attempt(table, plan), attempt(mirrored, plan)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.estimate == pytest.approx(1 - other.estimate, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(EFFECTS)
def test_paule_mandel_solves_its_equation_and_dersimonian_laird_its_formula(
    pairs: list[tuple[float, float]],
) -> None:
    y, v = np.array(pairs).T
    ones = np.ones((len(y), 1))
    pm = tau_squared(y, v, ones, "pm")
    left = cochran_q(y, v, ones, pm)
    assert left == pytest.approx(len(y) - 1, abs=1e-6) or (pm == 0 and left <= len(y) - 1)
    w = 1 / v
    q = float(np.sum(w * (y - np.sum(w * y) / w.sum()) ** 2))
    dl = max(0.0, (q - (len(y) - 1)) / (w.sum() - np.sum(w**2) / w.sum()))
    assert tau_squared(y, v, ones, "dl") == pytest.approx(dl, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(EFFECTS)
def test_no_other_tau_has_a_higher_restricted_likelihood_nearby(
    pairs: list[tuple[float, float]],
) -> None:
    y, v = np.array(pairs).T

    def restricted(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = np.sum(w * y) / w.sum()
        squares = np.sum(w * (y - mean) ** 2)
        return float(0.5 * (np.sum(np.log(w)) - np.log(w.sum()) - squares))

    found = tau_squared(y, v, np.ones((len(y), 1)), "reml")
    for other in (found * 0.99, found * 1.01, found + 1e-4):
        assert restricted(found) >= restricted(other) - 1e-10


@settings(max_examples=25, deadline=None)
@given(EFFECTS)
def test_statsmodels_agrees_on_tau_and_hartung_knapp(pairs: list[tuple[float, float]]) -> None:
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    y, v = np.array(pairs).T
    with np.errstate(all="ignore"):  # theirs divides by a tau² that it lets fall below 0
        theirs = meta.combine_effects(y, v, method_re="dl", use_t=True)
    ours = fit_inverse_variance(y, v, PoolingPlan("logit", "dl", "hk", floor=False))
    assert ours.heterogeneity.tau2 == pytest.approx(max(theirs.tau2, 0.0), abs=1e-9)
    if theirs.tau2 > 0:
        assert float(ours.beta[0]) == pytest.approx(theirs.mean_effect_re, abs=1e-9)
        error = math.sqrt(ours.covariance[0, 0])
        assert error == pytest.approx(theirs.sd_eff_w_re_hksj, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(TABLES, st.floats(-2.5, 2.5), st.floats(0.05, 1.5))
def test_seven_nodes_give_the_integral_that_an_adaptive_rule_gives(
    table: list[tuple[int, int]], mean: float, tau: float
) -> None:
    events, n = np.array(table, dtype=float).T
    slow = 0.0
    for x, size in zip(events, n, strict=True):

        def density(u: float, x: float = x, size: float = size) -> float:
            p = 1 / (1 + math.exp(-mean - tau * u))
            normal = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
            return math.comb(int(size), int(x)) * p**x * (1 - p) ** (size - x) * normal

        slow += math.log(integrate.quad(density, -12, 12, limit=200, epsabs=0, epsrel=1e-8)[0])
    ours = log_likelihood(np.array([mean]), tau, events, n, np.ones((len(n), 1)))
    assert ours == pytest.approx(slow, abs=2e-3 * len(n))


@settings(max_examples=100, deadline=None)
@given(SIZES)
def test_exact_intervals_hold_wilson_and_the_proportion(pair: tuple[int, int]) -> None:
    events, n = pair
    low, high = effects.clopper_pearson(events, n)
    assert low <= events / n <= high
    for interval in (effects.wilson, effects.jeffreys):
        inner = interval(events, n)
        assert 0 <= inner[0] <= events / n + 1e-12
        assert inner[1] <= 1 + 1e-12
    tail = stats.binom.cdf(events, n, high) if events < n else 0.025
    assert tail == pytest.approx(0.025, abs=1e-9)
