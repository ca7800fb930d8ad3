"""Yes-or-no endpoints of a subject: objective response, clinical benefit, first progression."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nenuphar.methods.response import vocabulary as terms
from nenuphar.methods.response.best_response import (
    RankedAssessments,
    day_to_date,
    ranked_assessments,
)
from nenuphar.methods.response.confirmation import BestResponseRules
from nenuphar.methods.response.findings import require_columns


def until_progression(timepoints: pl.DataFrame, progression: pl.DataFrame) -> pl.DataFrame:
    """Keep the assessments up to the first progression; those on its date are kept.

    Args:
        timepoints: ``subject``, ``date`` and further columns, which are kept.
        progression: ``subject``, ``date`` of progression; the earliest counts, null is none.

    Returns:
        The rows of ``timepoints`` in their order; all of a subject without progression.

    Raises:
        ResponseInputError: if either table lacks ``subject`` or ``date``.

    Source:
        admiralonco ``filter_pd`` (documentation).
    """
    require_columns(timepoints, ("subject", "date"), "time points")
    require_columns(progression, ("subject", "date"), "progression dates")
    stops = (
        progression.drop_nulls("date").group_by("subject").agg(pl.col("date").min().alias("__stop"))
    )
    return (
        timepoints.join(stops, on="subject", how="left", maintain_order="left")
        .filter(pl.col("__stop").is_null() | (pl.col("date") <= pl.col("__stop")))
        .drop("__stop")
    )


def objective_response(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    *,
    subjects: pl.DataFrame | None = None,
    progression: pl.DataFrame | None = None,
    by: Sequence[str] = ("subject",),
) -> pl.DataFrame:
    """Say whether and when a subject first responded (CR or PR).

    With ``rules.confirm_days`` the date is that of the earliest response that is confirmed;
    without it, of the earliest response. The SD window plays no part.

    Args:
        timepoints: as for :func:`best_response`.
        rules: the parameters.
        subjects: subjects that must appear in the result.
        progression: first progression known from elsewhere.
        by: the columns that make a subject (``assessor`` can be added).

    Returns:
        The columns of ``by``, ``responded`` (bool), ``date`` (null where not).

    Source:
        admiralonco ``derive_param_response``, ``derive_param_confirmed_resp`` (documentation).
    """
    cohort = ranked_assessments(timepoints, rules, progression=progression, by=by)
    return _yes_no(cohort, pl.col("rank") <= terms.PR, subjects, "responded", by)


def clinical_benefit(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    *,
    non_cr_non_pd: bool = True,
    subjects: pl.DataFrame | None = None,
    progression: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Say whether and when a subject first had clinical benefit (disease control).

    Benefit is an objective response at any time, or CR, PR or SD (and NON-CR/NON-PD where
    ``non_cr_non_pd``) at least ``rules.start_window`` days after the reference date, up to the
    first progression. Without a reference date only a response shows benefit.

    Args:
        timepoints: as for :func:`best_response`.
        rules: the parameters.
        non_cr_non_pd: whether NON-CR/NON-PD counts as stability.
        subjects: subjects that must appear in the result.
        progression: first progression known from elsewhere.

    Returns:
        ``subject``, ``benefited`` (bool), ``date`` of the earliest sign (null where none).

    Source:
        admiralonco ``derive_param_clinbenefit`` (documentation).
    """
    cohort = ranked_assessments(timepoints, rules, progression=progression)
    stable = [terms.CR, terms.PR, terms.SD, *([terms.NON_CR_NON_PD] if non_cr_non_pd else [])]
    sustained = pl.col("code").is_in(stable) & ~pl.col("early")
    return _yes_no(cohort, (pl.col("rank") <= terms.PR) | sustained, subjects, "benefited")


def _yes_no(
    cohort: RankedAssessments,
    condition: pl.Expr,
    subjects: pl.DataFrame | None,
    name: str,
    by: Sequence[str] = ("subject",),
) -> pl.DataFrame:
    """Give every subject the date of its first assessment that meets the condition."""
    firsts = cohort.rows.filter(condition).group_by("run").agg(pl.col("day").min())
    result = cohort.subjects.join(firsts, on="run", how="left").select(
        *by, date=day_to_date(pl.col("day"))
    )
    if subjects is not None:
        absent = subjects.select("subject").unique().join(result, on="subject", how="anti")
        result = pl.concat([result, absent], how="diagonal")
    return result.select(*by, pl.col("date").is_not_null().alias(name), "date").sort(*by)
