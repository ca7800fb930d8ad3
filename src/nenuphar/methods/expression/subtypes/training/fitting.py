"""Fits the views of a panel and the calibration that joins them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.model import Model, Numbers
from nenuphar.methods.expression.subtypes.training.platforms import STRONG, shifted
from nenuphar.methods.expression.subtypes.views import (
    VIEWS,
    familiarity,
    probabilities,
    ranks,
    unfamiliarity,
    view_scores,
)

if TYPE_CHECKING:
    from nenuphar.methods.expression.subtypes.training.cohorts import Cohort

Labels = NDArray[np.int64]
SEED = 6
COPIES = (0.0, 0.0, 0.0, 0.4, 0.4, 0.8, 0.8, 1.3)
DROPPED = 0.2
RIDGE = 0.02  # per training row, on ranks 0-1
PAIRS, PROGRAMME, FOLDS = 9, 12, 5
LEVEL, FLOOR, AIM = 0.9, 0.82, 0.985
STRANGEST = 0.05  # share of the cohort's own tumours, held out, that is given up as unfamiliar


def choose_genes(places: Numbers, y: Labels, count: int) -> NDArray[np.int64]:
    """The genes that differ most between groups (F statistic of ranks), in their own order."""
    if count >= places.shape[1]:
        return np.arange(places.shape[1])
    between = np.zeros(places.shape[1])
    within = np.zeros(places.shape[1])
    centre = places.mean(axis=0)
    for group in np.unique(y):
        part = places[y == group]
        between += len(part) * (part.mean(axis=0) - centre) ** 2
        within += ((part - part.mean(axis=0)) ** 2).sum(axis=0)
    best = np.argsort(-between / (within + 1e-3), kind="stable")[:count]
    return np.sort(best)


def fit_views(cohort: Cohort) -> Model:
    """The four views, without calibration."""
    places, y = ranks(cohort.values), cohort.part
    k = len(cohort.parts)
    profiles = np.stack([places[y == g].mean(axis=0) for g in range(k)])
    mean = profiles.mean(axis=0)
    weights, intercepts = _linear(cohort.values, y, mean, k)
    up, down = _programmes(places, y, k)
    return Model(
        panel=cohort.panel, version=1, groups=cohort.groups, parts=cohort.parts,
        part_of=cohort.part_of, genes=cohort.genes, mean=mean, profiles=profiles, weights=weights,
        intercepts=intercepts, pairs=_choose_pairs(places, y, k), up=up, down=down,
        view_weights=np.ones(len(VIEWS)), bias=np.zeros(k), flattening=0.0, familiar=1.0,
        unfamiliar=0.0, set_cut=1.0, call_at=0.0, tie_within=0.2, coverage_min=0.6,
    )  # fmt: skip


def _linear(values: Numbers, y: Labels, mean: Numbers, k: int) -> tuple[Numbers, Numbers]:
    """Ridge to ±1 targets on the ranks of the cohort and of its simulated platforms."""
    rng = np.random.default_rng(SEED)
    copies = [_without_some(shifted(values, s, rng) if s else values, s, mean, rng) for s in COPIES]
    x = np.vstack(copies)
    targets = np.tile(np.eye(k)[y] * 2 - 1, (len(COPIES), 1))
    share = np.tile((len(y) / (k * np.bincount(y, minlength=k)))[y], len(COPIES)) ** 0.5
    design = np.hstack([x, np.ones((len(x), 1))])
    penalty = np.eye(design.shape[1]) * RIDGE * len(x)
    penalty[-1, -1] = 0.0
    weighted = design * share[:, None]
    solution = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ targets)
    return solution[:-1].T, solution[-1]


def _without_some(
    values: Numbers, strength: float, mean: Numbers, rng: np.random.Generator
) -> Numbers:
    """Centred ranks; on a simulated platform each sample lacks a fifth of the genes."""
    if strength:
        values = np.where(rng.random(values.shape) < DROPPED, np.nan, values)
    places = ranks(values)
    return np.where(np.isfinite(places), places - mean, 0.0)


def _programmes(
    places: Numbers, y: Labels, k: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """The genes highest and lowest in a group against the mean of the others."""
    up, down = [], []
    size = max(PROGRAMME, places.shape[1] // 10)
    for group in range(k):
        inside, outside = places[y == group], places[y != group]
        spread = np.sqrt(inside.var(axis=0) + outside.var(axis=0)) + 0.05
        order = np.argsort(-(inside.mean(axis=0) - outside.mean(axis=0)) / spread, kind="stable")
        up.append(tuple(sorted(order[:size].tolist())))
        down.append(tuple(sorted(order[-size:].tolist())))
    return tuple(up), tuple(down)


def _choose_pairs(places: Numbers, y: Labels, k: int) -> NDArray[np.int64]:
    """For every two groups the disjoint pairs of genes that change places between them."""
    above = [
        np.mean(places[y == g][:, :, None] > places[y == g][:, None, :], axis=0) for g in range(k)
    ]
    centre = [np.median(places[y == g], axis=0) for g in range(k)]
    chosen = []
    for group in range(k):
        for rival in range(k):
            if group == rival:
                continue
            gap = [centre[g][:, None] - centre[g][None, :] for g in (group, rival)]
            merit = above[group] - above[rival] + np.minimum(gap[0], -gap[1])
            for _ in range(max(PAIRS, places.shape[1] // 20)):
                high, low = np.unravel_index(int(np.argmax(merit)), merit.shape)
                chosen.append((group, rival, int(high), int(low)))
                merit[[high, low], :] = merit[:, [high, low]] = -np.inf
    return np.array(chosen, dtype=np.int64)


def folds(y: Labels, kin: Labels, count: int, seed: int) -> Iterator[tuple[Labels, Labels]]:
    """Stratified folds that never part kin: specimens of one tumour, or near-identical profiles."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros(len(y)), y, kin)


