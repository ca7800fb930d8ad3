"""Hold the hypotheses of a cohort against each other: differences, nulls, power and the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from nenuphar.domain.problems import UsageError
from nenuphar.methods.evolution.features import (
    ALTERATIONS,
    MICROENVIRONMENT,
    ORIGIN,
    PARENTS,
    Design,
)
from nenuphar.methods.evolution.likelihood import deal_folds, log_likelihood, out_of_fold
from nenuphar.methods.evolution.null import Null, permutation_null
from nenuphar.methods.evolution.power import (
    Critical,
    Power,
    power_of,
    power_to_see_surroundings,
)
from nenuphar.methods.evolution.settings import Settings, entropy
from nenuphar.methods.evolution.verdict import (
    NOTHING,
    SIDES,
    Difference,
    Parents,
    Settled,
    paired_difference,
    settle,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a cohort says of the hypotheses.

    Attributes:
        scores: Mean log-likelihood, in nats a tumour, of a model by its parents.
        gains: What adding a set to a base brings, by base and set.
        differences: Between hypotheses, by their keys; the first less the second.
        nulls: Permutation null of the additions that hypotheses make.
        settled: What the differences settle.
        power: Power to find the leading or favoured hypothesis again; None where there is too
            little to model.
        power_surroundings: Power to see surroundings that matter; None where not asked for.
        needed: How many times as many tumours would do, of those tried; None where the answer is
            given, or where none of them does.
        favoured: Key of the hypothesis that the data favour; empty where they cannot tell.
        leading: Key of the best hypothesis, favoured or not; empty where nothing was fitted.
        reasons: Why they cannot tell, as codes.
        notes: What else the models show, as codes.
        matters: Least gain that matters, nats a tumour.
        restating: Features from which alone the group can nearly be told, with the share of its
            entropy that they account for: it may have been drawn up from them.
    """

    reasons: tuple[str, ...]
    favoured: str = ""
    leading: str = ""
    scores: Mapping[Parents, float] = field(default_factory=dict)
    gains: Mapping[tuple[Parents, str], Difference] = field(default_factory=dict)
    differences: Mapping[tuple[str, str], Difference] = field(default_factory=dict)
    nulls: Mapping[tuple[Parents, str], Null] = field(default_factory=dict)
    settled: Settled | None = None
    power: Power | None = None
    power_surroundings: float | None = None
    needed: int | None = None
    notes: tuple[str, ...] = ()
    matters: float = 0.0
    restating: Mapping[str, float] = field(default_factory=dict)


_ADDITIONS: tuple[tuple[Parents, str], ...] = (
    (NOTHING, ORIGIN),
    (NOTHING, ALTERATIONS),
    (frozenset({ORIGIN}), MICROENVIRONMENT),
    (frozenset({ALTERATIONS}), MICROENVIRONMENT),
)
"""Sets that the hypotheses add to each other or to nothing."""

_FURTHER: tuple[tuple[Parents, str], ...] = (
    (NOTHING, MICROENVIRONMENT),
    (frozenset({ORIGIN}), ALTERATIONS),
    (frozenset({ALTERATIONS}), ORIGIN),
)
"""Additions that no hypothesis makes, measured because they say what the four leave out."""


def compare_hypotheses(
    design: Design,
    settings: Settings,
    tumours_min: int,
    progress: Progress = lambda step, done, of: None,
) -> Comparison:
    """Compare the hypotheses on one cohort.

    Args:
        design: The cohort, from `features.design_of`.
        settings: How it is analysed.
        tumours_min: Fewer tumours than this are not modelled.
        progress: Told what is done, how far, and of how much.

    Returns:
        The comparison. It shows what goes with the group of a tumour; it cannot show what causes
        it.
    """
    reasons = _too_little(design, tumours_min)
    if reasons:
        return Comparison(tuple(reasons))
    with _one_thread():
        return _compare(design, settings, progress)


def _too_little(design: Design, tumours_min: int) -> list[str]:
    reasons = [f"no_{parent}" for parent in PARENTS if parent not in design.parents]
    if len(design.tumours) < tumours_min:
        reasons.append("too_few_tumours")
    if len(design.groups) < 2:
        reasons.append("too_few_groups")
    return reasons


def _compare(design: Design, settings: Settings, progress: Progress) -> Comparison:
    group = design.group
    probability = _probabilities(design, settings, progress)
    scores = {
        parents: np.mean([log_likelihood(one, group) for one in found], axis=0)
        for parents, found in probability.items()
    }
    nulls = _nulls(design, settings, progress)
    critical = {
        (base, added): float(np.quantile(null.drawn, 1 - settings.chance_of(base)))
        for (base, added), null in nulls.items()
    }

    def is_real(base: Parents, added: str) -> bool:
        return nulls[base, added].p_value <= settings.chance_of(base)

    settled = settle(scores, is_real, settings.matters(group))
    mean = {parents: np.mean(found, axis=0) for parents, found in probability.items()}
    answer = _weighed(design, settings, settled, mean, critical, is_real, progress)
    names = {parents: key for key, parents in settings.hypotheses.items()}
    favoured = names[settled.answer] if settled.answer and not answer["reasons"] else ""
    gains = {
        (base, added): paired_difference(scores[base | {added}], scores[base])
        for base, added in (*_ADDITIONS, *_FURTHER)
    }
    return Comparison(
        favoured=favoured,
        leading=names[settled.leading],
        scores={parents: float(one.mean()) for parents, one in scores.items()},
        gains=gains,
        differences={
            (one, other): paired_difference(
                scores[settings.hypotheses[one]], scores[settings.hypotheses[other]]
            )
            for one, other in combinations(settings.hypotheses, 2)
        },
        nulls=nulls,
        settled=settled,
        notes=tuple(_notes(settled, gains)),
        matters=settings.matters(group),
        restating=_restating(design, settings, float(scores[NOTHING].mean())),
        **answer,
    )


