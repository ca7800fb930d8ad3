"""Model cards give every share the interval of the distinct samples behind it."""

from pathlib import Path

import pytest
from scipy.stats import binomtest

from nenuphar.methods.expression.subtypes.describe import panels
from nenuphar.methods.expression.subtypes.training.intervals import exact_interval, samples_behind

CARDS = Path(__file__).parents[3] / "docs" / "models"


@pytest.mark.parametrize(("right", "n"), [(0, 10), (44, 44), (7, 11), (1, 56)])
def test_intervals_are_those_of_clopper_and_pearson(right, n):
    found = binomtest(right, n).proportion_ci(method="exact")
    assert exact_interval(right / n, n) == pytest.approx((found.low, found.high))


def test_a_mean_over_repeats_gets_the_interval_between_its_neighbours():
    low, high = exact_interval(7.5 / 11, 11)
    assert exact_interval(7 / 11, 11)[0] < low < exact_interval(8 / 11, 11)[0]
    assert exact_interval(7 / 11, 11)[1] < high < exact_interval(8 / 11, 11)[1]


def test_means_over_groups_have_no_interval_and_called_ones_count_the_called():
    figures = {"called": 0.8, "accuracy_of_called": 0.9, "balanced_accuracy": 0.9}
    assert samples_behind("accuracy_of_called", figures, 50) == pytest.approx(40)
    assert samples_behind("called", figures, 50) == 50
    assert samples_behind("shift_balanced_accuracy", figures, 50) is None
    assert samples_behind("calibration_error", figures, 50) is None


@pytest.mark.parametrize("panel", panels())
def test_every_share_of_a_card_stands_beside_its_interval(panel):
    text = (CARDS / f"{panel}.md").read_text(encoding="utf-8")
    assert "count every sample once" in text
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()]
    rows = [c for c in cells if len(c) == 4 and " to " in c[3]]
    assert {"called"} <= {c[0] for c in rows}
    for name, value, samples, interval in rows:
        low, high = map(float, interval.split(" to "))
        assert low <= float(value) <= high, name
        assert (low, high) == pytest.approx(exact_interval(float(value), int(samples)), abs=0.02)
