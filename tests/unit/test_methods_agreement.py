from itertools import combinations

import numpy as np
import polars as pl
import pytest

from nenuphar.methods.agreement import (
    Cut,
    agreement,
    class_of_quantity,
    fleiss_kappa,
    mean_cohen_kappa,
)

# Counts of 30 patients in five diagnoses by six psychiatrists: Fleiss 1971, Table 1.
FLEISS_1971 = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""


def table_of_counts(counts: list[list[int]]) -> np.ndarray:
    return np.array([[k for k, n in enumerate(row) for _ in range(n)] for row in counts])


def frame_of(table: np.ndarray) -> pl.DataFrame:
    rows = [
        {"subject": f"s{i:03}", "assessor": f"r{j}", "category": None if k < 0 else f"c{k}"}
        for i, row in enumerate(table.tolist())
        for j, k in enumerate(row)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("subject", "assessor", "category"), pl.String))


def obvious_fleiss(table) -> float:
    categories = sorted({k for row in table for k in row if k >= 0})
    agreements, shares = [], []
    for row in table:
        given = [k for k in row if k >= 0]
        pairs = list(combinations(given, 2))
        agreements.append(sum(a == b for a, b in pairs) / len(pairs))
        shares.append([given.count(k) / len(given) for k in categories])
    chance = sum((sum(s[j] for s in shares) / len(shares)) ** 2 for j in range(len(categories)))
    observed = sum(agreements) / len(agreements)
    return (observed - chance) / (1 - chance)


def obvious_cohen(one, other) -> float:
    both = [(a, b) for a, b in zip(one, other, strict=True) if a >= 0 and b >= 0]
    observed = sum(a == b for a, b in both) / len(both)
    chance = sum(
        sum(a == k for a, _ in both) / len(both) * sum(b == k for _, b in both) / len(both)
        for k in {k for pair in both for k in pair}
    )
    return (observed - chance) / (1 - chance)


def ragged(seed: int, subjects=40, assessors=5, categories=4, gaps=0.25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, categories, subjects)
    noise = rng.integers(0, categories, (subjects, assessors))
    table = np.where(rng.random((subjects, assessors)) < 0.6, truth[:, None], noise)
    table[rng.random(table.shape) < gaps] = -1
    table[:, 0], table[:, 1] = truth, noise[:, 1]  # at least two ratings of each subject
    return table


def test_the_example_of_fleiss_1971():
    table = table_of_counts([[int(c) for c in word] for word in FLEISS_1971.split()])
    assert np.bincount(table.ravel()).tolist() == [26, 26, 30, 55, 43]
    kappa, observed, _ = fleiss_kappa(table)
    assert kappa == pytest.approx(0.430, abs=0.0005)
    assert observed == pytest.approx(0.556, abs=0.0005)


def test_the_worked_example_of_fourteen_raters():
    counts = """0 0 0 0 14/0 2 6 4 2/0 0 3 5 6/0 3 9 2 0/2 2 8 1 1/7 7 0 0 0/3 2 6 3 0/2 5 3 2 2
    /6 5 2 1 0/0 2 2 3 7"""
    table = table_of_counts([[int(n) for n in row.split()] for row in counts.split("/")])
    kappa, observed, _ = fleiss_kappa(table)
    assert kappa == pytest.approx(0.210, abs=0.0005)
    assert observed == pytest.approx(0.378, abs=0.0005)


def test_cohens_kappa_of_two_by_two():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, chance 0.5.
    pairs = [(0, 0)] * 20 + [(0, 1)] * 5 + [(1, 0)] * 10 + [(1, 1)] * 15
    kappa, observed, _ = mean_cohen_kappa(np.array(pairs))
    assert kappa == pytest.approx(0.4)
    assert observed == pytest.approx(0.7)


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_obvious_implementation_with_ratings_missing(seed):
    table = ragged(seed)
    fleiss, _, without = fleiss_kappa(table)
    assert fleiss == pytest.approx(obvious_fleiss(table))
    cohen, _, cohen_without = mean_cohen_kappa(table)
    pairs = list(combinations(range(table.shape[1]), 2))
    assert cohen == pytest.approx(
        np.mean([obvious_cohen(table[:, a], table[:, b]) for a, b in pairs])
    )
    for i in (0, 17, 39):
        less = np.delete(table, i, axis=0)
        assert without[i] == pytest.approx(obvious_fleiss(less))
        assert cohen_without[i] == pytest.approx(
            np.mean([obvious_cohen(less[:, a], less[:, b]) for a, b in pairs])
        )


