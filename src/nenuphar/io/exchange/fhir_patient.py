"""One patient of a FHIR bundle as a case."""

from __future__ import annotations

from nenuphar.domain.case import Case
from nenuphar.domain.dates import PartialDate
from nenuphar.io.exchange.answers import Answer
from nenuphar.io.exchange.courses import add_line, add_lines
from nenuphar.io.exchange.fhir_bundle import Resource
from nenuphar.io.exchange.fhir_context import WRONG, Context
from nenuphar.io.exchange.fhir_observations import ObservationReader
from nenuphar.io.exchange.fhir_specimens import SpecimenReader
from nenuphar.io.exchange.fhir_treatments import MEDICATIONS, given_of
from nenuphar.io.exchange.fhir_tumours import TumourReader
from nenuphar.io.exchange.fhir_values import date_of, own_id
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Seen
from nenuphar.io.values import clean_id, is_id

_URL = "urn:uuid:"
_IDENTITY = (
    *("name", "telecom", "birthDate", "address", "maritalStatus", "multipleBirthBoolean", "photo"),
    *("multipleBirthInteger", "contact", "communication", "generalPractitioner", "extension"),
    *("managingOrganization", "link"),
)


def patient_id(patient: Resource) -> str:
    """Return the id of a Patient: the one that this project gave it, else that of the resource."""
    name = own_id(patient.part, "patient") or patient.part.text("id")
    if not name and patient.url.startswith(_URL):
        name = patient.url.removeprefix(_URL)
    return clean_id(name) if is_id(name) else ""


class PatientReader:
    """Reads the resources about one patient."""

    def __init__(self, of: Context) -> None:
        self.of = of
        self.died: PartialDate | None = None

    def read(self) -> Case:
        """Return the case; what is not carried is in the ledger."""
        self._subject()
        tumours = TumourReader(self.of)
        tumours.begin()
        SpecimenReader(self.of).read(tumours.tumours)
        treatments = self.of.all_of(*MEDICATIONS, "Procedure")
        self._own_lines(treatments)
        ObservationReader(self.of).read()
        tumours.finish()
        self._courses(treatments)
        self.of.placer.close()
        for resource in self.of.resources:
            self._unread(resource)
        return self.of.draft.case()

    def _subject(self) -> None:
        part = self.of.patient.part
        self.of.account(self.of.patient)
        self.of.ledger.aside(*(f"{part.pointer}/{name}" for name in _IDENTITY))
        self.of.ledger.carry(f"{part.pointer}/id")
        self.of.born = date_of(part.text("birthDate"))
        if (gender := part.text("gender")) in ("female", "male", "other"):
            seen = Seen(f"{part.pointer}/gender", (), Answer(text=gender))
            self.of.placer.state("patient.sex", seen, self.of.draft)
        else:
            self.of.ledger.aside(f"{part.pointer}/gender")
        died = part.get("deceasedBoolean")
        if died is not None:
            seen = Seen(died.pointer, (), Answer(flag=died.data is True))
            self.of.placer.state("followup.os_event", seen, self.of.draft)
        if (when := part.get("deceasedDateTime")) is not None:
            self.died = date_of(str(when.data))
            seen = Seen(when.pointer, (), Answer(flag=True))
            self.of.placer.state("followup.os_event", seen, self.of.draft)

    def _own_lines(self, treatments: list[Resource]) -> None:
        for each in treatments:
            if name := own_id(each.part, "line"):
                given = given_of(each, self.of.bundle, self.of.vocabulary)
                self.of.levels[each.key] = add_line(
                    given, self.of.draft, self.of.ledger.findings.file, name
                )
                self.of.account(each, "medicationCodeableConcept", "effectiveDateTime")

    def _courses(self, treatments: list[Resource]) -> None:
        found = []
        for each in treatments:
            if own_id(each.part, "line"):
                continue
            given = given_of(each, self.of.bundle, self.of.vocabulary)
            if each.part.text("status") in {*WRONG, "not-done", "not-taken", "draft", "on-hold"}:
                self.of.lose(each.part, each.kind, "was not given, or is entered in error")
            elif not given.drug:
                self.of.lose(each.part, each.kind, "is no treatment that is known here")
            else:
                found.append(given)
                self.of.account(each, *_fields_of_treatments(each.part))
        if found:
            add_lines(found, self.died, self.of.placer)

    def _unread(self, resource: Resource) -> None:
        """List a resource of a type that holds no fact here."""
        known = (*MEDICATIONS, "Procedure", "Condition", "Observation", "Specimen", "BodyStructure")
        if resource.kind == "DiagnosticReport":
            self.of.account(resource, "effectiveDateTime", "code", "specimen")
        elif resource.kind not in known:
            self.of.lose(resource.part, resource.kind, "no fact is read from this type of resource")


def _fields_of_treatments(part: Part) -> list[str]:
    starts = ("medication", "effective", "performed", "occur", "authored")
    return [name for name in part.data if name.startswith(starts)] + ["code"]
