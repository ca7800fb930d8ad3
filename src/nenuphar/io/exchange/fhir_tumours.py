"""Conditions of a FHIR bundle as tumours, and metastases as how far one has spread."""

from __future__ import annotations

import datetime as dt

from nenuphar.domain.case import Observed
from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer, Code, shown
from nenuphar.io.exchange.fhir_bundle import Resource
from nenuphar.io.exchange.fhir_context import WRONG, Context
from nenuphar.io.exchange.fhir_values import (
    codes_of,
    concept_answer,
    date_of,
    own_id,
    period_of,
    quantity_answer,
)
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Seen, add_level
from nenuphar.io.exchange.vocabulary import OWN

_HISTOLOGY = "histology-morphology-behavior"


class TumourReader:
    """Reads the conditions of one patient."""

    def __init__(self, of: Context) -> None:
        self.of = of
        self.tumours: list[Resource] = []

    def begin(self) -> None:
        """Make a tumour of each condition that is one; the others are listed."""
        self.tumours = [each for each in self.of.all_of("Condition") if self._is_tumour(each)]
        for number, condition in enumerate(self.tumours, 1):
            name = own_id(condition.part, "tumour") or str(number)
            self.of.levels[condition.key] = add_level(self.of.draft, Scope.TUMOUR, name)

    def finish(self) -> None:
        """Read what the conditions say, now that the specimens are known."""
        for condition in self.tumours:
            self._tumour(condition)
        self._secondary_cancers()

    def _diagnoses(self, condition: Resource) -> list[Part]:
        """Return the concepts that name a condition, its histology (an extension) first."""
        part = condition.part
        found = [
            value
            for each in part.each("extension")
            if each.text("url").endswith(_HISTOLOGY)
            and (value := each.get("valueCodeableConcept")) is not None
        ]
        code = part.get("code")
        return [*found, *([code] if code is not None else [])]

    def _codes(self, condition: Resource) -> tuple[Code, ...]:
        concepts = self._diagnoses(condition)
        return tuple(code for each in concepts for code in codes_of(each, self.of.vocabulary))

    def _is_tumour(self, condition: Resource) -> bool:
        part = condition.part
        if own_id(part, "tumour"):
            return True
        status = part.get("verificationStatus")
        if any(code.code in WRONG for code in codes_of(status, self.of.vocabulary)):
            self.of.lose(part, "Condition", "is refuted, or entered in error")
            return False
        codes = self._codes(condition)
        if self._is_secondary(condition, codes):
            return False
        known = any(self.of.vocabulary.concept("tumour_entity", code) for code in codes)
        profile = "primary-cancer-condition" in " ".join(_profiles(part))
        if known or profile or self.of.vocabulary.is_unspecific(codes):
            return True
        self.of.lose(part, shown(codes), "the code names no tumour that is known here")
        return False

    def _is_secondary(self, condition: Resource, codes: tuple[Code, ...]) -> bool:
        profiles = " ".join(_profiles(condition.part))
        return "secondary-cancer" in profiles or self.of.vocabulary.is_one_of("secondary", codes)

    def _tumour(self, condition: Resource) -> None:
        tumour, part = self.of.levels[condition.key], condition.part
        self.of.account(condition)
        self._diagnosis(condition, tumour)
        for site in part.each("bodySite"):
            answer = concept_answer(site, self.of.vocabulary)
            self.of.placer.state("tumour.site", Seen(site.pointer, answer.codes, answer), tumour)
        self._implied_site(condition, tumour)
        for stage in part.each("stage"):
            if (summary := stage.get("summary")) is not None:
                answer = concept_answer(summary, self.of.vocabulary)
                seen = Seen(summary.pointer, answer.codes, answer)
                self.of.placer.state("disease.stage", seen, tumour)
        self.of.ledger.aside(f"{part.pointer}/evidence")
        self._age(part)

    def _diagnosis(self, condition: Resource, tumour: Draft) -> None:
        """State what the condition is called of its specimen, unless specimens say it."""
        concepts = self._diagnoses(condition)
        specimens = tumour.below(Scope.SPECIMEN)
        stated = any("diagnosis.reported" in each.facts for each in specimens)
        for number, concept in enumerate(concepts):
            answer = concept_answer(concept, self.of.vocabulary)
            codes = answer.codes
            known = any(self._names_entity(code) for code in codes)
            url = concept.pointer.removesuffix("/valueCodeableConcept") + "/url"
            self.of.ledger.aside(url)
            if stated or self.of.vocabulary.is_unspecific(codes):
                self.of.ledger.aside(concept.pointer)
            elif not known and number < len(concepts) - 1:
                self.of.lose(concept, shown(codes), "the code names no tumour that is known here")
            elif len(specimens) > 1:
                why = "the diagnosis of the condition is that of no specimen in particular"
                self.of.lose(concept, shown(codes), why)
            elif (level := tumour.reach(Scope.SPECIMEN)) is not None:
                seen = Seen(concept.pointer, codes, Answer(codes))
                stated = self.of.placer.state("diagnosis.reported", seen, level)

    def _names_entity(self, code: Code) -> bool:
        concepts = self.of.vocabulary.knowledge.terminologies["tumour_entity"].concepts
        own = code.system == OWN and code.code in concepts
        return own or self.of.vocabulary.concept("tumour_entity", code) is not None

    def _implied_site(self, condition: Resource, tumour: Draft) -> None:
        """State the organ that the diagnosis names, where the condition states none."""
        if own_id(condition.part, "tumour") or "tumour.site" in tumour.facts:
            return
        codes = self._codes(condition)
        found = {site for code in codes if (site := self.of.vocabulary.implied_site(code))}
        if len(found) == 1:
            site = found.pop()
            origin = Origin(self.of.ledger.findings.file, "by the code of the diagnosis")
            tumour.facts["tumour.site"] = Observed("tumour.site", site, origin)

    def _age(self, part: Part) -> None:
        """State the age at diagnosis: as it is stated, else between birth and onset."""
        if "patient.age" in self.of.draft.facts:
            return
        if (age := part.get("onsetAge")) is not None:
            seen = Seen(age.pointer, (), quantity_answer(age))
            self.of.placer.state("patient.age", seen, self.of.draft)
            return
        start, _ = period_of(part, "onset")
        when = start or date_of(part.text("recordedDate"))
        field = "onsetDateTime" if part.get("onsetDateTime") else "recordedDate"
        if when is None or self.of.born is None or when.earliest < self.of.born.latest:
            return
        low = _years(self.of.born.latest, when.earliest)
        high = _years(self.of.born.earliest, when.latest)
        seen = Seen(f"{part.pointer}/{field}", (), Answer(ends=(low, high, False, False), unit="a"))
        self.of.placer.state("patient.age", seen, self.of.draft)

    def _secondary_cancers(self) -> None:
        for condition in self.of.all_of("Condition"):
            codes, part = self._codes(condition), condition.part
            if condition.key in self.of.levels or not self._is_secondary(condition, codes):
                continue
            tumour = self.of.draft.reach(Scope.TUMOUR)
            if tumour is None:
                why = "is a metastasis, and nothing says of which of several tumours"
                self.of.lose(part, shown(codes), why)
                continue
            self.of.account(condition)
            seen = Seen(f"{part.pointer}/code", codes, Answer(text="metastatic"))
            self.of.placer.state("disease.extent", seen, tumour)
            sites = list(part.each("bodySite"))
            found = [code for site in sites for code in codes_of(site, self.of.vocabulary)]
            organs = {self.of.vocabulary.concept("tumour_site", code) for code in found}
            organs |= {self.of.vocabulary.implied_site(code) for code in codes}
            if "liver" in organs:
                place = Seen(f"{part.pointer}/bodySite", codes, Answer(flag=True))
                self.of.placer.state("disease.liver_metastases", place, tumour)


def _profiles(part: Part) -> list[str]:
    meta = part.get("meta")
    return [str(each.data) for each in meta.each("profile")] if meta is not None else []


def _years(born: object, then: object) -> float:
    """Return the completed years between two days."""
    if not isinstance(born, dt.date) or not isinstance(then, dt.date):
        return 0.0
    return float(then.year - born.year - ((then.month, then.day) < (born.month, born.day)))
