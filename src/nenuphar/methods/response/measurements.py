"""A table of lesion measurements: which rows can be used, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from nenuphar.methods.response.findings import (
    NoAssessmentsError,
    findings,
    gather,
    require_columns,
    unordered,
)
from nenuphar.methods.response.measurement_cells import (
    DECIMAL_COMMA,
    MM_PER_CM,
    NEEDED,
    STATES,
    parsed_cells,
    sized_in_mm,
)
from nenuphar.methods.response.thresholds import ResponseThresholds


@dataclass(frozen=True, slots=True)
class Measurements:
    """Lesion measurements that can be used, and what was found in the input.

    Attributes:
        rows: ``subject, assessor, date, visit, lesion, role, organ, node, diameter`` (mm),
            ``state, symptomatic, stated_sum, partial, line, record, status``, in order.
        findings: rejected and remarked records, columns of ``findings.SCHEMA``.
        read: rows read.
        rejected: rows that are not used.
    """

    rows: pl.DataFrame
    findings: pl.DataFrame
    read: int
    rejected: int


def read_measurements(
    table: pl.DataFrame, thresholds: ResponseThresholds | None = None
) -> Measurements:
    """Check a table of lesion measurements, all columns text.

    Sizes are millimetres; centimetres are converted only where a ``unit`` column says so. A
    lesion without a size and without a state is not evaluated. Of two different measurements
    of one lesion on one day neither is used.

    Args:
        table: the columns ``NEEDED`` and any of ``OPTIONAL``; optional ``line``.
        thresholds: cut-offs; the published ones where not given.

    Returns:
        Accepted rows and findings.

    Raises:
        ResponseInputError: if a needed column is absent or there is no row.
    """
    require_columns(sized_in_mm(table), NEEDED, "lesion measurements")
    if table.is_empty():
        message = "the table of lesion measurements has 0 rows"
        raise NoAssessmentsError(message)
    cutoffs = thresholds or ResponseThresholds()
    rows = parsed_cells(sized_in_mm(table))
    usable, rejected = _split_unusable(rows)
    single, repeated = _one_measurement(usable)
    remarked = [
        *_remarks(single, cutoffs),
        unordered(usable, ["subject", "assessor", "lesion"]),
    ]
    listed = gather([*rejected, *repeated, *remarked])
    kept = single.select(
        "subject", "assessor", "date", "visit", "lesion", "role", "organ", "node", "state",
        "symptomatic", "stated_sum", "partial", "line", "record", "status", "baseline_date",
        diameter=_effective_size(cutoffs),
    )  # fmt: skip
    return Measurements(
        rows=kept.sort("subject", "assessor", "date", "line"),
        findings=listed,
        read=table.height,
        rejected=listed.filter(pl.col("used") == "no")["line"].n_unique(),
    )


def _effective_size(cutoffs: ResponseThresholds) -> pl.Expr:
    """The size that enters the sum, mm; null where the lesion was not evaluated."""
    state, size = pl.col("state"), pl.col("size")
    return (
        pl.when(state == "not evaluable")
        .then(None)
        .when((state == "too small") & (size.is_null() | (size == 0)))
        .then(cutoffs.too_small)
        .when(size.is_not_null())
        .then(size)
        .when(state.is_in(["absent", "merged"]))
        .then(0.0)
    )


def _split_unusable(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Reject rows whose subject, lesion, role, date, size, unit or state cannot be read."""
    unreadable = pl.col("diameter_text").is_not_null() & pl.col("size").is_null() & ~pl.col("below")
    problems = [
        (pl.col("subject") == "", "subject", None, "no subject", "fill in the subject"),
        (pl.col("lesion") == "", "lesion", None, "no lesion", "give every lesion a name"),
        (
            pl.col("date").is_null(),
            "date",
            "date_text",
            "the date is missing or not a calendar date",
            "write the date as YYYY-MM-DD",
        ),
        (
            pl.col("role").is_null() | (pl.col("role") == "measured"),
            "role",
            "role_text",
            "the role is not target, non-target or new",
            "use target, non-target or new",
        ),
        (
            pl.col("size") < 0,
            "diameter_mm",
            "diameter_text",
            "a negative size",
            "correct the size; leave it empty and set status NE if it was not measured",
        ),
        (
            pl.col("factor").is_null(),
            "unit",
            "unit_text",
            "the unit is not mm or cm",
            "give sizes in mm, or cm with unit cm",
        ),
        (
            unreadable & pl.col("factor").is_not_null(),
            "diameter_mm",
            "diameter_text",
            "the size is not a number",
            "write the number with a decimal point, in mm or with its unit (21.5, 2.15 cm)",
        ),
        (
            pl.col("state").is_null(),
            "status",
            "status",
            "the status is not known",
            f"use one of {', '.join(STATES)}",
        ),
        (
            pl.col("date") > pl.col("death_date"),
            "date",
            "date_text",
            "the measurement is dated after death",
            "correct the date of the scan or of death",
        ),
    ]
    found = [
        findings(
            rows.filter(bad.fill_null(False)),
            column=column, value=value, reason=reason, fix=fix, used=False,
        )
        for bad, column, value, reason, fix in problems
    ]  # fmt: skip
    any_bad = pl.any_horizontal([bad.fill_null(False) for bad, *_ in problems])
    return rows.filter(~any_bad), found


