"""Dates, numbers and flags of a frame as arrays of their ends, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nenuphar.methods.timelines.months import Days, Numbers, calendar_months

Flags: TypeAlias = NDArray[np.int8]
"""1 is yes, 0 is no, -1 is not known."""

YES, NO, UNKNOWN = np.int8(1), np.int8(0), np.int8(-1)


@dataclass(frozen=True)
class Span:
    """Numbers known to lie between two ends; NaN where nothing is known. Shape (n,) each."""

    lo: Numbers
    hi: Numbers

    def known(self) -> NDArray[np.bool_]:
        """Where anything is known."""
        return ~np.isnan(self.lo)

    def or_else(self, other: Span) -> Span:
        """Return these numbers, and the other ones where nothing is known."""
        known = self.known()
        return Span(np.where(known, self.lo, other.lo), np.where(known, self.hi, other.hi))

    def where(self, rows: NDArray[np.bool_]) -> Span:
        """Return the numbers of some rows; nothing is known of the others."""
        return Span(np.where(rows, self.lo, np.nan), np.where(rows, self.hi, np.nan))


@dataclass(frozen=True)
class Dates:
    """Days known to lie between two ends (partial dates); NaT where nothing is known."""

    lo: Days
    hi: Days

    def known(self) -> NDArray[np.bool_]:
        """Where anything is known."""
        return ~np.isnat(self.lo)

    def where(self, rows: NDArray[np.bool_]) -> Dates:
        """Return the dates of some rows; nothing is known of the others."""
        none = np.datetime64("NaT")
        return Dates(np.where(rows, self.lo, none), np.where(rows, self.hi, none))

    def earlier(self, other: Dates) -> Dates:
        """Return the earlier of two days where both are known, the only known one elsewhere."""
        return Dates(np.fmin(self.lo, other.lo), np.fmin(self.hi, other.hi))

    def later(self, other: Dates) -> Dates:
        """Return the later of two days where both are known, the only known one elsewhere."""
        return Dates(np.fmax(self.lo, other.lo), np.fmax(self.hi, other.hi))

    def on_or_after(self, other: Dates) -> Flags:
        """Tell whether these days are not before the other ones."""
        flags = np.full(self.lo.shape, UNKNOWN)
        flags[self.hi < other.lo] = NO
        flags[self.lo >= other.hi] = YES
        return flags


def days_between(start: Dates, end: Dates) -> Span:
    """Return the days from one date to another; 0 where the second may be the earlier."""

    def days(first: Days, last: Days) -> Numbers:
        gap = (last - first) / np.timedelta64(1, "D")
        return np.maximum(gap, 0)  # NaN stays NaN

    return Span(days(start.hi, end.lo), days(start.lo, end.hi))


def months_between(start: Dates, end: Dates) -> Span:
    """Return the calendar months from one date to another; 0 where the second may be earlier."""
    lo, hi = calendar_months(start.hi, end.lo), calendar_months(start.lo, end.hi)
    return Span(np.maximum(lo, 0), np.maximum(hi, 0))


def dates_of(frame: pl.DataFrame, fact: str) -> Dates:
    """Return the ends of a date; missing everywhere where the frame does not have it."""
    if f"{fact}.lo" not in frame.columns:
        none = np.full(frame.height, np.datetime64("NaT"), dtype="M8[D]")
        return Dates(none, none)
    lo, hi = (frame[f"{fact}.{end}"].to_numpy().astype("M8[D]") for end in ("lo", "hi"))
    return Dates(lo, hi)


def span_of(frame: pl.DataFrame, fact: str) -> Span:
    """Return the ends of a number; missing everywhere where the frame does not have it."""
    if f"{fact}.lo" not in frame.columns:
        none = np.full(frame.height, np.nan)
        return Span(none, none)
    lo, hi = (frame[f"{fact}.{end}"].cast(pl.Float64).to_numpy() for end in ("lo", "hi"))
    return Span(lo, hi)


def flags_of(frame: pl.DataFrame, fact: str) -> Flags:
    """Return a boolean fact as flags."""
    if fact not in frame.columns:
        return np.full(frame.height, UNKNOWN)
    return frame[fact].cast(pl.Int8).fill_null(-1).to_numpy()


def is_in(frame: pl.DataFrame, fact: str, *codes: str) -> NDArray[np.bool_]:
    """Tell where a coded fact has one of some values; false where it is missing."""
    if fact not in frame.columns:
        return np.zeros(frame.height, dtype=bool)
    return frame[fact].is_in(codes).fill_null(value=False).to_numpy()


def number_columns(fact: str, span: Span) -> list[pl.Series]:
    """Return the four columns of a number."""
    ends = [pl.Series(f"{fact}.{e}", getattr(span, e)).fill_nan(None) for e in ("lo", "hi")]
    closed = pl.Series(np.zeros(span.lo.size, dtype=bool))
    lo_open, hi_open = (closed.alias(f"{fact}.{e}_open") for e in ("lo", "hi"))
    return [ends[0], lo_open, ends[1], hi_open]


def flag_column(fact: str, flags: Flags) -> pl.Series:
    """Return the column of a boolean."""
    values = pl.Series(fact, flags)
    frame = values.to_frame().select(pl.when(pl.col(fact) >= 0).then(pl.col(fact) == 1).alias(fact))
    return frame[fact]
