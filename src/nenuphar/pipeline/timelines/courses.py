"""From the responses at single time points to the course of a line of treatment.

This joins the two halves of the question why immunotherapy failed: scans say what best response and
progression were, doses say under what. Only what a record leaves empty is filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nenuphar.knowledge.base import KnowledgeBase

if TYPE_CHECKING:
    import polars as pl

METHOD = "method.line_course"
_CODES = {
    "NON-CR/NON-PD": "SD", "iCR": "CR", "iPR": "PR", "iSD": "SD", "NON-iCR/NON-iUPD": "SD",
    "iUPD": "PD", "iCPD": "PD", "ND": "NE", "MISSING": "NE",
}  # fmt: skip
DATES = ("pd_date", "pd_confirmed_date", "last_assessment", "response_date", "assessed_before_date")
_PROGRESSION = ("pd_date", "pd_confirmed_date", "last_assessment", "assessed_before_date")
FACTS = (*(f"line.{name}" for name in (*DATES, "best_response", "response_confirmed", "pd_basis")),)
"""The facts that may be filled in."""


def filled_from_scans(
    lines: pl.DataFrame, points: pl.DataFrame, knowledge: KnowledgeBase
) -> pl.DataFrame:
    """Fill in the course of lines of treatment from responses at single time points.

    A patient's scans speak for a line where it is the only one and its first dose is known to the
    day; those before it are left out. Best response is filled in where it is empty; progression
    where the record is silent on it (neither a progression nor a last assessment). A later scan
    that shows progression again confirms it; under iRECIST an iCPD does.

    Args:
        lines: Lines of treatment, `line.*` columns.
        points: `subject`, `date`, `response`, one row a patient and day.
        knowledge: Holds the days until confirmation and the window of stable disease.

    Returns:
        The lines, with columns of `FACTS` added where they were absent.
    """
    import polars as pl

    if points.is_empty() or "line.ici_start.lo" not in lines.columns:
        return lines
    start = pl.col("line.ici_start.lo")
    alone = (pl.len().over("patient_id") == 1) & (start == pl.col("line.ici_start.hi"))
    starts = lines.filter(alone.fill_null(value=False)).select(
        subject="patient_id", reference_date=start
    )
    points = points.select("subject", "date", "response")
    seen = points.join(starts, on="subject").filter(pl.col("date") >= pl.col("reference_date"))
    if seen.is_empty():
        return lines
    course = _course(seen, knowledge)
    joined = _with_columns(lines).join(
        course.rename({"subject": "patient_id"}),
        on="patient_id", how="left", maintain_order="left",
    )  # fmt: skip
    silent = pl.col("line.pd_date.lo").is_null() & pl.col("line.last_assessment.lo").is_null()
    unrated = pl.col("line.best_response").is_null()
    updates = []
    for name in DATES:
        empty = pl.col(f"line.{name}.lo").is_null()
        empty &= silent if name in _PROGRESSION else unrated
        updates += [
            pl.when(empty).then(pl.col(f"_{name}")).otherwise(pl.col(f"line.{name}.{end}"))
            .alias(f"line.{name}.{end}")
            for end in ("lo", "hi")
        ]  # fmt: skip
    for name, where in (
        ("best_response", unrated),
        ("response_confirmed", unrated & pl.col("line.response_confirmed").is_null()),
        ("pd_basis", silent & pl.col("line.pd_basis").is_null()),
    ):
        own = pl.col(f"line.{name}")
        updates.append(pl.when(where).then(pl.col(f"_{name}")).otherwise(own).alias(f"line.{name}"))
    return joined.with_columns(updates).select(pl.exclude("^_.*$"))


def _with_columns(lines: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that are filled in where a record does not have them at all."""
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        f"line.{n}.{e}": pl.Date() for n in DATES for e in ("lo", "hi")
    }
    kinds |= {"line.best_response": pl.String(), "line.pd_basis": pl.String()}
    kinds |= {"line.response_confirmed": pl.Boolean()}
    absent = [pl.lit(None, kind).alias(n) for n, kind in kinds.items() if n not in lines.columns]
    return lines.with_columns(absent)


def _course(seen: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Derive the course of every subject, columns `_…` to be filled in."""
    import polars as pl

    from nenuphar.methods.response.best_response import best_response
    from nenuphar.methods.response.confirmation import BestResponseRules
    from nenuphar.methods.response.endpoints import objective_response

    immune = seen["response"].is_in(["iCR", "iPR", "iSD", "iUPD", "iCPD"]).any()
    criteria = "irecist" if immune else "recist1.1"
    window = int(knowledge.thresholds["response.stable_window"].value)
    confirm = int(knowledge.thresholds["response.confirm_days"].value)
    plain = BestResponseRules(criteria=criteria, start_window=window)
    strict = BestResponseRules(criteria=criteria, start_window=window, confirm_days=confirm)
    best = best_response(seen, plain).with_columns(
        _best_response=pl.col("best_response").replace(_CODES)
    )
    responded = pl.col("_best_response").is_in(["CR", "PR"])
    shown = objective_response(seen, plain).select("subject", _response_date="date")
    confirmed = objective_response(seen, strict).select("subject", "responded")
    joined = (
        best.select("subject", "_best_response", _pd_date="first_pd_date")
        .join(shown, on="subject", how="left")
        .join(confirmed, on="subject", how="left")
        .join(_scans(seen, best, immune), on="subject", how="left")
    )
    return joined.select(
        "subject", "_best_response", "_pd_date", "_response_date", "_last_assessment",
        "_pd_confirmed_date", "_assessed_before_date",
        pl.when(responded).then(pl.col("responded")).alias("_response_confirmed"),
        pl.when(pl.col("_pd_date").is_not_null()).then(pl.lit(criteria)).alias("_pd_basis"),
    )  # fmt: skip


def _scans(seen: pl.DataFrame, best: pl.DataFrame, immune: bool) -> pl.DataFrame:
    """Find the last scan, the one before progression, and the one that confirmed it."""
    import polars as pl

    date, again = pl.col("date"), "iCPD" if immune else "PD"
    readable = seen.filter(~pl.col("response").is_in(["NE", "ND"])).join(
        best.select("subject", "first_pd_date"), on="subject"
    )
    first = pl.col("first_pd_date")
    return readable.group_by("subject").agg(
        _last_assessment=date.max(),
        _assessed_before_date=date.filter(date < first).max(),
        _pd_confirmed_date=date.filter((date > first) & (pl.col("response") == again)).min(),
    )