def test_equals_statsmodels_where_nothing_is_missing():
    peer = pytest.importorskip("statsmodels.stats.inter_rater")
    table = ragged(3, gaps=0)
    counts, _ = peer.aggregate_raters(table)
    assert fleiss_kappa(table)[0] == pytest.approx(peer.fleiss_kappa(counts))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    population = ragged(11, subjects=4000, gaps=0.1)
    truth = {"fleiss": fleiss_kappa(population)[0], "cohen_mean": mean_cohen_kappa(population)[0]}
    hits = dict.fromkeys(truth, 0)
    for _ in range(150):
        sample = population[rng.choice(len(population), 60, replace=False)]
        for row in agreement("x", frame_of(sample)).iter_rows(named=True):
            statistic = row["statistic"]
            hits[statistic] += row["ci_low"] <= truth[statistic] <= row["ci_high"]
    assert all(0.89 <= count / 150 <= 0.99 for count in hits.values())


def test_a_frame_of_ratings_gives_both_statistics_and_counts_what_is_left_out():
    table = ragged(1)
    lonely = np.full((2, table.shape[1]), -1)
    lonely[0, 3] = 1
    frame = frame_of(np.vstack([table, lonely]))
    found = agreement("Necrosis", frame)
    assert found["statistic"].to_list() == ["fleiss", "cohen_mean"]
    assert found["estimate"][0] == pytest.approx(obvious_fleiss(table))
    assert found["subjects"].to_list() == [40, 40]
    assert found["left_out"].to_list() == [2, 2]
    assert found["assessors"][0] == 5
    assert found["categories"].to_list()[0] == ["c0", "c1", "c2", "c3"]
    assert (found["ci_low"] < found["estimate"]).all()
    assert (found["ci_high"] > found["estimate"]).all()
    assert agreement("Necrosis", frame.reverse()).equals(found)


def test_one_category_alone_has_no_kappa_and_says_so():
    found = agreement("Necrosis", frame_of(np.zeros((5, 3), dtype=int)))
    assert found["estimate"].to_list() == [None, None]
    assert found["observed_agreement"][0] == 1
    assert all("one category" in reason for reason in found["reason"])


def test_nothing_rated_twice_has_no_kappa_and_says_so():
    found = agreement("Necrosis", frame_of(np.array([[0, -1], [-1, 1]])))
    assert found["estimate"].to_list() == [None, None]
    assert found["left_out"].to_list() == [2, 2]
    assert all("two assessors" in reason for reason in found["reason"])


def test_a_second_rating_by_the_same_assessor_is_refused():
    frame = frame_of(np.array([[0, 1]]))
    with pytest.raises(ValueError, match="rated a subject twice"):
        agreement("Necrosis", pl.concat([frame, frame]))


@pytest.mark.parametrize(
    ("interval", "name"),
    [
        ((0, False, 0, False), "<2"),
        ((2, False, 2, False), "2 to 10"),
        ((10, False, 10, False), "2 to 10"),
        ((11, False, 11, False), ">10"),
        ((0, False, 2, True), "<2"),
        ((0, False, 2, False), None),
        ((10, True, float("inf"), False), ">10"),
        ((10, False, float("inf"), False), None),
        ((3, False, 8, False), "2 to 10"),
        ((8, False, 12, False), None),
        ((None, None, None, None), None),
    ],
)
def test_a_quantity_falls_into_a_class_only_if_all_of_it_does(interval, name):
    cuts = [Cut(2, belongs_above=True), Cut(10, belongs_above=False)]
    columns = ("x.lo", "x.lo_open", "x.hi", "x.hi_open")
    types = (pl.Float64, pl.Boolean, pl.Float64, pl.Boolean)
    frame = pl.DataFrame([interval], schema=list(zip(columns, types, strict=True)), orient="row")
    assert frame.select(class_of_quantity("x", cuts)).item() == name
