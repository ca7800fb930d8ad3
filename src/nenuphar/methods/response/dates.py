"""Partial dates: a month counts as its last day, a year as its last day, and both are flagged."""

from __future__ import annotations

import polars as pl

_FULL = r"^\d{4}-\d{2}-\d{2}(?:[T ].*)?$"
_MONTH = r"^\d{4}-\d{2}$"
_YEAR = r"^\d{4}$"


def last_possible_date(column: str) -> pl.Expr:
    """Read ISO 8601 text as the last calendar day that it allows.

    ``2014-02-12T11:45`` is 2014-02-12, ``2014-02`` is 2014-02-28, ``2014`` is 2014-12-31.
    Missing or unreadable text (``12/02/2014``, ``2014-13``) gives null.

    Args:
        column: name of a text column.

    Returns:
        An expression of type Date.

    Source:
        admiral ``derive_vars_dt``, ``date_imputation = "last"``.
    """
    text = pl.col(column).str.strip_chars()
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    month = (text + "-01").str.to_date("%Y-%m-%d", strict=False).dt.month_end()
    year = (text + "-12-31").str.to_date("%Y-%m-%d", strict=False)
    return (
        pl.when(text.str.contains(_FULL))
        .then(day)
        .when(text.str.contains(_MONTH))
        .then(month)
        .when(text.str.contains(_YEAR))
        .then(year)
    )


def is_partial_date(column: str) -> pl.Expr:
    """Say whether text is a month or a year rather than a day; null stays null."""
    text = pl.col(column).str.strip_chars()
    return text.str.contains(_MONTH) | text.str.contains(_YEAR)
