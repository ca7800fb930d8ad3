"""Drugs that other forms list one by one, put together to lines as those of a study are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from nenuphar.domain.case import Observed
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Value
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.cbioportal.events import Course, Outcome
from nenuphar.io.cbioportal.lines import Treatments, rows_of_patient
from nenuphar.io.exchange.placing import Placer, add_level

_KEYS = ("line_id", "record", "treatment.start_day", "treatment.stop_day")
_FROM_STATUS = {"CR": "CR", "PR": "PR", "SD": "SD", "PD": "progression"}


@dataclass(frozen=True, slots=True)
class Given:
    """A treatment as a document lists it.

    Attributes:
        pointer: Where it stands.
        drug: Code of `treatment`.
        start: When it began.
        stop: When it ended.
        setting: Code of `line.setting`; empty where none is stated.
        best: Response as the document states it for this treatment.
    """

    pointer: str
    drug: str
    start: PartialDate | None = None
    stop: PartialDate | None = None
    setting: str = ""
    best: str = ""


def add_lines(given: list[Given], died: PartialDate | None, placer: Placer) -> None:
    """Add the lines that treatments make up; what followed is read off the time points.

    Days decide what was given together; treatments known to the month or the year keep their date,
    and no more is concluded from them.
    """
    draft, file = placer.draft, placer.ledger.findings.file
    treatments = Treatments(placer.vocabulary.knowledge.hierarchies["treatment"])
    by_pointer = {each.pointer: each for each in given}
    courses = [_course(each) for each in given]
    outcomes = _outcomes(draft, placer.progressed(), died)
    for row in rows_of_patient(courses, outcomes, treatments):
        own = [by_pointer[pointer] for pointer in row["record"].split(";")]
        line = add_level(draft, Scope.TREATMENT_LINE, row["line_id"])
        line.date = min((each.start for each in own if each.start), default=None)
        best = {each.best for each in own} - {""}
        facts: dict[str, Value] = {key: value for key, value in row.items() if key not in _KEYS}
        if len(best) == 1:
            facts["line.best_response"] = best.pop()
        origin = f"{file}#{own[0].pointer}"
        line.facts = {
            name: Observed(name, value, Origin(origin, str(value))) for name, value in facts.items()
        }


def add_line(given: Given, draft: Draft, file: str, name: str) -> Draft:
    """Add a line that the document itself states as one."""
    line = add_level(draft, Scope.TREATMENT_LINE, name)
    line.date = given.start
    stated = {"treatment.regimen": given.drug, "line.best_response": given.best}
    stated["line.setting"] = given.setting
    origin = Origin(f"{file}#{given.pointer}")
    line.facts = {fact: Observed(fact, value, origin) for fact, value in stated.items() if value}
    return line


def _course(given: Given) -> Course:
    start, stop = _ordinal(given.start), _ordinal(given.stop)
    if start is not None and stop is not None and stop < start:
        start = stop = None
    return Course(start, stop, frozenset({given.drug}), given.setting, given.pointer)


def _outcomes(
    draft: Draft, progressions: list[PartialDate], died: PartialDate | None
) -> list[Outcome]:
    days = (_ordinal(date) for date in progressions)
    found = [Outcome(day, "progression") for day in days if day is not None]
    for point in draft.below(Scope.TIME_POINT):
        overall, day = point.facts.get("response.overall"), _ordinal(point.date)
        kind = _FROM_STATUS.get(str(overall.value)) if overall else None
        if kind and day is not None:
            found.append(Outcome(day, kind))
    day = _ordinal(died)
    return [*found, Outcome(day, "death")] if day is not None else found


def _ordinal(date: PartialDate | None) -> int | None:
    """Return a day as a number; None where the day is not known."""
    day: dt.date | None = date.earliest if date is not None and date.is_full else None
    return day.toordinal() if day else None
