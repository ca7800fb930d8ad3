"""Where a tumour lies among the cohort of the lung NEN map: quantiles of markers, and the map.

What ships are quantiles, axes, means and spreads of groups; no row of the cohort.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.model import FOLDER, Numbers

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
MARKERS = (
    *("ASCL1", "DLL3", "OTP", "NKX2-1", "HNF1A", "HNF4A", "SLIT1", "ROBO1", "ANGPTL3", "ERBB4"),
    *("YAP1", "MKI67", "CD274", "LAG3", "CTLA4", "HAVCR2"),
)
"""Genes of the panel that are drawn, in this order: lineage, groups, proliferation, checkpoints."""

FILE = "lung-nen-reference.json"


@dataclass(frozen=True)
class Reference:
    """The cohort of the map in numbers.

    Attributes:
        source: DOI of the cohort.
        samples: Labelled samples behind it.
        markers: By marker its rank among the panel's genes (0 to 1) at `QUANTILES`.
        genes: Genes of the axes.
        centre: Mean rank of every gene.
        axes: Weights of every gene on the two axes; genes × 2.
        groups: By group its number of samples, mean (2) and covariance (2 × 2) on the axes.
    """

    source: str
    samples: int
    markers: Mapping[str, tuple[float, ...]]
    genes: tuple[str, ...]
    centre: Numbers
    axes: Numbers
    groups: Mapping[str, tuple[int, tuple[float, float], tuple[float, float, float]]]

    def place(self, ranks: NDArray[np.float64]) -> tuple[float, float]:
        """Return where ranks among the panel's genes lie; genes not measured count as average."""
        x, y = np.nan_to_num(ranks - self.centre) @ self.axes
        return float(x), float(y)


@cache
def load_reference() -> Reference:
    """The shipped reference of the lung NEN map."""
    record: dict[str, Any] = json.loads((FOLDER / FILE).read_text(encoding="utf-8"))
    return Reference(
        record["source"],
        record["samples"],
        {gene: tuple(values) for gene, values in record["markers"].items()},
        tuple(record["genes"]),
        np.array(record["centre"]),
        np.array(record["axes"]),
        {
            name: (one["samples"], tuple(one["mean"]), tuple(one["covariance"]))
            for name, one in record["groups"].items()
        },
    )


def reference_record(
    places: Numbers, labels: NDArray[np.int64], genes: tuple[str, ...], groups: tuple[str, ...]
) -> dict[str, Any]:
    """Reduce a labelled cohort to what ships.

    The axes are the two along which the means of the groups differ most.

    Args:
        places: Ranks among the panel's genes, samples × genes.
        labels: Group of every sample, an index of `groups`.
        genes: The panel's genes.
        groups: Names of the groups.
    """
    centre = places.mean(axis=0)
    means = np.stack([places[labels == k].mean(axis=0) for k in range(len(groups))]) - centre
    axes = np.linalg.svd(means, full_matrices=False)[2][:2].T
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    found = (places - centre) @ axes
    regions = {}
    for k, name in enumerate(groups):
        own = found[labels == k]
        spread = np.cov(own.T)
        covariance = [spread[0, 0], spread[0, 1], spread[1, 1]]
        regions[name] = {
            "samples": len(own),
            "mean": _plain(own.mean(axis=0)),
            "covariance": _plain(np.array(covariance)),
        }
    at = {gene: i for i, gene in enumerate(genes)}
    quantiles = {m: _plain(np.quantile(places[:, at[m]], QUANTILES)) for m in MARKERS if m in at}
    return {
        "source": "10.1093/gigascience/giaa112",
        "samples": len(places),
        "markers": quantiles,
        "genes": list(genes),
        "centre": _plain(centre),
        "axes": [_plain(row) for row in axes],
        "groups": regions,
    }


def _plain(values: Numbers) -> list[float]:
    return (np.round(values, 4) + 0.0).tolist()  # type: ignore[no-any-return]
