"""Scopes of facts: what a fact is a fact about, and how scopes nest."""

from __future__ import annotations

from enum import Enum


class Scope(Enum):
    """What a fact describes."""

    PATIENT = "patient"
    TUMOUR = "tumour"
    SPECIMEN = "specimen"
    COMPONENT = "component"
    ASSAY = "assay"
    TREATMENT_LINE = "treatment_line"
    TIME_POINT = "time_point"
    LESION = "lesion"

    @property
    def parent(self) -> Scope | None:
        """The next wider scope, or None for the patient."""
        return _PARENT[self]

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that identify one of its rows, widest first."""
        wider = self.parent.keys if self.parent else ()
        return (*wider, _OWN_KEY[self])

    def within(self, other: Scope) -> bool:
        """Whether every row of this scope lies in exactly one row of the other, or is it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is other:
                return True
            scope = scope.parent
        return False

    def shared_with(self, other: Scope) -> Scope:
        """Return the narrowest scope in which rows of both scopes lie."""
        scope = self
        while not other.within(scope):
            scope = _PARENT[scope] or Scope.PATIENT
        return scope


_PARENT = {
    Scope.PATIENT: None,
    Scope.TUMOUR: Scope.PATIENT,
    Scope.SPECIMEN: Scope.TUMOUR,
    Scope.COMPONENT: Scope.SPECIMEN,
    Scope.ASSAY: Scope.SPECIMEN,
    Scope.TREATMENT_LINE: Scope.PATIENT,
    Scope.TIME_POINT: Scope.PATIENT,
    Scope.LESION: Scope.TIME_POINT,
}

_OWN_KEY = {
    Scope.PATIENT: "patient_id",
    Scope.TUMOUR: "tumour_id",
    Scope.SPECIMEN: "specimen_id",
    Scope.COMPONENT: "component",
    Scope.ASSAY: "assay_id",
    Scope.TREATMENT_LINE: "line_id",
    Scope.TIME_POINT: "time_point_id",
    Scope.LESION: "lesion_id",
}

READ_BY_ASSESSORS = frozenset({Scope.SPECIMEN, Scope.COMPONENT, Scope.TIME_POINT, Scope.LESION})
"""Scopes in which several assessors may read the same thing; their rows carry an assessor."""
