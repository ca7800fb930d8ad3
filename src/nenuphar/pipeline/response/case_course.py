"""What befell one patient, laid out in months: treatments, scans, progression, death."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from nenuphar.domain.dates import DAYS_OF_A_MONTH, PartialDate
from nenuphar.domain.observation import Row
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.report.figures.courses import Bar, Event, Lane
from nenuphar.report.words import Words

_START, _LAST_DOSE, _CHEMO_END = "line.ici_start", "line.ici_last_dose", "line.chemo_end"
_EVENTS = {
    "line.pd_date": "progression",
    "line.pd_confirmed_date": "confirmation",
    "line.last_assessment": "last assessment",
    "line.maintenance_start": "start of maintenance",
    "line.death_date": "death",
}
_STATED, _BY_LESIONS, _REASON = "response.overall", "response.by_lesions", "response.reason"


def lanes_of_case(rows: PatientRows, words: Words) -> tuple[list[Lane], str]:
    """Lay the course of a patient out as lanes.

    Args:
        rows: The facts of the patient, lesions already read.
        words: Names regimens.

    Returns:
        One lane for each treatment of each line, one for the scans of each assessor, one for
        events; and what the months are counted from. No lane where nothing has a date or a time.
    """
    lines, points = rows[Scope.TREATMENT_LINE], rows[Scope.TIME_POINT]
    starts = [day for line in lines if (day := _first(line)) is not None]
    scans = [point for point in points if point.date is not None]
    if starts:
        zero = min(starts)
        of = f"the start of treatment ({zero})"
    elif any(_stated_times(line) for line in lines):
        return [lane for line in lines for lane in _timed(line, words)], "the first dose"
    elif scans:
        zero = min(point.date.earliest for point in scans if point.date)
        of = f"the first scan ({zero})"
    else:
        return [], ""
    lanes = [lane for line in lines for lane in _treatments(line, zero, words)]
    lanes += _scans(scans, zero)
    events = tuple(_events(lines, zero))
    return ([*lanes, Lane("Events", events=events)] if events else lanes), of


def _first(line: Row) -> dt.date | None:
    """Return the first day that a line may have started on."""
    start = line.values.get(_START)
    known = start if isinstance(start, PartialDate) else line.date
    return known.earliest if known else None


def _months(day: dt.date, zero: dt.date) -> float:
    return (day - zero).days / DAYS_OF_A_MONTH


def _named(line: Row, words: Words) -> str:
    return words.value("line.regimen_class", str(line.values.get("line.regimen_class", "")))


def _treatments(line: Row, zero: dt.date, words: Words) -> Iterator[Lane]:
    """Yield one lane for the checkpoint inhibitor of a line, and one for its chemotherapy."""
    start = _first(line)
    if start is None:
        return
    title, at = f"Line {line.key[-1]}", _months(start, zero)
    cycles = line.values.get("line.cycles")
    regimen = _named(line, words) or "treatment"
    label = regimen + (f", {cycles} cycles" if cycles else "")
    last = line.values.get(_LAST_DOSE)
    if isinstance(last, PartialDate):
        bar = Bar(at, max(_months(last.latest, zero), at), "ici", label)
    else:
        bar = Bar(at, max(_latest(line, zero), at), "open", f"{label}; its end is not on record")
    yield Lane(title, (bar,))
    chemo_end = line.values.get(_CHEMO_END)
    if isinstance(chemo_end, PartialDate):
        end = max(_months(chemo_end.latest, zero), at)
        yield Lane(f"{title}, chemo", (Bar(at, end, "chemotherapy", "chemotherapy"),))


def _latest(line: Row, zero: dt.date) -> float:
    """Return the last month at which anything of a line is on record."""
    dates = [v.latest for n in _EVENTS if isinstance(v := line.values.get(n), PartialDate)]
    return max((_months(day, zero) for day in dates), default=0.0)


def _scans(points: Iterable[Row], zero: dt.date) -> list[Lane]:
    """Return one lane for the scans of each assessor, the response of each above it."""
    by_assessor: dict[str, list[Event]] = {}
    for point in points:
        assert point.date is not None  # noqa: S101 - only dated scans are given
        said = point.values.get(_STATED) or point.values.get(_BY_LESIONS)
        label = str(said or "")
        start, end = (_months(d, zero) for d in (point.date.earliest, point.date.latest))
        told = f"{point.date}: {label or 'no response stated'}"
        told += f". {point.values[_REASON]}" if _REASON in point.values else ""
        by_assessor.setdefault(point.assessor, []).append(Event("scan", start, end, label, told))
    return [
        Lane(f"Scans, {assessor}" if assessor else "Scans", events=tuple(events))
        for assessor, events in by_assessor.items()
    ]


def _events(lines: Iterable[Row], zero: dt.date) -> Iterator[Event]:
    seen: set[tuple[str, str]] = set()
    for line in lines:
        for name, kind in _EVENTS.items():
            value = line.values.get(name)
            if not isinstance(value, PartialDate) or (kind, str(value)) in seen:
                continue
            seen.add((kind, str(value)))
            start, end = (_months(day, zero) for day in (value.earliest, value.latest))
            yield Event(kind, start, end, says=f"{kind}: {value}")


def _stated_times(line: Row) -> dict[str, float]:
    """Return exact times of a line whose dates are not on record, in months."""
    found = {}
    for name in ("line.pfs_days", "line.os_days"):
        value = line.values.get(name)
        if isinstance(value, Interval) and value.lo == value.hi:
            found[name] = value.lo / DAYS_OF_A_MONTH
    return found


def _timed(line: Row, words: Words) -> Iterator[Lane]:
    """Yield the lane of a line of which only times to events are on record."""
    times = _stated_times(line)
    if not times:
        return
    last = max(times.values())
    label = f"{_named(line, words) or 'treatment'}, doses not on record"
    events = []
    seen = line.values.get("timeline.progression_seen") is True
    if seen and "line.pfs_days" in times and line.values.get("line.pfs_event") is True:
        at = times["line.pfs_days"]
        best = str(line.values.get("line.best_response", ""))
        events.append(Event("progression", at, at, says=f"progression at {at:.1f}; best {best}"))
    if "line.os_days" in times and isinstance(line.values.get("line.os_event"), bool):
        died = line.values["line.os_event"] is True
        at = times["line.os_days"]
        kind = "death" if died else "alive"
        events.append(Event(kind, at, at, says=f"{kind} at {at:.1f} months"))
    yield Lane(f"Line {line.key[-1]}", (Bar(0.0, last, "open", label),), tuple(events))
