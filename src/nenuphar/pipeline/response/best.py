"""The confirmed best response of every patient, from the responses at single time points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.response.lesions import BY_LESIONS

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

METHOD = "method.best_confirmed_response"
BEST = "response.best_confirmed"
STATED, START = "response.overall", "response.reference_date"


def respond_frames(frames: Frames, knowledge: KnowledgeBase) -> Frames:
    """Add the confirmed best response to the patient frame.

    Args:
        frames: Facts by scope, lesions already read. A stated response counts before that of the
            lesions. Time points count with the last day that their date can mean; without a date
            they cannot be used, nor can those that several assessors read.
        knowledge: Gives the days until confirmation and those before which SD does not count.
    """
    import polars as pl

    patients, points = frames[Scope.PATIENT], usable_points(frames)
    if points.is_empty():
        return frames
    start = pl.col(f"{START}.hi") if f"{START}.hi" in patients.columns else pl.lit(None, pl.Date)
    starts = patients.select(subject="patient_id", reference_date=start)
    usable = points.join(starts, on="subject", maintain_order="left")
    best = best_of(usable, knowledge).select(patient_id="subject", **{BEST: "best_response"})
    joined = patients.join(best, on="patient_id", how="left", maintain_order="left")
    return {**frames, Scope.PATIENT: joined}


def usable_points(frames: Frames) -> pl.DataFrame:
    """Return the responses at single time points that one reader gives, one a patient and day.

    Args:
        frames: Facts by scope, lesions already read; see `respond_frames` for what counts.

    Returns:
        `subject`, `date`, `response`.
    """
    import polars as pl

    points = frames[Scope.TIME_POINT]
    read = [pl.col(name) for name in (STATED, BY_LESIONS) if name in points.columns]
    if points.is_empty() or not read:
        return pl.DataFrame(schema={"subject": pl.String, "date": pl.Date, "response": pl.String})
    overall = pl.coalesce(read)
    return (
        points.filter(pl.col("date_hi").is_not_null() & overall.is_not_null())
        .filter(pl.col("assessor").n_unique().over("patient_id") == 1)
        .select(subject="patient_id", date="date_hi", response=overall)
        .unique(["subject", "date"], keep="none", maintain_order=True)
    )


def best_of(
    timepoints: pl.DataFrame,
    knowledge: KnowledgeBase,
    *,
    by: Sequence[str] = ("subject",),
    confirm: bool = True,
) -> pl.DataFrame:
    """Derive the best response by RECIST 1.1 with the parameters on record.

    Args:
        timepoints: `subject`, `date`, `response`, `reference_date`, see
            `methods.response.best_response`.
        knowledge: Gives the days until confirmation and those before which SD does not count.
        by: The columns that make a subject.
        confirm: Whether a response needs a later scan that confirms it.
    """
    from nenuphar.methods.response.best_response import best_response
    from nenuphar.methods.response.confirmation import BestResponseRules

    days = int(knowledge.thresholds["response.confirm_days"].value)
    rules = BestResponseRules(
        criteria="recist1.1",
        confirm_days=days if confirm else None,
        start_window=int(knowledge.thresholds["response.stable_window"].value),
    )
    return best_response(timepoints, rules, by=by)


def respond_rows(rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the fact to the patient row of one case, in place; the same as `respond_frames`."""
    read = (STATED, BY_LESIONS)
    if not any(name in row.values for row in rows[Scope.TIME_POINT] for name in read):
        return
    from nenuphar.engine.frames import frames_of

    frames = respond_frames(frames_of([rows], knowledge), knowledge)
    patient = frames[Scope.PATIENT]
    if BEST in patient.columns and patient[BEST][0] is not None:
        row = rows[Scope.PATIENT][0]
        row.values[BEST] = str(patient[BEST][0])
        row.origins[BEST] = Origin(METHOD)
