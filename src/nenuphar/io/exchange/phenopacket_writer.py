"""Cases as Phenopackets of version 2, with what the schema has no place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from nenuphar.domain.case import Case, Observed, Specimen, TimePoint, TreatmentLine, Tumour
from nenuphar.domain.dates import PartialDate, parse_date
from nenuphar.domain.observation import Value
from nenuphar.domain.problems import Problem
from nenuphar.domain.quantity import Interval
from nenuphar.io.case_draft import ONLY_ONE
from nenuphar.io.exchange.answers import Code, bounds_of
from nenuphar.io.exchange.losses import Losses, own_facts
from nenuphar.io.exchange.phenopacket_context import WRITTEN_HERE
from nenuphar.io.exchange.phenopacket_parts import OLDEST, time_element
from nenuphar.io.exchange.variants import gene_of, interpretation
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary

CREATED = "1970-01-01T00:00:00Z"
"""The schema asks when a packet was made; no output here holds a clock, so that bytes repeat."""

_SEX = {"female": "FEMALE", "male": "MALE", "other": "OTHER_SEX"}
_NEOPLASM = Code("ncit", "C3262", "Neoplasm")
_OF_BIOSAMPLES = {
    "diagnosis.reported": ("histologicalDiagnosis",),
    "specimen.site_type": ("tumorProgression",),
    "grade.reported": ("tumorGrade",),
    "specimen.organ": ("sampledTissue",),
    "specimen.procedure": ("procedure", "code"),
}
_OF_ACTIONS = {"line.best_response": "responseToTreatment", "line.setting": "treatmentIntent"}


def packet_of(
    case: Case, vocabulary: Vocabulary, source: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Write a case as a Phenopacket.

    Args:
        case: The case.
        vocabulary: The codes to write.
        source: Name of the input, for what is listed.

    Returns:
        The packet, valid against the schema, and what it does not carry.
    """
    from google.protobuf.json_format import ParseDict
    from phenopackets.schema.v2 import Phenopacket

    writer = _Writer(case, vocabulary, source)
    packet = writer.packet()
    ParseDict(packet, Phenopacket())
    return packet, writer.losses.problems


