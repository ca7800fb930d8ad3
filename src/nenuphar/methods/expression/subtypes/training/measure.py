"""What a panel is worth on samples that it never saw: nested cross-validation beside a ridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.calls import ABSTAINED, CALLED, call_places
from nenuphar.methods.expression.subtypes.model import Model, Numbers
from nenuphar.methods.expression.subtypes.recalibration import recalibrate
from nenuphar.methods.expression.subtypes.training.cohorts import PANEL_SIZE, Cohort
from nenuphar.methods.expression.subtypes.training.fitting import Labels, fit, folds
from nenuphar.methods.expression.subtypes.training.platforms import STRONG, shifted
from nenuphar.methods.expression.subtypes.views import ranks

SEEDS = (0, 1, 2)
LOCAL = 60
DROPPED = 0.2
BINS = 10


@dataclass(slots=True)
class Outcome:
    """Calls of held-out samples: probabilities (samples × groups), status, set holds."""

    chances: Numbers
    called: NDArray[np.bool_]
    abstained: NDArray[np.bool_]
    held: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one panel, means over the seeds; `confusion` sums them (true × called group)."""

    figures: dict[str, float]
    recall: dict[str, float]
    confusion: NDArray[np.int64]
    calibration: list[tuple[float, float, int]]


def calibration_error(chances: Numbers, truth: Labels) -> float:
    """Expected calibration error of the top probability, 10 equal bins, 0-1."""
    return float(
        sum(abs(said - right) * count for said, right, count in calibration_bins(chances, truth))
        / len(truth)
    )


def calibration_bins(chances: Numbers, truth: Labels) -> list[tuple[float, float, int]]:
    """Mean top probability, accuracy and count of each of 10 equal bins that holds a sample."""
    top, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    number = np.minimum((top * BINS).astype(int), BINS - 1)
    return [
        (float(top[number == b].mean()), float(right[number == b].mean()), int((number == b).sum()))
        for b in range(BINS)
        if (number == b).any()
    ]


def balanced(chosen: Labels, truth: Labels) -> float:
    """Mean recall of the groups, 0-1."""
    return float(np.mean([(chosen[truth == g] == g).mean() for g in np.unique(truth)]))


def predict(model: Model, places: Numbers, truth: Labels) -> Outcome:
    """What the shipped code would say of these ranks."""
    calls = call_places(model, [""] * len(places), places)
    chances = np.array([call.probabilities for call in calls])
    return Outcome(
        chances,
        np.array([call.status == CALLED for call in calls]),
        np.array([call.status == ABSTAINED for call in calls]),
        1 - chances[np.arange(len(truth)), truth] <= model.set_cut,
    )


def ridge(values: Numbers, y: Labels, test: Numbers) -> Labels:
    """The plain peer: a ridge on ranks within the sample, its penalty cross-validated."""
    from sklearn.linear_model import RidgeClassifierCV

    peer = RidgeClassifierCV(alphas=[0.3, 1.0, 3.0, 10.0, 30.0]).fit(ranks(values), y)
    return np.asarray(peer.predict(ranks(test)), dtype=np.int64)


def measure(cohort: Cohort, seeds: tuple[int, ...] = SEEDS) -> Measured:
    """Nested cross-validation: 5 outer folds × 5 inner ones, repeated; kin never parted."""
    k = len(cohort.groups)
    confusion = np.zeros((k, k), dtype=np.int64)
    rows, chances = [], []
    for seed in seeds:
        row, found = _repeat(cohort, seed)
        rows.append(row)
        chances.append(found)
        np.add.at(confusion, (cohort.labels, found.argmax(axis=1)), 1)
    figures = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    recall = {
        group: float(confusion[g, g] / confusion[g].sum()) for g, group in enumerate(cohort.groups)
    }
    truth = np.tile(cohort.labels, len(seeds))
    return Measured(figures, recall, confusion, calibration_bins(np.vstack(chances), truth))


def _repeat(cohort: Cohort, seed: int) -> tuple[dict[str, float], Numbers]:
    y, values, k = cohort.labels, cohort.values, len(cohort.groups)
    rng = np.random.default_rng(seed)
    other = shifted(values, STRONG, rng)
    kinds = ("plain", "permuted", "dropped", "shift", "local")
    out = {
        kind: Outcome(np.zeros((len(y), k)), *(np.zeros(len(y), bool) for _ in range(3)))
        for kind in kinds
    }
    peer, peer_shift = np.zeros(len(y), dtype=np.int64), np.zeros(len(y), dtype=np.int64)
    for train, test in folds(cohort.part, cohort.kin, 5, seed):
        model = fit(cohort.take(train), PANEL_SIZE[cohort.panel])
        columns = [cohort.genes.index(gene) for gene in model.genes]
        places = ranks(values[test][:, columns])
        fewer = values[test][:, columns].copy()
        fewer[:, rng.permutation(len(columns))[: int(len(columns) * DROPPED)]] = np.nan
        moved = other[test][:, columns]
        near = rng.permutation(train)[:LOCAL]
        local, shift = recalibrate(
            model, other[near][:, columns], [cohort.groups[i] for i in y[near]]
        )
        found = {
            "plain": predict(model, places, y[test]),
            "permuted": predict(model, rng.permuted(places, axis=1), y[test]),
            "dropped": predict(model, ranks(fewer), y[test]),
            "shift": predict(model, ranks(moved), y[test]),
            "local": predict(local, ranks(moved) - shift, y[test]),
        }
        for kind in kinds:
            out[kind].chances[test] = found[kind].chances
            out[kind].called[test] = found[kind].called
            out[kind].abstained[test] = found[kind].abstained
            out[kind].held[test] = found[kind].held
        peer[test] = ridge(values[train], y[train], values[test])
        peer_shift[test] = ridge(values[train], y[train], other[test])
    return _figures(out, y, peer, peer_shift), out["plain"].chances


def _figures(
    out: dict[str, Outcome], y: Labels, peer: Labels, peer_shift: Labels
) -> dict[str, float]:
    plain = out["plain"]
    choice = {kind: one.chances.argmax(axis=1) for kind, one in out.items()}
    right = choice["plain"] == y
    return {
        "accuracy": float(right.mean()),
        "ridge_accuracy": float((peer == y).mean()),
        "balanced_accuracy": balanced(choice["plain"], y),
        "ridge_balanced_accuracy": balanced(peer, y),
        "calibration_error": calibration_error(plain.chances, y),
        "called": float(plain.called.mean()),
        "accuracy_of_called": float(right[plain.called].mean()) if plain.called.any() else 0.0,
        "set_coverage": float(plain.held.mean()),
        "permuted_abstained": float(out["permuted"].abstained.mean()),
        "calls_changed_without_20_percent": float((choice["dropped"] != choice["plain"]).mean()),
        "shift_balanced_accuracy": balanced(choice["shift"], y),
        "shift_ridge_balanced_accuracy": balanced(peer_shift, y),
        "shift_set_coverage": float(out["shift"].held.mean()),
        "shift_called": float(out["shift"].called.mean()),
        "recalibrated_balanced_accuracy": balanced(choice["local"], y),
        "recalibrated_set_coverage": float(out["local"].held.mean()),
        "recalibrated_called": float(out["local"].called.mean()),
    }
