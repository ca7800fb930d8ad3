"""Documents as other hospitals write them: made up for these tests, with their habits."""

from __future__ import annotations

import copy
import json
from typing import Any

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem
from nenuphar.io.case_file import CasesRead, parse_cases
from nenuphar.knowledge.base import load_knowledge

KNOWLEDGE = load_knowledge()
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"


def read(document: Any, name: str = "c.json") -> CasesRead:
    text = document if isinstance(document, str) else json.dumps(document)
    return parse_cases(text, name, KNOWLEDGE)


def one(document: Any, name: str = "c.json") -> Case:
    found = read(document, name)
    assert (found.read, found.rejected) == (1, 0), found.problems
    return found.cases[0]


def facts(level: Any) -> dict[str, str]:
    return {each.fact: str(each.value) for each in level.facts}


def listed(document: Any) -> dict[str, Problem]:
    """What is listed, by its path."""
    return {problem.column: problem for problem in read(document).problems}


# --- Phenopackets ------------------------------------------------------------------------------


def cls(code: str, label: str = "") -> dict[str, str]:
    return {"id": code, "label": label or code}


def measured(code: str, value: float, unit: str = "%", **more: Any) -> dict[str, Any]:
    quantity = {"unit": cls(f"UCUM:{unit}", unit), "value": value}
    return {"assay": cls(code), "value": {"quantity": quantity}, **more}


PACKET: dict[str, Any] = {
    "id": "packet-1",
    "subject": {"id": "P1", "sex": "FEMALE", "dateOfBirth": "1960-05-01T00:00:00Z"},
    "diseases": [
        {
            "term": cls("NCIT:C3809", "Neuroendocrine Neoplasm"),
            "primarySite": cls("UBERON:0001264", "pancreas"),
            "onset": {"age": {"iso8601duration": "P61Y"}},
            "diseaseStage": [cls("NCIT:C27971", "Stage IV")],
            "clinicalTnmFinding": [
                cls("NCIT:C48706", "N1 Stage Finding"),
                cls("NCIT:C48720", "T1 Stage Finding"),
            ],
        }
    ],
    "biosamples": [
        {
            "id": "B1",
            "individualId": "P1",
            "timeOfCollection": {"timestamp": "2020-03-17T00:00:00Z"},
            "sampledTissue": cls("UBERON:0002107", "liver"),
            "histologicalDiagnosis": cls("NCIT:C3809", "Neuroendocrine Neoplasm"),
            "tumorProgression": cls("NCIT:C3261", "Metastatic Neoplasm"),
            "tumorGrade": cls("NCIT:C28078", "Grade 2"),
            "procedure": {"code": cls("NCIT:C15189", "Biopsy")},
            "measurements": [measured("LOINC:29593-1", 12.0)],
        }
    ],
    "metaData": {
        "created": "2021-01-01T00:00:00Z",
        "createdBy": "a hospital",
        "phenopacketSchemaVersion": "2.0",
    },
}


def packet(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(PACKET), **changes}


# --- FHIR --------------------------------------------------------------------------------------


def concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {
        "coding": [{"system": system, "code": code, **({"display": display} if display else {})}]
    }


def observation(name: str, code: str, **content: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": concept(LOINC, code),
        "subject": {"reference": "Patient/p1"},
        **content,
    }


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Nightingale", "given": ["Florence"]}],
    "birthDate": "1960-05-01",
    "gender": "female",
    "address": [{"city": "Scutari"}],
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "meta": {"profile": [f"{MCODE}primary-cancer-condition"]},
    "subject": {"reference": "Patient/p1"},
    "code": concept(SNOMED, "254632001", "Small cell carcinoma of lung"),
    "onsetDateTime": "2021-06-01",
}
SPECIMEN = {
    "resourceType": "Specimen",
    "id": "s1",
    "subject": {"reference": "Patient/p1"},
    "collection": {
        "collectedDateTime": "2021-06-03",
        "method": concept(SNOMED, "86273004", "Biopsy"),
    },
}
KI67 = observation(
    "ki67",
    "29593-1",
    specimen={"reference": "Specimen/s1"},
    valueQuantity={"value": 80, "comparator": ">", "unit": "%", "code": "%"},
)


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = [{"resource": copy.deepcopy(each)} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def of_patient(*resources: dict[str, Any]) -> dict[str, Any]:
    return bundle(PATIENT, CONDITION, SPECIMEN, *resources)


def given(name: str, drug: str, start: str, stop: str = "", **more: Any) -> dict[str, Any]:
    period = {"start": start, **({"end": stop} if stop else {})}
    return {
        "resourceType": "MedicationStatement",
        "id": name,
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": drug},
        "effectivePeriod": period,
        **more,
    }
