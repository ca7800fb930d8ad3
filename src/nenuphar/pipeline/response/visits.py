"""Visits of patients: the response at each of them, the best of them, and how sums changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nenuphar.domain.dates import DAYS_OF_A_MONTH
from nenuphar.domain.scope import Scope
from nenuphar.pipeline.response.best import START, STATED, best_of
from nenuphar.pipeline.response.lesions import LesionReadings, read_lesions
from nenuphar.report.figures.lesions import Change, Trace

if TYPE_CHECKING:
    from nenuphar.engine.frames import Frames
    from nenuphar.knowledge.base import KnowledgeBase

_KEYS = ["subject", "assessor"]
_OR = " / "


@dataclass(frozen=True)
class Visits:
    """What the visits of a cohort show.

    Attributes:
        points: One row for each visit and assessor with a response or a sum, in the order of
            dates: `subject`, `assessor`, `date`, `stated`, `by_lesions`, `irecist`, `sum_mm`,
            `nadir_mm`, `baseline_mm`, `new_lesion`, `reason`; null is missing.
        best: One row for each patient and assessor: `subject`, `assessor`, `confirmed`,
            `unconfirmed`, `first_pd_date`.
        lesions: What the lesions come to; None where there are none.
        no_start: Patients with visits whose start of treatment is not on record.
    """

    points: pl.DataFrame
    best: pl.DataFrame
    lesions: LesionReadings | None
    no_start: int = 0


def visits_of(frames: Frames, knowledge: KnowledgeBase) -> Visits | None:
    """Gather the visits of a cohort.

    Args:
        frames: Observed facts by scope.
        knowledge: Holds the days until confirmation and those before which SD does not count.

    Returns:
        The visits, or None where no time point has a response, stated or by its lesions.
    """
    stated, readings = _stated(frames), read_lesions(frames)
    if readings is None and stated is None:
        return None
    keys = [*_KEYS, "date"]
    points = pl.DataFrame(schema=dict.fromkeys(_KEYS, pl.String) | {"date": pl.Date})
    if readings is not None:
        points = _with_sums(readings, frames)
    if stated is not None:
        points = points.join(stated, on=keys, how="full", coalesce=True)
    absent = {name: pl.lit(None, kind) for name, kind in _COLUMNS.items()}
    points = points.with_columns(
        value.alias(name) for name, value in absent.items() if name not in points.columns
    )
    points = points.select(*keys, *_COLUMNS).sort(keys)
    started = _starts(frames).drop_nulls("reference_date")
    unstarted = points.join(started, on="subject", how="anti")["subject"].n_unique()
    return Visits(points, _best(points, frames, knowledge), readings, unstarted)


_COLUMNS = {
    "stated": pl.String,
    "by_lesions": pl.String,
    "irecist": pl.String,
    "sum_mm": pl.Float64,
    "nadir_mm": pl.Float64,
    "baseline_mm": pl.Float64,
    "new_lesion": pl.String,
    "reason": pl.String,
}


def _stated(frames: Frames) -> pl.DataFrame | None:
    points = frames.get(Scope.TIME_POINT)
    if points is None or STATED not in points.columns:
        return None
    said = points.filter(pl.col(STATED).is_not_null() & pl.col("date_hi").is_not_null())
    keys = {"subject": "patient_id", "assessor": "assessor", "date": "date_hi"}
    own = said.group_by(pl.col(column).alias(name) for name, column in keys.items()).agg(
        stated=pl.col(STATED).unique().sort().str.join(_OR)
    )
    return None if own.is_empty() else own


def _with_sums(readings: LesionReadings, frames: Frames) -> pl.DataFrame:
    """Join the responses of the lesions by RECIST 1.1 and iRECIST with the baselines."""
    immune = read_lesions(frames, "irecist")
    keys = [*_KEYS, "date"]
    own = readings.points.select(
        *keys, "sum_mm", "nadir_mm", "new_lesion", "reason", by_lesions="overall"
    )
    if immune is not None:
        own = own.join(immune.points.select(*keys, irecist="overall"), on=keys, how="left")
    first = readings.baselines.with_columns(reason=pl.lit("baseline"))
    every = pl.concat([own, first], how="diagonal")
    baseline = readings.baselines.select(*_KEYS, baseline_mm="sum_mm")
    return every.join(baseline, on=_KEYS, how="left")


def _starts(frames: Frames) -> pl.DataFrame:
    """Return when the treatment of each patient began, as far as that is on record."""
    patients = frames[Scope.PATIENT]
    start = pl.col(f"{START}.hi") if f"{START}.hi" in patients.columns else pl.lit(None, pl.Date)
    return patients.select(subject="patient_id", reference_date=start)


def _best(points: pl.DataFrame, frames: Frames, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Derive the best response of each patient and assessor, confirmed and as it was seen."""
    dated = _starts(frames)
    read = points.with_columns(response=pl.coalesce("stated", "by_lesions")).drop_nulls("response")
    read = read.filter(~pl.col("response").str.contains(_OR, literal=True))
    table = read.join(dated, on="subject", how="left").select(
        *_KEYS, "date", "response", "reference_date"
    )
    if table.is_empty():
        names = [*_KEYS, "confirmed", "unconfirmed"]
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String) | {"first_pd_date": pl.Date})
    confirmed = best_of(table, knowledge, by=_KEYS).select(
        *_KEYS, "first_pd_date", confirmed="best_response"
    )
    seen = best_of(table, knowledge, by=_KEYS, confirm=False)
    return confirmed.join(seen.select(*_KEYS, unconfirmed="best_response"), on=_KEYS).sort(_KEYS)


