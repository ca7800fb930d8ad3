"""What a list of treatment lines says of their number.

A patient whose record states no number of lines has had at least as many as it lists; lines of
local treatment (surgery, radiotherapy) do not count, nor do lines of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin, Row
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope

if TYPE_CHECKING:
    import polars as pl

COUNT, REGIMEN, SYSTEMIC = "treatment.line_count", "treatment.regimen", "systemic_therapy"
_PARTS = ("lo", "lo_open", "hi", "hi_open")


def count_rows(rows: Mapping[Scope, list[Row]], systemic: Collection[str]) -> None:
    """State the least number of lines on the patient row, in place.

    Args:
        rows: Rows of one patient by scope; lines carry `treatment.regimen`.
        systemic: Codes of systemic treatments.
    """
    listed = sum(row.values.get(REGIMEN) in systemic for row in rows[Scope.TREATMENT_LINE])
    for patient in rows[Scope.PATIENT]:
        if listed and COUNT not in patient.values:
            patient.values[COUNT] = Interval(float(listed), float("inf"), unit="count")
            patient.origins[COUNT] = Origin("treatment lines", f"at least the {listed} listed")


def count_frames(
    frames: Mapping[Scope, pl.DataFrame], systemic: Collection[str]
) -> dict[Scope, pl.DataFrame]:
    """State the least number of lines in the patient frame; `count_rows`, in columns."""
    import polars as pl

    lines, patients = frames[Scope.TREATMENT_LINE], frames[Scope.PATIENT]
    if REGIMEN not in lines.columns:
        return dict(frames)
    listed = (
        lines.filter(pl.col(REGIMEN).is_in(sorted(systemic)))
        .group_by("patient_id")
        .agg(pl.len().cast(pl.Float64).alias("_listed"))
    )
    least = {"lo": pl.col("_listed"), "lo_open": pl.lit(False)}
    least |= {"hi": pl.lit(float("inf")), "hi_open": pl.lit(False)}
    known = f"{COUNT}.lo" in patients.columns
    is_open = pl.col("_listed").is_not_null()
    if known:
        is_open &= pl.col(f"{COUNT}.lo").is_null()
    filled = patients.join(listed, on="patient_id", how="left", maintain_order="left").with_columns(
        pl.when(is_open)
        .then(least[part])
        .otherwise(pl.col(f"{COUNT}.{part}") if known else None)
        .alias(f"{COUNT}.{part}")
        for part in _PARTS
    )
    return {**frames, Scope.PATIENT: filled.drop("_listed")}
