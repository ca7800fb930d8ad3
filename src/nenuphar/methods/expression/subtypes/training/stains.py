"""Cut-offs of the stain panels, and what they are worth on folds that did not choose them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from nenuphar.methods.expression.subtypes.calls import CALLED
from nenuphar.methods.expression.subtypes.immunohistochemistry import (
    RULES,
    StainPanel,
    classify_stains,
)
from nenuphar.methods.expression.subtypes.model import Numbers
from nenuphar.methods.expression.subtypes.training.measure import (
    calibration_bins,
    calibration_error,
)

GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "sclc-ihc": {
        "positive": (20, 25, 30, 35, 40, 45, 50, 55, 60),
        "second": (20, 30, 40, 45, 50, 60),
        "share": (0.3, 0.4, 0.5, 0.6),
        "pou2f3": (50, 75, 100, 125, 150, 175, 200),
    },
    "lung-net-ihc": {
        "OTP": (25, 50, 75, 100, 125), "ASCL1": (5,), "HNF1A": (15, 25, 35, 45, 55, 65),
    },
}  # fmt: skip
FIXED: dict[str, dict[str, Any]] = {
    "sclc-ihc": {
        "groups": ("A", "AN", "N", "P", "TN"), "markers": ("ASCL1", "NEUROD1", "POU2F3"),
        "reading_sd": 12.0, "call_at": 0.6, "tie_within": 0.15,
    },
    "lung-net-ihc": {
        "groups": ("A1", "A2", "B"), "markers": ("OTP", "ASCL1", "HNF1A"),
        "reading_sd": 15.0, "call_at": 0.7, "tie_within": 0.2,
    },
}  # fmt: skip


def fit_stains(panel: str, scores: Numbers, labels: list[str]) -> StainPanel:
    """The cut-offs most accurate on H-scores as read; among equals, the middle of each."""
    groups = FIXED[panel]["groups"]
    y = np.array([groups.index(label) for label in labels])
    best, kept = -1.0, []
    for values in product(*GRIDS[panel].values()):
        cuts = dict(zip(GRIDS[panel], map(float, values), strict=True))
        gained = float(RULES[panel](scores, cuts)[np.arange(len(y)), y].sum())
        if gained > best + 1e-9:
            best, kept = gained, []
        if gained > best - 1e-9:
            kept.append(values)
    middle = np.median(np.array(kept, dtype=np.float64), axis=0)
    cuts = dict(zip(GRIDS[panel], middle.tolist(), strict=True))
    return StainPanel(panel=panel, cuts=cuts, **FIXED[panel])


def stain_record(panel: str, data: Path) -> dict[str, Any]:
    """The fitted panel as a JSON record."""
    from nenuphar.methods.expression.subtypes.training.cohorts import read_stains

    fitted = fit_stains(panel, *read_stains(panel, data))
    record = {name: getattr(fitted, name) for name in StainPanel.__slots__}
    return {"panel": panel, "version": 1} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in record.items()
    }


def measure_stains(
    panel: str, scores: Numbers, labels: list[str]
) -> tuple[dict[str, float], np.ndarray, list[tuple[float, float, int]]]:
    """Figures, confusion (true × called), calibration; cut-offs chosen on the other folds."""
    from sklearn.model_selection import StratifiedKFold

    groups = FIXED[panel]["groups"]
    y = np.array([groups.index(label) for label in labels])
    chances, called = np.zeros((len(y), len(groups))), np.zeros(len(y), bool)
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(scores, y):
        fitted = fit_stains(panel, scores[train], [labels[i] for i in train])
        calls = classify_stains(fitted, [""] * len(test), scores[test])
        chances[test] = [call.probabilities for call in calls]
        called[test] = [call.status == CALLED for call in calls]
    right = chances.argmax(axis=1) == y
    confusion = np.zeros((len(groups), len(groups)), dtype=np.int64)
    np.add.at(confusion, (y, chances.argmax(axis=1)), 1)
    figures = {
        "accuracy": float(right.mean()),
        "called": float(called.mean()),
        "accuracy_of_called": float(right[called].mean()),
        "calibration_error": calibration_error(chances, y),
    }
    return figures, confusion, calibration_bins(chances, y)
