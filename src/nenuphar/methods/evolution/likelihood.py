"""How well the group of a tumour can be told from a set of parents, on tumours not learnt from.

The four hypotheses are graphs over the same nodes. Cell of origin, alterations and surroundings are
roots in all of them; only the parents of the group differ. The probabilities of the roots cancel
whenever two graphs are compared, so that what remains is the conditional probability of the group
given its parents, which is what is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPTIONS = {"maxiter": 500, "maxcor": 20, "ftol": 0.0, "gtol": 1e-3}


def deal_folds(group: NDArray[np.int64], folds: int, repeats: int, seed: int) -> NDArray[np.int64]:
    """Deal tumours to folds, each group evenly, several times over.

    Args:
        group: Group of every tumour, in an order that does not depend on that of the file.
        folds: How many folds.
        repeats: How many times.
        seed: Seed of the dealing.

    Returns:
        Fold of every tumour, repeats × tumours.
    """
    from sklearn.model_selection import StratifiedKFold

    dealt = np.empty((repeats, len(group)), dtype=np.int64)
    for repeat in range(repeats):
        dealer = StratifiedKFold(folds, shuffle=True, random_state=(seed + repeat) % 2**32)
        for number, (_, held) in enumerate(dealer.split(np.zeros(len(group)), group)):
            dealt[repeat, held] = number
    return dealt


def out_of_fold(
    parents: Sequence[NDArray[np.float64]],
    group: NDArray[np.int64],
    fold: NDArray[np.int64],
    prior_sd: float,
) -> NDArray[np.float64]:
    r"""Probability of every group for every tumour, from a model that never saw the tumour.

    The model is a multinomial logistic regression with a normal prior. Columns are brought to unit
    spread in the tumours learnt from, and the columns of a parent set share one prior:
    each coefficient has variance :math:`\sigma^2/p`, with p columns in the set, so that a set
    contributes log-odds of spread sigma however many columns it has. A missing value is put at the
    mean of the tumours learnt from, where it pulls towards no group.

    Args:
        parents: Columns of each parent set, tumours × columns, NaN where missing; none for the
            model in which the group depends on nothing.
        group: Group of every tumour, 0 to the number of groups less one.
        fold: Fold of every tumour.
        prior_sd: Spread sigma of the log-odds that a parent set contributes a priori.

    Returns:
        Tumours × groups.
    """
    learnt = fold != np.arange(int(fold.max()) + 1)[:, None]
    held = (group == np.arange(int(group.max()) + 1)[:, None]).astype(float)
    if not parents:
        share = learnt @ held.T / learnt.sum(axis=1, keepdims=True)
        return share[fold]
    ones = np.ones((len(learnt), 1, len(group)))
    design = np.concatenate([*(_scaled(values, learnt) for values in parents), ones], axis=1)
    weights = _fitted(design, learnt.astype(float), held, prior_sd)
    own = design[fold, :, np.arange(len(group))]
    return _softmax(np.einsum("nc,ngc->ng", own, weights[fold]))


def _fitted(
    design: NDArray[np.float64],
    learnt: NDArray[np.float64],
    held: NDArray[np.float64],
    prior_sd: float,
) -> NDArray[np.float64]:
    """Coefficients of every fold, all folds in one problem that falls apart into one for each.

    Args:
        design: Folds × columns × tumours, the last column of ones, which has no prior.
        learnt: Folds × tumours, 1 where the fold learns from the tumour.
        held: Groups × tumours, 1 for the group of the tumour.
        prior_sd: Spread of a coefficient a priori.

    Returns:
        Folds × groups × columns.
    """
    from scipy.optimize import minimize

    shape = (len(design), len(held), design.shape[1])
    precision = np.full(shape[2], prior_sd**-2)
    precision[-1] = 0
    turned = np.ascontiguousarray(design.transpose(0, 2, 1))
    counted = learnt[:, None]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        odds = weights @ design
        odds -= odds.max(axis=1, keepdims=True)
        powers = np.exp(odds)
        whole = powers.sum(axis=1, keepdims=True)
        told = ((held * odds - np.log(whole) / len(held)) * counted).sum()
        pulled = precision * weights
        slope = ((powers / whole - held) * counted) @ turned + pulled
        return float(0.5 * (pulled * weights).sum() - told), slope.ravel()

    found = minimize(loss, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B", options=_OPTIONS)
    return found.x.reshape(shape)


def _softmax(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(odds - odds.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def log_likelihood(
    probability: NDArray[np.float64], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Log-probability, in nats, of the group that each tumour has."""
    return np.log(np.maximum(probability[np.arange(len(group)), group], 1e-12))


def _scaled(values: NDArray[np.float64], learnt: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Centre and scale columns by the tumours of each fold, and give the set its shared prior.

    Args:
        values: Tumours × columns, NaN where missing.
        learnt: Folds × tumours.

    Returns:
        Folds × columns × tumours; 0 where missing, and in columns that are the same throughout.
    """
    known = ~np.isnan(values)
    there, weight = np.where(known, values, 0.0), learnt.astype(float)
    seen = np.maximum(weight @ known.astype(float), 1)
    centred = np.where(known.T, there.T - (weight @ there / seen)[:, :, None], 0.0)
    spread = np.sqrt((centred**2 @ weight[:, :, None])[..., 0] / seen)
    scale = np.where(spread > 1e-12, spread, np.inf) * np.sqrt(values.shape[1])
    return centred / scale[:, :, None]
