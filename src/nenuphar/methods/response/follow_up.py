"""What else is known of a subject: death, last contact, later therapy, last dose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from nenuphar.methods.response.dates import is_partial_date, last_possible_date
from nenuphar.methods.response.findings import USED, VALUE_LOST, findings, gather

DATES: Final = {
    "reference_date": ("reference_date",),
    "death_date": ("death_date",),
    "last_contact": ("last_contact", "last_contact_date"),
    "lost_date": ("lost_date", "lost_to_follow_up_date"),
    "new_therapy": ("new_therapy", "new_therapy_date"),
    "last_dose": ("last_dose", "last_dose_date", "ici_last_dose"),
}
_WORDS: Final = {"Y": True, "YES": True, "TRUE": True, "1": True,
                 "N": False, "NO": False, "FALSE": False, "0": False}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What SUBJECTS says of each subject.

    Attributes:
        rows: ``subject``, the dates of ``DATES`` and ``on_treatment`` (boolean), null where not
            stated; one row a subject.
        findings: what could not be read, columns of ``findings.SCHEMA``.
    """

    rows: pl.DataFrame
    findings: pl.DataFrame


def read_follow_up(table: pl.DataFrame) -> FollowUp:
    """Read the dates of follow-up from a table of text with a column ``subject``.

    A date that is known to the month or year counts as its last day and is remarked; one that
    cannot be read counts as missing and is listed. Of several rows of a subject the first that
    states a date counts.

    Args:
        table: ``subject`` and any column of ``DATES``, ``on_treatment``, ``line``.
    """
    rows = table if "line" in table.columns else table.with_row_index("line", offset=2)
    rows = rows.with_columns(pl.col("subject").cast(pl.String).str.strip_chars())
    rows = rows.with_columns(record=pl.col("subject"))
    columns, parts = [], []
    for name, spellings in DATES.items():
        own = next((column for column in spellings if column in rows.columns), None)
        columns.append(
            (pl.lit(None, pl.Date) if own is None else last_possible_date(own)).alias(name)
        )
        if own is not None:
            parts += _remarks_on_dates(rows, own)
    columns.append(_yes_no(rows))
    stated = rows.select("subject", *columns).filter(pl.col("subject") != "")
    firsts = [pl.col(name).drop_nulls().first() for name in (*DATES, "on_treatment")]
    known = stated.group_by("subject", maintain_order=True).agg(firsts)
    return FollowUp(known, gather(parts))


def _remarks_on_dates(rows: pl.DataFrame, column: str) -> list[pl.DataFrame]:
    """List dates that cannot be read, that are partial, or that differ between rows."""
    filled = pl.col(column).is_not_null() & (pl.col(column).str.strip_chars() != "")
    differs = last_possible_date(column).drop_nulls().n_unique().over("subject") > 1
    checks = [
        (filled & last_possible_date(column).is_null(),
         "not a calendar date; counts as missing", VALUE_LOST),
        (is_partial_date(column), "partial date, counted as its last day", USED),
        (filled & differs, "rows of the subject state different dates; the first counts", USED),
    ]  # fmt: skip
    return [
        findings(
            rows.filter(odd.fill_null(False)),
            column=column,
            reason=reason,
            fix="write one date a subject, as YYYY-MM-DD",
            used=used,
        )
        for odd, reason, used in checks
    ]


def _yes_no(rows: pl.DataFrame) -> pl.Expr:
    if "on_treatment" not in rows.columns:
        return pl.lit(None, pl.Boolean).alias("on_treatment")
    word = pl.col("on_treatment").str.strip_chars().str.to_uppercase()
    return word.replace_strict(_WORDS, default=None, return_dtype=pl.Boolean).alias("on_treatment")
