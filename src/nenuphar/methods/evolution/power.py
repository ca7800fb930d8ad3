"""How often a cohort of this size would give the answer, if it were so: power by simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nenuphar.methods.evolution.features import MICROENVIRONMENT
from nenuphar.methods.evolution.likelihood import deal_folds, log_likelihood, out_of_fold
from nenuphar.methods.evolution.verdict import NOTHING, Parents, paired_difference, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nenuphar.methods.evolution.features import Design
    from nenuphar.methods.evolution.settings import Settings


@dataclass(frozen=True)
class Power:
    """How simulated cohorts came out.

    Attributes:
        recovered: Share in which the hypothesis that they were drawn from was favoured.
        otherwise: Share in which another was.
        simulations: How many were drawn.
    """

    recovered: float
    otherwise: float
    simulations: int


Critical = Mapping[tuple[Parents, str], float]
"""Gain that must be exceeded for an added set to be more than chance, by base and set."""


def power_of(
    truth: Parents,
    probability: NDArray[np.float64],
    design: Design,
    critical: Critical,
    settings: Settings,
    step: Callable[[int], None],
    times: int = 1,
) -> Power:
    """Draw groups from a hypothesis, at the effect that was seen, and settle each draw anew.

    Tumours keep their features, so that parents stay as bound to each other as they are. Groups are
    drawn from out-of-fold probabilities, which hold what a model could tell of tumours that it
    never saw, and no more. The permutation null is not drawn again for each simulated cohort: its
    critical gains are those of the cohort.

    Args:
        truth: Parents of the hypothesis.
        probability: Out-of-fold probabilities under it, tumours × groups.
        design: The cohort.
        critical: From `null.permutation_null`.
        settings: How the cohort was analysed.
        step: Told how many more are done.
        times: How many times as large as the cohort the simulated ones are.
    """
    rng = np.random.default_rng([settings.seed, 11, times, *_key(truth)])
    recovered = otherwise = 0
    models = (NOTHING, *settings.hypotheses.values())
    for number in range(settings.simulations):
        rows = _rows(len(probability), times, rng)
        group = _drawn(probability[rows], rng)
        step(1)
        scores = _scores(models, design, rows, group, settings, number)
        if not scores:
            continue

        def is_real(base: Parents, added: str, scores: dict = scores) -> bool:
            gain = (scores[base | {added}] - scores[base]).mean()
            return bool(gain > critical[base, added])

        answer = settle(scores, is_real, settings.matters(group)).answer
        recovered += answer == truth
        otherwise += answer not in (None, truth)
    n = max(settings.simulations, 1)
    return Power(recovered / n, otherwise / n, settings.simulations)


def power_to_see_surroundings(
    base: Parents,
    probability: NDArray[np.float64],
    design: Design,
    critical: Critical,
    settings: Settings,
    step: Callable[[int], None],
    times: int = 1,
) -> float:
    """Share of simulated cohorts in which surroundings that matter just enough would be seen.

    To the log-odds of the base a random pull of the microenvironment is added, as strong as makes
    the true model better than the base by the least gain that matters. Without this power, that
    nothing was seen says nothing.

    Args:
        base: Parents without the microenvironment.
        probability: Out-of-fold probabilities under the base.
        design: The cohort.
        critical: From `null.permutation_null`.
        settings: How the cohort was analysed.
        step: Told how many more are done.
        times: How many times as large as the cohort the simulated ones are.
    """
    rng = np.random.default_rng([settings.seed, 13, times, *_key(base)])
    added = np.nan_to_num(_standard(design.parents[MICROENVIRONMENT]))
    seen = 0
    for number in range(settings.simulations):
        direction = rng.normal(size=(added.shape[1], probability.shape[1]))
        pulled = _pulled(probability, added @ direction, settings.matters(design.group))
        rows = _rows(len(probability), times, rng)
        group = _drawn(pulled[rows], rng)
        step(1)
        richer = base | {MICROENVIRONMENT}
        scores = _scores((base, richer), design, rows, group, settings, number)
        if not scores:
            continue
        gain = paired_difference(scores[richer], scores[base])
        seen += gain.low > 0 and gain.mean > critical[base, MICROENVIRONMENT]
    return seen / max(settings.simulations, 1)


def _rows(tumours: int, times: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose the tumours of a simulated cohort: the cohort itself, or more drawn from it."""
    return np.arange(tumours) if times == 1 else rng.integers(0, tumours, tumours * times)


def _scores(
    models: Iterable[Parents],
    design: Design,
    rows: NDArray[np.int64],
    group: NDArray[np.int64],
    settings: Settings,
    number: int,
) -> dict[Parents, NDArray[np.float64]]:
    """Log-likelihood of models on a simulated cohort; nothing where a group is in too few."""
    if int(np.bincount(group, minlength=len(design.groups)).min()) < settings.folds:
        return {}
    fold = deal_folds(group, settings.folds, 1, settings.seed + number)[0]
    return {
        parents: log_likelihood(
            out_of_fold(
                [values[rows] for values in design.columns(parents)],
                group,
                fold,
                settings.prior_sd,
            ),
            group,
        )
        for parents in models
    }


def _key(parents: Parents) -> list[int]:
    """Numbers that differ between parent sets, to seed their draws apart."""
    return [number for name in sorted(parents) for number in name.encode()]


def _drawn(probability: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    reached = probability.cumsum(axis=1)
    reached /= reached[:, -1:]
    return (rng.random((len(probability), 1)) > reached).sum(axis=1)


def _standard(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.nanstd(columns, axis=0)
    return (columns - np.nanmean(columns, axis=0)) / np.where(spread > 0, spread, 1.0)


def _pulled(
    probability: NDArray[np.float64], pull: NDArray[np.float64], gain: float
) -> NDArray[np.float64]:
    """Pull probabilities so far that knowing of the pull is worth `gain` nats a tumour."""
    from scipy.optimize import brentq
    from scipy.special import softmax

    known = np.log(np.maximum(probability, 1e-9))

    def pulled(strength: float) -> NDArray[np.float64]:
        return softmax(known + strength * pull, axis=1)

    def excess(strength: float) -> float:
        new = np.maximum(pulled(strength), 1e-12)
        return float((new * (np.log(new) - known)).sum(axis=1).mean()) - gain

    strongest = 1.0
    while excess(strongest) < 0 and strongest < 1e3:
        strongest *= 2
    return pulled(brentq(excess, 0.0, strongest, xtol=1e-4) if excess(strongest) > 0 else strongest)
