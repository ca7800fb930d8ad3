"""Fits a panel to a laboratory's platform with a few dozen labelled samples of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.model import Model, Numbers
from nenuphar.methods.expression.subtypes.views import (
    correlations,
    familiarity,
    probabilities,
    ranks,
    unfamiliarity,
    view_scores,
)

FEWEST = 12
ENOUGH = f"at least {FEWEST} labelled samples of its own, better 60"
PRIOR = 4.0  # labelled samples that weigh as much as "the platform shifts nothing"
LEVEL = 0.9
FOLDS = 5


class RecalibrationError(ValueError):
    """Labelled samples that cannot recalibrate a panel: what is wrong, and what to do."""


def recalibrate(
    model: Model, values: Numbers, labels: Sequence[str]
) -> tuple[Model, NDArray[np.float64]]:
    """The model with its sets refitted, and the platform's shift of every gene.

    values: labelled samples × genes of the panel; labels: their groups. The shift (g, in ranks
    0-1) is the mean departure of a gene from its group's profile, drawn towards 0; subtract it
    from the ranks of every sample of that platform. The conformal cut comes from folds in which a
    sample took no part in the shift; it widens the sets where needed and never narrows them, for
    the labelled samples may be among those that the panel was fitted on.

    Raises:
        RecalibrationError: Too few labelled samples, or a label that is no group of the panel.
    """
    unknown = sorted(set(labels) - set(model.groups))
    if unknown:
        raise RecalibrationError(
            f"{len(unknown)} labels are no groups of {model.panel} ({', '.join(unknown[:4])}); "
            f"use {', '.join(model.groups)}"
        )
    if len(labels) < FEWEST:
        raise RecalibrationError(
            f"{len(labels)} labelled samples; give at least {FEWEST}, better a few dozen"
        )
    y = np.array([model.groups.index(label) for label in labels])
    places = ranks(values)
    part = likeliest_parts(model, places, y)
    fold = np.arange(len(y)) % FOLDS
    fold[np.argsort(y, kind="stable")] = np.arange(len(y)) % FOLDS
    wrong, seen = np.empty(len(y)), np.empty(len(y))
    for number in range(FOLDS):
        held = fold == number
        moved = places[held] - shift_of(model, places[~held], part[~held])
        seen[held] = familiarity(model, moved)
        p = probabilities(model, view_scores(model, moved), unfamiliarity(model, seen[held]))
        wrong[held] = 1 - p[np.arange(int(held.sum())), y[held]]
    place = int(np.ceil((len(y) + 1) * LEVEL)) - 1
    cut = float(np.sort(wrong)[place]) if place < len(y) else 1.0
    return model.with_values(set_cut=max(cut, model.set_cut)), shift_of(model, places, part)


def likeliest_parts(model: Model, places: Numbers, y: NDArray[np.int64]) -> NDArray[np.int64]:
    """For samples of known groups, that part of their group which each resembles most."""
    near = correlations(places, model.profiles)
    near[np.array(model.part_of)[None, :] != y[:, None]] = -np.inf
    return near.argmax(axis=1)


def shift_of(model: Model, places: Numbers, part: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far the platform moves every gene, in ranks 0-1; 0 where never measured."""
    departure = places - model.profiles[part]
    known = np.isfinite(departure)
    total = np.where(known, departure, 0.0).sum(axis=0)
    return total / (known.sum(axis=0) + PRIOR)
