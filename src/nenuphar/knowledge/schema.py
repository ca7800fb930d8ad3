"""Schemas of the records that the engine runs on: what a rule, a fact or a threshold must state."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.criterion import AnyOf, Criterion, parse_criterion

_ID = re.compile(r"^[a-z0-9][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)*$")


def _checked_id(value: str) -> str:
    if not _ID.match(value):
        raise ValueError(f"{value!r} is not a dotted lower-case id such as lung.net.typical")
    return value


def _as_criterion(value: Any) -> Any:
    return parse_criterion(value) if isinstance(value, dict) else value


RecordId = Annotated[str, AfterValidator(_checked_id)]
Tree = Annotated[Any, BeforeValidator(_as_criterion)]
"""A criterion tree; parsed from its mapping, see `knowledge.criterion`."""


class Strict(BaseModel):
    """A frozen record part that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where a statement stands.

    Attributes:
        source: A DOI or a registry id.
        locator: Section, table or paragraph.
        reference: The primary reference that the source gives for it, if any.
    """

    source: str = Field(min_length=3)
    locator: str = ""
    reference: str = ""


class Record(Strict):
    """What every record states.

    Attributes:
        id: Permanent and never reused.
        version: Raised with every change of meaning.
        status: Only active records take part.
        sources: At least one.
    """

    kind: str
    id: RecordId
    version: int = Field(default=1, ge=1)
    status: Literal["draft", "active", "retired"] = "active"
    sources: tuple[Source, ...] = Field(min_length=1)


class Fact(Record):
    """A fact that can be observed or concluded.

    Attributes:
        scope: What the fact describes.
        type: Kind of its values; numbers are intervals.
        unit: Canonical unit of a number.
        values: Permitted codes, each with its meaning.
        hierarchy: Terminology whose concepts are the permitted codes, ordered by `is_a`.
        context: The fact whose value chooses among contexts (WHO editions) of this one.
        contexts_of: The contextual fact whose values in all contexts this one lists.
        lists: Facts of the same scope that this one lists, each under its label.
        quiet: Whether it goes unlisted where nothing is known: findings of assays that most records
            never had would otherwise bury the rest.
        listed_with: Of a quiet fact, other facts of the row with any of which it is listed although
            it is open; for what a method computes, by default what the method reads.
        covers: Of a fact that chooses among contexts: the concepts of which each context speaks,
            such as the organs of a WHO edition; a context that is not listed speaks of all.
        covers_by: The fact that those concepts are values of.
        derived: Whether rules or methods conclude it; otherwise it is observed.
        drawn: Whether a method writes it only to be shown, in a figure or as the probability of a
            conclusion: no record states it, no rule reads it, and it is no conclusion.
        probability: The fact that holds the probability of this one's value, 0 to 1, where a method
            gave one; a fact that lists others has that of the only one that stands.
        changes: Whether the value may change with time: not, in any direction, or only `up` (counts
            that grow, rows that are added).
        meaning: One sentence.
        label: A short name for pages; made from the dotted name where it is left out.
        ask: What to do to learn it (the next best test), in words for a report.
        codes: Terminology codes of the fact itself (`ncit`, `loinc`, ...).
    """

    kind: Literal["fact"]
    scope: Scope
    type: Literal["code", "number", "boolean", "date", "text"]
    unit: str = ""
    values: dict[str, str] = Field(default_factory=dict)
    hierarchy: str = ""
    context: str = ""
    contexts_of: str = ""
    lists: dict[str, str] = Field(default_factory=dict)
    quiet: bool = False
    listed_with: tuple[str, ...] = ()
    covers: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    covers_by: str = ""
    derived: bool = False
    drawn: bool = False
    probability: str = ""
    changes: Literal["", "any", "up"] = ""
    meaning: str = Field(min_length=10)
    label: str = ""
    ask: str = ""
    codes: dict[str, str] = Field(default_factory=dict)

    @property
    def stated(self) -> bool:
        """Whether a record can state it: what rules and methods write, nobody else does."""
        return not (self.derived or self.drawn)


class Threshold(Record):
    """A number that rules refer to, with unit and origin."""

    kind: Literal["threshold"]
    value: float
    unit: str
    meaning: str = Field(min_length=10)


class RuleCase(Strict):
    """A case that a rule must decide, or in which a caution must be said, as stated.

    Attributes:
        name: What the case shows.
        expect: Outcome of the rule, or of the criteria of the caution.
        facts: Observed facts, as a record would state them.
        components: Rows of the component scope, where the rule looks into components.
        specimens: Specimens of the tumour, where the rule looks into several: what differs between
            them, and, as `date`, when each was taken.
        missing: Facts that an undetermined or provisional outcome must name.
    """

    name: str
    expect: Literal["met", "not_met", "undetermined", "provisional"]
    facts: dict[str, str] = Field(default_factory=dict)
    components: tuple[dict[str, str], ...] = ()
    specimens: tuple[dict[str, str], ...] = ()
    missing: tuple[str, ...] = ()


class Conclusion(Strict):
    """What a rule concludes: a value of a derived fact."""

    fact: str
    value: str


class Rule(Record):
    """If the criteria hold, a fact has a value.

    Attributes:
        concludes: The fact and its value.
        editions: Contexts in which the rule speaks; all of them when empty.
        basis: `criteria`, or `reported` for a value that somebody stated; a reported value stands
            only where no criteria decide, and stays provisional.
        when: Criterion tree.
        unless: If met the rule is not; if undetermined its conclusion is provisional.
        silent_where: Where nobody could judge the criteria, such as a small sample. The rule then
            concludes nothing, as under `unless`, but it speaks against no report either.
        withholds: The rule, when met, leaves the fact undetermined instead of concluding a value;
            `names` are then the facts to look at again.
        doubts: Whether a rule that withholds casts doubt while it is open. One that does not
            withholds only where it is shown to hold: a routine diagnosis is not doubted because
            no stain is on record.
        explanation: One sentence for the report.
        cases: At least one that fires, one that does not, one whose input is missing.
    """

    kind: Literal["classification_rule", "resistance_definition", "rule"]
    concludes: Conclusion
    editions: tuple[str, ...] = ()
    basis: Literal["criteria", "reported"] = "criteria"
    when: Tree
    unless: Tree | None = None
    silent_where: Tree | None = None
    withholds: bool = False
    doubts: bool = True
    names: tuple[str, ...] = ()
    explanation: str = Field(min_length=10)
    cases: tuple[RuleCase, ...] = ()

    @cached_property
    def exception(self) -> Criterion | None:
        """What keeps the rule from concluding: `unless`, `silent_where` or either of them."""
        trees = [tree for tree in (self.unless, self.silent_where) if tree is not None]
        return AnyOf(tuple(trees)) if len(trees) > 1 else next(iter(trees), None)

    @model_validator(mode="after")
    def _withholding_names_facts(self) -> Rule:
        if self.withholds != bool(self.names):
            raise ValueError("a rule that withholds, and only such a rule, states `names`")
        return self


class Caution(Record):
    """Something to say about a fact when criteria hold; it never changes the fact.

    Attributes:
        about: The fact it is said of.
        when: Criterion tree; may read the fact itself.
        says: One sentence for the report.
        cases: At least one in which it is said and one in which it is not.
    """

    kind: Literal["caution"]
    about: str
    editions: tuple[str, ...] = ()
    when: Tree
    says: str = Field(min_length=10)
    cases: tuple[RuleCase, ...] = ()


class Method(Record):
    """A registered computation: what it reads, what it yields, and how it is known.

    Attributes:
        scope: Scope of the rows it works on.
        inputs: Facts it reads.
        outputs: Facts it yields.
        thresholds: Threshold records that it reads through the tracing reader.
        summary: What is computed, in one sentence.
        limits: Where it does not hold.
    """

    kind: Literal["method"]
    scope: Scope
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    thresholds: tuple[str, ...] = ()
    summary: str = Field(min_length=10)
    limits: str = ""


class CensoringRule(Record):
    """How a time to an event ends: with the event, or censored, and why.

    Of the rules of an endpoint the first in `order` that holds decides; the last part of the id
    names the test, which is code (`methods.timelines.endpoints`).

    Attributes:
        endpoints: Endpoints that it speaks of (`PFS`, `DOR`, `OS` ...).
        order: Its place among the rules of an endpoint.
        ends: With the event, or censored.
        reason: What results say, in a few words.
        ends_at: The day on which the time ends.
        thresholds: Threshold records that its test reads.
    """

    kind: Literal["censoring_rule"]
    endpoints: tuple[str, ...] = Field(min_length=1)
    order: int
    ends: Literal["event", "censored"]
    reason: str = Field(min_length=5)
    ends_at: str = Field(min_length=5)
    thresholds: tuple[str, ...] = ()


class Concept(Strict):
    """A code of a terminology.

    Attributes:
        name: Preferred English term.
        parent: The next wider concept; several where it belongs to several.
        codes: Codes in other systems (`ncit`, `oncotree`, `icdo3`, `mondo`).
        synonyms: Spellings that readers accept for it.
    """

    name: str
    parent: tuple[str, ...] = ()
    codes: dict[str, str] = Field(default_factory=dict)
    synonyms: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_parent_may_stand_bare(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("parent"), str):
            return {**data, "parent": [data["parent"]]}
        return data


class Terminology(Record):
    """A hierarchy of codes."""

    kind: Literal["terminology"]
    title: str
    concepts: dict[str, Concept]


class Signature(Record):
    """A weighted list of genes whose joint expression says something.

    Attributes:
        summary: What a high score means.
        direction: `positive`, or `mixed` where some genes weigh negatively.
        coverage_min: Least share of the genes that a sample must have measured.
        genes: Weight of every gene, by HGNC symbol; a retired signature may have lost its list.
    """

    kind: Literal["signature"]
    summary: str = Field(min_length=10)
    direction: Literal["positive", "mixed"] = "positive"
    coverage_min: float = Field(default=0.7, ge=0, le=1)
    genes: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _genes_while_in_use(self) -> Signature:
        if not self.genes and self.status != "retired":
            raise ValueError("a signature names its genes")
        return self


class Bibliography(Record):
    """A publication that records cite by its DOI or registry id."""

    kind: Literal["source"]
    citation: str
    title: str = ""
    year: int | None = None
    url: str = ""


ENGINE_KINDS: dict[str, type[Record]] = {
    "fact": Fact,
    "threshold": Threshold,
    "rule": Rule,
    "classification_rule": Rule,
    "resistance_definition": Rule,
    "caution": Caution,
    "method": Method,
    "censoring_rule": CensoringRule,
    "terminology": Terminology,
    "source": Bibliography,
    "signature": Signature,
}
"""Kinds that the engine needs, and the schema of each."""


def schema_of(kind: str) -> type[Record] | None:
    """Return the schema of a kind that the engine runs on, or None for any other kind."""
    return ENGINE_KINDS.get(kind)
