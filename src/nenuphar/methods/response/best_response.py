"""From time-point responses to best response, vectorised over a whole cohort.

Rows are sorted once by subject and date. Each becomes a row of small integers (run of the
subject, date, response code), and confirmation steps through the scans of all subjects together, so
no subject is ever looped over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from nenuphar.methods.response import vocabulary as terms
from nenuphar.methods.response.findings import NoAssessmentsError, require_columns

# A date key is run * 2**32 + day, with days shifted to be positive.
_RUN = 1 << 32
_SHIFT = 1 << 24


class UnknownResponseError(ValueError):
    """A response term does not belong to the chosen criteria."""


class DuplicateAssessmentError(ValueError):
    """A subject has two responses on one day."""


@dataclass(frozen=True, slots=True)
class BestResponseRules:
    """The choices that turn time points into a best response.

    Attributes:
        criteria: ``recist1.1`` or ``irecist``.
        confirm_days: days between a response and the scan that confirms it; ``None`` asks for
            the unconfirmed best response.
        start_window: days from the reference date before which SD and NON-CR/NON-PD (and, for
            the confirmed best response, unconfirmed CR and PR) only count as NE.
        max_ne: NE assessments permitted between a response and its confirmation.
        accept_sd: whether one SD may stand between a PR and its confirmation.
        missing_as_ne: whether a subject without assessments is NE instead of MISSING.
        stop_at_pd: whether assessments after the first PD (iCPD under iRECIST) are left out.

    Source:
        RECIST 1.1 Table 3; admiralonco ``derive_param_confirmed_bor`` (documentation).
    """

    criteria: str = "recist1.1"
    confirm_days: int | None = None
    start_window: int = 42
    max_ne: int = 1
    accept_sd: bool = False
    missing_as_ne: bool = False
    stop_at_pd: bool = True


def best_response(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    *,
    subjects: pl.DataFrame | None = None,
    progression: pl.DataFrame | None = None,
    by: Sequence[str] = ("subject",),
) -> pl.DataFrame:
    """Derive the best overall response of every subject.

    Args:
        timepoints: one row per subject and date: ``subject``, ``date`` (Date), ``response``,
            ``reference_date`` (Date; optional). Without a reference date the SD window cannot
            be judged, and SD counts as NE.
        rules: the parameters.
        subjects: subjects that must appear in the result, with or without assessments.
        progression: first progression known from elsewhere (``subject``, ``date``); replaces
            the one that the responses show.
        by: the columns that make a subject (``assessor`` can be added).

    Returns:
        One row per subject in the order of ``by``: ``best_response``, ``date`` (null for
        MISSING; under iRECIST an iCPD carries the date of the iUPD that it confirms),
        ``first_pd_date``.

    Raises:
        NoAssessmentsError: if there is no row at all.
        UnknownResponseError: if a term is outside the vocabulary of the criteria.
        DuplicateAssessmentError: if a subject has two rows on one date.
    """
    keys = list(by)
    cohort = ranked_assessments(timepoints, rules, progression=progression, by=by)
    best = cohort.rows
    if rules.criteria == "irecist":
        best = _date_confirmed_progression(best)
    best = best.group_by("run").agg(
        (pl.col("rank").cast(pl.Int64) * _RUN + pl.col("day")).min().alias("best")
    )
    result = cohort.subjects.join(best, on="run", how="left").join(
        cohort.first_progression, on="run", how="left"
    )
    return _labelled(result, terms.vocabulary(rules.criteria), rules, subjects, keys)


@dataclass(frozen=True, slots=True)
class RankedAssessments:
    """The assessments of a cohort as integers, in the order of subject and date.

    Attributes:
        subjects: the key columns and ``run``, the number of the subject.
        rows: ``run``, ``day``, ``code``, ``early`` (before the SD window) and ``rank`` (what
            the assessment is worth as best response), up to the first progression.
        first_progression: ``run``, ``first_pd`` (day).
    """

    subjects: pl.DataFrame
    rows: pl.DataFrame
    first_progression: pl.DataFrame


def ranked_assessments(
    timepoints: pl.DataFrame,
    rules: BestResponseRules,
    *,
    progression: pl.DataFrame | None = None,
    by: Sequence[str] = ("subject",),
) -> RankedAssessments:
    """Order the assessments of a cohort and rank each; see :func:`best_response`.

    Raises:
        NoAssessmentsError: if there is no row at all.
        UnknownResponseError: if a term is outside the vocabulary of the criteria.
        DuplicateAssessmentError: if a subject has two rows on one date.
    """
    keys = list(by)
    require_columns(timepoints, (*keys, "date", "response"), "time points")
    if timepoints.is_empty():
        message = "there are 0 assessments; check the filter or the file"
        raise NoAssessmentsError(message)
    rows = _ordered_rows(timepoints, terms.vocabulary(rules.criteria), rules, keys)
    names = rows.filter(pl.col("first")).select(*keys, "run")
    rows = rows.select("run", "day", "code", "early")
    if progression is None:
        firsts = _first_progression(rows, rules.criteria)
        stops = _first_stop(rows) if rules.stop_at_pd else None
    else:
        stops = _known_progression(progression, names, keys)
        firsts = stops.rename({"stop": "first_pd"})
    if stops is not None:
        rows = _until(rows, stops)
    return RankedAssessments(names, rows.with_columns(rank=_ranks(rows, rules)), firsts)


def day_to_date(day: pl.Expr) -> pl.Expr:
    """Turn the day numbers of :class:`RankedAssessments` back into dates."""
    return (day - _SHIFT).cast(pl.Int32).cast(pl.Date)


def _ordered_rows(
    timepoints: pl.DataFrame,
    words: terms.Vocabulary,
    rules: BestResponseRules,
    keys: list[str],
) -> pl.DataFrame:
    """Sort, number the subjects and turn responses and dates into integers."""
    reference = (
        pl.col("reference_date")
        if "reference_date" in timepoints.columns
        else pl.lit(None, pl.Date)
    )
    coded = timepoints.select(
        *keys,
        day=pl.col("date").cast(pl.Int32),
        code=_codes(timepoints, words),
        early=(pl.col("date").cast(pl.Int32) - reference.cast(pl.Int32) < rules.start_window)
        # without a reference date the window cannot be shown to be met
        .fill_null(True),
    ).sort(*keys, "day")
    run = pl.col(keys[0]) if len(keys) == 1 else pl.struct(keys)
    rows = coded.with_columns(run=run.rle_id().cast(pl.Int64))
    repeated = (pl.col("run").diff() == 0) & (pl.col("day").diff() == 0)
    if rows.select(repeated.any()).item():
        count = rows.select(repeated.sum()).item()
        message = f"{count} assessment(s) share subject and date with another; keep one a day"
        raise DuplicateAssessmentError(message)
    return rows.with_columns(
        day=pl.col("day").cast(pl.Int64) + _SHIFT, first=(pl.col("run").diff() != 0).fill_null(True)
    )


def _codes(timepoints: pl.DataFrame, words: terms.Vocabulary) -> pl.Series:
    """Turn response terms into codes."""
    # an Enum in the order of the codes is far quicker than a look-up per row
    names = {code: term for term, code in words.codes.items()}
    order = pl.Enum([names.get(code, f"\0{code}") for code in range(terms.CR, terms.MISSING)])
    codes = timepoints["response"].cast(order, strict=False).to_physical().cast(pl.UInt8) + 1
    if codes.null_count():
        unknown = timepoints["response"].filter(codes.is_null()).unique().sort()
        listed = ", ".join(repr(value) for value in unknown.head(5))
        message = (
            f"the best response under {words.criteria} considers only "
            f"{', '.join(words.codes)}; found {listed}"
        )
        raise UnknownResponseError(message)
    return codes


def _first_stop(rows: pl.DataFrame) -> pl.DataFrame:
    """Find the first PD or iCPD, after which assessments no longer count (``run``, ``stop``)."""
    return rows.filter(pl.col("code") == terms.PD).group_by("run").agg(stop=pl.col("day").min())


def _known_progression(
    progression: pl.DataFrame, names: pl.DataFrame, keys: list[str]
) -> pl.DataFrame:
    """Read progression dates that are known from elsewhere (``run``, ``stop``)."""
    require_columns(progression, (keys[0], "date"), "progression dates")
    shared = [key for key in keys if key in progression.columns]
    return (
        progression.drop_nulls("date")
        .group_by(shared)
        .agg(stop=pl.col("date").min().cast(pl.Int32).cast(pl.Int64) + _SHIFT)
        .join(names, on=shared)
        .select("run", "stop")
    )


def _until(rows: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    """Leave out what comes after the stop day; the day itself counts."""
    return (
        rows.join(stops, on="run", how="left", maintain_order="left")
        .filter((pl.col("day") <= pl.col("stop")) | pl.col("stop").is_null())
        .drop("stop")
    )


def _ranks(rows: pl.DataFrame, rules: BestResponseRules) -> pl.Series:
    """Rank what each assessment is worth as best response; 1 is CR."""
    code, early = pl.col("code"), pl.col("early")
    if rules.confirm_days is None:
        windowed = code.is_in([terms.SD, terms.NON_CR_NON_PD])
        rank = pl.when(windowed & early).then(terms.NE).otherwise(code)
        return rows.select(rank.cast(pl.UInt8).alias("rank")).to_series()
    rank = (
        pl.when((code <= terms.NON_CR_NON_PD) & early)
        .then(terms.NE)
        .when(code <= terms.SD)
        .then(terms.SD)
        .otherwise(code)
    )
    ranks = rows.select(rank.cast(pl.UInt8).alias("rank")).to_series()
    values = ranks.to_numpy(writable=True)
    for response in (terms.CR, terms.PR):
        values[confirmed_positions(rows, rules, response)] = response
    return pl.Series("rank", values)


def confirmed_positions(rows: pl.DataFrame, rules: BestResponseRules, response: int) -> np.ndarray:
    """Find the CR or PR assessments that a later one confirms.

    All candidates step forward through the scans of their subject together; a candidate
    leaves when a scan confirms it or rules its confirmation out.

    Args:
        rows: ``run``, ``day``, ``code`` in the order of subject and date.
        rules: the parameters; ``confirm_days`` must be set.
        response: the code of CR or of PR.

    Returns:
        Positions of the confirmed assessments.
    """
    run, day, code = (rows[name].to_numpy() for name in ("run", "day", "code"))
    at = np.flatnonzero(code == response)
    max_sd = int(rules.accept_sd) if response == terms.PR else 0
    not_evaluable, stable = np.zeros(at.size, np.int32), np.zeros(at.size, np.int32)
    complete = np.zeros(at.size, bool)
    confirmed = []
    step = 0
    while at.size:
        step += 1
        ahead = np.minimum(at + step, code.size - 1)
        inside = (at + step < code.size) & (run[ahead] == run[at])
        seen = code[ahead]
        not_evaluable = not_evaluable + (seen == terms.NE)
        stable = stable + (seen == terms.SD)
        good = seen <= response
        possible = (
            inside
            & (good | (seen == terms.NE) | (seen == terms.SD))
            & (not_evaluable <= rules.max_ne)
            & (stable <= max_sd)
            # a PR after a CR is not the same response any more
            & ~(complete & (seen == terms.PR))
        )
        found = possible & good & (day[ahead] - day[at] >= (rules.confirm_days or 0))
        confirmed.append(at[found])
        complete = complete | (seen == terms.CR) if response == terms.PR else complete
        going = possible & ~found
        at, not_evaluable, stable, complete = (
            values[going] for values in (at, not_evaluable, stable, complete)
        )
    return np.concatenate(confirmed) if confirmed else at


def _blocks(rows: pl.DataFrame) -> pl.DataFrame:
    """Give every iUPD, and the iCPD that confirms it, the day on which its block began."""
    seen = rows.filter(~pl.col("code").is_in([terms.NE, terms.ND]))
    before = pl.col("code").shift()
    same = pl.col("run").diff() == 0
    open_before = (same & (before == terms.IUPD)).fill_null(False)
    begins = (pl.col("code") == terms.IUPD) & ~open_before
    start = pl.when(begins).then(pl.col("day")).forward_fill()
    own = pl.when((pl.col("code") == terms.PD) & ~open_before).then(pl.col("day"))
    return seen.with_columns(
        block=pl.coalesce(own, start), last=(pl.col("run").diff(-1) != 0).fill_null(True)
    ).filter(pl.col("code").is_in([terms.PD, terms.IUPD]))


def _first_progression(rows: pl.DataFrame, criteria: str) -> pl.DataFrame:
    """Find the day of the first progression (``run``, ``first_pd``).

    Under iRECIST it is the first iUPD that is later confirmed; failing that, the first iUPD
    of a block that nothing has reset (never confirmed, never reassessed).
    """
    if criteria == "recist1.1":
        progressed = rows.filter(pl.col("code") == terms.PD)
        return progressed.group_by("run").agg(first_pd=pl.col("day").min())
    blocks = _blocks(rows)
    confirmed = pl.col("block").filter(pl.col("code") == terms.PD).min()
    still_open = pl.col("block").filter((pl.col("code") == terms.IUPD) & pl.col("last")).min()
    return blocks.group_by("run").agg(first_pd=pl.coalesce(confirmed, still_open))


def _date_confirmed_progression(ranked: pl.DataFrame) -> pl.DataFrame:
    """Date a confirmed progression at the iUPD that it confirms."""
    blocks = _blocks(ranked).filter(pl.col("code") == terms.PD).select("run", "day", "block")
    return (
        ranked.join(blocks, on=["run", "day"], how="left", maintain_order="left")
        .with_columns(day=pl.coalesce("block", "day"))
        .drop("block")
    )


def _labelled(
    result: pl.DataFrame,
    words: terms.Vocabulary,
    rules: BestResponseRules,
    subjects: pl.DataFrame | None,
    keys: list[str],
) -> pl.DataFrame:
    """Turn codes back into terms and days into dates, and add subjects without assessments."""
    missing = words.labels[terms.NE if rules.missing_as_ne else terms.MISSING]
    labels = words.labels
    named = result.select(
        *keys,
        best_response=(pl.col("best") // _RUN).replace_strict(
            list(labels), list(labels.values()), return_dtype=pl.String
        ),
        date=day_to_date(pl.col("best") % _RUN),
        first_pd_date=day_to_date(pl.col("first_pd")),
    )
    if subjects is not None:
        shared = [key for key in keys if key in subjects.columns]
        absent = subjects.select(shared).unique().join(named, on=shared, how="anti")
        named = pl.concat([named, absent], how="diagonal")
    return named.with_columns(pl.col("best_response").fill_null(missing)).sort(*keys)
