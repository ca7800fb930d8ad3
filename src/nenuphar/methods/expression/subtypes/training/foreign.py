"""What a panel says of tumours that it is not for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nenuphar.methods.expression.subtypes.calls import ABSTAINED, call_places, panel_values
from nenuphar.methods.expression.subtypes.model import Model, load_model
from nenuphar.methods.expression.subtypes.training.cohorts import read_cohort
from nenuphar.methods.expression.subtypes.training.sclc_check import read_lines
from nenuphar.methods.expression.subtypes.views import ranks

LINES = "sclc-lines"
NAMES = {
    "pannet": "pancreatic NET (microarray)",
    "lung-net": "lung NET (neuroendocrine genes)",
    LINES: "SCLC cell lines of Groves 2022",
}
# The lung NEN map is for lung NET and SCLC alike, so that neither is foreign to it.
FOREIGN = {"lung-net": ("pannet", LINES), "lung-nen": ("pannet",), "pannet": ("lung-net", LINES)}


@dataclass(frozen=True, slots=True)
class Foreign:
    """Samples of another kind, and what became of them; shares are 0-1.

    `measured` is the share of the panel's genes that they have, `abstained_by_likeness` the share
    that were abstained if any number of genes were enough.
    """

    name: str
    samples: int
    measured: float
    abstained: float
    abstained_by_likeness: float


def foreign_samples(panel: str, data: Path) -> list[Foreign]:
    """Runs the shipped panel on the cohorts of other kinds; they had no part in its fit."""
    model, found = load_model(panel), []
    for source in FOREIGN[panel]:
        cohort = read_lines(data) if source == LINES else read_cohort(source, data)
        places = ranks(panel_values(model.genes, cohort.genes, cohort.values))
        found.append(
            Foreign(
                NAMES[source], len(places), float(np.isfinite(places).mean()),
                _abstained(model, places), _abstained(model.with_values(coverage_min=0.0), places),
            )
        )  # fmt: skip
    return found


def _abstained(model: Model, places: np.ndarray) -> float:
    calls = call_places(model, [""] * len(places), places)
    return float(np.mean([one.status == ABSTAINED for one in calls]))
