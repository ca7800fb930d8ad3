"""Intervals: do they hold their estimate, are ratios in their middle, do they give the P value."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    half_unit,
    of_kind,
    shown,
)

_BROKEN_NUMBER = re.compile(r"\d+(?:\.\d+){2,}|\d+\.\.\d+")
_Z95 = 1.959963984540054
_P_TOLERANCE = 2.0
"""A log-rank P and the Wald P of the printed interval may differ by this factor."""


def check_unreadable(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield printed tokens that are no number, such as 0.0.26."""
    for record in records:
        if record.get("kind") in ("discrepancy", "exclusion"):
            continue
        for token in record.get("printed", ()):
            if broken := _BROKEN_NUMBER.search(str(token)):
                repair = record.get("repaired") or {}
                yield Finding(
                    "unreadable_number",
                    "major",
                    (record,),
                    (str(token),),
                    f"{repair['field']} = {repair['value']} (repaired)" if repair else "",
                    f"{broken.group()!r} is no number.",
                    about=str(token),
                )


def check_missing_estimates(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield intervals and P values that are printed without their hazard ratio."""
    for outcome in of_kind(records, "outcome"):
        interval = [_number(outcome, name) for name in ("ci_low", "ci_high")]
        if (
            str(outcome.get("endpoint", "")).startswith("HR_")
            and "value" not in outcome
            and any(bound is not None for bound in interval)
        ):
            low, high = ("?" if bound is None else shown(bound) for bound in interval)
            middle = math.sqrt(interval[0] * interval[1]) if all(interval) else None
            yield Finding(
                "interval_without_estimate",
                "minor",
                (outcome,),
                (f"{low}-{high}",),
                "" if middle is None else f"middle of the interval = {middle:.2f}",
                "The interval is printed without the ratio to which it belongs; its middle on the "
                "log scale is no substitute for the trial report.",
            )


def check_intervals(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield intervals that exclude their estimate, lie askew, or contradict the P value."""
    for outcome in of_kind(records, "outcome"):
        value, low, high = (_number(outcome, name) for name in ("value", "ci_low", "ci_high"))
        if value is not None and (
            (low is not None and value < low) or (high is not None and value > high)
        ):
            yield Finding(
                "interval_excludes_estimate",
                "major",
                (outcome,),
                (shown(value), f"{low}-{high}"),
                "",
                "The interval does not hold its estimate; one of them belongs to something else.",
            )
        elif str(outcome.get("endpoint", "")).startswith("HR_") and low and high:
            yield from _check_ratio(outcome, value, low, high)


def _number(outcome: RecordData, name: str) -> float | None:
    """Return a field, repaired where only the repair is a number."""
    repair = outcome.get("repaired") or {}
    value = outcome.get(name, repair.get("value") if repair.get("field") == name else None)
    return float(value) if isinstance(value, int | float) else None


def _check_ratio(
    outcome: RecordData, value: float | None, low: float, high: float
) -> Iterator[Finding]:
    middle = math.sqrt(low * high)
    half = max(half_unit(outcome, bound) for bound in (low, high))
    if value is not None:
        between = [math.sqrt((low + s * half) * (high + s * half)) for s in (-1, 1)]
        own = half_unit(outcome, value)
        if not between[0] - own <= value <= between[1] + own:
            yield Finding(
                "interval_asymmetry",
                "minor",
                (outcome,),
                (shown(value), f"{shown(low)}-{shown(high)}"),
                f"middle of the interval = {middle:.3f}",
                "On the log scale the ratio does not lie in the middle of its interval.",
            )
    if "p_value" in outcome and not outcome.get("p_for"):
        yield from _check_p(outcome, value or middle, low, high, half)


def _check_p(
    outcome: RecordData, value: float, low: float, high: float, half: float
) -> Iterator[Finding]:
    smallest, largest = p_range(value, low, high, half)
    printed = float(outcome["p_value"])
    if outcome.get("p_qualifier") == "less_than":
        fits = smallest / _P_TOLERANCE < printed
    else:
        own = half_unit(outcome, printed)
        fits = smallest / _P_TOLERANCE - own <= printed <= largest * _P_TOLERANCE + own
    if not fits:
        significant = not low <= 1 <= high
        yield Finding(
            "p_versus_interval",
            "major" if significant != (printed < 0.05) else "minor",
            (outcome,),
            (shown(value), f"{shown(low)}-{shown(high)}", f"P = {shown(printed)}"),
            f"P between {smallest:.2g} and {largest:.2g}",
            "The interval and the P value do not belong to one estimate.",
        )


def p_range(value: float, low: float, high: float, half: float) -> tuple[float, float]:
    """Return the smallest and largest Wald P that a rounded ratio and 95% interval allow.

    Args:
        value: Ratio.
        low: Lower bound; `high` the upper one.
        high: Upper bound.
        half: Half a unit of the last printed digit of the three.

    Source: Altman DG, Bland JM. BMJ 2011;343:d2304.
    """
    from scipy.stats import norm

    tiny = 1e-6
    corners = itertools.product(
        *[(max(bound - half, tiny), bound + half) for bound in (value, low, high)]
    )
    p_values = [
        2 * float(norm.sf(abs(math.log(v)) / ((math.log(h) - math.log(lo)) / (2 * _Z95))))
        for v, lo, h in corners
        if h > lo
    ]
    return min(p_values), max(p_values)
