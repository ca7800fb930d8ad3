"""Survival by group: Kaplan-Meier curves with numbers at risk, medians, and a log-rank test."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

CURVE_SCHEMA: dict[str, pl.DataType] = {
    "group": pl.String(),
    "time": pl.Float64(),
    "survival": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "at_risk": pl.Int64(),
    "events": pl.Int64(),
    "censored": pl.Int64(),
}

SUMMARY_SCHEMA: dict[str, pl.DataType] = {
    "group": pl.String(),
    "patients": pl.Int64(),
    "events": pl.Int64(),
    "median": pl.Float64(),
    "median_low": pl.Float64(),
    "median_high": pl.Float64(),
}


@dataclass(frozen=True)
class Survival:
    """Survival of the groups of a cohort.

    Attributes:
        endpoint: What ends the time, in words.
        unit: Unit of all times.
        curves: One row for each group and time at which something happens; survival as a fraction,
            with its 95% limits (log-log, as Kalbfleisch and Prentice give them).
        summary: One row for each group; a median that is not reached is null.
        p_value: Two-sided log-rank test over all groups; None with fewer than two of them.
        left_out: Patients without time, event or group.
    """

    endpoint: str
    unit: str
    curves: pl.DataFrame
    summary: pl.DataFrame
    p_value: float | None
    left_out: int

    def at_risk(self, times: list[float]) -> pl.DataFrame:
        """Return the numbers still at risk just before each time, one row for each group."""
        rows = []
        for (group,), curve in self.curves.group_by("group", maintain_order=True):
            later = [curve.filter(pl.col("time") >= time)["at_risk"] for time in times]
            rows.append([group, *(int(left.max() or 0) for left in later)])  # type: ignore[arg-type]
        schema = {"group": pl.String(), **{f"{time:g}": pl.Int64() for time in times}}
        return pl.DataFrame(rows, schema=schema, orient="row")


def survival(
    patients: pl.DataFrame, *, endpoint: str, unit: str = "months", min_patients: int = 5
) -> Survival | None:
    """Estimate survival by group.

    Args:
        patients: Columns `group` (text), `time` (number, from the same zero for all, not negative)
            and `event` (boolean; false is censored at that time). Null is missing; such patients
            are left out and counted.
        endpoint: What ends the time, in words.
        unit: Unit of `time`.
        min_patients: Groups with fewer patients are left out and counted.

    Returns:
        The curves, or None where no group is large enough.

    Source:
        Kaplan and Meier, J Am Stat Assoc 1958;53:457-481, doi:10.1080/01621459.1958.10501452;
        computed by lifelines, doi:10.21105/joss.01317.
    """
    complete = patients.drop_nulls(["group", "time", "event"]).filter(pl.col("time") >= 0)
    complete = complete.filter(pl.len().over("group") >= min_patients)
    if complete.is_empty():
        return None
    curves, summary = [], []
    for (group,), own in complete.sort("group", "time").group_by("group", maintain_order=True):
        curve, row = _estimate(str(group), own)
        curves.append(curve)
        summary.append(row)
    p_value = None
    if len(summary) > 1:
        from lifelines.statistics import multivariate_logrank_test

        columns = (complete[name].to_numpy() for name in ("time", "group", "event"))
        p_value = float(multivariate_logrank_test(*columns).p_value)
    return Survival(
        endpoint,
        unit,
        pl.concat(curves),
        pl.DataFrame(summary, schema=SUMMARY_SCHEMA, orient="row"),
        p_value,
        patients.height - complete.height,
    )


def _estimate(group: str, own: pl.DataFrame) -> tuple[pl.DataFrame, tuple[object, ...]]:
    # lifelines brings pandas along, which takes a second to load: only where there is a curve.
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    fitter = KaplanMeierFitter().fit(own["time"].to_numpy(), own["event"].to_numpy())
    table = fitter.event_table
    limits = fitter.confidence_interval_survival_function_
    curve = pl.DataFrame(
        {
            "group": [group] * len(table),
            "time": table.index.to_numpy(),
            "survival": fitter.survival_function_.iloc[:, 0].to_numpy(),
            "ci_low": limits.iloc[:, 0].to_numpy(),
            "ci_high": limits.iloc[:, 1].to_numpy(),
            "at_risk": table["at_risk"].to_numpy(),
            "events": table["observed"].to_numpy(),
            "censored": table["censored"].to_numpy(),
        },
        schema_overrides=CURVE_SCHEMA,
    )
    low, high = median_survival_times(limits).to_numpy()[0]
    medians = [_finite(value) for value in (fitter.median_survival_time_, low, high)]
    return curve, (group, own.height, int(own["event"].sum()), *medians)


def _finite(value: float) -> float | None:
    return float(value) if value < float("inf") else None