class _Writer:
    """Writes one packet."""

    def __init__(self, case: Case, vocabulary: Vocabulary, source: str) -> None:
        self.case = case
        self.vocabulary = vocabulary
        self.losses = Losses(source, case.patient)
        self.used: set[str] = {OWN}
        self.biosamples: list[dict[str, Any]] = []
        self.measurements: list[dict[str, Any]] = []
        self.diseases: list[dict[str, Any]] = []
        self.interpretations: list[dict[str, Any]] = []
        self.names: Counter[str] = Counter()
        several = len(case.tumours) > 1
        self.plain = not several and all(t.id == ONLY_ONE for t in case.tumours)

    def packet(self) -> dict[str, Any]:
        subject = self._subject()
        for tumour in self.case.tumours:
            self._tumour(tumour)
        actions = [self._line(number, line) for number, line in enumerate(self.case.lines, 1)]
        self._time_points()
        parts = {
            "id": self.case.patient,
            "subject": subject,
            "measurements": self.measurements,
            "biosamples": self.biosamples,
            "interpretations": self.interpretations,
            "diseases": self.diseases,
            "medicalActions": actions,
        }
        return {**{k: v for k, v in parts.items() if v}, "metaData": self._meta()}

    def _meta(self) -> dict[str, Any]:
        resources = []
        for name in sorted(self.used):
            system = self.vocabulary.table["systems"].get(name)
            if system is None:
                continue
            prefix = system["prefix"][0]
            release = self.vocabulary.knowledge.release if name == OWN else "not stated"
            resources.append(
                {
                    "id": prefix.lower(),
                    "name": system["title"],
                    "url": system["url"],
                    "version": release,
                    "namespacePrefix": prefix,
                    "iriPrefix": f"{system['url']}/",
                }
            )
        return {
            "created": CREATED,
            "createdBy": WRITTEN_HERE,
            "resources": resources,
            "phenopacketSchemaVersion": "2.0",
        }

    # --- codes and values --------------------------------------------------------------------

    def _class(self, code: Code) -> dict[str, str]:
        self.used.add(code.system)
        return {"id": self.vocabulary.as_curie(code), "label": code.label or code.code}

    def _value_class(self, fact: str, value: Value) -> dict[str, str]:
        codes = self.vocabulary.codes_of_value(self.vocabulary.knowledge.facts[fact], str(value))
        return self._class(codes[-1])

    def _measurement(self, each: Observed, date: PartialDate | None = None) -> dict[str, Any]:
        assay = self._class(self.vocabulary.codes_of_fact(each.fact)[-1])
        measured = {"assay": assay, **self._value(each.fact, each.value)}
        when = parse_date(each.origin.date) if each.origin.date else date
        if when is not None:
            measured["timeObserved"] = time_element(when)
        if each.origin.assay:
            self.losses.lose(each.fact, "", "with what it was observed has no place")
        return measured

    def _value(self, fact: str, value: Value) -> dict[str, Any]:
        if isinstance(value, Interval):
            return self._quantity(value)
        if isinstance(value, bool):
            word = self.vocabulary.table["answers"]["yes" if value else "no"][0]
            label = "Yes" if value else "No"
            return {"value": {"ontologyClass": self._class(self.vocabulary.code(word, label))}}
        if isinstance(value, PartialDate):
            return {"value": {"ontologyClass": self._class(Code(OWN, "date", str(value)))}}
        if self.vocabulary.knowledge.facts[fact].type == "text":
            return {"value": {"ontologyClass": self._class(Code(OWN, "text", value))}}
        return {"value": {"ontologyClass": self._value_class(fact, value)}}

    def _quantity(self, value: Interval) -> dict[str, Any]:
        self.used.add("ucum")
        symbol = self.vocabulary.unit_code(value.unit)
        unit = {"id": f"UCUM:{symbol}", "label": symbol}
        if value.is_exact:
            return {"value": {"quantity": {"unit": unit, "value": value.lo}}}
        low, high = bounds_of(value)
        typed = []
        if low is not None or high is None:
            kind = "more_than" if value.lo_open else "at_least"
            typed.append((kind, 0.0 if low is None else low))
        elif value.lo_open:  # more than nothing
            typed.append(("more_than", 0.0))
        if high is not None:
            typed.append(("less_than" if value.hi_open else "at_most", high))
        quantities = [
            {
                "type": self._class(Code(OWN, kind, kind.replace("_", " "))),
                "quantity": {"unit": unit, "value": number},
            }
            for kind, number in typed
        ]
        return {"complexValue": {"typedQuantities": quantities}}

    # --- the patient -------------------------------------------------------------------------

    def _subject(self) -> dict[str, Any]:
        subject: dict[str, Any] = {"id": self.case.patient}
        for each in self.case.facts:
            dated = bool(each.origin.date or each.origin.assay)
            if each.fact == "patient.sex" and not dated:
                subject["sex"] = _SEX[str(each.value)]
            elif each.fact == "followup.os_event" and not dated:
                subject["vitalStatus"] = {"status": "DECEASED" if each.value else "ALIVE"}
            elif not (each.fact == "patient.age" and self._onset()):
                self.measurements.append(self._measurement(each))
        return subject

    def _onset(self) -> dict[str, Any] | None:
        """Return the age as the onset of the one disease, where it is whole years or a range."""
        stated = {each.fact: each for each in self.case.facts}
        age = stated.get("patient.age")
        if age is None or not self.plain or not self.case.tumours:
            return None
        value = age.value
        if age.origin.date or age.origin.assay or not isinstance(value, Interval):
            return None
        ends = (value.lo, value.hi)
        whole = all(0 <= end <= OLDEST and end.is_integer() for end in ends)
        if value.lo_open or value.hi_open or not whole:
            return None
        low, high = ({"iso8601duration": f"P{int(end)}Y"} for end in ends)
        return {"age": low} if value.is_exact else {"ageRange": {"start": low, "end": high}}

    # --- tumours and specimens ---------------------------------------------------------------

    def _tumour(self, tumour: Tumour) -> None:
        facts = {each.fact: each for each in tumour.facts}
        disease: dict[str, Any] = {"term": self._class(self._term(tumour))}
        self.diseases.append(disease)
        site = facts.get("tumour.site")
        if site is not None and not site.origin.date and not site.origin.assay:
            disease["primarySite"] = self._value_class("tumour.site", site.value)
        if self.plain:
            if onset := self._onset():
                disease["onset"] = onset
            self._plain_facts(disease, facts)
            parent = ""
        else:
            parent = self._unique(tumour.id, "tumour")
            pseudo = {"id": parent, "individualId": self.case.patient}
            pseudo["sampleType"] = self._class(Code(OWN, "tumour", "Tumour in the body"))
            pseudo["measurements"] = [self._measurement(each) for each in tumour.facts]
            self.biosamples.append(_without_empty(pseudo))
        for specimen in tumour.specimens:
            self._specimen(specimen, parent)

    def _plain_facts(self, disease: dict[str, Any], facts: dict[str, Observed]) -> None:
        for name, each in facts.items():
            dated = bool(each.origin.date or each.origin.assay)
            if name == "tumour.site" and "primarySite" in disease:
                continue
            if name == "disease.stage" and not dated:
                disease["diseaseStage"] = [self._value_class(name, each.value)]
            else:
                self.measurements.append(self._measurement(each))

    def _term(self, tumour: Tumour) -> Code:
        """Return what all specimens are reported to be; a neoplasm where they say nothing else."""
        stated = {
            str(each.value)
            for specimen in tumour.specimens
            for each in specimen.facts
            if each.fact == "diagnosis.reported"
        }
        if len(stated) != 1:
            return _NEOPLASM
        fact = self.vocabulary.knowledge.facts["diagnosis.reported"]
        return self.vocabulary.codes_of_value(fact, stated.pop())[-1]

    def _unique(self, name: str, kind: str) -> str:
        self.names[name] += 1
        if self.names[name] == 1:
            return name
        other = f"{kind}-{name}-{self.names[name]}"
        while self.names[other]:
            other += "-2"
        self.names[other] += 1
        self.losses.lose(
            f"{kind} id", name, f"another sample is called so; it was written as {other}"
        )
        return other

    def _specimen(self, specimen: Specimen, parent: str) -> None:
        name = self._unique(specimen.id, "specimen")
        biosample: dict[str, Any] = {"id": name, "individualId": self.case.patient}
        biosample |= {"derivedFromId": parent} if parent else {}
        if specimen.date:
            biosample["timeOfCollection"] = time_element(specimen.date)
        facts = own_facts(specimen, self.vocabulary.knowledge, self.losses)
        measured = []
        for each in self.losses.agreed(specimen.id, facts, specimen.readings):
            path = _OF_BIOSAMPLES.get(each.fact)
            if path and not each.origin.date and not each.origin.assay:
                coded: Any = self._value_class(each.fact, each.value)
                biosample[path[0]] = {path[1]: coded} if len(path) > 1 else coded
            else:
                measured.append(self._measurement(each))
        biosample["measurements"] = measured
        self.biosamples.append(_without_empty(biosample))
        for number, component in enumerate(specimen.components, 1):
            own = self.losses.agreed(component.name, component.facts, component.readings)
            self._component(component.name, own, name, number)
        self._molecular(specimen, name)

    def _component(self, label: str, facts: Iterable[Observed], parent: str, number: int) -> None:
        part = {
            "id": self._unique(f"{parent}.component-{number}", "component"),
            "individualId": self.case.patient,
            "derivedFromId": parent,
            "sampleType": self._class(Code(OWN, "component", label)),
            "measurements": [self._measurement(each) for each in facts],
        }
        self.biosamples.append(_without_empty(part))

    def _molecular(self, specimen: Specimen, name: str) -> None:
        for assay in specimen.assays:
            reason = "an assay, and the genes that it would have seen, have no place"
            self.losses.lose("assays", assay.id, reason)
        if specimen.segments:
            self.losses.lose("segments", str(len(specimen.segments)), "segments have no place")
        found = []
        for number, variant in enumerate(specimen.variants, 1):
            if gene_of((), variant.gene) == variant.gene:
                found.append(interpretation(variant, name, number))
            else:
                self.losses.lose("variants", str(number), "its gene has no approved symbol")
        if found:
            disease = self.diseases[-1]["term"]
            diagnosis = {"disease": disease, "genomicInterpretations": found}
            own = {"id": f"{name}.variants", "progressStatus": "UNKNOWN_PROGRESS"}
            self.interpretations.append({**own, "diagnosis": diagnosis})

    # --- treatments and time points ----------------------------------------------------------

    def _line(self, number: int, line: TreatmentLine) -> dict[str, Any]:
        if line.id != str(number):
            reason = f"an action has no id; it is read back as {number}"
            self.losses.lose("treatment id", line.id, reason)
        regimen: dict[str, Any] = {
            "ontologyClass": self._class(Code(OWN, "line", "Line of treatment")),
            "regimenStatus": "UNKNOWN_STATUS",
        }
        action: dict[str, Any] = {"therapeuticRegimen": regimen}
        if line.start:
            regimen["startTime"] = time_element(line.start)
        for each in line.facts:
            dated = bool(each.origin.date or each.origin.assay)
            if each.fact == "treatment.regimen" and not dated:
                regimen["ontologyClass"] = self._value_class(each.fact, each.value)
            elif each.fact in _OF_ACTIONS and not dated:
                action[_OF_ACTIONS[each.fact]] = self._value_class(each.fact, each.value)
            elif len(self.case.lines) == 1:
                self.measurements.append(self._measurement(each))
            else:
                reason = "a measurement cannot say of which of several treatments it is"
                self.losses.lose(each.fact, line.id, reason)
        return action

    def _time_points(self) -> None:
        seen: set[PartialDate] = set()
        for point in self.case.time_points:
            if point.lesions:
                self.losses.lose(
                    "lesions", point.id, f"{len(point.lesions)} lesion(s) have no place"
                )
            if point.date is None or point.date in seen:
                reason = "a measurement is told from others by its date alone"
                self.losses.lose("time_points", point.id, reason)
                continue
            seen.add(point.date)
            self._time_point(point)

    def _time_point(self, point: TimePoint) -> None:
        facts = self.losses.agreed(point.id, point.facts, point.readings)
        if not facts:
            self.losses.lose(
                "time_points", point.id, "a time point without a response has no place"
            )
            return
        if point.id != str(point.date):
            reason = f"a time point has no id; it is read back as {point.date}"
            self.losses.lose("time point id", point.id, reason)
        for each in facts:
            if each.origin.date and each.origin.date != str(point.date):
                self.losses.lose(each.fact, point.id, "it has one date, that of the time point")
            measured = self._measurement(each, point.date)
            self.measurements.append({**measured, "timeObserved": time_element(point.date)})  # type: ignore[arg-type]  # dated, as the caller saw to it


def _without_empty(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if value not in (None, [], {})}
