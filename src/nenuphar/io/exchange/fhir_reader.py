"""FHIR bundles (R4 and R5, in the manner of mCODE) as cases, one for each patient."""

from __future__ import annotations

from typing import Any

from nenuphar.domain.case import Case
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.exchange.fhir_bundle import Bundle, Resource, index_bundle
from nenuphar.io.exchange.fhir_context import Context
from nenuphar.io.exchange.fhir_patient import PatientReader, patient_id
from nenuphar.io.exchange.ledger import Ledger
from nenuphar.io.exchange.vocabulary import Vocabulary
from nenuphar.io.result import Findings

BUNDLES = ("collection", "document", "searchset", "transaction", "batch", "message")

ADMINISTRATION = frozenset(
    {
        *("Practitioner", "PractitionerRole", "Organization", "Location", "Encounter", "Device"),
        *("EpisodeOfCare", "CareTeam", "RelatedPerson", "Coverage", "Claim", "ClaimResponse"),
        *("ExplanationOfBenefit", "Provenance", "Consent", "Account", "Composition", "Group"),
        *("HealthcareService", "Endpoint", "Appointment", "Schedule", "Slot", "MessageHeader"),
    }
)
"""Resources about people and places of care: left out on purpose, whole."""


def read_bundle(
    data: Any, vocabulary: Vocabulary, findings: Findings
) -> list[tuple[int, Case | None]]:
    """Read the patients of a bundle.

    Args:
        data: The bundle, as JSON was read.
        vocabulary: What codes mean.
        findings: Where everything goes that is not carried.

    Returns:
        One entry for each Patient of the bundle, None where it is rejected.

    Raises:
        UnreadableInputError: It is no bundle of patients.
    """
    _refuse(data, findings.file)
    ledger = Ledger(findings)
    bundle = index_bundle(data, ledger)
    patients = list(bundle.of("Patient"))
    if not patients:
        raise UnreadableInputError(
            f"{findings.file}: the FHIR bundle holds no Patient that can be read; add the Patient "
            "that its resources are about"
        )
    owned = _owned(bundle, patients, ledger)
    cases = [_case(each, owned.get(each.key, []), bundle, vocabulary) for each in patients]
    names = {case.patient for case in cases if case}
    ledger.close(data, next(iter(names)) if len(names) == 1 else "")
    return [(0, case) for case in cases]


def _case(
    patient: Resource, own: list[Resource], bundle: Bundle, vocabulary: Vocabulary
) -> Case | None:
    """Read one patient; None where it has no id, which is listed."""
    name = patient_id(patient)
    if name:
        return PatientReader(Context.begin(name, patient, own, bundle, vocabulary)).read()
    reason, fix, pointer = "the Patient has no usable id", "state Patient.id", patient.part.pointer
    bundle.ledger.findings.reject(0, "", reason, fix, pointer)
    bundle.ledger.lose(pointer, "", "Patient", reason, fix)
    return None


def _refuse(data: Any, file: str) -> None:
    """Refuse what is no bundle of resources.

    Raises:
        UnreadableInputError: As the message says.
    """
    if not isinstance(data, dict):
        raise UnreadableInputError(f"{file}: is a list; put the FHIR resources into one Bundle")
    kind = data.get("resourceType")
    if kind != "Bundle":
        called = (
            kind if isinstance(kind, str) and kind.isalpha() and len(kind) < 60 else "something"
        )
        raise UnreadableInputError(
            f"{file}: is a single FHIR resource ({called}); put it into a Bundle with its Patient"
        )
    if data.get("type") not in BUNDLES:
        raise UnreadableInputError(
            f"{file}: the type of the FHIR bundle is not one of {', '.join(BUNDLES)}; "
            "give the current resources, not their history"
        )
    if not isinstance(data.get("entry"), list) or not data["entry"]:
        raise UnreadableInputError(f"{file}: the FHIR bundle has no entry; export it again")


def _owned(bundle: Bundle, patients: list[Resource], ledger: Ledger) -> dict[str, list[Resource]]:
    """Return the resources about each patient; what is about nobody here is listed."""
    found: dict[str, list[Resource]] = {}
    keys = {patient.key for patient in patients}
    for resource in bundle.resources:
        part = resource.part
        if resource.kind == "Patient":
            continue
        if resource.kind in ADMINISTRATION:
            ledger.aside(part.pointer)
            continue
        reference = part.get("subject") or part.get("patient")
        if reference is None and resource.kind == "Medication":
            continue  # read where it is referred to
        owner = bundle.find(reference, resource)
        if owner is not None and owner.key in keys:
            found.setdefault(owner.key, []).append(resource)
        else:
            why = "is about nobody" if reference is None else "is about a patient who is not"
            reason = f"{why} in the bundle" if reference is not None else "does not say about whom"
            ledger.lose(
                part.pointer, "", resource.kind, reason, "add the Patient, or the reference"
            )
    return found