def _weighed(
    design: Design,
    settings: Settings,
    settled: Settled,
    mean: Mapping[Parents, NDArray[np.float64]],
    critical: Critical,
    is_real: Callable[[Parents, str], bool],
    progress: Progress,
) -> dict[str, Any]:
    """Weigh what is settled by the power of the cohort: reasons, powers, tumours needed."""
    asked = settled.answer or settled.leading
    base = asked - {MICROENVIRONMENT}
    steps = _Steps(progress, "Drawing cohorts of the same size", 2 * settings.simulations)
    power = power_of(asked, mean[asked], design, critical, settings, steps)
    to_see = power_to_see_surroundings(base, mean[base], design, critical, settings, steps)
    reasons = _reasons(settled, is_real, power, to_see, settings)
    needed = _needed(asked, mean, design, critical, settings, progress) if reasons else None
    return {
        "reasons": tuple(reasons),
        "power": power,
        "power_surroundings": to_see,
        "needed": needed,
    }


def _probabilities(
    design: Design, settings: Settings, progress: Progress
) -> dict[Parents, list[NDArray[np.float64]]]:
    """Out-of-fold probabilities of every model, one for each dealing of the folds."""
    folds = deal_folds(design.group, settings.folds, settings.repeats, settings.seed)
    further = [base | {added} for base, added in (*_ADDITIONS, *_FURTHER)]
    models = sorted({NOTHING, *further}, key=sorted)
    steps = _Steps(progress, "Fitting the models", len(models) * len(folds))
    found: dict[Parents, list[NDArray[np.float64]]] = {}
    for parents in models:
        for fold in folds:
            one = out_of_fold(design.columns(parents), design.group, fold, settings.prior_sd)
            found.setdefault(parents, []).append(one)
            steps()
    return found


def _nulls(
    design: Design, settings: Settings, progress: Progress
) -> dict[tuple[Parents, str], Null]:
    fold = deal_folds(design.group, settings.folds, 1, settings.seed)[0]
    steps = _Steps(progress, "Permuting", len(_ADDITIONS) * settings.permutations)
    return {
        (base, added): permutation_null(
            design.columns(base),
            design.parents[added],
            design.group,
            fold,
            settings.prior_sd,
            settings.permutations,
            [settings.seed, 7, number],
            steps,
        )
        for number, (base, added) in enumerate(_ADDITIONS)
    }


def _reasons(
    settled: Settled,
    is_real: Callable[[Parents, str], bool],
    power: Power,
    to_see: float,
    settings: Settings,
) -> list[str]:
    """Why the data cannot tell; nothing where they can."""
    reasons = []
    if not settled.side:
        chance = not any(is_real(NOTHING, side) for side in SIDES)
        reasons.append("no_better_than_chance" if chance else "sides_not_apart")
    if settled.surroundings == "open":
        reasons.append("surroundings_open")
    if settled.surroundings == "adds_nothing" and to_see < settings.power_min:
        reasons.append("surroundings_unseen")
    if power.recovered < settings.power_min:
        reasons.append("low_power")
    return reasons


def _needed(
    asked: Parents,
    mean: Mapping[Parents, NDArray[np.float64]],
    design: Design,
    critical: Critical,
    settings: Settings,
    progress: Progress,
) -> int | None:
    """How many times as many tumours would have the power for an answer, of the sizes tried."""
    base = asked - {MICROENVIRONMENT}
    for times in settings.sizes:
        steps = _Steps(progress, f"Drawing cohorts of {times} times the size", settings.simulations)
        power = power_of(asked, mean[asked], design, critical, settings, steps, times)
        if power.recovered < settings.power_min:
            continue
        if asked == base:
            to_see = power_to_see_surroundings(
                base, mean[base], design, critical, settings, steps, times
            )
            if to_see < settings.power_min:
                continue
        return times
    return None


def _notes(settled: Settled, gains: Mapping[tuple[Parents, str], Difference]) -> list[str]:
    notes = []
    if all(gains[frozenset({one}), other].low > 0 for one, other in (SIDES, SIDES[::-1])):
        notes.append("both_sides_add")
    if not settled.side and gains[NOTHING, MICROENVIRONMENT].low > 0:
        notes.append("surroundings_alone")
    return notes


def _restating(design: Design, settings: Settings, nothing: float) -> dict[str, float]:
    fold = deal_folds(design.group, settings.folds, 1, settings.seed)[0]
    found = {}
    for features in design.features.values():
        for name, columns in features.items():
            told = out_of_fold([columns], design.group, fold, settings.prior_sd)
            gain = float(log_likelihood(told, design.group).mean()) - nothing
            share = gain / entropy(design.group)
            if share >= settings.restates_min:
                found[name] = share
    return found


class _Steps:
    """Counts the steps of a part of the work and tells how far it is."""

    def __init__(self, progress: Progress, name: str, of: int) -> None:
        self.progress, self.name, self.of, self.done = progress, name, of, 0

    def __call__(self, more: int = 1) -> None:
        self.done += more
        self.progress(self.name, self.done, self.of)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep sums in one order, so that results have the same bytes on every machine."""
    import scipy.linalg  # noqa: F401 - its own linear algebra must be there to be limited

    try:
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise UsageError(
            "comparing hypotheses needs scikit-learn; install it with "
            "`pip install nenuphar[expression]`"
        ) from error
    with threadpool_limits(1):
        yield
