"""Reading a table of time-point responses: what counts, what is remarked, what is rejected."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from nenuphar.methods.response import vocabulary as terms
from nenuphar.methods.response.dates import is_partial_date, last_possible_date
from nenuphar.methods.response.findings import (
    VALUE_LOST,
    NoAssessmentsError,
    findings,
    gather,
    require_columns,
    unordered,
)

_ISO = "write the date as YYYY-MM-DD"
_KEYS = ("subject", "assessor")
UNREAD_DATE = "not a calendar date; counts as missing"
# Which of two responses on one day is kept: the worst informative one (PD first, NE and ND last).
_WORST_FIRST = {
    terms.PD: 0,
    terms.IUPD: 1,
    terms.NON_CR_NON_PD: 2,
    terms.SD: 3,
    terms.PR: 4,
    terms.CR: 5,
    terms.NE: 6,
    terms.ND: 7,
}


@dataclass(frozen=True, slots=True)
class Assessments:
    """Time-point responses that can be used, and what was found in the input.

    Attributes:
        timepoints: accepted rows: subject (and assessor), date, response, reference_date.
        subjects: every subject that was read, with or without accepted rows.
        findings: rejected and remarked records, columns of ``findings.SCHEMA``.
        read: rows read.
        rejected: rows that are not used.
    """

    timepoints: pl.DataFrame
    subjects: pl.DataFrame
    findings: pl.DataFrame
    read: int
    rejected: int


def read_assessments(
    table: pl.DataFrame, criteria: str, subjects: pl.DataFrame | None = None
) -> Assessments:
    """Check a table of time-point responses, all columns text.

    Args:
        table: ``subject``, ``date``, ``response``; optional ``reference_date``, ``assessor``,
            ``death_date``; optional ``line`` (the line of the file).
        criteria: ``recist1.1`` or ``irecist``.
        subjects: ``subject`` and optional ``reference_date``, ``death_date``, which fill gaps.

    Returns:
        Accepted rows and findings. A response before the reference date is used and remarked;
        one after death, with an unknown term or with an unreadable date is rejected; of two
        responses on one day the worst is used; partial dates count as their last day.

    Raises:
        ResponseInputError: if a needed column is absent or there is no row.
    """
    require_columns(table, ("subject", "date", "response"), "time points")
    if table.is_empty():
        message = "the table of time points has 0 rows; check the filter or the file"
        raise NoAssessmentsError(message)
    words = terms.vocabulary(criteria)
    rows = _prepared(table, subjects)
    known, unusable = _split_unusable(rows, words)
    kept, repeated = _one_a_day(known, words)
    remarks = [*_remarks(kept, words), unordered(known, [k for k in _KEYS if k in known.columns])]
    columns = ["subject", *(["assessor"] if "assessor" in table.columns else [])]
    everyone = pl.concat(
        [rows.select("subject"), *([] if subjects is None else [subjects.select("subject")])]
    )
    listed = gather([*unusable, *repeated, *remarks])
    rejected = listed.filter(pl.col("used") == "no")["line"].n_unique()
    return Assessments(
        timepoints=kept.select(*columns, "date", "response", "reference_date"),
        subjects=everyone.drop_nulls().filter(pl.col("subject") != "").unique().sort("subject"),
        findings=listed,
        read=table.height,
        rejected=rejected,
    )


def _prepared(table: pl.DataFrame, subjects: pl.DataFrame | None) -> pl.DataFrame:
    """Add lines and parsed dates, and take missing reference and death dates from SUBJECTS."""
    rows = table if "line" in table.columns else table.with_row_index("line", offset=2)
    for name in ("reference_date", "death_date"):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.String).alias(name))
    rows = rows.with_columns(
        pl.col("subject").cast(pl.String).str.strip_chars(),
        record=pl.col("subject").cast(pl.String).str.strip_chars(),
        date_text=pl.col("date"),
        response_text=pl.col("response"),
        reference_text=pl.col("reference_date"),
        death_text=pl.col("death_date"),
        partial=is_partial_date("date"),
        partial_reference=is_partial_date("reference_date"),
        date=last_possible_date("date"),
        reference_date=last_possible_date("reference_date"),
        death_date=last_possible_date("death_date"),
    ).with_columns(
        unread_reference=_unread("reference_text", "reference_date"),
        unread_death=_unread("death_text", "death_date"),
    )
    # a reference date that stands on one row of a subject holds for the others
    filled = [
        pl.coalesce(name, pl.col(name).min().over("subject"))
        for name in ("reference_date", "death_date")
    ]
    rows = rows.with_columns(filled)
    if subjects is None:
        return rows
    for name in ("reference_date", "death_date"):
        if name in subjects.columns:
            given = subjects.select(
                pl.col("subject").str.strip_chars(), __given=last_possible_date(name)
            ).unique("subject", keep="first", maintain_order=True)
            rows = (
                rows.join(given, on="subject", how="left", maintain_order="left")
                .with_columns(pl.coalesce(name, "__given").alias(name))
                .drop("__given")
            )
    return rows


def _unread(text: str, date: str) -> pl.Expr:
    """Say where a date is stated that cannot be read."""
    stated = pl.col(text).str.strip_chars() != ""
    return (stated & pl.col(date).is_null()).fill_null(False)


def _split_unusable(
    rows: pl.DataFrame, words: terms.Vocabulary
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Reject rows without subject, date or known term, and those after death."""
    rows = _with_terms(rows, words)
    has_subject = pl.col("subject").is_not_null() & (pl.col("subject") != "")
    blank = pl.col("response_text").is_null() | (pl.col("response_text").str.strip_chars() == "")
    hints = {
        term: words.suggestion(term)
        for term in rows.filter(pl.col("response").is_null() & ~blank)["response_text"].unique()
    }
    after_death = pl.col("date") > pl.col("death_date")
    problems = [
        (~has_subject, "subject", None, "no subject", "fill in the subject"),
        (
            pl.col("date").is_null(),
            "date",
            "date_text",
            "the date is missing or not a calendar date",
            _ISO,
        ),
        (blank, "response", "response_text", "no response", "write NE if it was not evaluable"),
        (
            pl.col("response").is_null() & ~blank,
            "response",
            "response_text",
            f"not a response term of {words.criteria}",
            pl.col("response_text").replace_strict(
                list(hints), list(hints.values()), default=None, return_dtype=pl.String
            )
            if hints
            else "",
        ),
        (
            after_death.fill_null(False),
            "date",
            "date_text",
            "the response is dated after death",
            "correct the date of the assessment or of death",
        ),
    ]
    found = [
        findings(rows.filter(bad), column=column, value=value, reason=reason, fix=fix, used=False)
        for bad, column, value, reason, fix in problems
    ]
    bad_rows = pl.any_horizontal([bad for bad, *_ in problems])
    return rows.filter(~bad_rows), found


