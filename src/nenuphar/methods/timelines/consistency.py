"""Dates of a line that cannot all be true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

_ORDER = (
    # (earlier, later, why it matters)
    ("ici_start", "ici_last_dose", "the last dose lies before the first"),
    ("ici_start", "pd_date", "the progression lies before the first dose"),
    ("ici_start", "last_assessment", "the last assessment lies before the first dose"),
    ("ici_start", "death_date", "the death lies before the first dose"),
    ("pd_date", "pd_confirmed_date", "the confirmation lies before the progression"),
    ("pd_date", "death_date", "the progression lies after the death"),
    ("pd_confirmed_date", "death_date", "the confirmation lies after the death"),
    ("ici_last_dose", "death_date", "the last dose lies after the death"),
    ("last_assessment", "death_date", "the last assessment lies after the death"),
    ("maintenance_start", "death_date", "the maintenance starts after the death"),
)


_LATER_COUNTS = (
    ("pd_date", "last_assessment", "the last assessment lies before the progression"),
    ("pd_confirmed_date", "last_assessment", "the last assessment lies before the confirmation"),
)
# The scan that showed or confirmed progression was itself an assessment: nothing is lost.

_NOT_USED = (
    ("ici_start", "response_date", "the response lies before the first dose"),
    ("ici_start", "new_therapy_date", "the next therapy lies before the first dose"),
    ("chemo_end", "rechallenge_start", "the rechallenge lies before the end of chemotherapy"),
    ("lost_date", "death_date", "the loss to follow-up lies after the death"),
    ("last_contact", "death_date", "the last contact lies after the death"),
    ("new_therapy_date", "death_date", "the next therapy lies after the death"),
)
# No phenotype rests on these: times to events do without the date that cannot be.


@dataclass(frozen=True)
class Contradiction:
    """Rows in which two dates cannot both be true.

    Attributes:
        fact: The later of the two dates, which is named to the user.
        rows: Where, shape (n,).
        reason: What is wrong.
        fix: What to do.
        rejects: Whether the row cannot be used.
    """

    fact: str
    rows: pl.Series
    reason: str
    fix: str
    rejects: bool = True


def contradictions(lines: pl.DataFrame) -> Iterator[Contradiction]:
    """Yield the pairs of dates that stand the wrong way round for certain.

    Args:
        lines: Lines of treatment with the columns of `line.*` dates; missing and partial dates
            contradict only what they exclude.
    """
    kinds = (
        (_ORDER, "", True),
        (_LATER_COUNTS, "; the later date counts", False),
        (_NOT_USED, "; the times do without it", False),
    )
    pairs = [(*pair, text, rejects) for order, text, rejects in kinds for pair in order]
    for earlier, later, reason, consequence, rejects in pairs:
        first, last = f"line.{earlier}.lo", f"line.{later}.hi"
        if {first, last} <= set(lines.columns):
            wrong = (pl.col(last) < pl.col(first)).fill_null(value=False)
            fix = f"correct {earlier} or {later}"
            rows = lines.select(wrong).to_series()
            yield Contradiction(f"line.{later}", rows, reason + consequence, fix, rejects)
    if {"line.best_response", "line.pfs_event"} <= set(lines.columns):
        censored = (pl.col("line.best_response") == "PD") & ~pl.col("line.pfs_event")
        rows = lines.select(censored.fill_null(value=False)).to_series()
        reason = "the best response is PD, but the time to progression is censored"
        yield Contradiction("line.pfs_event", rows, reason, "correct one of the two")