def whose(subject: str, assessor: str, alone: bool = False) -> str:
    """Name a course: its patient, and its assessor where one is named.

    Args:
        subject: The patient.
        assessor: Who read; empty where nobody is named.
        alone: Whether all courses are of one patient, who need not be named.
    """
    if alone:
        return f"Assessor {assessor}" if assessor else "Sum"
    return f"{subject} · {assessor}" if assessor else subject


def changes_of(visits: Visits, alone: bool = False) -> list[Change]:
    """Return the best change of the sum of targets of each patient and assessor.

    Visits count up to the first progression. Courses without a baseline sum, or without a sum after
    it, are left out.
    """
    best = {(s, a): c for s, a, c in visits.best.select(*_KEYS, "confirmed").iter_rows()}
    counted = _changed(visits).join(visits.best, on=_KEYS, how="left")
    before = pl.col("first_pd_date").is_null() | (pl.col("date") <= pl.col("first_pd_date"))
    least = counted.filter(before & (pl.col("months") > 0)).group_by(_KEYS, maintain_order=True)
    return [
        Change(whose(subject, assessor, alone), percent, _known(best.get((subject, assessor))))
        for subject, assessor, percent in least.agg(pl.col("percent").min()).iter_rows()
    ]


def traces_of(visits: Visits, alone: bool = False) -> list[Trace]:
    """Return how the sum of targets of each patient and assessor changed over months."""
    best = {(s, a): c for s, a, c in visits.best.select(*_KEYS, "confirmed").iter_rows()}
    found = []
    for (subject, assessor), own in _changed(visits).group_by(_KEYS, maintain_order=True):
        rows = own.select("months", "percent", "response", "new_lesion").rows()
        points = tuple((months, percent) for months, percent, _, _ in rows)
        if len(points) < 2:
            continue
        marks = [("new lesion", m, p) for m, p, _, new in rows if new == "Y"][:1]
        marks += [("progression", m, p) for m, p, said, _ in rows if said == "PD"][:1]
        # Courses of one patient are told apart by assessor, those of a cohort by response.
        response = "" if alone else _known(best.get((subject, assessor)))
        name = whose(str(subject), str(assessor), alone)
        found.append(Trace(name, points, tuple(marks), response))
    return found


def _changed(visits: Visits) -> pl.DataFrame:
    """Return months from baseline and change of the sum in percent, where both sums are known."""
    known = visits.points.filter(pl.col("sum_mm").is_not_null() & (pl.col("baseline_mm") > 0))
    first = pl.col("date").min().over(_KEYS)
    return known.with_columns(
        months=(pl.col("date") - first).dt.total_days() / DAYS_OF_A_MONTH,
        percent=100 * (pl.col("sum_mm") / pl.col("baseline_mm") - 1),
        response=pl.coalesce("by_lesions", "stated"),
    )


def _known(response: str | None) -> str:
    """Return a response that figures know; what is neither response nor progression is SD."""
    if response == "NON-CR/NON-PD":
        return "SD"
    return response if response in ("CR", "PR", "SD", "PD") else "NE"


def lesion_traces(visits: Visits, subject: str, assessor: str) -> list[Trace]:
    """Return how each target of one patient and assessor changed, and their sum.

    New lesions have no baseline: they are marked on the sum when they are first seen.
    """
    if visits.lesions is None:
        return []
    own = visits.lesions.lesions.filter(
        (pl.col("subject") == subject) & (pl.col("assessor") == assessor)
    )
    targets = own.filter((pl.col("role") == "target") & pl.col("diameter").is_not_null())
    if targets.is_empty():
        return []
    start = own["date"].min()
    found = []
    for (lesion,), rows in targets.sort("date").group_by("lesion", maintain_order=True):
        size = rows["diameter"][0]
        if rows["date"][0] != start or not size or rows.height < 2:
            continue
        months = (rows["date"] - start).dt.total_days() / DAYS_OF_A_MONTH
        points = zip(months, 100 * (rows["diameter"] / size - 1), strict=True)
        organ = rows["organ"][0]
        found.append(Trace(f"{lesion} {organ}".strip(), tuple(points)))
    sums = visits.points.filter((pl.col("subject") == subject) & (pl.col("assessor") == assessor))
    whole = traces_of(Visits(sums, visits.best, visits.lesions), alone=True)
    return [*(Trace("Sum", t.points, t.marks, is_sum=True) for t in whole), *found]
