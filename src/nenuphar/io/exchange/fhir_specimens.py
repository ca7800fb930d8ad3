"""Specimens, reports and body structures of a FHIR bundle: what observations are about."""

from __future__ import annotations

from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.fhir_bundle import Resource
from nenuphar.io.exchange.fhir_context import Context
from nenuphar.io.exchange.fhir_values import concept_answer, own_id, period_of
from nenuphar.io.exchange.placing import Seen, add_level
from nenuphar.io.values import is_id


class SpecimenReader:
    """Reads what the observations of one patient are about."""

    def __init__(self, of: Context) -> None:
        self.of = of

    def read(self, tumours: list[Resource]) -> None:
        """Read specimens, reports and body structures."""
        self._specimens(tumours)
        self._reports()
        self._bodies()

    def _specimens(self, tumours: list[Resource]) -> None:
        homes = self._homes(tumours)
        later = []
        for specimen in self.of.all_of("Specimen"):
            parents = [self.of.bundle.find(each, specimen) for each in specimen.part.each("parent")]
            if any(parent is not None for parent in parents):
                later.append((specimen, next(parent for parent in parents if parent)))
                continue
            home = homes.get(specimen.key) or self.of.draft.reach(Scope.TUMOUR)
            if home is None:
                why = "there are several tumours, and nothing says of which the specimen is"
                self.of.lose(specimen.part, "Specimen", why)
                continue
            name = own_id(specimen.part, "specimen") or specimen.part.text("id") or specimen.key
            level = add_level(home, Scope.SPECIMEN, name)
            self.of.levels[specimen.key] = level
            self._specimen(specimen, level)
        for specimen, parent in later:
            self._part_of(specimen, parent)

    def _homes(self, tumours: list[Resource]) -> dict[str, Draft]:
        """Return the tumour of each specimen, as conditions and observations tell it."""
        found: dict[str, Draft] = {}
        for condition in tumours:
            for evidence in condition.part.each("evidence"):
                references = [
                    *evidence.each("detail"),
                    *(r for r in [evidence.get("reference")] if r),
                ]
                for reference in references:
                    resource = self.of.bundle.find(reference, condition)
                    if resource is not None:
                        found[resource.key] = self.of.levels[condition.key]
        for observation in self.of.all_of("Observation"):
            specimen = self.of.bundle.find(observation.part.get("specimen"), observation)
            for focus in observation.part.each("focus"):
                target = self.of.bundle.find(focus, observation)
                if specimen is not None and target is not None and target.key in self.of.levels:
                    found.setdefault(specimen.key, self.of.levels[target.key])
        return found

    def _specimen(self, specimen: Resource, level: Draft) -> None:
        collection = specimen.part.get("collection")
        self.of.account(specimen, "id")
        if collection is None:
            return
        level.date, _ = period_of(collection, "collected")
        self.of.ledger.carry(f"{collection.pointer}/collectedDateTime")
        if level.date and collection.get("collectedPeriod"):
            self.of.ledger.carry(f"{collection.pointer}/collectedPeriod/start")
        for field, fact in (("method", "specimen.procedure"), ("bodySite", "specimen.organ")):
            found = collection.get(field)
            if found is not None:
                concept = found.get("concept") or found  # R5 holds the concept one level below
                answer = concept_answer(concept, self.of.vocabulary)
                self.of.placer.state(fact, Seen(found.pointer, answer.codes, answer), level)

    def _part_of(self, specimen: Resource, parent: Resource) -> None:
        """Read a specimen taken from another: a component, or the same tissue once more."""
        level = self.of.levels.get(parent.key)
        if level is None or level.scope is not Scope.SPECIMEN:
            self.of.lose(specimen.part, "Specimen", "is part of a specimen that is not read")
            return
        if (name := own_id(specimen.part, "component")) and is_id(name):
            level = add_level(level, Scope.COMPONENT, name)
            self.of.account(specimen, "type")
        else:
            self.of.account(specimen)
        self.of.levels[specimen.key] = level

    def _reports(self) -> None:
        """Note which observations a report lists, and which reports are time points."""
        for report in self.of.all_of("DiagnosticReport"):
            name = own_id(report.part, "time-point")
            level = None
            if name:
                level = add_level(self.of.draft, Scope.TIME_POINT, name)
                level.date, _ = period_of(report.part, "effective")
                self.of.account(report, "effectiveDateTime", "code")
            self.of.levels.setdefault(report.key, level or self.of.draft)
            for result in report.part.each("result"):
                target = self.of.bundle.find(result, report)
                if target is not None:
                    self.of.reported[target.key] = (report, level)

    def _bodies(self) -> None:
        for body in self.of.all_of("BodyStructure"):
            name = own_id(body.part, "lesion") or body.part.text("id")
            if name and is_id(name):
                self.of.lesions[body.key] = name
                self.of.account(body, "id")
