"""Medications and procedures of a FHIR bundle as treatments."""

from __future__ import annotations

from dataclasses import replace

from nenuphar.io.exchange.answers import Answer
from nenuphar.io.exchange.courses import Given
from nenuphar.io.exchange.fhir_bundle import Bundle, Resource
from nenuphar.io.exchange.fhir_values import codes_of, concept_answer, date_of, period_of
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.vocabulary import Vocabulary
from nenuphar.io.values import ValueProblem

MEDICATIONS = ("MedicationStatement", "MedicationAdministration", "MedicationRequest")
_INTENT = "treatment-intent"


def given_of(resource: Resource, bundle: Bundle, vocabulary: Vocabulary) -> Given:
    """Return what a resource says was given; no drug where it is not known here."""
    part = resource.part
    answer = _what(resource, bundle, vocabulary)
    start, stop = period_of(part, "effective", "performed", "occurence", "occurrence")
    start = start or date_of(part.text("authoredOn"))
    return Given(part.pointer, vocabulary.drug(answer), start, stop, _setting(part, vocabulary))


def _what(resource: Resource, bundle: Bundle, vocabulary: Vocabulary) -> Answer:
    part = resource.part
    if resource.kind == "Procedure":
        return concept_answer(part.get("code"), vocabulary)
    medication = part.get("medication") or Part({})  # R5: a concept or a reference
    for concept in (part.get("medicationCodeableConcept"), medication.get("concept")):
        if concept is not None:
            return concept_answer(concept, vocabulary)
    for reference in (part.get("medicationReference"), medication.get("reference")):
        found = bundle.find(reference, resource)
        if found is not None:
            bundle.ledger.aside(found.part.pointer)
            return concept_answer(found.part.get("code"), vocabulary)
    return Answer()


def _setting(part: Part, vocabulary: Vocabulary) -> str:
    """Return the setting that an intent of treatment stands for; empty where it stands for none."""
    fact = vocabulary.knowledge.facts["line.setting"]
    for extension in part.each("extension"):
        if _INTENT not in extension.text("url"):
            continue
        for code in codes_of(extension.get("valueCodeableConcept"), vocabulary):
            try:
                return str(vocabulary.value(fact, Answer((replace(code, label=""),))) or "")
            except ValueProblem:
                continue
    return ""
