"""Phenopackets (GA4GH, version 2) as cases."""

from __future__ import annotations

from typing import Any

from nenuphar.domain.case import Case, Observed
from nenuphar.domain.dates import DAYS_OF_A_MONTH, PartialDate
from nenuphar.domain.observation import Origin
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer
from nenuphar.io.exchange.ledger import Ledger
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.phenopacket_actions import ActionReader
from nenuphar.io.exchange.phenopacket_context import Context
from nenuphar.io.exchange.phenopacket_measurements import MeasurementReader
from nenuphar.io.exchange.phenopacket_parts import PacketError, checked, moment_of
from nenuphar.io.exchange.phenopacket_tumours import TumourReader
from nenuphar.io.exchange.placing import Placer, Seen
from nenuphar.io.exchange.variants import read_interpretation
from nenuphar.io.exchange.vocabulary import Vocabulary
from nenuphar.io.result import Findings
from nenuphar.io.values import clean_id, is_id

_SEXES = {"FEMALE": "female", "MALE": "male", "OTHER_SEX": "other"}
_IDENTITY = ("alternateIds", "dateOfBirth", "timeAtLastEncounter", "gender", "karyotypicSex")


def read_packet(raw: Any, vocabulary: Vocabulary, findings: Findings, line: int = 0) -> Case | None:
    """Read one Phenopacket; None where it is rejected, with the reason listed.

    Args:
        raw: The packet, as JSON or YAML was read.
        vocabulary: What codes mean.
        findings: Where everything goes that is not carried.
        line: Line on which it begins.
    """
    try:
        packet, unknown = checked(raw)
    except PacketError as error:
        fix = "check it against the schema (phenopacket-tools validate)"
        reason = f"is no valid Phenopacket of version 2 at {error}"
        findings.reject(line, "", reason, fix, column=str(error))
        return None
    subject = packet.get("subject") or Part({}, "/subject")
    patient = subject.text("id")
    if not is_id(patient):
        fix = "state /subject/id, the id of the patient"
        findings.reject(line, "", "the Phenopacket has no usable subject", fix, "/subject/id")
        return None
    ledger, draft = Ledger(findings), Draft(Scope.PATIENT, clean_id(patient))
    of = Context(packet, vocabulary, ledger, draft, Placer(vocabulary, ledger, draft))
    for pointer in unknown:
        ledger.lose(pointer, patient, "a field", "the schema of version 2 has no such field")
    case = _Reader(of).read()
    ledger.close(packet.data, draft.id)
    return case


class _Reader:
    """Reads one packet."""

    def __init__(self, of: Context) -> None:
        self.of = of
        self.died: PartialDate | None = None

    def read(self) -> Case:
        packet = self.of.packet
        self.of.ledger.carry("/subject/id")
        self.of.ledger.aside("/id", "/metaData", "/files")
        measurements = MeasurementReader(self.of)
        TumourReader(self.of, measurements).read()
        later = [each for each in packet.each("measurements") if not measurements.of_packet(each)]
        for feature in packet.each("phenotypicFeatures"):
            measurements.read_feature(feature, self.of.draft)
        self._subject()
        ActionReader(self.of).read(self.died)
        self.of.placer.close()
        for measurement in later:
            measurements.read(measurement, self.of.draft)
        for found in packet.each("interpretations"):
            read_interpretation(found, self.of.specimens, self.of.placer)
        self._sort_by_age()
        return self.of.draft.case()

    def _subject(self) -> None:
        subject = self.of.packet.get("subject") or Part({})
        self.of.ledger.aside("/subject/taxonomy", *(f"/subject/{name}" for name in _IDENTITY))
        if sex := _SEXES.get(subject.text("sex")):
            seen = Seen("/subject/sex", (), Answer(text=sex))
            self.of.placer.state("patient.sex", seen, self.of.draft)
        elif subject.get("sex"):
            self.of.ledger.aside("/subject/sex")
        if (vital := subject.get("vitalStatus")) is not None:
            self._survival(vital)

    def _survival(self, vital: Part) -> None:
        status = vital.text("status")
        if status in ("ALIVE", "DECEASED"):
            seen = Seen(f"{vital.pointer}/status", (), Answer(flag=status == "DECEASED"))
            self.of.placer.state("followup.os_event", seen, self.of.draft)
        self.died = moment_of(vital.get("timeOfDeath")).date
        if self.died:
            self.of.ledger.aside(f"{vital.pointer}/timeOfDeath")
        days, facts = vital.get("survivalTimeInDays"), self.of.draft.facts
        if days is not None and "followup.os_months" not in facts and float(days.data):
            months = Interval.exactly(float(days.data) / DAYS_OF_A_MONTH, "months")
            fact = Observed("followup.os_months", months, Origin(days.pointer, str(days.data)))
            facts[fact.fact] = fact
            self.of.ledger.carry(days.pointer)

    def _sort_by_age(self) -> None:
        """Put what is known by age alone in the order of the ages."""
        ages = self.of.ages
        for level in (self.of.draft, *self.of.draft.below(Scope.TUMOUR)):
            for scope in (Scope.TIME_POINT, Scope.SPECIMEN):
                found = level.below(scope)
                if found and all(id(each) in ages for each in found):
                    others = [each for each in level.children if each.scope is not scope]
                    level.children = [*others, *sorted(found, key=lambda each: ages[id(each)])]
