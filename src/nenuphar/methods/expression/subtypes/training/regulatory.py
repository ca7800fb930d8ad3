"""Holds the regulatory subtypes of lung NET, read off three transcription factors, against labels.

`python -m nenuphar.methods.expression.subtypes.training.regulatory --data DIR --cards DIR` writes
docs/models/lung-net-epigenetic.md; the cut-offs themselves are threshold records.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nenuphar.methods.expression.subtypes.calls import panel_values
from nenuphar.methods.expression.subtypes.model import Numbers, load_model
from nenuphar.methods.expression.subtypes.training.intervals import exact_interval
from nenuphar.methods.expression.subtypes.views import ranks

FACTORS = ("OTP", "ASCL1", "HNF1A")
PATTERNS = {
    (True, True, False): "proneural",
    (True, False, True): "hnf",
    (False, False, True): "luminal",
}
"""Which of `FACTORS` are high in each subtype; any other combination is `other`."""

OPEN = 0.25
"""Part of the gap between low and high, at either end, that still counts as low or high."""

Cuts = Mapping[str, tuple[float, float]]
"""By factor the rank below which it is low and that from which on it is high."""


@dataclass(frozen=True)
class Tumours:
    """Lung NET with ranks of the factors among the genes of the lung NEN panel.

    Attributes:
        ranks: Tumours × factors (0 to 1).
        labels: Regulatory subtype of each; empty where it has none.
        stains: H-scores and subtype of the tumours that were stained.
    """

    ranks: Numbers
    labels: tuple[str, ...]
    stains: tuple[tuple[tuple[float, ...], str], ...]


def read_tumours(data: Path) -> Tumours:
    """Read the lung NEN map, the published subtypes and the stains of lungNENomics."""
    folder = data / "lung_nen"
    published = {
        row["Sample ID"]: row["Regulatory subtype"].lower()
        for row in _rows(folder / "Supplementary_Table_S31.csv")
    }
    kinds = ("Typical", "Atypical", "Carcinoid")
    rows = [
        row
        for row in _rows(folder / "LNEN_map_expression_238.csv")
        if row["Histopathology_simplified"] in kinds or row["Sample_ID"] in published
    ]
    panel = load_model("lung-nen")
    values = np.array([[float(row[gene]) for gene in panel.genes if gene in row] for row in rows])
    measured = [gene for gene in panel.genes if gene in rows[0]]
    places = ranks(panel_values(panel.genes, measured, values))
    own = places[:, [panel.genes.index(factor) for factor in FACTORS]]
    names = {
        row["manuscript id"]: row["sample id"]
        for row in _rows(folder / "samples_S1.csv")
        if row["manuscript id"]
    }
    stains = []
    for row in _rows(folder / "Supplementary_Table_S37.csv"):
        label = published.get(names.get(row["manuscript_id"], ""), "")
        scores = [row[f"H_score_{factor}"] for factor in FACTORS]
        if label and all(scores):
            stains.append((tuple(float(score) for score in scores), label))
    return Tumours(own, tuple(published.get(r["Sample_ID"], "") for r in rows), tuple(stains))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def cuts_of(places: Numbers) -> dict[str, tuple[float, float]]:
    """Cut-offs at the widest gap of each factor; no label is looked at.

    Args:
        places: Tumours × factors.
    """
    cuts = {}
    for factor, column in zip(FACTORS, np.sort(places, axis=0).T, strict=True):
        at = int(np.argmax(np.diff(column)))
        low, high = float(column[at]), float(column[at + 1])
        cuts[factor] = (low + OPEN * (high - low), high - OPEN * (high - low))
    return cuts


def subtype_of(places: Sequence[float], cuts: Cuts) -> str:
    """Subtype by the pattern of the factors; empty where one lies between its cut-offs."""
    pattern = []
    for factor, place in zip(FACTORS, places, strict=True):
        low, high = cuts[factor]
        if low < place < high:
            return ""
        pattern.append(place >= high)
    return PATTERNS.get((pattern[0], pattern[1], pattern[2]), "other")


def figures_of(told: Sequence[str], labels: Sequence[str]) -> tuple[int, int, int]:
    """Number of tumours, of those told, and of those told as published."""
    pairs = [(a, b) for a, b in zip(told, labels, strict=True) if a]
    return len(labels), len(pairs), sum(a == b for a, b in pairs)


def card(data: Path, cuts: Cuts, stains: Cuts) -> str:
    """The card as Markdown, measured now.

    Args:
        data: The folder of the cohorts.
        cuts: Cut-offs in use on ranks.
        stains: Cut-offs in use on H-scores; low and high meet.
    """
    read = read_tumours(data)
    labelled = [i for i, label in enumerate(read.labels) if label]
    free = cuts_of(read.ranks[[i for i in range(len(read.labels)) if i not in set(labelled)]])
    labels = [read.labels[i] for i in labelled]
    by_rank = [subtype_of(read.ranks[i], cuts) for i in labelled]
    by_stain = [subtype_of(scores, stains) for scores, _ in read.stains]
    stained = [label for _, label in read.stains]
    return "\n".join([
        "# Regulatory subtypes of lung NET (`molecular.group.lung_net_epigenetic`)", "",
        "For research use only.", "",
        "## Rule", "",
        "Proneural: OTP and ASCL1 high, HNF1A low. HNF: OTP and HNF1A high, ASCL1 low. Luminal: "
        "HNF1A high, OTP and ASCL1 low. Any other combination is `other`, as in supplementary "
        "table 31 of lungNENomics; where a factor lies between its cut-offs nothing is said.", "",
        "## Set on", "",
        f"{len(read.labels) - len(labelled)} lung NET of the lung NEN map (Gabriel 2020) that have "
        "no published subtype: the widest gap between ranks among the genes of the lung NEN panel, "
        f"less a quarter at either end: {_words(free)}. In use: {_words(cuts)}. H-scores: those of "
        f"the panel lung-net-ihc ({_words(stains)}).", "",
        "## Measured", "", "In brackets the share and its 95% interval (Clopper-Pearson).", "",
        "| on | tumours | told | as published |", "|---|---|---|---|",
        _line("RNA, tumours that set no cut-off", *figures_of(by_rank, labels)),
        _line("stains", *figures_of(by_stain, stained)), "",
        "Told against published, RNA:", "", *_confusion(by_rank, labels), "",
        "Told against published, stains:", "", *_confusion(by_stain, stained), "",
        "## Limits", "",
        "The published subtypes were made from the expression of the same three genes, with "
        "cut-offs of their own: agreement shows that ranks find the same pattern, not that "
        "chromatin was measured. The cut-offs on H-scores were chosen for the groups A1, A2 and B, "
        "on the tumours that are counted here. Subtypes were defined in carcinoids (Davis 2024) "
        "and are not told of carcinomas.", "",
    ])  # fmt: skip


def _words(cuts: Cuts) -> str:
    return ", ".join(f"{factor} {low:.2f} and {high:.2f}" for factor, (low, high) in cuts.items())


def _line(name: str, tumours: int, told: int, right: int) -> str:
    cells = []
    for part, whole in ((told, tumours), (right, told)):
        low, high = exact_interval(part / whole, whole)
        cells.append(f"{part} ({part / whole:.0%}, {low:.0%} to {high:.0%})")
    return f"| {name} | {tumours} | {' | '.join(cells)} |"


def _confusion(told: Sequence[str], labels: Sequence[str]) -> list[str]:
    counts = Counter(zip(labels, told, strict=True))
    columns = [*PATTERNS.values(), "other", ""]
    lines = ["| published | " + " | ".join(c or "not told" for c in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for label in columns[:-1]:
        row = " | ".join(str(counts[(label, column)]) for column in columns)
        lines.append(f"| {label} | {row} |")
    return lines


def shipped_cuts() -> tuple[Cuts, Cuts]:
    """Cut-offs in use: on ranks, and on H-scores."""
    from nenuphar.knowledge.base import load_knowledge

    value = {name: one.value for name, one in load_knowledge().thresholds.items()}
    on_ranks, on_stains = {}, {}
    for factor in FACTORS:
        name = f"lung_net.{factor.lower()}"
        on_ranks[factor] = (value[f"{name}.rank_low_max"], value[f"{name}.rank_high_min"])
        on_stains[factor] = (value[f"{name}.h_score_high_min"],) * 2
    return on_ranks, on_stains


def main(arguments: list[str] | None = None) -> None:
    """Measures, and writes the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cards", type=Path, required=True)
    wanted = parser.parse_args(arguments)
    path = wanted.cards / "lung-net-epigenetic.md"
    path.write_text(card(wanted.data, *shipped_cuts()), encoding="utf-8")
    sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
