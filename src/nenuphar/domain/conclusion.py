"""What the engine concludes, with everything that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth

Status = Literal["met", "provisional", "conflict", "undetermined"]


@dataclass(frozen=True, slots=True)
class Input:
    """A fact that a conclusion read, observed or derived.

    Attributes:
        fact: Its name.
        value: Its value as shown, empty where it is missing.
        record: Where it was observed; empty for a derived fact.
        text: The observed value as it stands in the record.
        date: Date of the observation.
        assay: Assay that produced it.
        derived: Whether a rule or method concluded it.
        row: Which row it was read on, where that is not the row of the conclusion.
    """

    fact: str
    value: str
    record: str = ""
    text: str = ""
    date: str = ""
    assay: str = ""
    derived: bool = False
    row: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """One node of an evaluated criterion tree.

    Attributes:
        op: Operator, as in the criterion language.
        truth: What it came to.
        fact: Fact that a leaf reads.
        value: Value that it saw.
        wanted: What the value was compared with.
        threshold: Id of the threshold record that was read.
        missing: Facts that leave it undetermined.
        children: Evaluated parts.
        note: What the record says of this part.
        soft: Whether a leaf saw a provisional value.
        row: Below a quantifier: which row this was asked of.
    """

    op: str
    truth: Truth
    fact: str = ""
    value: str = ""
    wanted: str = ""
    threshold: str = ""
    missing: tuple[str, ...] = ()
    children: tuple[Trace, ...] = ()
    note: str = ""
    soft: bool = False
    row: str = ""


RuleStatus = Literal["met", "provisional", "not_met", "undetermined"]


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """How one rule came out on one row.

    Attributes:
        rule_id: Permanent id of the rule.
        version: Its version.
        content_hash: Hash of what the rule said when it ran.
        value: What it concludes if met.
        status: What it came to.
        missing: Facts that would decide it.
        when: Evaluated criteria.
        unless: Evaluated exception, if the rule has one.
        explanation: The rule in words.
        sources: Where the rule stands, as `source, locator (reference)`.
    """

    rule_id: str
    version: int
    content_hash: str
    value: str
    status: RuleStatus
    missing: tuple[str, ...]
    when: Trace
    unless: Trace | None
    explanation: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaidCaution:
    """A caution that applies: its id and its words."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a conclusion was made with.

    Attributes:
        knowledge_release: Version of the knowledge base.
        knowledge_digest: Hash of all its records.
        software_version: Version of Nenuphar.
        as_of: Date up to which the input was considered.
    """

    knowledge_release: str
    knowledge_digest: str
    software_version: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The value of one derived fact in one row, with its reasons; only the engine builds it.

    Attributes:
        fact: Name of the concluded fact.
        scope: What it describes.
        key: Values of `scope.keys`.
        assessor: Whose reading it rests on, if anybody is named.
        date: Date of the row.
        value: The value; None where nothing stands. Rivals of a conflict are joined by `;`.
        status: Met, provisional, conflict or undetermined.
        missing: Facts that would decide it: the next best tests.
        alternatives: Values that remain possible or contend.
        cautions: What is to be said beside it.
        context: Edition that the value belongs to, for facts that depend on one.
        by_context: Value and status in every context.
        rule_id: The rule behind the value; several, joined by `;`, in a conflict.
        rule_version: Its version.
        rules: How every rule of the fact came out.
        inputs: Facts that those rules read.
        probability: Probability of the value (0 to 1) where a method gave one.
        stamp: What it was made with.
    """

    fact: str
    scope: Scope
    key: tuple[str, ...]
    assessor: str
    date: str
    value: str | None
    status: Status
    missing: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    cautions: tuple[SaidCaution, ...] = ()
    context: str = ""
    by_context: tuple[tuple[str, str, Status], ...] = ()
    rule_id: str = ""
    rule_version: str = ""
    rules: tuple[RuleTrace, ...] = ()
    inputs: tuple[Input, ...] = ()
    probability: float | None = None
    stamp: Stamp = field(default_factory=lambda: Stamp("", "", ""))