def kin_of(values: Numbers, limit: float = 0.985) -> Labels:
    """A number for each sample, shared by those whose profiles correlate above `limit`."""
    near = np.corrcoef(values) > limit
    number = np.arange(len(values))
    for _ in range(len(values)):
        joined = np.array([number[near[i]].min() for i in range(len(values))])
        if (joined == number).all():
            break
        number = joined
    return number


def fit(cohort: Cohort, panel_size: int) -> Model:
    """A calibrated model: views on all samples, calibration on folds that the views never saw."""
    rng = np.random.default_rng(SEED)
    scores, seen, truth, plain = [], [], [], []
    spoilt = []
    for train, test in folds(cohort.part, cohort.kin, FOLDS, SEED):
        inner = fit_panel(cohort.take(train), panel_size)
        columns = [cohort.genes.index(gene) for gene in inner.genes]
        held = cohort.values[test][:, columns]
        for strength in (0.0, STRONG / 2, STRONG):
            places = ranks(shifted(held, strength, rng) if strength else held)
            scores.append(view_scores(inner, places))
            seen.append(familiarity(inner, places))
            truth.append(cohort.labels[test])
            plain.append(np.full(len(test), strength == 0.0))
        turned = rng.permuted(ranks(held), axis=1)
        spoilt.append(familiarity(inner, turned))
    final = fit_panel(cohort, panel_size)
    return _calibrate(
        final, np.concatenate(scores), np.concatenate(seen), np.concatenate(truth),
        np.concatenate(plain), np.concatenate(spoilt),
    )  # fmt: skip


def fit_panel(cohort: Cohort, panel_size: int) -> Model:
    """Chooses the panel's genes and fits the views on them."""
    return fit_views(cohort.on(choose_genes(ranks(cohort.values), cohort.part, panel_size)))


def _calibrate(
    model: Model, scores: Numbers, seen: Numbers, truth: Labels, plain: NDArray[np.bool_],
    spoilt: Numbers,
) -> Model:  # fmt: skip
    from scipy.optimize import minimize

    familiar = float(np.quantile(seen[plain], 0.1))
    # A tumour of another kind resembles a profile far better than permuted genes do, so that the
    # limit stands where the cohort's own tumours begin, not halfway to chance.
    own, null = float(np.quantile(seen[plain], STRANGEST)), float(np.quantile(spoilt, 0.99))
    unfamiliar = max(own, null)
    model = model.with_values(familiar=familiar, unfamiliar=unfamiliar)
    strange = unfamiliarity(model, seen)
    spread = scores[plain].std(axis=(0, 2))
    weight = np.where(plain, 1.0, 0.25)

    def unpack(theta: Numbers) -> Model:
        views = np.exp(theta[: len(VIEWS)]) / spread
        return model.with_values(
            view_weights=views, bias=theta[len(VIEWS) : -1], flattening=float(np.exp(theta[-1]))
        )

    def loss(theta: Numbers) -> float:
        p = probabilities(unpack(theta), scores, strange)[np.arange(len(truth)), truth]
        prior = 0.02 * (theta[: len(VIEWS)] ** 2).sum() + 0.05 * (theta[len(VIEWS) : -1] ** 2).sum()
        return float(-(weight * np.log(p + 1e-9)).sum() / weight.sum() + prior / 10)

    start = np.concatenate([np.zeros(len(VIEWS)), np.zeros(len(model.parts)), [-1.0]])
    model = unpack(minimize(loss, start, method="L-BFGS-B").x)
    return _cut(model, probabilities(model, scores, strange), truth, plain)


def _cut(model: Model, p: Numbers, truth: Labels, plain: NDArray[np.bool_]) -> Model:
    """The conformal cut of the 90% sets, and the probability from which a call is made."""
    wrong = 1 - p[np.arange(len(truth)), truth]
    set_cut = max(conformal_cut(wrong[plain]), conformal_cut(wrong))
    p, truth = p[plain], truth[plain]
    right = p.argmax(axis=1) == truth
    top = p.max(axis=1)
    order = np.argsort(-top, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reach = np.arange(1, len(order) + 1) / len(order)
    good = np.flatnonzero((accuracy >= AIM) & (reach >= FLOOR))
    last = good[-1] if good.size else int(np.ceil(FLOOR * len(order))) - 1
    return model.with_values(set_cut=set_cut, call_at=float(min(top[order[last]], 0.95)))


def conformal_cut(nonconformity: Numbers, level: float = LEVEL) -> float:
    """The split-conformal quantile: sets of all groups at or below it hold the truth at `level`."""
    n = len(nonconformity)
    place = int(np.ceil((n + 1) * level)) - 1
    return float(np.sort(nonconformity)[place]) if place < n else 1.0
