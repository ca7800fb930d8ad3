"""Survival curves as pages show them: the figure, numbers at risk, medians, log-rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from nenuphar.report.figures.cohort import SurvivalCurves

_STEPS = (1.0, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, 1200)
_MOST_TIMES = 7
FEW_EVENTS = 20
"""Events below which it is said that curves can say little."""


def survival_view(
    survival: SurvivalCurves,
    names: Mapping[str, str],
    figure_name: str = "survival",
    order: Sequence[str] = (),
) -> dict[str, Any]:
    """Lay survival of groups out for `survival.html`.

    Args:
        survival: Curves, medians and test, as `methods.survival` gives them.
        names: Groups in words.
        figure_name: Starts the ids inside the figure; different for every figure of a page.
        order: Groups in the order in which they are listed and take their colours; the largest
            first where none is given.
    """
    from nenuphar.report.figures.cohort import survival_curves

    last = float(survival.curves["time"].max() or 0)  # type: ignore[arg-type]
    times = _round_times(last)
    summary = survival.summary.sort("patients", "group", descending=[True, False])
    if order:
        rank = {group: number for number, group in enumerate(order)}
        summary = summary.sort(pl.col("group").replace_strict(rank, default=len(rank)))
    at_risk = {row[0]: row[1:] for row in survival.at_risk(times).iter_rows()}
    return {
        "endpoint": survival.endpoint,
        "unit": survival.unit,
        "figure": survival_curves(
            survival, dict(names), times, figure_name, summary["group"].to_list()
        ),
        "times": [f"{time:g}" for time in times],
        "groups": [
            {**row, "name": names[row["group"]], "at_risk": at_risk[row["group"]]}
            for row in summary.iter_rows(named=True)
        ],
        "p_value": survival.p_value,
        "events": int(summary["events"].sum()),
        "left_out": survival.left_out,
        "few": int(summary["events"].sum()) < FEW_EVENTS,
    }


def _round_times(last: float) -> list[float]:
    step = next((s for s in _STEPS if last / s <= _MOST_TIMES), max(last / _MOST_TIMES, 1.0))
    return [step * i for i in range(int(last // step) + 1)]
