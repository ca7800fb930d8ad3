"""Responses from lesions, where whole records are assessed: one patient as rows, or a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

METHOD = "method.time_point_response"
ROLE, START = "lesion.role", "response.reference_date"
BY_LESIONS, SUM, NADIR, REASON = (
    "response.by_lesions",
    "response.target_sum",
    "response.target_nadir",
    "response.reason",
)
_KEYS = ("patient_id", "time_point_id", "assessor")


@dataclass(frozen=True)
class LesionReadings:
    """What the lesions of a cohort come to.

    Attributes:
        points: One row for each patient, assessor and visit after the baseline, with the columns
            of `methods.response.lesions.SCHEMA`, by RECIST 1.1.
        baselines: `subject`, `assessor`, `date`, `sum_mm` of the last visit up to the start of
            treatment, or of the first one where that is not known.
        lesions: Accepted measurements from the baseline on: `subject`, `assessor`, `date`,
            `lesion`, `role`, `organ`, `diameter` (mm), `state`.
        findings: Measurements that were left out or deserve a look, see
            `methods.response.findings`.
    """

    points: pl.DataFrame
    baselines: pl.DataFrame
    lesions: pl.DataFrame
    findings: pl.DataFrame


def read_lesions(frames: Frames, criteria: str = "recist1.1") -> LesionReadings | None:
    """Derive the response at every visit from the lesions on record.

    Args:
        frames: Observed facts by scope. A visit is a time point; lesions count with the last day
            that its date can mean, for each assessor alone.
        criteria: `recist1.1`, `irecist` or `irrecist`.

    Returns:
        The responses, or None where no lesion has a role.
    """
    import polars as pl

    table = measurement_table(frames)
    if table is None:
        return None
    from nenuphar.methods.response.findings import gather
    from nenuphar.methods.response.lesions import time_point_responses
    from nenuphar.methods.response.measurements import read_measurements

    checked = read_measurements(table)
    points, found = time_point_responses(checked.rows, criteria)
    later = (pl.col("date") >= pl.col("baseline_date")).fill_null(value=True)
    first = pl.col("date") == pl.col("date").filter(later).min().over("subject", "assessor")
    followed = checked.rows.filter(later)
    counted = checked.rows.filter(first & (pl.col("role") == "target"))
    whole = pl.when(pl.col("diameter").is_not_null().all()).then(pl.col("diameter").sum())
    baselines = counted.group_by("subject", "assessor", maintain_order=True).agg(
        pl.col("date").max(), whole.alias("sum_mm")
    )
    return LesionReadings(points, baselines, followed, gather([checked.findings, found]))


def measurement_table(frames: Frames) -> pl.DataFrame | None:
    """Lay lesions out as the table that `nenuphar lesions` reads, all columns text.

    The baseline is the last visit up to the start of treatment, where that is known to the day or
    every day that it can mean leaves the same visit; otherwise the first visit.
    """
    import polars as pl

    lesions = frames.get(Scope.LESION)
    if lesions is None or lesions.is_empty() or ROLE not in lesions.columns:
        return None
    own = lesions.filter(pl.col(ROLE).is_not_null())
    if own.is_empty():
        return None

    def text(fact: str) -> pl.Expr:
        return pl.col(fact) if fact in own.columns else pl.lit(None, pl.String)

    node = pl.col("lesion.node") if "lesion.node" in own.columns else pl.lit(None, pl.Boolean)
    visit = pl.col("time_point_id").rank("dense").over("patient_id")
    own = _with_baseline(own, frames[Scope.PATIENT])
    return own.select(
        pl.col("patient_id").alias("subject"),
        pl.col("assessor").fill_null(""),
        pl.col("date_hi").cast(pl.String).alias("date"),
        pl.col("lesion_id").alias("lesion"),
        text(ROLE).alias("role"),
        text("lesion.organ").alias("organ"),
        pl.when(node).then(pl.lit("yes")).when(~node).then(pl.lit("no")).alias("node"),
        _diameter(own).alias("diameter_mm"),
        text("lesion.status").alias("status"),
        visit.cast(pl.String).alias("visit"),
        pl.col("_baseline").cast(pl.String).alias("baseline_date"),
    )


def _with_baseline(lesions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """Add the day of the baseline to every lesion; null where the start of treatment is open."""
    import polars as pl

    if f"{START}.lo" not in patients.columns:
        return lesions.with_columns(pl.lit(None, pl.Date).alias("_baseline"))
    ends = patients.select("patient_id", _lo=f"{START}.lo", _hi=f"{START}.hi")
    joined = lesions.join(ends, on="patient_id", how="left", maintain_order="left")
    day = pl.col("date_hi")
    by_end = {
        end: day.filter(day <= pl.col(end)).max().over("patient_id", "assessor")
        for end in ("_lo", "_hi")
    }
    agreed = pl.when(by_end["_lo"] == by_end["_hi"]).then(by_end["_hi"])
    return joined.with_columns(agreed.alias("_baseline")).drop("_lo", "_hi")


def _diameter(lesions: pl.DataFrame) -> pl.Expr:
    """Write a diameter as a table does: a number, or `<5` where only a limit is known."""
    import polars as pl

    if "lesion.diameter.lo" not in lesions.columns:
        return pl.lit(None, pl.String)
    lo, hi = pl.col("lesion.diameter.lo"), pl.col("lesion.diameter.hi")
    below = pl.concat_str(pl.lit("<"), hi.cast(pl.String))
    return pl.when(lo == hi).then(lo.cast(pl.String)).when(lo == 0).then(below)


def describe_frames(frames: Frames) -> Frames:
    """Add the response by the lesions, with sums and reason, to the frame of time points."""
    import polars as pl

    readings = read_lesions(frames)
    if readings is None:
        return frames
    number = {"lo_open": pl.lit(False), "hi_open": pl.lit(False)}
    sums = {
        f"{fact}.{part}": number.get(part, pl.col(column))
        for fact, column in ((SUM, "sum_mm"), (NADIR, "nadir_mm"))
        for part in ("lo", "lo_open", "hi", "hi_open")
    }
    blank = [
        pl.lit(None, pl.Float64).alias("nadir_mm"),
        pl.lit(None, pl.String).alias("overall"),
        pl.lit("baseline").alias("reason"),
    ]
    said = ["subject", "assessor", "date", "sum_mm", "nadir_mm", "overall", "reason"]
    baselines = readings.baselines.with_columns(blank).select(said)
    found = pl.concat([baselines, readings.points.select(said)]).select(
        pl.col("subject").alias("patient_id"),
        "assessor",
        pl.col("date").alias("_date"),
        pl.col("overall").alias(BY_LESIONS),
        *(value.alias(name) for name, value in sums.items()),
        pl.col("reason").alias(REASON),
    )
    visits = frames[Scope.LESION].group_by(_KEYS).agg(pl.col("date_hi").max().alias("_date"))
    placed = visits.join(found, on=["patient_id", "assessor", "_date"]).drop("_date")
    placed = placed.with_columns(
        pl.when(pl.col(f"{fact}.lo").is_not_null())
        .then(pl.col(f"{fact}.{part}"))
        .alias(f"{fact}.{part}")
        for fact in (SUM, NADIR)
        for part in ("lo_open", "hi_open")
    )
    points = frames[Scope.TIME_POINT].join(
        placed, on=_KEYS, how="left", maintain_order="left", nulls_equal=True
    )
    return {**frames, Scope.TIME_POINT: points}


def describe_rows(rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the same facts to the time points of one patient, in place.

    Args:
        rows: The patient's rows; where no lesion has a role nothing is done, and no table library
            is loaded.
        knowledge: Declares the facts.
    """
    if not any(ROLE in row.values for row in rows[Scope.LESION]):
        return
    from nenuphar.engine.frames import frames_of, rows_of_frames

    frames = describe_frames(frames_of([rows], knowledge))
    (found,) = rows_of_frames({Scope.TIME_POINT: frames[Scope.TIME_POINT]}, knowledge).values()
    for point, own in zip(rows[Scope.TIME_POINT], found[Scope.TIME_POINT], strict=True):
        for name in (BY_LESIONS, SUM, NADIR, REASON):
            if name in own.values:
                point.values[name] = own.values[name]
                point.origins[name] = Origin(METHOD)
