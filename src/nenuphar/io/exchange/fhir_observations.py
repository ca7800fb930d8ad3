"""Observations of a FHIR bundle as facts of what they are about."""

from __future__ import annotations

from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer, Code, shown
from nenuphar.io.exchange.fhir_bundle import Resource
from nenuphar.io.exchange.fhir_context import ASIDE, WRONG, Context
from nenuphar.io.exchange.fhir_genomics import Genomics
from nenuphar.io.exchange.fhir_values import URN, answer_of, codes_of, date_of, period_of
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Seen, add_level


class ObservationReader:
    """Reads the observations of one patient."""

    def __init__(self, of: Context) -> None:
        self.of = of

    def read(self) -> None:
        """Read the observations; variants last, for others say what they imply."""
        genomics = Genomics(self.of.placer, self.of.bundle)
        for observation in self.of.all_of("Observation"):
            self._observation(observation, genomics)
        genomics.close()

    def _observation(self, observation: Resource, genomics: Genomics) -> None:
        part = observation.part
        if part.text("status") in WRONG:
            self.of.lose(part, "Observation", "is no final result, or entered in error")
            return
        codes = codes_of(part.get("code"), self.of.vocabulary)
        home, why = self._home(observation)
        if home is None:
            self.of.lose(part, shown(codes), why)
            return
        if genomics.reads(observation, codes, home):
            self.of.account(observation, "code", "specimen", "method", "effectiveDateTime")
            return
        seen = self._seen(part, part, codes)
        components = [] if _is_bounded(part) else list(part.each("component"))
        if not seen.answer.is_empty:
            self._place(observation, seen, home)
        elif components:
            self.of.account(observation, "effectiveDateTime")
            self.of.ledger.aside(f"{part.pointer}/code")
        elif part.get("dataAbsentReason") is not None or part.get("hasMember") is not None:
            self.of.ledger.aside(part.pointer)
        else:
            self.of.lose(part, shown(codes), "it has no value that can be read")
        for each in components:
            own = codes_of(each.get("code"), self.of.vocabulary)
            self.of.placer.place(self._seen(part, each, own), home)

    def _place(self, observation: Resource, seen: Seen, home: Draft) -> None:
        part = observation.part
        if not self.of.placer.place(seen, home):
            return
        read = ("code", "specimen", "focus", "partOf", "method", "effectiveDateTime")
        own = {*read, *ASIDE, *(name for name in part.data if name.startswith("value"))}
        own |= {"component"} if _is_bounded(part) else set()
        own |= set() if any(n.startswith("value") for n in part.data) else {"interpretation"}
        self.of.ledger.leave(*(f"{part.pointer}/{name}" for name in part.data if name not in own))
        pointers = (f"{part.pointer}/{name}" for name in ASIDE if name in part.data)
        self.of.ledger.aside(*pointers)

    def _seen(self, whole: Part, part: Part, codes: tuple[Code, ...]) -> Seen:
        date, _ = period_of(whole, "effective")
        date = date or date_of(whole.text("effectiveInstant"))
        assessor = next((name for each in whole.each("performer") if (name := _assessor(each))), "")
        method = (whole.get("method") or Part({})).text("text")
        answer = answer_of(part, self.of.vocabulary)
        return Seen(part.pointer, codes, answer, date, assessor, method)

    def _home(self, observation: Resource) -> tuple[Draft | None, str]:
        """Return the level that an observation is about, or why that is not clear."""
        part = observation.part
        report, point = self.of.reported.get(observation.key, (None, None))
        specimen = part.get("specimen")
        if specimen is not None and specimen.text("reference"):
            found = self.of.bundle.find(specimen, observation)
            return self._level(found), "refers to a specimen that is not read here"
        for reference in (*part.each("focus"), *part.each("partOf")):
            found = self.of.bundle.find(reference, observation)
            if found is None or found.key in self.of.lesions or found.key in self.of.levels:
                return self._focused(found, part, point)
        if point is not None:
            return point, ""
        named = list(report.part.each("specimen")) if report is not None else []
        if report is not None and len(named) == 1:
            found = self.of.bundle.find(named[0], report)
            return self._level(found), "its report is on a specimen that is not read here"
        return self.of.draft, ""

    def _focused(
        self, focus: Resource | None, part: Part, point: Draft | None
    ) -> tuple[Draft | None, str]:
        if focus is None:
            return None, "refers to something that is not in the bundle"
        if focus.key in self.of.lesions:
            return self._lesion(focus, part, point), "a lesion without a date of its time point"
        return self._level(focus), "refers to something that is not read here"

    def _level(self, resource: Resource | None) -> Draft | None:
        return self.of.levels.get(resource.key) if resource is not None else None

    def _lesion(self, body: Resource, part: Part, point: Draft | None) -> Draft | None:
        if point is None:
            date, _ = period_of(part, "effective")
            point = self.of.placer.time_point(Seen(part.pointer, (), Answer(), date))
        if point is None:
            return None
        name = self.of.lesions[body.key]
        for lesion in point.below(Scope.LESION):
            if lesion.id == name:
                return lesion
        return add_level(point, Scope.LESION, name)


def _assessor(performer: Part) -> str:
    """Return the name that this project gave an assessor; people are not named otherwise."""
    identifier = performer.get("identifier")
    if identifier is None or identifier.text("system") != f"{URN}assessor":
        return ""
    return identifier.text("value")


def _is_bounded(part: Part) -> bool:
    """Whether the components of an observation are the ends of its one quantity."""
    codings = (
        coding
        for component in part.each("component")
        for coding in (component.get("code") or Part({})).each("coding")
    )
    return any(coding.text("code") in ("lower_bound", "upper_bound") for coding in codings)
