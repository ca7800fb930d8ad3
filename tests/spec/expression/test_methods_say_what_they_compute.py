"""Each method against the plainest loop that says what it means."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from nenuphar.methods.expression import Options, Scorer, as_signatures

GENES = [f"G{i}" for i in range(40)]
SETS = {"a": GENES[:7], "b": GENES[3:24:3], "c": GENES[::2]}


def places(x):
    """Place of every gene from the highest (1), tied genes sharing the mean of theirs."""
    return np.array([(x > v).sum() + ((x == v).sum() + 1) / 2 for v in x])


def ssgsea(x, members):
    """Walks from the highest gene down; tied genes are visited in every place they share."""
    n = len(x)
    rank = n + 1 - places(x)
    hit = np.array([rank[i] ** 0.25 if i in members else 0.0 for i in range(n)])
    miss = np.array([0.0 if i in members else 1.0 for i in range(n)])
    # The walk up to place p has met gene i with probability 0, 1 or its share of a tied group.
    score = 0.0
    for p in range(1, n + 1):
        met = np.array([np.clip((p - (x > v).sum()) / (x == v).sum(), 0, 1) for v in x])
        score += (hit * met).sum() / hit.sum() - (miss * met).sum() / miss.sum()
    return score


def aucell(x, members, top=2):
    """The mean over all orders of tied genes of the area under the recovery curve."""
    n = len(x)
    area = 0.0
    for i in members:
        first, tied = (x > x[i]).sum() + 1, (x == x[i]).sum()
        area += np.mean([max(top - p, 0) for p in range(first, first + tied)])
    return area / sum(top - k for k in range(1, min(len(members), top - 1) + 1)), n


def ucell(x, members, cut):
    place = np.minimum(places(x), cut)
    if x.min() >= 0:
        place[x == 0] = cut
    n = len(members)
    low, high = n * (n + 1) / 2, n * cut
    return 1 - (place[members].sum() - low) / (high - low)


def singscore(x, members):
    rank, n, total = len(x) + 1 - places(x), len(members), len(x)
    low, high = (n + 1) / 2, total - (n - 1) / 2
    return (rank[members].mean() - low) / (high - low) - 0.5


def zscore(x, members):
    return (x[members].mean() - x.mean()) * np.sqrt(len(members)) / x.std(ddof=1)


def ulm(x, members):
    """The t value of the slope of the sample's values on membership, by least squares."""
    inside = np.isin(np.arange(len(x)), members).astype(float)
    design = np.column_stack([np.ones(len(x)), inside])
    beta, residual, *_ = np.linalg.lstsq(design, x, rcond=None)
    error = np.sqrt(residual[0] / (len(x) - 2) * np.linalg.inv(design.T @ design)[1, 1])
    return beta[1] / error


LOOPS = {
    "ssgsea": ssgsea,
    "aucell": lambda x, m: aucell(x, m)[0],
    "ucell": lambda x, m: ucell(x, m, cut=15),
    "singscore": singscore,
    "zscore": zscore,
    "ulm": ulm,
}


def samples(kind):
    rng = np.random.default_rng(4)
    return {
        "untied": rng.normal(size=(6, 40)),
        "counts": rng.poisson(1.0, size=(6, 40)).astype(float),
        "half zero": np.where(rng.random((6, 40)) < 0.5, 0, rng.gamma(2, 1, (6, 40))),
        "negative and tied": np.round(rng.normal(size=(6, 40)), 0),
    }[kind]


@pytest.mark.parametrize("engine", ["plain", "compiled"])
@pytest.mark.parametrize("kind", ["untied", "counts", "half zero", "negative and tied"])
@pytest.mark.parametrize("method", LOOPS)
def test_the_score_is_what_the_obvious_loop_gives(method, kind, engine):
    x = samples(kind)
    options = Options(max_rank=15)
    wanted = as_signatures(SETS)
    got = Scorer(GENES, wanted, method, options, engine=engine).score(x).scores
    members = [np.array([GENES.index(g) for g in genes]) for genes in SETS.values()]
    expected = [[LOOPS[method](row, one) for one in members] for row in x]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", LOOPS)
def test_sparse_samples_score_as_dense_ones_bit_for_bit(method):
    for kind in ("counts", "half zero", "negative and tied"):
        x = samples(kind)
        for engine in ("plain", "compiled"):
            scorer = Scorer(GENES, as_signatures(SETS), method, engine=engine)
            for sparse in (csr_array(x), csc_array(x)):
                assert np.array_equal(scorer.score(sparse).scores, scorer.score(x).scores)


@pytest.mark.parametrize("method", LOOPS)
@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_a_sparse_sample_that_holds_no_value_scores_as_its_zeros(method, engine):
    scorer = Scorer(GENES, as_signatures(SETS), method, engine=engine)
    empty, zeros = csr_array((1, len(GENES))), np.zeros((1, len(GENES)))
    assert np.array_equal(scorer.score(empty).scores, scorer.score(zeros).scores, equal_nan=True)


def test_aucell_is_the_mean_over_every_order_of_tied_genes():
    x = np.array([3.0, 2, 2, 2, 1, 0])
    genes = list("abcdef")
    scorer = Scorer(genes, as_signatures({"s": ["a", "c", "e"]}), "aucell", Options(n_up=3))
    areas = []
    for order in itertools.permutations([1, 2, 3]):  # the places of the genes tied at 2
        sequence = [0, *order, 4, 5]
        place = {gene: p for p, gene in enumerate(sequence, 1)}
        areas.append(sum(max(3 - place[g], 0) for g in (0, 2, 4)) / (2 + 1))
    assert scorer.score(x[None]).scores[0, 0] == pytest.approx(np.mean(areas), abs=1e-12)


def test_genes_expected_low_count_against_the_score():
    x = np.arange(40.0)[None]
    high, low = GENES[-5:], GENES[:5]
    both = {"up": high, "down": [f"{g}-" for g in low], "both": high + [f"{g}-" for g in low]}
    for method in ("ssgsea", "singscore", "zscore"):
        up, down, joint = Scorer(GENES, as_signatures(both), method).score(x).scores[0]
        assert up > 0
        assert down > 0
        assert joint > max(up, down) * 0.99
    ucell = Scorer(GENES, as_signatures(both), "ucell", Options(max_rank=20)).score(x).scores[0]
    assert ucell.tolist() == [1.0, 0.0, 1.0]  # never below zero, as its authors define it


def test_normalising_by_genes_keeps_scores_of_a_sample_its_own():
    x = samples("untied")
    raw = Scorer(GENES, as_signatures(SETS), "ssgsea").score(x).scores
    by_genes = Scorer(GENES, as_signatures(SETS), "ssgsea", Options(normalise="genes")).score(x)
    np.testing.assert_allclose(by_genes.scores, raw / 40, rtol=1e-12)


def test_a_constant_sample_has_no_zscore_and_a_middling_rank_score():
    x = np.full((1, 40), 3.0)
    assert np.isnan(Scorer(GENES, as_signatures(SETS), "zscore").score(x).scores).all()
    middle = Scorer(GENES, as_signatures(SETS), "singscore").score(x).scores
    np.testing.assert_allclose(middle, 0, atol=1e-12)
