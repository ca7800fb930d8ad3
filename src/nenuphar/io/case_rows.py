"""A case put together again from the rows that a table or a study was read into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nenuphar.domain.case import (
    Case,
    Component,
    Lesion,
    Observed,
    Reading,
    Specimen,
    TimePoint,
    TreatmentLine,
    Tumour,
)
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Row
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase


class _Rows:
    """Rows of one patient, grouped by key."""

    def __init__(self, rows: PatientRows, knowledge: KnowledgeBase) -> None:
        self._rows = rows
        self._knowledge = knowledge

    def keys(self, scope: Scope, above: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the keys of a scope below a key, in order."""
        found = (row.key for row in self._rows.get(scope, []))
        return list(dict.fromkeys(key for key in found if key[: len(above)] == above))

    def of(self, scope: Scope, key: tuple[str, ...]) -> list[Row]:
        """Return the rows of a key, one for each assessor."""
        return [row for row in self._rows.get(scope, []) if row.key == key]

    def facts(self, scope: Scope, key: tuple[str, ...]) -> tuple[Observed, ...]:
        """Return what nobody in particular observed."""
        rows = (row for row in self.of(scope, key) if not row.assessor)
        return tuple(each for row in rows for each in self._observed(row))

    def readings(self, scope: Scope, key: tuple[str, ...]) -> tuple[Reading, ...]:
        """Return what each assessor observed."""
        rows = (row for row in self.of(scope, key) if row.assessor)
        return tuple(Reading(row.assessor, tuple(self._observed(row))) for row in rows)

    def dated(
        self, scope: Scope, key: tuple[str, ...]
    ) -> tuple[str, PartialDate | None, tuple[Observed, ...], tuple[Reading, ...]]:
        """Return the id, the date, the facts and the readings of a key, as its type takes them."""
        return (
            key[-1],
            self.of(scope, key)[0].date,
            self.facts(scope, key),
            self.readings(scope, key),
        )

    def _observed(self, row: Row) -> Iterable[Observed]:
        for name, value in row.values.items():
            declared = self._knowledge.facts.get(name)
            if declared is not None and declared.stated and declared.scope is row.scope:
                yield Observed(name, value, row.origins[name])


def case_of_rows(patient: str, rows: PatientRows, knowledge: KnowledgeBase) -> Case:
    """Return the case that rows speak of; answers to questions about variants are no part of it."""
    own = _Rows(rows, knowledge)
    key = (patient,)
    return Case(
        patient,
        own.facts(Scope.PATIENT, key),
        tuple(_tumour(own, each) for each in own.keys(Scope.TUMOUR, key)),
        tuple(
            TreatmentLine(
                each[-1],
                own.of(Scope.TREATMENT_LINE, each)[0].date,
                own.facts(Scope.TREATMENT_LINE, each),
            )
            for each in own.keys(Scope.TREATMENT_LINE, key)
        ),
        tuple(_time_point(own, each) for each in own.keys(Scope.TIME_POINT, key)),
    )


def with_specimens(case: Case, known: Mapping[tuple[str, ...], Specimen]) -> Case:
    """Return a case with the variants, assays and segments that are known of its specimens.

    Args:
        case: The case.
        known: Specimens by patient, tumour and specimen, as `ReadResult.specimens` holds them.
    """
    tumours = []
    for tumour in case.tumours:
        specimens = []
        for specimen in tumour.specimens:
            more = known.get((case.patient, tumour.id, specimen.id), specimen)
            details = {name: getattr(more, name) for name in ("assays", "variants", "segments")}
            specimens.append(replace(specimen, **details))
        tumours.append(replace(tumour, specimens=tuple(specimens)))
    return replace(case, tumours=tuple(tumours))


def _tumour(own: _Rows, key: tuple[str, ...]) -> Tumour:
    specimens = tuple(_specimen(own, each) for each in own.keys(Scope.SPECIMEN, key))
    return Tumour(key[-1], own.facts(Scope.TUMOUR, key), specimens)


def _specimen(own: _Rows, key: tuple[str, ...]) -> Specimen:
    components = tuple(
        Component(each[-1], own.facts(Scope.COMPONENT, each), own.readings(Scope.COMPONENT, each))
        for each in own.keys(Scope.COMPONENT, key)
    )
    return Specimen(*own.dated(Scope.SPECIMEN, key), components)


def _time_point(own: _Rows, key: tuple[str, ...]) -> TimePoint:
    lesions = tuple(
        Lesion(each[-1], own.facts(Scope.LESION, each), own.readings(Scope.LESION, each))
        for each in own.keys(Scope.LESION, key)
    )
    return TimePoint(*own.dated(Scope.TIME_POINT, key), lesions)
