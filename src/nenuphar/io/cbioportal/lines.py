"""The treatment lines of one patient: courses given together, what they are, and what followed.

A timeline lists drugs, not lines. Courses that overlap, and repeats of what a line holds already,
are one line until a progression is listed. Whether it was for advanced disease is not said by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nenuphar.domain.quantity import Interval
from nenuphar.domain.truth import Truth
from nenuphar.io.cbioportal.events import Course, Outcome
from nenuphar.terminology.hierarchy import Hierarchy

_REGIMEN = "treatment.regimen"
_OF_ICI = ("line.regimen_class", "line.pfs", "line.os", "line.best_response")
_BEST_FIRST = ("CR", "PR", "SD", "progression")


@dataclass(frozen=True)
class Treatments:
    """The order of treatments, as lines need it."""

    hierarchy: Hierarchy

    @cached_property
    def _regimens(self) -> dict[frozenset[str], str]:
        """Regimen by its drugs: a regimen is what lies below several treatments at once."""
        parents = self.hierarchy.parents
        several = [code for code, above in parents.items() if len(above) > 1]
        return {self._drugs(code): code for code in several}

    def _drugs(self, code: str) -> frozenset[str]:
        parents = self.hierarchy.parents
        if len(parents[code]) < 2:
            return frozenset({code})
        single = [a for a in self.hierarchy.ancestors(code) if len(parents[a]) < 2]
        return frozenset(self.hierarchy.most_specific(single))

    def regimen(self, agents: frozenset[str]) -> str:
        """Return the one code that says exactly what was given; empty where none does."""
        kept = self.hierarchy.most_specific(sorted(agents))
        if len(kept) == 1:
            return kept[0]
        drugs = frozenset(drug for code in kept for drug in self._drugs(code))
        return self._regimens.get(drugs, "")

    def any_is(self, agents: frozenset[str], concept: str) -> bool:
        """Whether one of the treatments is a concept."""
        return any(a == concept or concept in self.hierarchy.ancestors(a) for a in agents)

    def is_local(self, agents: frozenset[str]) -> bool:
        """Whether all that was given is local treatment."""
        return self.any_is(agents, "local_therapy") and not self.any_is(agents, "systemic_therapy")

    def may_hold_ici(self, agents: frozenset[str]) -> bool:
        """Whether a checkpoint inhibitor may be among treatments, some only known by class."""
        is_a = self.hierarchy.is_a
        return not agents or any(is_a(a, "ici") is not Truth.NOT_MET for a in agents)

    def drugs_of(self, agents: frozenset[str], concept: str) -> frozenset[str]:
        """Return the drugs among treatments that are a concept."""
        drugs = (drug for code in agents for drug in self._drugs(code))
        return frozenset(drug for drug in drugs if self.any_is(frozenset({drug}), concept))


@dataclass
class _Line:
    """Courses that were given together or repeated."""

    courses: list[Course] = field(default_factory=list)

    @property
    def start(self) -> int | None:
        starts = [c.start for c in self.courses if c.start is not None]
        return min(starts, default=None)

    @property
    def end(self) -> int | None:
        """Last day that is known to belong to the line."""
        days = (day for c in self.courses for day in (c.start, c.stop))
        return max((day for day in days if day is not None), default=None)

    @property
    def agents(self) -> frozenset[str]:
        return frozenset(agent for c in self.courses for agent in c.agents)

    def takes_in(self, course: Course, progressions: Sequence[int]) -> bool:
        """Whether a later course belongs to the line."""
        if self.start is None or self.end is None or course.start is None:
            return False
        if any(self.start < day <= course.start for day in progressions):
            return False
        together = course.start < self.end or course.start == self.start
        return together or bool(course.agents and course.agents <= self.agents)


def rows_of_patient(
    courses: list[Course], outcomes: list[Outcome], treatments: Treatments
) -> Iterator[dict[str, Any]]:
    """Yield the lines of one patient as rows, in the order of their start."""
    progressions = [each.day for each in outcomes if each.kind == "progression"]
    systemic = [c for c in courses if not treatments.is_local(c.agents)]
    local = [c for c in courses if treatments.is_local(c.agents)]
    drawn = [*_lines(systemic, progressions), *_lines(local, [])]
    drawn.sort(key=lambda line: (line.start is None, line.start or 0))
    for number, line in enumerate(drawn, 1):
        facts: dict[str, Any] = {}
        if not treatments.is_local(line.agents):
            facts = _Course(line, systemic, outcomes, treatments).facts()
        for suffix, part, code in _parts(line, treatments):
            ici = treatments.any_is(part.agents, "ici")
            own = {k: v for k, v in facts.items() if ici or not k.startswith(_OF_ICI)}
            yield {
                "line_id": f"{number}{suffix}",
                "record": ";".join(sorted({c.record for c in part.courses})),
                **_days(part),
                **own,
                **({_REGIMEN: code} if code else {}),
            }


def _lines(courses: list[Course], progressions: Sequence[int]) -> list[_Line]:
    ordered = sorted(courses, key=lambda c: (c.start is None, c.start or 0, sorted(c.agents)))
    lines: list[_Line] = []
    for course in ordered:
        if lines and lines[-1].takes_in(course, progressions):
            lines[-1].courses.append(course)
        else:
            lines.append(_Line([course]))
    return lines


def _parts(line: _Line, treatments: Treatments) -> Iterator[tuple[str, _Line, str]]:
    """Yield a line whole where one code says what was given, else each of its treatments."""
    nameless = _Line([c for c in line.courses if not c.agents])
    code = treatments.regimen(line.agents) if line.agents else ""
    if code and not nameless.courses:
        yield "", line, code
        return
    codes = [code] if code else sorted(line.agents)
    alone = not codes
    for each in codes:
        own = [c for c in line.courses if c.agents and (code or each in c.agents)]
        yield f".{each}", _Line(own), each
    if nameless.courses:
        yield "" if alone else ".unknown", nameless, ""


def _days(line: _Line) -> dict[str, Any]:
    """Return first and last day, where every course of the line states its own."""
    found = {}
    if line.start is not None and all(c.start is not None for c in line.courses):
        found["treatment.start_day"] = Interval.exactly(float(line.start), "days")
    stops = [c.stop for c in line.courses if c.stop is not None]
    if len(stops) == len(line.courses):
        found["treatment.stop_day"] = Interval.exactly(float(max(stops)), "days")
    return found


@dataclass(frozen=True)
class _Course:
    """What followed a line of systemic treatment, as far as the days decide it."""

    line: _Line
    systemic: list[Course]
    outcomes: list[Outcome]
    treatments: Treatments

    def facts(self) -> dict[str, Any]:
        """Return the facts of the line; its class and times are about a checkpoint inhibitor."""
        settings = {c.setting for c in self.line.courses} - {""}
        setting = settings.pop() if len(settings) == 1 else ""
        found: dict[str, Any] = {"line.setting": setting} if setting else {}
        if setting and (regimen := self._regimen_class(setting)):
            found["line.regimen_class"] = regimen
        start = self.line.start
        if start is None or any(c.start is None for c in self.systemic):
            return found
        seen = [o for o in self.outcomes if self._follows(o.day, start)]
        progression = min((o.day for o in seen if o.kind == "progression"), default=None)
        if progression is not None:
            found["treatment.progressed"] = True
        return found | self._since_first_dose(seen, progression)

    def _others(self) -> list[Course]:
        own = {id(c) for c in self.line.courses}
        return [c for c in self.systemic if id(c) not in own]

    def _follows(self, day: int, start: int) -> bool:
        """Whether a day lies after the start of the line and not after that of the next."""
        later = [c.start for c in self._others() if c.start is not None and c.start > start]
        return start < day <= min(later, default=day)

    def _first_dose(self) -> int | None:
        """Return the first day of the checkpoint inhibitor, where this line alone holds one."""
        if any(self.treatments.may_hold_ici(c.agents) for c in self._others()):
            return None
        courses = [c for c in self.line.courses if self.treatments.any_is(c.agents, "ici")]
        return min((c.start for c in courses if c.start is not None), default=None)

    def _since_first_dose(self, seen: list[Outcome], progression: int | None) -> dict[str, Any]:
        first = self._first_dose()
        if first is None:
            return {}
        found: dict[str, Any] = {}
        if progression is not None and progression > first:
            found["line.pfs_days"] = Interval.exactly(float(progression - first), "days")
            found["line.pfs_event"] = True
        deaths = {o.day for o in self.outcomes if o.kind == "death"}
        if len(deaths) == 1 and (died := deaths.pop()) >= first:
            found["line.os_days"] = Interval.exactly(float(died - first), "days")
            found["line.os_event"] = True
        last = progression if progression is not None else max((o.day for o in seen), default=0)
        kinds = {o.kind for o in seen if first < o.day <= last}
        if best := next((kind for kind in _BEST_FIRST if kind in kinds), ""):
            found["line.best_response"] = "PD" if best == "progression" else best
        return found

    def _regimen_class(self, setting: str) -> str:
        """Return the class, where everything given together is known and nothing else overlaps."""
        start, end, agents = self.line.start, self.line.end, self.line.agents
        if start is None or end is None:
            return ""
        for own in self.line.courses:
            if own.start is None or own.stop is None or not own.agents:
                return ""
        for other in self._others():
            before = other.stop is not None and other.stop < start
            after = other.start is not None and other.start > end
            if not (before or after):
                return ""
        return self._class_of(agents, setting)

    def _class_of(self, agents: frozenset[str], setting: str) -> str:
        inhibitors = self.treatments.drugs_of(agents, "ici")
        others = self.treatments.drugs_of(agents, "systemic_therapy") - inhibitors
        chemotherapy = self.treatments.drugs_of(agents, "chemotherapy")
        if not inhibitors or others != chemotherapy:
            return ""
        if setting == "adjuvant":
            return "adjuvant_ici"
        if others:
            return "chemo_ici"
        if len(inhibitors) > 1:
            return "ici_combination"
        return "" if "ici" in inhibitors else "ici_mono"
