"""Holds the SCLC rule against labelled cell lines that played no part in it.

No expression of SCLC samples with labels was at hand, but what Groves 2022 gives of 120 cell lines
(all principal components, their distances to five archetypes, the archetypes in gene space) fixes
where each line lies among the archetypes, and so the expression that this place stands for.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.calls import CALLED, Call, panel_values
from nenuphar.methods.expression.subtypes.model import Numbers
from nenuphar.methods.expression.subtypes.sclc import classify_sclc, load_sclc

GROUPS = ("A", "N", "P", "I", "Y")
FEWER = 0.2


@dataclass(frozen=True, slots=True)
class Lines:
    """Cell lines: cluster label (A2 counts as A), genes, expression (lines × genes, log2)."""

    labels: list[str]
    genes: list[str]
    values: Numbers
    share: float


def read_lines(data: Path) -> Lines:
    """The 120 cell lines of Groves 2022, as mixtures of its archetypes.

    `share` is the part of the variance of all genes that the mixtures keep (0-1).
    """
    stem = str(data / "groves_sclc" / "data_bulk-rna-seq_")
    points = np.loadtxt(f"{stem}pc.csv", delimiter=",")
    sorted_distances = np.loadtxt(f"{stem}distances.csv", delimiter=",")
    order = np.loadtxt(f"{stem}ordering.csv", delimiter=",").astype(int) - 1
    distances = np.empty_like(sorted_distances)
    np.put_along_axis(distances, order, sorted_distances, axis=1)
    corners = np.array([_place(points, row) for row in distances])
    weights = _weights(points, corners)
    archetypes = np.loadtxt(f"{stem}arc_gene_space_no_lowgenes-10-21-20.csv", delimiter=",")
    names = Path(f"{stem}geneNames_wo_lowgenes.csv").read_text(encoding="utf-8-sig").split()
    clusters = Path(f"{stem}parti-input_combined_clusters_2020-05-27-MC.csv")
    with clusters.open(encoding="utf-8-sig", newline="") as text:
        labels = [row["NEW_10_2020"][0] for row in csv.DictReader(text)]
    share = float(((weights @ corners) ** 2).sum() / (points**2).sum())
    return Lines(labels, names, weights @ archetypes, share)


def _place(points: Numbers, distances: NDArray[np.float64]) -> Numbers:
    """The point at known distances: |x|² - 2x·a + |a|² = d² is linear in a and |a|²."""
    known = distances**2 - (points**2).sum(axis=1)
    found, *_ = np.linalg.lstsq(np.column_stack([-2 * points, np.ones(len(points))]), known)
    if not np.isclose(found[-1], (found[:-1] ** 2).sum(), rtol=1e-3):
        raise ValueError("the distances to an archetype do not belong to these components")
    return np.asarray(found[:-1])


def _weights(points: Numbers, corners: Numbers) -> Numbers:
    """Barycentric weights of points projected on the span of the corners; each row sums to 1."""
    sides = (corners[1:] - corners[0]).T
    rest, *_ = np.linalg.lstsq(sides, (points - corners[0]).T)
    return np.column_stack([1 - rest.sum(axis=0), rest.T])


def check_sclc(lines: Lines) -> tuple[dict[str, float], NDArray[np.int64]]:
    """Figures (fractions 0-1) and confusion (label × call) of the rule on the cell lines."""
    rule = load_sclc()
    values = panel_values(rule.genes, lines.genes, lines.values)
    rng = np.random.default_rng(0)
    fewer = values.copy()
    spared = [gene not in rule.factors.values() for gene in rule.genes]
    fewer[:, rng.permutation(np.flatnonzero(spared))[: int(FEWER * len(rule.genes))]] = np.nan

    def calls(of: Numbers) -> list[Call]:
        return classify_sclc(rule, [""] * len(of), rule.genes, of)

    plain = calls(values)
    right = np.array([a.call == b for a, b in zip(plain, lines.labels, strict=True)])
    called = np.array([one.status == CALLED for one in plain])
    factors = list(rule.factors)
    by_factor = values[:, [rule.genes.index(rule.factors[g]) for g in factors]].argmax(axis=1)
    dominant = [factors[i] == b for i, b in zip(by_factor, lines.labels, strict=True)]
    confusion = np.zeros((len(GROUPS), len(GROUPS)), dtype=np.int64)
    for one, label in zip(plain, lines.labels, strict=True):
        confusion[GROUPS.index(label), GROUPS.index(one.call)] += 1
    moved = [a.call != b.call for a, b in zip(plain, calls(fewer), strict=True)]
    turned = calls(rng.permuted(values, axis=1))
    return {
        "agreement": float(right.mean()),
        "agreement_of_the_highest_factor_alone": float(np.mean(dominant)),
        "called": float(called.mean()),
        "agreement_of_called": float(right[called].mean()),
        "permuted_not_called": float(np.mean([one.status != CALLED for one in turned])),
        "calls_changed_without_20_percent_of_the_other_genes": float(np.mean(moved)),
    }, confusion
