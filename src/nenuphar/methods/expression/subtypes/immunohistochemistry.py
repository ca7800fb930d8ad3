"""Groups from H-scores of a few stains: SCLC and lung NET, by rules read again and again.

A pathologist who scored the slide again would not give the same number. Every call is therefore
the share of plausible second readings (a fixed grid around each H-score) in which the rule gives
the group; a stain that was not done is read over its whole range.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.calls import ABSTAINED, CALLED, EQUIVOCAL, Call, rounded

Numbers = NDArray[np.float64]
Rule = Callable[[Numbers, dict[str, float]], Numbers]
HIGHEST = 300.0
LEAST = 0.004  # probability that no reading rules out
NOT_DONE = 1  # stains that may be wanting
SETTLED = 0.9  # probability needed where a stain is wanting
# A normal distribution in nine equal parts: the mid-quantile of each, in standard deviations.
QUANTILES = (-1.593, -0.967, -0.589, -0.282, 0.0, 0.282, 0.589, 0.967, 1.593)


@dataclass(frozen=True, slots=True)
class StainPanel:
    """A panel of stains: its groups, its markers, cut-offs (H-score points) and limits."""

    panel: str
    groups: tuple[str, ...]
    markers: tuple[str, ...]
    cuts: dict[str, float]
    reading_sd: float
    call_at: float
    tie_within: float


@cache
def load_stains(panel: str) -> StainPanel:
    """The shipped cut-offs of a panel of stains."""
    file = Path(__file__).parent / "models" / f"{panel}.json"
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    values = {name: record[name] for name in StainPanel.__slots__}
    return StainPanel(**(values | {name: tuple(record[name]) for name in ("groups", "markers")}))


def sclc_rule(h: Numbers, cuts: dict[str, float]) -> Numbers:
    """A, AN, N, P, TN of readings × (ASCL1, NEUROD1, POU2F3); one group of 1 in every row.

    P where POU2F3 leads and is strong; AN where ASCL1 and NEUROD1 both stain and neither is less
    than a stated share of the other; A or N by the higher; TN (triple-negative, which is not the
    inflamed group) where none stains.
    """
    a, n, p = h.T
    stained = np.maximum(a, n) >= cuts["positive"]
    is_p = (p >= cuts["pou2f3"]) & (p >= np.maximum(a, n))
    both = np.minimum(a, n) >= np.maximum(cuts["second"], cuts["share"] * np.maximum(a, n))
    rest = ~is_p & stained
    return np.stack(
        [rest & ~both & (a >= n), rest & both, rest & ~both & (n > a), is_p, ~is_p & ~stained],
        axis=1,
    ).astype(np.float64)


def lung_net_rule(h: Numbers, cuts: dict[str, float]) -> Numbers:
    """A1, A2, B of readings × (OTP, ASCL1, HNF1A); a row without any stain is shared by all.

    HNF1A without ASCL1: A2 where OTP stains, else B. HNF1A with ASCL1: A1 where OTP stains, else
    B. No HNF1A: A1, but shared with A2 where OTP alone stains.
    """
    otp, ascl1, hnf1a = (h[:, i] >= cuts[m] for i, m in enumerate(("OTP", "ASCL1", "HNF1A")))
    out = np.zeros((len(h), 3))
    out[:, 0] = (otp & ascl1 & hnf1a) | (ascl1 & ~hnf1a)
    out[:, 1] = otp & ~ascl1 & hnf1a
    out[:, 2] = ~otp & hnf1a
    out[otp & ~ascl1 & ~hnf1a] = (0.5, 0.5, 0.0)
    out[~otp & ~ascl1 & ~hnf1a] = (1 / 3, 1 / 3, 1 / 3)
    return out


RULES: dict[str, Rule] = {"sclc-ihc": sclc_rule, "lung-net-ihc": lung_net_rule}


def classify_stains(panel: StainPanel, samples: Sequence[str], scores: Numbers) -> list[Call]:
    """Calls from H-scores (0-300), samples × markers in the panel's order; NaN is not done."""
    return [_call(panel, sample, row) for sample, row in zip(samples, scores, strict=True)]


def _call(panel: StainPanel, sample: str, row: Numbers) -> Call:
    k = len(panel.groups)
    votes = RULES[panel.panel](_readings(panel, row), panel.cuts).mean(axis=0)
    p = rounded(votes * (1 - LEAST * k) + LEAST)
    first, second = np.sort(p)[::-1][:2]
    order = np.argsort(-p, kind="stable")
    read = " ".join(
        f"{marker}={value:g}" if np.isfinite(value) else f"{marker}=not done"
        for marker, value in zip(panel.markers, row, strict=True)
    )
    status, reason = CALLED, ""
    needed = SETTLED if np.isnan(row).any() else panel.call_at
    if np.isnan(row).sum() > NOT_DONE:
        status, reason = ABSTAINED, f"{np.isfinite(row).sum()} of {row.size} stains were read; "
    elif first - second < panel.tie_within:
        names = [panel.groups[i] for i in order[:2]]
        status, reason = EQUIVOCAL, f"{names[0]} and {names[1]} are close; "
    elif first < needed:
        status, reason = ABSTAINED, f"probability {first:.2f}, {needed:.2f} needed; "
    if status != CALLED and np.isnan(row).any():
        undone = [m for m, value in zip(panel.markers, row, strict=True) if np.isnan(value)]
        reason += f"would be decided by {' '.join(undone)}; "
    return Call(
        sample, panel.groups[order[0]], status, tuple(p.tolist()), f"{reason}H-scores {read}"
    )


def _readings(panel: StainPanel, row: Numbers) -> Numbers:
    """Plausible second readings; a score of 0 stays 0 but for what the scale allows above it."""
    axes = []
    for value in row:
        if np.isnan(value):
            axes.append(np.linspace(0.0, HIGHEST, len(QUANTILES)))
        elif value == 0:
            axes.append(np.zeros(1))
        else:
            spread = min(panel.reading_sd, value / 2)
            axes.append(np.clip(value + spread * np.array(QUANTILES), 0.0, HIGHEST))
    return np.array(list(product(*axes)))
