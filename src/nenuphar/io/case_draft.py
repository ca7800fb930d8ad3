"""A case while it is put together: levels that facts find their way to, then frozen."""

from __future__ import annotations

from dataclasses import dataclass, field

from nenuphar.domain.case import (
    IHC,
    Assay,
    Case,
    Component,
    CopyNumberSegment,
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
from nenuphar.domain.scope import Scope

ONLY_ONE = "1"
"""Id of what is not told apart: the only tumour of a patient, and so on."""


@dataclass
class Draft:
    """One level of a case (the patient, a tumour, a specimen, ...) and what lies below it.

    Attributes:
        scope: Which level it is.
        id: Its id.
        parent: The level above.
        date: When it was taken or seen.
        facts: Its facts by name.
        disputed: Facts that were stated twice, differently.
        readings: Facts by assessor.
        children: Levels below.
        assays: Of a specimen; so are `ihc`, `variants` and `segments`.
        stain_lines: Line on which a marker of `ihc` stands last.
    """

    scope: Scope
    id: str
    parent: Draft | None = None
    date: PartialDate | None = None
    facts: dict[str, Observed] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)
    readings: dict[str, dict[str, Observed]] = field(default_factory=dict)
    children: list[Draft] = field(default_factory=list)
    assays: list[Assay] = field(default_factory=list)
    ihc: list[IHC] = field(default_factory=list)
    stain_lines: dict[str, int] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    segments: list[CopyNumberSegment] = field(default_factory=list)

    def add(self, scope: Scope, name: str) -> Draft:
        """Add a level below."""
        child = Draft(scope, name, self)
        self.children.append(child)
        return child

    def below(self, scope: Scope) -> list[Draft]:
        """Return the levels directly below that are of one scope."""
        return [child for child in self.children if child.scope is scope]

    def reach(self, scope: Scope) -> Draft | None:
        """Return the one level of a scope that this level lies in or that lies in it.

        What does not exist yet is made; None if there are several to choose from, or if the scope
        lies neither above nor below.
        """
        if scope is self.scope:
            return self
        if self.scope.within(scope):
            return self.parent.reach(scope) if self.parent else None
        if not scope.within(self.scope):
            return None
        step = scope
        while step.parent is not self.scope:
            step = step.parent  # type: ignore[assignment]  # within() holds: there is a parent
        present = self.below(step)
        if len(present) > 1:
            return None
        child = present[0] if present else self.add(step, ONLY_ONE)
        return child.reach(scope)

    def _observed(self) -> tuple[Observed, ...]:
        return tuple(self.facts.values())

    def _readings(self) -> tuple[Reading, ...]:
        return tuple(Reading(who, tuple(f.values())) for who, f in self.readings.items())

    def case(self) -> Case:
        """Freeze the level of a patient, with everything below, as a case."""
        return Case(
            self.id,
            self._observed(),
            tuple(child._tumour() for child in self.below(Scope.TUMOUR)),
            tuple(
                TreatmentLine(line.id, line.date, line._observed())
                for line in self.below(Scope.TREATMENT_LINE)
            ),
            tuple(child._time_point() for child in self.below(Scope.TIME_POINT)),
        )

    def _tumour(self) -> Tumour:
        specimens = tuple(child._specimen() for child in self.below(Scope.SPECIMEN))
        return Tumour(self.id, self._observed(), specimens)

    def _specimen(self) -> Specimen:
        components = tuple(
            Component(part.id, part._observed(), part._readings())
            for part in self.below(Scope.COMPONENT)
        )
        return Specimen(
            self.id,
            self.date,
            self._observed(),
            self._readings(),
            components,
            tuple(self.assays),
            tuple(self.ihc),
            tuple(self.variants),
            tuple(self.segments),
        )

    def _time_point(self) -> TimePoint:
        lesions = tuple(
            Lesion(each.id, each._observed(), each._readings()) for each in self.below(Scope.LESION)
        )
        return TimePoint(self.id, self.date, self._observed(), self._readings(), lesions)
