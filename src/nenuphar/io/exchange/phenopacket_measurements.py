"""Measurements and phenotypic features of a Phenopacket as facts."""

from __future__ import annotations

from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.phenopacket_context import Context
from nenuphar.io.exchange.phenopacket_parts import Moment, answer_of, class_of, moment_of
from nenuphar.io.exchange.placing import Seen


class MeasurementReader:
    """Reads what was measured, on whatever level."""

    def __init__(self, of: Context) -> None:
        self.of = of

    def of_packet(self, measurement: Part) -> bool:
        """Read a measurement of the whole packet, unless it needs the lines of treatment first."""
        facts = self.of.vocabulary.facts_of(class_of(measurement.get("assay"), self.of.vocabulary))
        if facts and facts[0].scope is Scope.TREATMENT_LINE:
            return False
        self.read(measurement, self.of.draft)
        return True

    def read(self, measurement: Part, level: Draft) -> None:
        """Read a measurement of a level, or of what lies in it."""
        moment = moment_of(measurement.get("timeObserved"))
        codes = class_of(measurement.get("assay"), self.of.vocabulary)
        answer = answer_of(measurement, self.of.vocabulary)
        age = moment.text if moment.age else ""
        seen = Seen(measurement.pointer, codes, answer, moment.date, moment=age)
        if seen.answer.is_empty:
            self.of.lose(measurement, codes, "it has no value that can be read")
            return
        if self.of.placer.place(seen, level):
            left = ("description", "procedure")
            self.of.ledger.leave(*(p.pointer for n in left if (p := measurement.get(n))))
            if moment.age:
                self._age_of_point(seen, moment)

    def _age_of_point(self, seen: Seen, moment: Moment) -> None:
        for point in self.of.draft.below(Scope.TIME_POINT):
            if point.id == seen.moment and moment.age:
                self.of.ages[id(point)] = moment.age[0]

    def read_feature(self, feature: Part, level: Draft) -> None:
        """Read a phenotypic feature whose code is that of a fact: present, or excluded."""
        codes = class_of(feature.get("type"), self.of.vocabulary)
        excluded = feature.get("excluded")
        moment = moment_of(feature.get("onset"))
        absent = excluded is not None and excluded.data is True
        seen = Seen(feature.pointer, codes, Answer(flag=not absent), moment.date)
        self.of.placer.place(seen, level)
