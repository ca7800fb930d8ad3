"""Percentages that a count over the stated number of patients can, or cannot, give."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    half_unit,
    is_countable,
    of_kind,
    shown,
)

_TIME_TO_EVENT = ("OS_RATE", "PFS_RATE", "OS", "PFS")


def attainable_counts(percent: float, n: int, half: float) -> list[int]:
    """Return the counts of `n` whose percentage rounds to the printed one.

    Args:
        percent: As printed, 0-100.
        n: Number of patients; with none there is no count.
        half: Half a unit of the last printed digit, in percent.
    """
    if n <= 0:
        return []
    low = max(0, math.ceil((percent - half) * n / 100 - 1e-9))
    high = min(n, math.floor((percent + half) * n / 100 + 1e-9))
    return list(range(low, high + 1))


def check_percentages(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield percentages that no count gives, and counts that give another percentage.

    Outcomes need `value`, `n` and a countable endpoint; frequencies `percent` and `denominator`.
    Bounds, ranges and values that were themselves worked out from counts are left alone.
    """
    for record in of_kind(records, "outcome", "prevalence"):
        outcome = record["kind"] == "outcome"
        percent = record.get("value" if outcome else "percent")
        n = record.get("n" if outcome else "denominator")
        if percent is None or not n or record.get("value_source") == "implied":
            continue
        if record.get("qualifier", "") not in ("", "as_printed", "approximately"):
            continue
        if "value_high" in record or "percent_high" in record:
            continue
        if outcome and not (is_countable(record) and record.get("unit") == "percent"):
            continue
        yield from _compare(record, float(percent), int(n))


def _compare(record: RecordData, percent: float, n: int) -> Iterator[Finding]:
    half = half_unit(record, percent)
    counts = attainable_counts(percent, n, half)
    name = "events" if record["kind"] == "outcome" else "numerator"
    count, stated = record.get(name), record.get(f"{name}_source") != "implied"
    if not counts:
        if record.get("qualifier") != "approximately":
            yield _unattainable(record, percent, n, half)
    elif count is not None and stated and int(count) not in counts:
        yield Finding(
            "count_percentage_mismatch",
            "major",
            (record,),
            (f"{shown(percent)}%", f"{count}/{n}"),
            f"{count}/{n} = {100 * int(count) / n:.1f}%",
            f"The count and the percentage differ: {shown(percent)}% of {n} would be {counts[0]}.",
        )
    elif all(100 * k / n >= percent + half - 1e-6 for k in counts):
        yield Finding(
            "rounded_down",
            "info",
            (record,),
            (f"{shown(percent)}%", f"n = {n}"),
            f"{counts[0]}/{n} = {100 * counts[0] / n:.2f}%",
            "The percentage lies exactly between two digits and is rounded down.",
        )


def _unattainable(record: RecordData, percent: float, n: int, half: float) -> Finding:
    below = math.floor(percent * n / 100)
    near = [k for k in (below, below + 1) if 0 <= k <= n]
    nearest = "; ".join(f"{k}/{n} = {100 * k / n:.2f}%" for k in near)
    misrounded = any(abs(100 * k / n - percent) <= 2 * half for k in near)
    repair = record.get("repaired") or {}
    explanation = f"No count of {n} gives {shown(percent)}%."
    if repair.get("field") == "endpoint" and repair.get("value") in _TIME_TO_EVENT:
        explanation += f" It is a time-to-event estimate ({repair['value']}), by the repair."
    elif misrounded:
        explanation += " The nearest count would have to be cut off instead of rounded."
    else:
        explanation += " The number of patients or the percentage belongs to something else."
    return Finding(
        "unattainable_percentage",
        "minor" if misrounded or repair else "major",
        (record,),
        (f"{shown(percent)}%", f"n = {n}"),
        nearest,
        explanation,
    )
