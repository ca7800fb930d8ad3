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

_STEPS, _TOLERANCE = 100, 1e-5


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

    Source: multinomial regression as in scikit-learn (doi:10.5555/1953048.2078195).
    """
    from sklearn import config_context
    from sklearn.linear_model import LogisticRegression

    found = np.empty((len(group), int(group.max()) + 1))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for number in range(int(fold.max()) + 1):
            held = fold == number
            learnt = ~held
            if not parents:
                found[held] = np.bincount(group[learnt]) / learnt.sum()
                continue
            columns = np.hstack([_scaled(values, learnt) for values in parents])
            model = LogisticRegression(
                C=prior_sd**2, solver="newton-cholesky", max_iter=_STEPS, tol=_TOLERANCE
            )
            model.fit(columns[learnt], group[learnt])
            found[held] = model.predict_proba(columns[held])
    return found


def log_likelihood(
    probability: NDArray[np.float64], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Log-probability, in nats, of the group that each tumour has."""
    return np.log(np.maximum(probability[np.arange(len(group)), group], 1e-12))


def _scaled(values: NDArray[np.float64], learnt: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Centre and scale columns by the tumours learnt from, and give the set its shared prior."""
    known = ~np.isnan(values)
    seen = known[learnt].sum(axis=0)
    there = np.where(known, values, 0.0)
    mean = there[learnt].sum(axis=0) / np.maximum(seen, 1)
    centred = np.where(known, values - mean, 0.0)
    spread = np.sqrt((centred[learnt] ** 2).sum(axis=0) / np.maximum(seen, 1))
    scale = np.where(spread > 1e-12, spread, np.inf)
    return centred / scale / np.sqrt(values.shape[1])