def _one_measurement(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Keep one measurement of a lesion a day; of two that differ, none."""
    keys = ["subject", "assessor", "date", "visit", "lesion"]
    rows = rows.sort("line")
    same = pl.struct("size", "state", "role")
    # fragments of a lesion may share its name: they are added up, not compared
    whole = pl.col("state") != "split"
    rows = rows.with_columns(
        __repeat=whole & ~pl.struct(keys).is_first_distinct(),
        __differ=whole.all().over(keys) & (same.n_unique().over(keys) > 1),
    )
    found = [
        findings(
            rows.filter(pl.col("__repeat") & ~pl.col("__differ")),
            column="lesion",
            reason="repeats another row of the same lesion and day; counts once",
            fix="delete the repeated row",
            used=True,
        ),
        findings(
            rows.filter("__differ"),
            column="diameter_mm",
            value="diameter_text",
            reason="different measurements of one lesion on one day; none is used",
            fix="keep the measurement that holds, or correct lesion or date",
            used=False,
        ),
    ]
    return rows.filter(~pl.col("__repeat") & ~pl.col("__differ")), found


def _remarks(rows: pl.DataFrame, cutoffs: ResponseThresholds) -> list[pl.DataFrame]:
    """Remark on sizes and states that are used although they deserve a look."""
    target = pl.col("role") == "target"
    no_size = pl.col("size").is_null()
    checks = [
        (
            pl.col("factor") == MM_PER_CM,
            "unit",
            "diameter_text",
            "centimetres, converted to mm",
            "give sizes in mm",
        ),
        (
            pl.col("number_text").str.contains(DECIMAL_COMMA),
            "diameter_mm",
            "diameter_text",
            "a decimal comma, read as a point",
            "write sizes with a decimal point",
        ),
        (
            (pl.col("state") == "not evaluable") & pl.col("status").str.contains("(?i)axis"),
            "diameter_mm",
            "status",
            "only the other axis is measured; the lesion counts as not evaluated",
            "give the short axis of a node, the longest diameter of any other lesion",
        ),
        (
            pl.col("partial"),
            "date",
            "date_text",
            "partial date, counted as its last day",
            "write the date as YYYY-MM-DD",
        ),
        (
            pl.col("size") > cutoffs.implausible,
            "diameter_mm",
            "diameter_text",
            f"implausible: above {cutoffs.implausible:g} mm",
            "check the unit and the decimal point",
        ),
        (
            target & no_size & pl.col("state").is_in(["measured", "present", "stable"]),
            "diameter_mm",
            "diameter_text",
            "a target without a size counts as not evaluated",
            "give the size in mm, or status absent, too small to measure or NE",
        ),
        (
            (pl.col("state") == "not evaluable")
            & ~no_size
            & ~pl.col("status").str.contains("(?i)axis"),
            "status",
            "status",
            "not evaluable, yet with a size; the size is not used",
            "remove the status or the size",
        ),
        (
            (pl.col("state") == "absent") & (pl.col("size") > 0) & ~pl.col("node"),
            "status",
            "status",
            "absent, yet with a size; the size is used",
            "remove the status or the size",
        ),
    ]
    return [
        findings(
            rows.filter(odd.fill_null(False)),
            column=column, value=value, reason=reason, fix=fix, used=True,
        )
        for odd, column, value, reason, fix in checks
    ]  # fmt: skip
