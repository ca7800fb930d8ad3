"""Four views of one sample, all from the ranks among the panel's own genes.

Each view gives every group a score. A view that one platform bends is outvoted by the others:
gene pairs and programmes feel a shift of single genes least, the linear view sees most where the
platform is known.
"""

from __future__ import annotations

import numpy as np

from nenuphar.methods.expression.subtypes.model import Model, Numbers

VIEWS = ("linear", "profile", "pairs", "programme")


def ranks(values: Numbers) -> Numbers:
    """Ranks within each sample as fractions (0-1, ties share their mean); NaN where not measured.

    values: samples × genes, any scale; only their order counts.
    """
    out = np.full(values.shape, np.nan)
    for row, sample in enumerate(np.asarray(values, dtype=np.float64)):
        measured = np.isfinite(sample)
        _, inverse, counts = np.unique(sample[measured], return_inverse=True, return_counts=True)
        if inverse.size:
            last = np.cumsum(counts)
            out[row, measured] = (last - counts / 2)[inverse] / inverse.size
    return out


def view_scores(model: Model, places: Numbers) -> Numbers:
    """Scores of every view: samples × views × parts, in the order of `VIEWS`.

    places: samples × genes of the panel, ranks 0-1; NaN (not measured) takes no part.
    """
    centred = np.where(np.isfinite(places), places - model.mean, 0.0)
    linear = _dot(centred, model.weights) + model.intercepts
    return np.stack(
        [linear, _profile(model, places), _pairs(model, places), _programme(model, places)], axis=1
    )


def _profile(model: Model, places: Numbers) -> Numbers:
    """Correlation with the mean profile of each group, after removing the mean of each gene."""
    return correlations(places - model.mean, model.profiles - model.mean)


def familiarity(model: Model, places: Numbers) -> Numbers:
    """How much a sample looks like one of the panel: correlation with its best group profile."""
    if places.size == 0:
        return np.zeros(places.shape[0])
    return correlations(places, model.profiles).max(axis=1)


def correlations(places: Numbers, profiles: Numbers) -> Numbers:
    """Pearson's r of each sample with each profile over the measured genes; 0 where undefined."""
    measured = np.isfinite(places)
    count = np.maximum(measured.sum(axis=1, keepdims=True), 1)
    x = np.where(measured, places, 0.0)
    x = np.where(measured, x - x.sum(axis=1, keepdims=True) / count, 0.0)
    mask = measured.astype(np.float64)
    means = _dot(mask, profiles) / count
    above = _dot(x, profiles)
    spread = _dot(mask, profiles**2) - count * means**2
    below = np.sqrt((x**2).sum(axis=1, keepdims=True) * np.maximum(spread, 0.0))
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-12)


def _dot(x: Numbers, rows: Numbers) -> Numbers:
    """Product of x and transposed `rows`; unlike BLAS, the same bits for a sample alone."""
    return np.stack([(x * row).sum(axis=1) for row in rows], axis=1)


def _pairs(model: Model, places: Numbers) -> Numbers:
    """Share of gene pairs that stand as in the group and not as in its rivals, 0-1."""
    k = len(model.parts)
    difference = places[:, model.pairs[:, 2]] - places[:, model.pairs[:, 3]]
    known = np.isfinite(difference)
    vote = np.where(known, (np.sign(np.where(known, difference, 0.0)) + 1) / 2, 0.0)
    member = np.eye(k)[model.pairs[:, 0]]
    asked = known.astype(np.float64) @ member
    return np.divide(vote @ member, asked, out=np.full_like(asked, 0.5), where=asked > 0)


def _programme(model: Model, places: Numbers) -> Numbers:
    """Mean rank of the genes that are high in the group less that of the genes low in it."""
    columns = [
        _mean(places[:, list(up)]) - _mean(places[:, list(down)])
        for up, down in zip(model.up, model.down, strict=True)
    ]
    return np.stack(columns, axis=1)


def _mean(places: Numbers) -> Numbers:
    known = np.isfinite(places)
    count = known.sum(axis=1)
    total = np.where(known, places, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), 0.5)


def unfamiliarity(model: Model, seen: Numbers) -> Numbers:
    """0 for a sample as familiar as those of the training, 1 at the limit, above it beyond."""
    return np.maximum(model.familiar - seen, 0.0) / (model.familiar - model.unfamiliar)


def probabilities(model: Model, scores: Numbers, strange: Numbers) -> Numbers:
    """Calibrated probabilities, samples × groups; the stranger the sample, the flatter.

    scores: samples × views × parts; the parts of a group add up.
    """
    logits = (scores * model.view_weights[:, None]).sum(axis=1) + model.bias
    logits *= np.exp(-model.flattening * strange)[:, None]
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    whole = np.zeros((len(odds), len(model.groups)))
    for part, group in enumerate(model.part_of):
        whole[:, group] += odds[:, part]
    return whole / odds.sum(axis=1, keepdims=True)
