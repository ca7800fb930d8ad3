"""What the readers of one patient of a FHIR bundle share: the resources, the case, the account."""

from __future__ import annotations

from dataclasses import dataclass, field

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.fhir_bundle import Bundle, Resource
from nenuphar.io.exchange.ledger import Ledger
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Placer
from nenuphar.io.exchange.vocabulary import Vocabulary

WRONG = frozenset({"entered-in-error", "cancelled", "registered", "unknown", "refuted"})
"""States of a resource that is not to be believed, or not yet."""

ASIDE = (
    *("resourceType", "id", "meta", "implicitRules", "language", "text", "identifier", "status"),
    *("subject", "patient", "category", "encounter", "context", "issued", "performer", "recorder"),
    *("recordedDate", "asserter", "basedOn", "derivedFrom", "hasMember", "result", "active"),
    *("clinicalStatus", "verificationStatus", "intent", "requester", "informationSource"),
    *("accessionIdentifier", "receivedTime", "parent", "request", "dateAsserted"),
)
"""Fields that hold no fact of the disease: names of the record, its state, who wrote it."""


@dataclass
class Context:
    """One patient of a bundle while the case is put together.

    Attributes:
        patient: The Patient.
        resources: The resources about the patient.
        bundle: Where references lead.
        vocabulary: What codes mean.
        ledger: Account of the document.
        draft: The case so far.
        placer: Puts observations into it.
        levels: The level of the case that a resource became, by the key of the resource.
        reported: The report that lists an observation, and its time point, by the observation.
        lesions: The id of the lesion that a body structure is.
        born: Day of birth; it becomes an age and is not kept.
    """

    patient: Resource
    resources: list[Resource]
    bundle: Bundle
    vocabulary: Vocabulary
    ledger: Ledger
    draft: Draft
    placer: Placer
    levels: dict[str, Draft] = field(default_factory=dict)
    reported: dict[str, tuple[Resource, Draft | None]] = field(default_factory=dict)
    lesions: dict[str, str] = field(default_factory=dict)
    born: PartialDate | None = None

    @classmethod
    def begin(
        cls,
        name: str,
        patient: Resource,
        resources: list[Resource],
        bundle: Bundle,
        vocabulary: Vocabulary,
    ) -> Context:
        """Begin the case of a patient."""
        draft = Draft(Scope.PATIENT, name)
        placer = Placer(vocabulary, bundle.ledger, draft)
        return cls(patient, resources, bundle, vocabulary, bundle.ledger, draft, placer)

    def all_of(self, *kinds: str) -> list[Resource]:
        """Return the resources of some types, in order."""
        return [each for each in self.resources if each.kind in kinds]

    def account(self, resource: Resource, *read: str) -> None:
        """Account for fields that were read, and for those that are left out on purpose."""
        pointer = resource.part.pointer
        self.ledger.carry(*(f"{pointer}/{name}" for name in read))
        self.ledger.aside(*(f"{pointer}/{name}" for name in ASIDE))

    def lose(self, part: Part, what: str, reason: str) -> None:
        """List a part that is not carried."""
        self.ledger.lose(part.pointer, self.draft.id, what, reason)
