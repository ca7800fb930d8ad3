"""Which hypothesis the data favour, or that they cannot tell, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parents = frozenset[str]
NOTHING: Parents = frozenset()
SIDES = (ORIGIN, ALTERATIONS)
"""What may set the groups by itself, or with the surroundings."""

ROLE = Literal["adds", "adds_nothing", "open"]
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A mean paired difference over tumours with its interval, in nats a tumour."""

    mean: float
    low: float
    high: float


def paired_difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> Difference:
    """Mean of first minus second over the same tumours, with a 95% t interval.

    Args:
        first: Log-likelihood of every tumour under one model.
        second: The same under another.
    """
    from scipy.stats import t

    apart = first - second
    mean = float(apart.mean())
    error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
    reach = float(t.ppf(0.5 + _CONFIDENCE / 2, len(apart) - 1)) * error
    return Difference(mean, mean - reach, mean + reach)


@dataclass(frozen=True)
class Settled:
    """What the differences settle, before it is asked whether the cohort had the power for it.

    Attributes:
        leading: Parents of the best of the four models.
        side: Which of the two sides is set apart from the other; empty where neither is.
        surroundings: What the microenvironment brings to that side (to the leading one where none
            is set apart).
        answer: Parents of the hypothesis that is favoured; None where it is open.
    """

    leading: Parents
    side: str
    surroundings: ROLE
    answer: Parents | None


def settle(
    scores: Mapping[Parents, NDArray[np.float64]],
    is_real: Callable[[Parents, str], bool],
    matters: float,
) -> Settled:
    """Settle which side sets the groups, and whether the surroundings have a part in it.

    A side is set apart where it tells groups better than no parents do, by more than chance, and
    better than the other side with and without the surroundings. The surroundings have a part
    where they add to that side more than nothing and more than chance; they have none where the
    interval excludes a gain that matters.

    Args:
        scores: Log-likelihood of every tumour under the models of no parents and of the four
            hypotheses.
        is_real: Whether the gain of adding a set to a base is more than chance.
        matters: Least gain, in nats a tumour, that would matter.
    """
    roles = {side: _role(scores, side, is_real, matters) for side in SIDES}
    four = [frozenset({s}) | extra for s in SIDES for extra in (NOTHING, {MICROENVIRONMENT})]
    leading = max(four, key=lambda parents: scores[parents].mean())
    for side in SIDES:
        if _stands_apart(scores, side, roles[side], is_real):
            role = roles[side]
            with_it = frozenset({side, MICROENVIRONMENT})
            answer = {"adds": with_it, "adds_nothing": frozenset({side})}.get(role)
            return Settled(leading, side, role, answer)
    ahead = next(side for side in SIDES if side in leading)
    return Settled(leading, "", roles[ahead], None)


def _role(
    scores: Mapping[Parents, NDArray[np.float64]],
    side: str,
    is_real: Callable[[Parents, str], bool],
    matters: float,
) -> ROLE:
    base = frozenset({side})
    gain = paired_difference(scores[base | {MICROENVIRONMENT}], scores[base])
    if gain.low > 0 and is_real(base, MICROENVIRONMENT):
        return "adds"
    return "adds_nothing" if gain.high < matters else "open"


def _stands_apart(
    scores: Mapping[Parents, NDArray[np.float64]],
    side: str,
    role: ROLE,
    is_real: Callable[[Parents, str], bool],
) -> bool:
    alone, with_it = frozenset({side}), frozenset({side, MICROENVIRONMENT})
    (other,) = (one for one in SIDES if one != side)
    richer = scores[with_it].mean() > scores[alone].mean()
    mine = with_it if role == "adds" or (role == "open" and richer) else alone
    rivals = (frozenset({other}), frozenset({other, MICROENVIRONMENT}))
    if not is_real(NOTHING, side) or paired_difference(scores[alone], scores[NOTHING]).low <= 0:
        return False
    return all(paired_difference(scores[mine], scores[rival]).low > 0 for rival in rivals)
