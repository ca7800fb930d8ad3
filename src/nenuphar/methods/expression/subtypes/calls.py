"""From expression to calls: called, equivocal or abstained, each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.matching import match_genes
from nenuphar.methods.expression.signatures import Signature
from nenuphar.methods.expression.subtypes.model import Model, Numbers
from nenuphar.methods.expression.subtypes.recalibration import ENOUGH
from nenuphar.methods.expression.subtypes.views import (
    VIEWS,
    familiarity,
    probabilities,
    ranks,
    unfamiliarity,
    view_scores,
)

CALLED, EQUIVOCAL, ABSTAINED = "called", "equivocal", "abstained"
SHOWN = 4
STRANGE = (
    "looks like no group of this panel: another tumour, or a platform that asks for --recalibrate "
    f"with {ENOUGH}"
)


@dataclass(frozen=True, slots=True)
class Call:
    """What is said of one sample.

    `call` is the most probable group whatever the status; `probabilities` (0-1, sum 1) stand in
    the order of the panel's groups; `evidence` is text: reasons, the 90% set, the genes.
    """

    sample: str
    call: str
    status: str
    probabilities: tuple[float, ...]
    evidence: str


def panel_columns(wanted: Sequence[str], genes: Sequence[str]) -> list[int | None]:
    """The column of every gene of a panel, found by name and then by identity; None if absent."""
    match = match_genes(genes, [Signature(gene, {gene: 1.0}, 0.0) for gene in wanted])
    return [next(iter(members), None) for members in match.members]


def panel_layout(wanted: Sequence[str], genes: Sequence[str]) -> list[list[int]]:
    """All columns of every gene of a panel: none where absent, several where its name repeats."""
    copies: dict[str, list[int]] = {}
    for column, gene in enumerate(genes):
        copies.setdefault(gene, []).append(column)
    return [[] if c is None else copies[genes[c]] for c in panel_columns(wanted, genes)]


def take_panel(layout: Sequence[Sequence[int]], values: Any) -> Numbers:
    """The panel's genes in the panel's order, samples × genes; NaN where not measured.

    values: samples × genes, dense or sparse by rows. A gene that stands in several columns is
    taken at its largest value.
    """
    held = [column for columns in layout for column in columns]
    part = values[:, held]
    part = np.asarray(part.toarray() if hasattr(part, "toarray") else part, dtype=np.float64)
    out = np.full((values.shape[0], len(layout)), np.nan)
    start = 0
    for place, columns in enumerate(layout):
        for copy in range(start, start + len(columns)):
            out[:, place] = np.fmax(out[:, place], part[:, copy])
        start += len(columns)
    return out


def panel_values(wanted: Sequence[str], genes: Sequence[str], values: Any) -> Numbers:
    """The panel's genes out of a matrix with these genes; see `take_panel`."""
    return take_panel(panel_layout(wanted, genes), values)


def classify(
    model: Model, samples: Sequence[str], genes: Sequence[str], values: Numbers
) -> list[Call]:
    """Calls every sample from itself alone.

    values: samples × genes, any scale (only the order of the panel's genes within a sample
    counts); NaN is not measured. Below the panel's coverage, or where a sample looks like none of
    the groups, the status is `abstained`.
    """
    return call_places(model, samples, ranks(panel_values(model.genes, genes, values)))


def call_places(model: Model, samples: Sequence[str], places: Numbers) -> list[Call]:
    """Calls from ranks among the panel's genes (samples × genes, 0-1, NaN not measured)."""
    scores, seen = view_scores(model, places), familiarity(model, places)
    chances = probabilities(model, scores, unfamiliarity(model, seen))
    coverage = np.isfinite(places).mean(axis=1)
    named = [model.groups[group] for group in model.part_of]
    calls = []
    for row, sample in enumerate(samples):
        p = rounded(chances[row])
        reasons = _doubts(model, p, float(seen[row]), float(coverage[row]))
        status = reasons[0][0] if reasons else CALLED
        parts = [text for _, text in reasons]
        parts.append("90% set " + "|".join(_prediction_set(model, p)))
        parts.append(f"familiarity {seen[row]:.2f} (limit {model.unfamiliar:.2f})")
        parts.append(f"{round(coverage[row] * places.shape[1])} of {places.shape[1]} genes")
        best = scores[row].argmax(axis=1)
        parts.append(
            "views " + " ".join(f"{v}={named[g]}" for v, g in zip(VIEWS, best, strict=True))
        )
        parts.append(_genes(model, _voted(model, int(p.argmax()), best), places[row]))
        calls.append(
            Call(sample, model.groups[int(p.argmax())], status, tuple(p.tolist()), "; ".join(parts))
        )
    return calls


def rounded(p: Numbers) -> Numbers:
    """Probabilities to six decimals that still sum to 1."""
    out = np.round(p, 6)
    out[out.argmax()] += 1.0 - out.sum()
    return np.round(out, 6)


def _doubts(model: Model, p: Numbers, seen: float, coverage: float) -> list[tuple[str, str]]:
    """Why no call is made: the gravest reason first."""
    doubts = []
    if coverage < model.coverage_min:
        doubts.append(
            (ABSTAINED, f"{coverage:.0%} of the panel measured, {model.coverage_min:.0%} needed")
        )
    if seen < model.unfamiliar:
        doubts.append((ABSTAINED, STRANGE))
    first, second = np.sort(p)[::-1][:2]
    if first - second < model.tie_within:
        names = [model.groups[i] for i in np.argsort(-p, kind="stable")[:2]]
        doubts.append((EQUIVOCAL, f"{names[0]} and {names[1]} are close"))
    elif first < model.call_at:
        doubts.append((ABSTAINED, f"probability {first:.2f}, {model.call_at:.2f} needed"))
    return doubts


def _prediction_set(model: Model, p: Numbers) -> list[str]:
    held = [g for g, chance in zip(model.groups, p, strict=True) if 1 - chance <= model.set_cut]
    return held or [model.groups[int(p.argmax())]]


def _voted(model: Model, group: int, best: NDArray[np.int64]) -> int:
    """The part of a group for which most views are."""
    own = [part for part, whole in enumerate(model.part_of) if whole == group]
    return max(own, key=lambda part: int((best == part).sum()))


def _genes(model: Model, part: int, places: Numbers) -> str:
    """The genes that speak most for a part: high ones that are high, low ones that are low."""
    high = sorted((-places[i], model.genes[i]) for i in model.up[part] if places[i] > 0.5)
    low = sorted((places[i], model.genes[i]) for i in model.down[part] if places[i] < 0.5)
    return (
        "high " + (" ".join(gene for _, gene in high[:SHOWN]) or "none")
        + "; low " + (" ".join(gene for _, gene in low[:SHOWN]) or "none")
    )  # fmt: skip
