"""Cases as FHIR R4 bundles, with what has no place in one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from nenuphar.domain.case import (
    Assay,
    Case,
    Lesion,
    Observed,
    Reading,
    Specimen,
    TimePoint,
    TreatmentLine,
    Tumour,
    Variant,
)
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Value
from nenuphar.domain.problems import Problem
from nenuphar.domain.quantity import Interval
from nenuphar.io.exchange.answers import Code, bounds_of
from nenuphar.io.exchange.fhir_values import BOUND, URN
from nenuphar.io.exchange.losses import Losses, own_facts
from nenuphar.io.exchange.variants import ORIGINS, gene_code, gene_of
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary

_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
_NEOPLASM = Code("ncit", "C3262", "Neoplasm")
_IMAGING = Code("loinc", "18748-4", "Diagnostic imaging study")
_GENDERS = ("female", "male", "other")

Json = dict[str, Any]


def bundle_of(case: Case, vocabulary: Vocabulary, source: str) -> tuple[Json, list[Problem]]:
    """Write a case as a bundle of R4 resources.

    Args:
        case: The case.
        vocabulary: The codes to write.
        source: Name of the input, for what is listed.

    Returns:
        The bundle, valid against the library's models, and what it does not carry.
    """
    from fhir.resources.R4B.bundle import Bundle

    writer = _Writer(case, vocabulary, source)
    bundle = writer.bundle()
    Bundle.model_validate(bundle)
    return bundle, writer.losses.problems


class _Writer:
    """Writes one bundle."""

    def __init__(self, case: Case, vocabulary: Vocabulary, source: str) -> None:
        self.case = case
        self.vocabulary = vocabulary
        self.losses = Losses(source, case.patient)
        self.entries: list[Json] = []
        self.counts: dict[str, int] = {}
        self.lesions: dict[str, Json] = {}
        self.subject: Json = {}

    def bundle(self) -> Json:
        self._patient()
        for number, tumour in enumerate(self.case.tumours):
            self._tumour(tumour, first=number == 0)
        for line in self.case.lines:
            self._line(line)
        for point in self.case.time_points:
            self._time_point(point)
        return {"resourceType": "Bundle", "type": "collection", "entry": self.entries}

    # --- resources and codes -----------------------------------------------------------------

    def _add(self, kind: str, content: Json, own: tuple[str, str] | None = None) -> Json:
        """Add a resource; return the reference to it."""
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        name = f"{kind.lower()}-{number}"
        url = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{URN}{self.case.patient}/{name}')}"
        resource: Json = {"resourceType": kind, "id": name}
        if own is not None:
            resource["identifier"] = [{"system": f"{URN}{own[0]}", "value": own[1]}]
        self.entries.append({"fullUrl": url, "resource": {**resource, **content}})
        return {"reference": url}

    def _concept(self, codes: Iterable[Code]) -> Json:
        return {
            "coding": [
                {
                    "system": self.vocabulary.as_uri(code),
                    "code": code.code,
                    **({"display": code.label} if code.label else {}),
                }
                for code in codes
            ]
        }

    def _loinc(self, field: str) -> Json:
        return self._concept([self.vocabulary.code(self.vocabulary.table["variant"][field])])

    def _value_concept(self, fact: str, value: Value) -> Json:
        declared = self.vocabulary.knowledge.facts[fact]
        return self._concept(self.vocabulary.codes_of_value(declared, str(value)))

    def _observation(self, each: Observed, where: Json, reader: str = "") -> Json:
        """Write a fact as an observation; return the reference to it."""
        content: Json = {
            "status": "final",
            "code": self._concept(self.vocabulary.codes_of_fact(each.fact)),
            "subject": self.subject,
            **where,
        }
        if each.origin.date:
            content["effectiveDateTime"] = each.origin.date
        if reader:
            content["performer"] = [{"identifier": {"system": f"{URN}assessor", "value": reader}}]
        if each.origin.assay:
            content["method"] = {"text": each.origin.assay}
        return self._add("Observation", content | self._value(each))

    def _value(self, each: Observed) -> Json:
        value = each.value
        if isinstance(value, Interval):
            return self._quantity(value)
        if isinstance(value, bool):
            return {"valueBoolean": value}
        if isinstance(value, PartialDate):
            return {"valueDateTime": str(value)}
        if self.vocabulary.knowledge.facts[each.fact].type == "text":
            return {"valueString": value}
        return {"valueCodeableConcept": self._value_concept(each.fact, value)}

    def _amount(self, number: float, unit: str, comparator: str = "") -> Json:
        code = self.vocabulary.unit_code(unit)
        own = {"comparator": comparator} if comparator else {}
        system = self.vocabulary.table["systems"]["ucum"]["uri"][0]
        return {"value": _plain(number), **own, "unit": code, "system": system, "code": code}

    def _quantity(self, value: Interval) -> Json:
        if value.is_exact:
            return {"valueQuantity": self._amount(value.lo, value.unit)}
        low, high = bounds_of(value)
        above = ">" if value.lo_open else ">="
        below = "<" if value.hi_open else "<="
        if high is None:
            return {"valueQuantity": self._amount(low or 0.0, value.unit, above)}
        if low is None and not value.lo_open:
            return {"valueQuantity": self._amount(high, value.unit, below)}
        low = low or 0.0
        if not (value.lo_open or value.hi_open):
            ends = (self._amount(end, value.unit) for end in (low, high))
            return {"valueRange": dict(zip(("low", "high"), ends, strict=True))}
        ends = (self._amount(low, value.unit, above), self._amount(high, value.unit, below))
        return {
            "component": [
                {"code": self._concept([Code(OWN, name)]), "valueQuantity": end}
                for name, end in zip(BOUND, ends, strict=True)
            ]
        }

    def _observations(
        self, facts: Iterable[Observed], readings: Iterable[Reading], where: Json
    ) -> list[Json]:
        """Write facts and readings of one thing; a reader who states nothing is listed."""
        found = [self._observation(each, where) for each in facts]
        for reading in readings:
            found += [self._observation(each, where, reading.assessor) for each in reading.facts]
            if not reading.facts:
                self.losses.lose("readings", reading.assessor, "an assessor who states nothing")
        return found

    # --- patient and tumours -----------------------------------------------------------------

    def _patient(self) -> None:
        content: Json = {}
        rest = []
        for each in self.case.facts:
            plain = not (each.origin.date or each.origin.assay)
            if each.fact == "patient.sex" and plain and each.value in _GENDERS:
                content["gender"] = each.value
            elif each.fact == "followup.os_event" and plain:
                content["deceasedBoolean"] = each.value
            elif not (each.fact == "patient.age" and self._onset()):
                rest.append(each)
        self.subject = self._add("Patient", content, ("patient", self.case.patient))
        for each in rest:
            self._observation(each, {})

    def _onset(self) -> Json:
        """Return the age at diagnosis as the onset of the first tumour, where it is one number."""
        for each in self.case.facts:
            exact = isinstance(each.value, Interval) and each.value.number
            dated = each.origin.date or each.origin.assay
            if each.fact == "patient.age" and exact and self.case.tumours and not dated:
                return {"onsetAge": self._amount(exact, "years")}
        return {}

    def _tumour(self, tumour: Tumour, *, first: bool) -> None:
        content: Json = {"code": self._concept(self._term(tumour)), "subject": self.subject}
        rest = []
        for each in tumour.facts:
            dated = each.origin.date or each.origin.assay
            if each.fact == "tumour.site" and not dated:
                content["bodySite"] = [self._value_concept(each.fact, each.value)]
            else:
                rest.append(each)
        content |= self._onset() if first else {}
        condition = self._add("Condition", content, ("tumour", tumour.id))
        resource = self.entries[-1]["resource"]
        self._observations(rest, (), {"focus": [condition]})
        specimens = [self._specimen(each) for each in tumour.specimens]
        if specimens:
            resource["evidence"] = [{"detail": specimens}]

    def _term(self, tumour: Tumour) -> list[Code]:
        """Return what all specimens are reported to be; a neoplasm where they say nothing else."""
        stated = {
            str(each.value)
            for specimen in tumour.specimens
            for each in specimen.facts
            if each.fact == "diagnosis.reported"
        }
        if len(stated) != 1:
            return [_NEOPLASM]
        fact = self.vocabulary.knowledge.facts["diagnosis.reported"]
        return self.vocabulary.codes_of_value(fact, stated.pop())

    # --- specimens ---------------------------------------------------------------------------

    def _specimen(self, specimen: Specimen) -> Json:
        collection: Json = {"collectedDateTime": str(specimen.date)} if specimen.date else {}
        rest = []
        for each in own_facts(specimen, self.vocabulary.knowledge, self.losses):
            dated = each.origin.date or each.origin.assay
            field = {"specimen.procedure": "method", "specimen.organ": "bodySite"}.get(each.fact)
            if field and not dated:
                collection[field] = self._value_concept(each.fact, each.value)
            else:
                rest.append(each)
        content: Json = {"subject": self.subject}
        content |= {"collection": collection} if collection else {}
        reference = self._add("Specimen", content, ("specimen", specimen.id))
        self._observations(rest, specimen.readings, {"specimen": reference})
        for component in specimen.components:
            kind = self._concept([Code(OWN, "component", "Histological component")])
            part = {"type": kind, "subject": self.subject, "parent": [reference]}
            own = self._add("Specimen", part, ("component", component.name))
            self._observations(component.facts, component.readings, {"specimen": own})
        for assay in specimen.assays:
            self._assay(assay, reference)
        for number, variant in enumerate(specimen.variants, 1):
            self._variant(variant, number, reference)
        if specimen.segments:
            self.losses.lose("segments", str(len(specimen.segments)), "segments are not written")
        return reference

    def _assay(self, assay: Assay, specimen: Json) -> None:
        genes = [
            {"code": self._loinc("gene"), "valueCodeableConcept": self._gene(gene)}
            for gene in assay.genes or ()
        ]
        if assay.whole_exome:
            whole = {"code": self._concept([Code(OWN, "whole_exome")]), "valueBoolean": True}
            genes.append(whole)
        content: Json = {"status": "final", "code": self._loinc("region"), "subject": self.subject}
        content["specimen"] = specimen
        content |= {"method": {"text": assay.type}} if assay.type else {}
        content |= {"component": genes} if genes else {}
        self._add("Observation", content, ("assay", assay.id))
        for name in ("file", "sample", "genome", "purity", "ploidy"):
            if getattr(assay, name):
                reason = "files beside a case, and what is said of them, are not written"
                self.losses.lose(f"assays.{name}", assay.id, reason)

    def _gene(self, symbol: str) -> Json:
        code = gene_code(symbol)
        return {**(self._concept([code]) if code else {}), "text": symbol}

    def _variant(self, variant: Variant, number: int, specimen: Json) -> None:
        if gene_of((), variant.gene) != variant.gene:
            self.losses.lose("variants", str(number), "its gene has no approved symbol")
            return
        table = self.vocabulary.table["variant"]
        parts = [{"code": self._loinc("gene"), "valueCodeableConcept": self._gene(variant.gene)}]
        texts = (
            ("coding_change" if variant.change.startswith("c.") else "change", variant.change),
            ("consequence", variant.consequence),
        )
        parts += [
            {"code": self._loinc(field), "valueCodeableConcept": {"text": text}}
            for field, text in texts
            if text
        ]
        coded = [("origin", table["origins"], variant.origin if variant.origin in ORIGINS else "")]
        if not variant.basis:  # what followed from the consequence follows again when it is read
            coded.append(("significance", table["significances"], variant.significance))
        parts += [
            {
                "code": self._loinc(field),
                "valueCodeableConcept": self._concept([self.vocabulary.code(codes[word][0], word)]),
            }
            for field, codes, word in coded
            if word
        ]
        present = self.vocabulary.code("loinc:LA9633-4", "Present")
        content = {
            "status": "final",
            "code": self._loinc("observation"),
            "subject": self.subject,
            "specimen": specimen,
            "valueCodeableConcept": self._concept([present]),
            **({"method": {"text": variant.assay}} if variant.assay else {}),
            "component": parts,
        }
        self._add("Observation", content)

    # --- treatments and time points ----------------------------------------------------------

    def _line(self, line: TreatmentLine) -> None:
        drug: Json = {"coding": [_UNKNOWN]}
        rest = []
        for each in line.facts:
            if each.fact == "treatment.regimen" and not (each.origin.date or each.origin.assay):
                drug = self._value_concept(each.fact, each.value)
            else:
                rest.append(each)
        content: Json = {"status": "unknown", "medicationCodeableConcept": drug}
        content["subject"] = self.subject
        content |= {"effectiveDateTime": str(line.start)} if line.start else {}
        reference = self._add("MedicationStatement", content, ("line", line.id))
        self._observations(rest, (), {"partOf": [reference]})

    def _time_point(self, point: TimePoint) -> None:
        when: Json = {"effectiveDateTime": str(point.date)} if point.date else {}
        found = self._observations(point.facts, point.readings, when)
        for lesion in point.lesions:
            found += self._lesion(lesion, point, when)
        content: Json = {"status": "final", "code": self._concept([_IMAGING])}
        content |= {"subject": self.subject, **when}
        content |= {"result": found} if found else {}
        self._add("DiagnosticReport", content, ("time-point", point.id))

    def _lesion(self, lesion: Lesion, point: TimePoint, when: Json) -> list[Json]:
        if lesion.id not in self.lesions:
            own = {"patient": self.subject}
            self.lesions[lesion.id] = self._add("BodyStructure", own, ("lesion", lesion.id))
        if not lesion.facts and not any(reading.facts for reading in lesion.readings):
            reason = f"a lesion of which nothing was seen at time point {point.id}"
            self.losses.lose("lesions", lesion.id, reason)
        where = {"focus": [self.lesions[lesion.id]], **when}
        return self._observations(lesion.facts, lesion.readings, where)


def _plain(number: float) -> float | int:
    """Return a whole number as one; FHIR counts the decimals that are written."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
