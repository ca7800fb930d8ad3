"""Medical actions of a Phenopacket as lines of treatment."""

from __future__ import annotations

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer
from nenuphar.io.exchange.courses import Given, add_line, add_lines
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.phenopacket_context import Context, is_own
from nenuphar.io.exchange.phenopacket_parts import Moment, class_of, moment_of
from nenuphar.io.exchange.placing import Seen

_KINDS = (
    ("treatment", "agent"),
    ("radiationTherapy", "modality"),
    ("therapeuticRegimen", "ontologyClass"),
    ("procedure", "code"),
)
"""Kinds of action, each with the field that names what was done."""


class ActionReader:
    """Reads the actions of one packet."""

    def __init__(self, of: Context) -> None:
        self.of = of

    def read(self, died: PartialDate | None) -> None:
        """Read the actions; without dates each is a line, in the order of ages or of the packet."""
        actions = (self._action(each) for each in self.of.packet.each("medicalActions"))
        given = [found for found in actions if found is not None]
        aged = [moment.age for _, moment in given]
        dated = any(each.start for each, _ in given)
        if self.of.own or not dated:
            if all(aged):
                given.sort(key=lambda pair: pair[1].age or (0.0, 0.0))
            for number, (each, _) in enumerate(given, 1):
                add_line(each, self.of.draft, self.of.ledger.findings.file, str(number))
        else:
            add_lines([each for each, _ in given], died, self.of.placer)

    def _action(self, action: Part) -> tuple[Given, Moment] | None:
        kind, named = next(((k, n) for k, n in _KINDS if action.get(k)), ("", ""))
        part = action.get(kind) or Part({})
        codes = class_of(part.get(named), self.of.vocabulary)
        drug = self.of.vocabulary.drug(Answer(codes))
        if kind == "radiationTherapy":
            drug = "radiotherapy"
        if not drug and not (self.of.own and is_own(codes)):
            self.of.lose(action, codes, "is no treatment that is known here")
            return None
        start, stop = self._period(part, kind)
        setting = self._stated(action, "treatmentIntent", "line.setting")
        best = self._stated(action, "responseToTreatment", "line.best_response")
        self.of.ledger.carry(f"{part.pointer}/{named}")
        self.of.ledger.aside(f"{part.pointer}/regimenStatus", f"{part.pointer}/drugType")
        given = Given(action.pointer, drug, start.date, stop.date, setting, best)
        return given, start

    def _period(self, part: Part, kind: str) -> tuple[Moment, Moment]:
        """Return when an action began and ended."""
        if kind == "therapeuticRegimen":
            names = ("startTime", "endTime")
            moments = [moment_of(part.get(name)) for name in names]
            self.of.ledger.carry(
                *(f"{part.pointer}/{n}" for n, m in zip(names, moments, strict=True) if m.date)
            )
            return moments[0], moments[1]
        if kind == "procedure":
            moment = moment_of(part.get("performed"))
            if moment.date:
                self.of.ledger.carry(f"{part.pointer}/performed")
            return moment, moment
        return self._doses(part)

    def _doses(self, part: Part) -> tuple[Moment, Moment]:
        """Return the first and the last day of the doses of a drug."""
        starts: list[PartialDate] = []
        stops: list[PartialDate] = []
        for dose in part.each("doseIntervals"):
            interval = dose.get("interval") or Part({}, f"{dose.pointer}/interval")
            for name, found in (("start", starts), ("end", stops)):
                date = moment_of(Part({"timestamp": interval.text(name)})).date
                if date:
                    found.append(date)
                    self.of.ledger.carry(f"{interval.pointer}/{name}")
        return Moment(min(starts, default=None)), Moment(max(stops, default=None))

    def _stated(self, action: Part, field: str, fact: str) -> str:
        """Return the value of a coded fact that a field of an action states; empty without one."""
        found = action.get(field)
        if found is None:
            return ""
        line = Draft(Scope.TREATMENT_LINE, "")
        codes = class_of(found, self.of.vocabulary)
        self.of.placer.state(fact, Seen(found.pointer, codes, Answer(codes)), line)
        return str(line.facts[fact].value) if fact in line.facts else ""