def _with_terms(rows: pl.DataFrame, words: terms.Vocabulary) -> pl.DataFrame:
    """Write each response in the form of the vocabulary; null where it is unknown."""
    spelled = rows["response_text"].unique().drop_nulls()
    folded = {terms.normalise(known): known for known in words.codes}
    folded |= {
        terms.normalise(other): known
        for other, known in words.tolerated.items()
        if terms.normalise(other) not in folded
    }
    forms = {text: folded.get(terms.normalise(text)) for text in spelled}
    return rows.with_columns(
        response=pl.col("response_text").replace_strict(
            list(forms), list(forms.values()), default=None, return_dtype=pl.String
        )
        if forms
        else pl.lit(None, pl.String)
    )


def _one_a_day(
    rows: pl.DataFrame, words: terms.Vocabulary
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Keep one response a day: repeats count once, of two different ones the worst is used."""
    keys = ["subject", *(["assessor"] if "assessor" in rows.columns else []), "date"]
    severity = {label: _WORST_FIRST[code] for label, code in words.codes.items()}
    rows = rows.with_columns(
        pl.col("response")
        .replace_strict(list(severity), list(severity.values()), return_dtype=pl.Int8)
        .alias("__worst")
    ).sort(*keys, "__worst", "line")
    first = pl.struct(keys).is_first_distinct()
    rows = rows.with_columns(
        __kept=first,
        __chosen=pl.col("response").first().over(keys, mapping_strategy="group_to_rows"),
    )
    dropped = rows.filter(~pl.col("__kept"))
    same = dropped.filter(pl.col("response") == pl.col("__chosen"))
    other = dropped.filter(pl.col("response") != pl.col("__chosen"))
    found = [
        findings(
            same,
            column="date",
            value="date_text",
            reason="repeats another row of the same day; counts once",
            fix="delete the repeated row",
            used=True,
        ),
        findings(
            other,
            column="response",
            value="response_text",
            reason="two responses on one day; the worst one is used instead",
            fix="keep the response that holds, or correct the date",
            used=False,
        ),
    ]
    return rows.filter(pl.col("__kept")).drop("__kept", "__chosen", "__worst"), found


def _remarks(rows: pl.DataFrame, words: terms.Vocabulary) -> list[pl.DataFrame]:
    """Remark on rows that are used although something about them deserves a look."""
    keys = ["subject", *(["assessor"] if "assessor" in rows.columns else [])]
    early_best = words.labels[terms.CR], words.labels[terms.PR]
    after_cr = (pl.col("response") == early_best[1]) & (
        (pl.col("response") == early_best[0]).cum_max().over(keys)
    )
    foreign = pl.col("response_text").map_elements(
        terms.normalise, return_dtype=pl.String
    ) != pl.col("response").map_elements(terms.normalise, return_dtype=pl.String)
    checks = [
        *(
            (pl.col(f"unread_{name}"), f"{name}_date", f"{name}_text", UNREAD_DATE, _ISO)
            for name in ("reference", "death")
        ),
        (
            pl.col("partial"),
            "date",
            "date_text",
            "partial date, counted as its last day",
            _ISO,
        ),
        (
            pl.col("date") < pl.col("reference_date"),
            "date",
            "date_text",
            "the response is dated before the reference date",
            "correct one of the dates, or remove a baseline assessment",
        ),
        (
            pl.col("reference_date").is_null(),
            "reference_date",
            "reference_text",
            "no reference date: SD cannot be shown to have lasted, and counts as NE",
            "give reference_date (start of treatment or randomisation), here or in SUBJECTS",
        ),
        (
            pl.col("reference_date").n_unique().over("subject") > 1,
            "reference_date",
            "reference_text",
            "the subject has different reference dates; each row is judged by its own",
            "give one reference date per subject",
        ),
        (
            after_cr,
            "response",
            "response_text",
            f"{early_best[1]} after {early_best[0]}: not expected in clean data",
            "check whether the earlier CR was definite, or whether this is progression",
        ),
        (
            foreign,
            "response",
            "response_text",
            f"a term of other criteria, read as its counterpart in {words.criteria}",
            "write the term of the chosen criteria",
        ),
    ]
    return [
        findings(
            rows.filter(odd.fill_null(False)),
            column=column,
            value=value,
            reason=reason,
            fix=fix,
            used=VALUE_LOST if reason == UNREAD_DATE else True,
        )
        for odd, column, value, reason, fix in checks
    ]
