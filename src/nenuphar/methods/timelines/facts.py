"""What the dates of a line of checkpoint inhibition come to: days, months, and what happened when.

An event without a date has not happened only where a last assessment is on record; otherwise it is
not known. Where no dates are on record, times to progression and death may stand in for them; the
calendar months of a number of days are then a range.

Source: Nie 2024, doi:10.20517/cdr.2024.154; RECIST 1.1, doi:10.1016/j.ejca.2008.10.026.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nenuphar.methods.timelines.columns import (
    NO,
    UNKNOWN,
    YES,
    Dates,
    Flags,
    Span,
    dates_of,
    days_between,
    flag_column,
    flags_of,
    is_in,
    months_between,
    number_columns,
    span_of,
)
from nenuphar.methods.timelines.months import months_of_days

_DATES = (
    "ici_start",
    "ici_last_dose",
    "chemo_end",
    "maintenance_start",
    "pd_date",
    "pd_confirmed_date",
    "last_assessment",
    "death_date",
    "rechallenge_start",
)

RESTS_ON: dict[str, tuple[str, ...]] = {
    "timeline.progression_seen": ("line.pd_date", "line.last_assessment", "line.ici_start"),
    "timeline.pd_days": ("line.ici_start", "line.pd_date"),
    "timeline.pd_months": ("line.ici_start", "line.pd_date"),
    "timeline.exposure_days": ("line.ici_last_dose", "line.ici_start", "line.pd_date"),
    "timeline.exposure_months": ("line.ici_last_dose", "line.ici_start", "line.pd_date"),
    "timeline.pd_after_last_dose_days": ("line.ici_last_dose", "line.pd_date"),
    "timeline.pd_confirmed": ("line.pd_confirmed_date",),
    "timeline.pd_confirmed_after_days": ("line.pd_confirmed_date", "line.pd_date"),
    "timeline.pd_confirmed_months": ("line.pd_confirmed_date", "line.ici_start"),
    "timeline.maintenance_given": ("line.maintenance_start", "line.pd_date"),
    "timeline.pd_in_induction": ("line.chemo_end", "line.maintenance_start", "line.pd_date"),
    "timeline.pd_after_chemotherapy_months": ("line.chemo_end", "line.pd_date"),
    "timeline.chemotherapy_free_months": (
        "line.chemo_end",
        "line.rechallenge_start",
        "line.pd_date",
    ),
    "timeline.pd_after_maintenance_months": ("line.maintenance_start", "line.pd_date"),
    "timeline.early_death_without_scan": (
        "line.last_assessment",
        "line.death_date",
        "line.best_response",
        "line.ici_start",
    ),
    "timeline.death_without_progression": ("line.death_date", "line.pd_date"),
}
"""The facts of the record that would decide each fact of the timeline; most telling ones first."""


def describe(lines: pl.DataFrame, *, early_death_max: float) -> pl.DataFrame:
    """Add the facts of the timeline to lines of treatment.

    Args:
        lines: One row for each line, shape (n, facts), with the columns of `line.*` facts as
            `engine.frames` lays them out; columns may be absent, null is missing, partial dates
            have two ends.
        early_death_max: Days from the first dose up to which a death without a scan is early.

    Returns:
        The rows with the columns of every `timeline.*` fact; days and calendar months, null where
        not known.
    """
    return _Timeline(lines, early_death_max).described()


def open_inputs(lines: pl.DataFrame, fact: str) -> dict[str, pl.Series]:
    """Tell which facts of the record would decide a fact of the timeline, where it is open.

    Args:
        lines: Described lines.
        fact: A fact of the timeline; one of the record stands for itself.

    Returns:
        Names, most telling first, and for each the rows in which it is missing or not exact. The
        last name stands in for rows in which none is.
    """
    names = RESTS_ON.get(fact, (fact,))
    timed = {} if fact == "timeline.progression_seen" else _TIMED
    rows = {name: _is_open(lines, name, timed.get(name, name)) for name in names}
    settled = ~pl.DataFrame(list(rows.values())).select(pl.any_horizontal(pl.all())).to_series()
    rows[names[0]] = rows[names[0]] | settled
    return rows


_TIMED = {"line.pd_date": "timeline.pd_days", "line.ici_start": "timeline.pd_days"}
"""What stands in for dates where times are on record: a time to progression."""


def _is_open(lines: pl.DataFrame, name: str, stand_in: str) -> pl.Series:
    column = name if f"{name}.lo" in lines.columns else stand_in
    if f"{column}.lo" in lines.columns:
        lo, hi = lines[f"{column}.lo"], lines[f"{column}.hi"]
        return (lo.is_null() | (lo != hi).fill_null(value=True)).alias(name)
    if column in lines.columns:
        return lines[column].is_null().alias(name)
    return pl.Series(name, [True]).new_from_index(0, lines.height)


@dataclass
class _Timeline:
    """The lines as arrays."""

    lines: pl.DataFrame
    early_death_max: float

    def __post_init__(self) -> None:
        dates = {name: dates_of(self.lines, f"line.{name}") for name in _DATES}
        self.start, self.last_dose = dates["ici_start"], dates["ici_last_dose"]
        self.chemo_end, self.maintenance = dates["chemo_end"], dates["maintenance_start"]
        self.pd, self.confirmation = dates["pd_date"], dates["pd_confirmed_date"]
        self.rechallenge = dates["rechallenge_start"]
        self.assessed, self.death = dates["last_assessment"], dates["death_date"]
        self.pfs, self.os = (
            span_of(self.lines, "line.pfs_days"),
            span_of(self.lines, "line.os_days"),
        )
        self.pfs_event = flags_of(self.lines, "line.pfs_event")
        self.os_event = flags_of(self.lines, "line.os_event")
        self.best_pd = is_in(self.lines, "line.best_response", "PD")
        self.scanned = is_in(self.lines, "line.best_response", "CR", "PR", "SD", "PD")

    def described(self) -> pl.DataFrame:
        seen = self._progression_seen()
        early, died = self._deaths(seen)
        pd_days, pd_months = self._progression()
        exposure = self._exposure(pd_days, pd_months)
        given = self._maintenance_given()
        numbers = {
            "pd_days": pd_days,
            "pd_months": pd_months,
            "exposure_days": exposure[0],
            "exposure_months": exposure[1],
            "pd_after_last_dose_days": self._after_last_dose(pd_days),
            "pd_confirmed_after_days": days_between(self.pd, self.confirmation),
            "pd_confirmed_months": months_between(self.start, self.confirmation),
            "pd_after_chemotherapy_months": months_between(self.chemo_end, self.pd),
            "chemotherapy_free_months": months_between(
                self.chemo_end, self.pd.earlier(self.rechallenge)
            ),
            "pd_after_maintenance_months": months_between(self.maintenance, self.pd),
            "follow_up_months": self._follow_up(),
        }
        flags = {
            "progression_seen": seen,
            "pd_confirmed": self._confirmed(),
            "maintenance_given": given,
            "pd_in_induction": self._in_induction(given),
            "early_death_without_scan": early,
            "death_without_progression": died,
        }
        columns = [c for n, span in numbers.items() for c in number_columns(f"timeline.{n}", span)]
        columns += [flag_column(f"timeline.{name}", own) for name, own in flags.items()]
        return self.lines.with_columns(columns)

    # Progression and death -----------------------------------------------------------------------

    def _death_ended_it(self) -> NDArray[np.bool_]:
        """Where a stated time without progression ended in death on the same day."""
        both = (self.pfs_event == YES) & (self.os_event == YES)
        died: NDArray[np.bool_] = both & (self.os.lo == self.pfs.lo) & ~self.best_pd
        return died

    def _scanned_on_therapy(self) -> Flags:
        """Tell whether a scan was made on therapy; a record without a trace of one says no."""
        scanned = np.full(self.scanned.shape, NO)
        scanned[self.assessed.known() & ~(self.assessed.hi <= self.start.lo)] = UNKNOWN
        scanned[self.scanned | (self.assessed.lo > self.start.hi)] = YES
        return scanned

    def _early(self) -> Flags:
        """Tell whether death came early, whatever was seen before."""
        days = days_between(self.start, self.death).or_else(self.os.where(self.os_event == YES))
        early = np.full(days.lo.shape, UNKNOWN)
        early[days.lo > self.early_death_max] = NO
        early[days.hi <= self.early_death_max] = YES
        return early

    def _progression_seen(self) -> Flags:
        survived_event = (self.pfs_event == YES) & (self.os.lo > self.pfs.hi)
        seen = np.full(self.pfs_event.shape, UNKNOWN)
        # Whether a scan was made or not, an early death without progression on record saw none.
        unscanned = self._scanned_on_therapy() != YES
        died_unseen = self.death.known() & unscanned & (self._early() == YES)
        followed = (self.assessed.lo > self.start.hi) | (
            self.scanned & (self.assessed.hi > self.start.lo)
        )
        seen[followed | died_unseen | (self.pfs_event == NO) | self._death_ended_it()] = NO
        seen[self.pd.known() | self.best_pd | survived_event] = YES
        return seen

    def _deaths(self, seen: Flags) -> tuple[Flags, Flags]:
        dead = self.death.known() | (self.os_event == YES)
        died = np.where(seen == NO, np.where(dead, YES, NO), np.where(seen == YES, NO, UNKNOWN))
        unscanned = _negated(self._scanned_on_therapy())
        return _both(died, unscanned, self._early()), died.astype(np.int8)

    def _progression(self) -> tuple[Span, Span]:
        """Days and calendar months from the first dose to progression."""
        days, months = days_between(self.start, self.pd), months_between(self.start, self.pd)
        ended = (self.pfs_event == YES) & ~self._death_ended_it()
        stated = self.pfs.where(ended & ~self.pd.known())
        # A month of 30.5 days times a rounded number of them is a whole day but for its rounding.
        stated = Span(np.rint(stated.lo), np.rint(stated.hi))
        fewest, most = months_of_days(stated.lo)[0], months_of_days(stated.hi)[1]
        return days.or_else(stated), months.or_else(Span(fewest, most))

    def _confirmed(self) -> Flags:
        followed = np.where(self.assessed.known(), NO, UNKNOWN)
        return np.where(self.confirmation.known(), YES, followed).astype(np.int8)

    # Treatment -----------------------------------------------------------------------------------

    def _exposure(self, pd_days: Span, pd_months: Span) -> tuple[Span, Span]:
        """Days and months of exposure; without a last dose, anything up to progression."""
        end = self.last_dose.earlier(self.pd).where(self.last_dose.known())
        days, months = days_between(self.start, end), months_between(self.start, end)
        return (
            days.or_else(Span(pd_days.lo * 0, pd_days.hi)),
            months.or_else(Span(pd_months.lo * 0, pd_months.hi)),
        )

    def _after_last_dose(self, pd_days: Span) -> Span:
        """Days from the last dose; it was not before the first, so progression bounds them."""
        since = days_between(self.last_dose, self.pd)
        return since.or_else(Span(pd_days.lo * 0, pd_days.hi))

    def _maintenance_given(self) -> Flags:
        started = np.where(self.pd.known(), self.pd.on_or_after(self.maintenance), YES)
        never = np.where(self.assessed.known(), NO, UNKNOWN)
        return np.where(self.maintenance.known(), started, never).astype(np.int8)

    def _in_induction(self, given: Flags) -> Flags:
        chemotherapy_over = _after(self.pd, self.chemo_end)
        induction = np.full(given.shape, UNKNOWN)
        known = self.chemo_end.known()
        induction[(given == YES) & (~known | (chemotherapy_over == YES))] = NO
        induction[(given == NO) & ~self.maintenance.known() & (chemotherapy_over == YES)] = NO
        induction[(chemotherapy_over == NO) | ((given == NO) & self.maintenance.known())] = YES
        induction[~self.pd.known()] = UNKNOWN
        return induction

    def _follow_up(self) -> Span:
        latest = self.assessed
        for dates in (self.death, self.pd, self.confirmation, self.last_dose):
            latest = latest.later(dates)
        stated = Span(np.fmax(self.pfs.lo, self.os.lo), np.fmax(self.pfs.hi, self.os.hi))
        fewest, most = months_of_days(stated.lo)[0], months_of_days(stated.hi)[1]
        return months_between(self.start, latest).or_else(Span(fewest, most))


def _after(dates: Dates, others: Dates) -> Flags:
    """Tell whether days lie after other ones; the same day does not."""
    flags = np.full(dates.lo.shape, UNKNOWN)
    flags[dates.lo > others.hi] = YES
    flags[dates.hi <= others.lo] = NO
    return flags


def _both(*flags: Flags) -> Flags:
    """Tell whether all of several things are so; one that is not settles it."""
    together = np.stack(flags)
    found = np.where((together == YES).all(axis=0), YES, UNKNOWN)
    found[(together == NO).any(axis=0)] = NO
    return found.astype(np.int8)


def _negated(flags: Flags) -> Flags:
    """Turn yes into no and no into yes; what is not known stays so."""
    return np.where(flags == UNKNOWN, UNKNOWN, 1 - flags).astype(np.int8)
