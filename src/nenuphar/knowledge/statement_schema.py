"""Schemas of what the literature says beside its figures: statements, errors, empty numerals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from nenuphar.knowledge.evidence_parts import (
    Count,
    Entity,
    Evidence,
    Group,
    NctNumber,
    Strategy,
    number_where_possible,
)
from nenuphar.knowledge.schema import RecordId, Strict


class Hypothesis(Strict):
    """One of the competing hypotheses on how groups of tumours arise.

    Attributes:
        name: As the source calls it.
        groups_arise_from: `cell_of_origin`, `somatic_alterations` or `microenvironment`.
        microenvironment_role: What the microenvironment does, `none` included.
        cell_of_origin_determines: Whether the cell of origin settles the group.
        parents: What the group of a tumour depends on in the graph that stands for the hypothesis.
    """

    name: str
    groups_arise_from: str
    microenvironment_role: str
    cell_of_origin_determines: bool
    parents: tuple[str, ...] = ()


class ReportedStatement(Evidence):
    """A number or finding that fits no other kind.

    Attributes:
        unit_high: Unit of `value_high` where it is another one (6 weeks to 6 months).
        time_zero: From when a time is counted.
        record: A record whose `field` the statement gives again, perhaps differently.
    """

    kind: Literal["reported_statement"]
    topic: str = Field(min_length=1)
    statement: str = Field(min_length=10)
    value: Annotated[float | str | None, BeforeValidator(number_where_possible)] = None
    value_high: float | None = None
    unit: str = ""
    unit_high: str = ""
    qualifier: str = ""
    time_zero: str = ""
    n: Count | None = None
    entity: Entity | None = None
    nct_id: NctNumber = ""
    drug: str = ""
    regimen: str = ""
    strategy: Strategy | Literal[""] = ""
    setting: str = ""
    record: RecordId | None = None
    field: str = ""
    counted: tuple[Group, ...] = ()
    hypothesis: Hypothesis | None = None


class Discrepancy(Evidence):
    """Something that does not hold: printed, and what it should be or comes to.

    Attributes:
        recomputed: What recomputation gives.
        should_be: What another source says.
        record: The record that it concerns first; `other_records` are the rest.
    """

    kind: Literal["discrepancy"]
    type: str = Field(min_length=1)
    severity: Literal["info", "minor", "major"]
    explanation: str = Field(min_length=10)
    recomputed: str = ""
    should_be: str = ""
    record: RecordId | None = None
    other_records: tuple[RecordId, ...] = ()


class Exclusion(Evidence):
    """Numerals that carry no fact, and why."""

    kind: Literal["exclusion"]
    reason: str = Field(min_length=5)
