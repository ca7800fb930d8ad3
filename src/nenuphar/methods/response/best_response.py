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
from nenuphar.methods.response.confirmation import BestResponseRules, confirmed_positions
from nenuphar.methods.response.findings import (
    NoAssessmentsError,
    ResponseInputError,
    require_columns,
)

# Rank and day are packed into one integer, so that its minimum is the best and earliest; days
# are shifted to be positive.
_RANK = 1 << 32
_SHIFT = 1 << 24
_DAY_BITS = 25
_DETAIL_BITS = 5
_SEPARATOR = "\x1f"


class UnknownResponseError(ValueError):
    """A response term does not belong to the chosen criteria."""


class DuplicateAssessmentError(ValueError):
    """A subject has two responses on one day."""


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
    rows = cohort.rows
    if rules.criteria == "irecist":
        rows = _date_confirmed_progression(rows)
    best = _best_of_each(rows)
    result = cohort.subjects.join(best, on="run", how="left").join(
        cohort.first_progression, on="run", how="left"
    )
    return _labelled(result, terms.vocabulary(rules.criteria), rules, subjects, keys)


def _best_of_each(rows: pl.DataFrame) -> pl.DataFrame:
    """Take the best rank and, of equal ones, the earliest day of every subject."""
    run = rows["run"].to_numpy()
    packed = rows["rank"].to_numpy().astype(np.int64)
    packed *= _RANK
    packed += rows["day"].to_numpy()
    packed += _SHIFT
    starts = np.flatnonzero(np.diff(run, prepend=~run[:1]))
    return pl.DataFrame({"run": run[starts], "best": np.minimum.reduceat(packed, starts)})


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
    names, run = _numbered_subjects(timepoints, keys)
    rows = _ordered_rows(timepoints, terms.vocabulary(rules.criteria), rules, run)
    if progression is None:
        firsts = _first_progression(rows, rules.criteria)
        stops = _first_stop(rows) if rules.stop_at_pd else None
    else:
        stops = _known_progression(progression, names, keys)
        firsts = stops.rename({"stop": "first_pd"})
    if stops is not None:
        rows = _until(rows, stops, names.height)
    return RankedAssessments(names, rows.with_columns(rank=_ranks(rows, rules)), firsts)


def day_to_date(day: pl.Expr) -> pl.Expr:
    """Turn the day numbers of :class:`RankedAssessments` back into dates."""
    return day.cast(pl.Int32).cast(pl.Date)


def _numbered_subjects(timepoints: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Number the subjects: the table of their names, and the number of every row."""
    whole = pl.col(keys[0]) if len(keys) == 1 else pl.concat_str(keys, separator=_SEPARATOR)
    labels = timepoints.select(whole.cast(pl.String).alias("label")).to_series()
    if labels.null_count():
        message = f"{labels.null_count()} assessment(s) have no {' or no '.join(keys)}"
        raise ResponseInputError(message)
    # rows of a subject mostly stand together: only the first of each stretch is looked up
    stretch = labels.rle_id()
    heads = labels.filter((stretch.diff() != 0).fill_null(True))
    # categories of their own: ids of one cohort do not stay in memory for the next
    numbers = heads.cast(pl.Categorical(pl.Categories.random())).to_physical()
    somewhere = np.empty(numbers.n_unique(), np.uint32)
    somewhere[numbers.to_numpy()] = np.arange(len(heads), dtype=np.uint32)
    parts = heads.gather(somewhere).str.split_exact(_SEPARATOR, len(keys) - 1)
    names = parts.struct.rename_fields(keys).struct.unnest().with_row_index("run")
    return names, numbers.gather(stretch)


def _ordered_rows(
    timepoints: pl.DataFrame,
    words: terms.Vocabulary,
    rules: BestResponseRules,
    run: pl.Series,
) -> pl.DataFrame:
    """Turn the assessments into integers, in the order of subject and date.

    Subject, day, response and window are packed into one integer, because sorting one column
    of integers is by far the quickest and smallest way to order a cohort.
    """
    if count := timepoints["date"].null_count():
        message = f"{count} assessment(s) have no date"
        raise ResponseInputError(message)
    packed = run.to_numpy().astype(np.int64)
    packed <<= _DAY_BITS
    packed += timepoints["date"].to_physical().to_numpy()
    packed += _SHIFT
    packed <<= _DETAIL_BITS
    packed += _codes(timepoints, words).to_numpy() << 1
    packed += _before_window(timepoints, rules)
    if (packed[1:] < packed[:-1]).any():
        packed.sort()
    detail = packed.astype(np.uint8) & np.uint8((1 << _DETAIL_BITS) - 1)
    packed >>= _DETAIL_BITS
    day = packed.astype(np.int32) & np.int32((1 << _DAY_BITS) - 1)
    day -= _SHIFT
    packed >>= _DAY_BITS
    rows = pl.DataFrame(
        {
            "run": packed.astype(np.uint32),
            "day": day,
            "code": detail >> 1,
            "early": (detail & 1).astype(bool),
        }
    )
    repeated = ((pl.col("run").diff() == 0) & (pl.col("day").diff() == 0)).sum()
    if count := rows.select(repeated).item():
        message = f"{count} assessment(s) share subject and date with another; keep one a day"
        raise DuplicateAssessmentError(message)
    return rows


def _before_window(timepoints: pl.DataFrame, rules: BestResponseRules) -> np.ndarray:
    """Whether each assessment is before the SD window, or the window cannot be judged."""
    if "reference_date" not in timepoints.columns:
        return np.ones(timepoints.height, bool)
    waited = pl.col("date").cast(pl.Int32) - pl.col("reference_date").cast(pl.Int32)
    # without a reference date the window cannot be shown to be met
    early = (waited < rules.start_window).fill_null(True)
    return timepoints.select(early.alias("early")).to_series().to_numpy()


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
        .agg(stop=pl.col("date").min().cast(pl.Int32))
        .join(names, on=shared)
        .select("run", "stop")
    )


def _until(rows: pl.DataFrame, stops: pl.DataFrame, subjects: int) -> pl.DataFrame:
    """Leave out what comes after the stop day; the day itself counts."""
    stop = np.full(subjects, np.iinfo(np.int32).max, np.int32)
    stop[stops["run"].to_numpy()] = stops["stop"].to_numpy()
    return rows.filter(pl.Series(rows["day"].to_numpy() <= stop[rows["run"].to_numpy()]))


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
        best_response=(pl.col("best") // _RANK).replace_strict(
            list(labels), list(labels.values()), return_dtype=pl.String
        ),
        date=day_to_date(pl.col("best") % _RANK - _SHIFT),
        first_pd_date=day_to_date(pl.col("first_pd")),
    )
    if subjects is not None:
        shared = [key for key in keys if key in subjects.columns]
        absent = subjects.select(shared).unique().join(named, on=shared, how="anti")
        named = pl.concat([named, absent], how="diagonal")
    return named.with_columns(pl.col("best_response").fill_null(missing)).sort(*keys)
