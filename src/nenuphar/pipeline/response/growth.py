"""Tumour growth before and on treatment where whole records are assessed, and hyperprogression.

The baseline is the last visit up to the start of treatment; what was scanned before it tells the
growth before treatment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.response.lesions import ROLE, measurement_table

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

METHOD = "method.tumour_growth"
HYPERPROGRESSION, REASON = "response.hyperprogression", "response.growth_reason"
RATES = {
    "response.growth_before": "growth_before",
    "response.growth_on_treatment": "growth_on_treatment",
    "response.growth_ratio": "ratio",
}
_SEVERAL = "several assessors read the scans"
_NO_BASELINE = "which scan is the baseline is not known: no scan is known to precede the treatment"


def growth_rates(measurements: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Compare tumour growth before and on treatment; the ratio comes from its threshold record.

    Args:
        measurements: Accepted measurements, see `methods.response.measurements`.
        knowledge: Holds the threshold.

    Returns:
        One row a subject and assessor, columns of `methods.response.growth.SCHEMA`.
    """
    from nenuphar.methods.response.lesions import tumour_growth

    least = knowledge.thresholds["response.hyperprogression_ratio"].value
    return tumour_growth(measurements, ratio_min=least)


def grow_frames(frames: Frames, knowledge: KnowledgeBase) -> Frames:
    """Add growth rates and hyperprogression to the patient frame, where lesions have a role.

    Args:
        frames: Observed facts by scope.
        knowledge: Holds the threshold.

    Returns:
        The frames; where several assessors read the scans, or the baseline is not known, only the
        reason is told.
    """
    import polars as pl

    table = measurement_table(frames)
    if table is None:
        return frames
    from nenuphar.methods.response.measurements import read_measurements

    rows = read_measurements(table).rows
    dated = rows.group_by("subject").agg(pl.col("baseline_date").is_not_null().all().alias("dated"))
    rates = growth_rates(rows, knowledge).join(dated, on="subject", maintain_order="left")
    alone = ~pl.col("subject").is_duplicated()
    usable = alone & pl.col("dated")
    told = pl.col("hyperprogression").replace_strict(
        {"yes": True, "no": False}, default=None, return_dtype=pl.Boolean
    )
    facts = rates.select(
        pl.col("subject").alias("patient_id"),
        *(part for fact, column in RATES.items() for part in _number(fact, column, usable)),
        pl.when(usable).then(told).alias(HYPERPROGRESSION),
        pl.when(~alone)
        .then(pl.lit(_SEVERAL))
        .when(usable)
        .then("reason")
        .otherwise(pl.lit(_NO_BASELINE))
        .alias(REASON),
    ).unique("patient_id", maintain_order=True)
    joined = frames[Scope.PATIENT].join(facts, on="patient_id", how="left", maintain_order="left")
    return {**frames, Scope.PATIENT: joined}


def _number(fact: str, column: str, usable: pl.Expr) -> list[pl.Expr]:
    """Lay a rate out as the four columns of a number."""
    import polars as pl

    known = usable & pl.col(column).is_not_null()
    parts = {"lo": pl.col(column), "lo_open": pl.lit(value=False)}
    parts |= {"hi": pl.col(column), "hi_open": pl.lit(value=False)}
    return [pl.when(known).then(value).alias(f"{fact}.{part}") for part, value in parts.items()]


def grow_rows(rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the same facts to the patient row of one case, in place."""
    if not any(ROLE in row.values for row in rows[Scope.LESION]):
        return
    from nenuphar.engine.frames import frames_of, rows_of_frames

    grown = grow_frames(frames_of([rows], knowledge), knowledge)
    (found,) = rows_of_frames({Scope.PATIENT: grown[Scope.PATIENT]}, knowledge).values()
    patient, own = rows[Scope.PATIENT][0], found[Scope.PATIENT][0]
    for fact in (*RATES, HYPERPROGRESSION, REASON):
        if fact in own.values:
            patient.values[fact] = own.values[fact]
            patient.origins[fact] = Origin(METHOD)
