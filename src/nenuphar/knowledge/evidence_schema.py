"""Schemas of what the literature says: outcomes, trials, frequencies, mechanisms, therapies.

Figures stand as printed. A correction is `repaired`, beside the printed value and with its reason;
what was worked out from a percentage says so (`*_source: implied`). What is printed but cannot be
true is stored too: it carries the qualifier `as_printed`, and the audit reports it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from nenuphar.knowledge.evidence_parts import (
    AS_PRINTED,
    Answer,
    Count,
    Eligibility,
    Endpoint,
    Entity,
    Evidence,
    Figure,
    Group,
    Heterogeneity,
    Marker,
    Names,
    NctNumber,
    Origin,
    Share,
    Strategy,
    Unit,
)
from nenuphar.knowledge.schema import Record
from nenuphar.knowledge.statement_schema import Discrepancy, Exclusion, ReportedStatement


class Outcome(Figure):
    """One efficacy figure of one arm, or of a comparison.

    Attributes:
        study: Trial or cohort.
        population: Who was treated, as stated.
        entity: What is true of the whole population.
        response_criteria: RECIST 1.1, irRECIST ...
        measure: What a bound or a range is a bound of (`median`).
        p_qualifier: `less_than` where the review prints an inequality.
        p_for: What the P value tests where it is not the comparison of the arms.
        events: Patients with the endpoint.
        n: Patients evaluated.
        i2: Heterogeneity of a pooled estimate, percent.
        derived_from: What the review itself worked the figure out from.
    """

    kind: Literal["outcome"]
    study: str = Field(min_length=1)
    nct_id: NctNumber = ""
    other_ids: Names = ()
    population: str = Field(min_length=1)
    entity: Entity
    regimen: str = ""
    strategy: Strategy
    arm: str = ""
    endpoint: Endpoint
    unit: Unit | Literal[""] = ""
    measure: str = ""
    value_high_qualifier: str = ""
    ci_low: float | None = None
    ci_high: float | None = None
    ci_low_qualifier: str = ""
    ci_high_qualifier: str = ""
    p_value: float | None = Field(default=None, ge=0, le=1)
    p_qualifier: str = ""
    p_for: str = ""
    events: Count | None = None
    n: Count | None = None
    n_source: Origin | None = None
    events_source: Origin | None = None
    time_point: str = ""
    response_criteria: str = ""
    design: str = ""
    i2: float | None = Field(default=None, ge=0, le=100)
    derived_from: Names = ()

    @model_validator(mode="after")
    def _interval_holds_estimate(self) -> Outcome:
        low, high, value = self.ci_low, self.ci_high, self.value
        if self.qualifier == AS_PRINTED:
            return self
        outside = value is not None and (
            (low is not None and value < low) or (high is not None and value > high)
        )
        if outside or (low is not None and high is not None and low > high):
            raise ValueError(
                f"the interval {low}..{high} does not hold {value}; qualifier {AS_PRINTED} if the "
                "source prints it so"
            )
        return self

    @model_validator(mode="after")
    def _count_says_where_from(self) -> Outcome:
        if (self.n is None) != (self.n_source is None):
            raise ValueError("n and n_source (stated, implied) stand together")
        return self


class Trial(Evidence):
    """A trial as a source describes it.

    Attributes:
        nct_id: Registry number; empty where none is known.
        name: Title or short name.
        enrolment: Planned or actual number of participants.
        date: Estimated or actual completion, as printed.
        recruitment_status: As printed; `status_as_of` says when that was true.
        condition: Whom the trial is for, short.
        assessable: Patients with results, as printed.
        assessable_groups: The same numbers, for the audit.
        criteria: Eligibility as a criterion tree over facts.
        enrols_g3_net: Whether a G3 NET could enter.
        separates_g3_net_from_nec: Whether G3 NET are never counted together with NEC.
        g3_net_reason: What the two answers rest on.
        heterogeneity: What makes its results on G3 digestive NET hard to compare.
    """

    kind: Literal["trial"]
    nct_id: NctNumber = ""
    other_ids: Names = ()
    other_names: Names = ()
    name: str = Field(min_length=1)
    phase: str = ""
    design: str = ""
    intervention: str = Field(min_length=1)
    primary_outcome: str = ""
    enrolment: Count | None = None
    enrolment_qualifier: str = ""
    date: str = ""
    recruitment_status: str = ""
    status_as_of: str = ""
    condition: str = ""
    assessable: str = ""
    assessable_groups: tuple[Group, ...] = ()
    criteria: Eligibility | None = None
    enrols_g3_net: Answer
    separates_g3_net_from_nec: Answer | Literal[""] = ""
    g3_net_reason: str = ""
    heterogeneity: tuple[Heterogeneity, ...] = ()


class Prevalence(Evidence):
    """How often a marker or alteration is found.

    Attributes:
        percent: Percent of the cohort, as printed; `percent_high` is the upper end of a range.
        numerator: Carriers.
        denominator: Those examined.
        cohort: Who was examined.
        qualifier: `approximately`, `less_than`, or what stands in place of a figure.
    """

    kind: Literal["prevalence"]
    marker: str = Field(min_length=1)
    alteration: str = Field(min_length=1)
    entity: Entity
    percent: float | None = Field(default=None, ge=0, le=100)
    percent_high: float | None = Field(default=None, ge=0, le=100)
    qualifier: str = ""
    numerator: Count | None = None
    denominator: Count | None = None
    numerator_source: Origin | None = None
    value_source: Origin = "stated"
    cohort: str = ""
    counted: tuple[Group, ...] = ()


class Mechanism(Evidence):
    """A way in which a tumour escapes immunotherapy, or is laid open to it.

    Attributes:
        mechanism_class: Inside the tumour cell (`intrinsic`) or around it; written `class`.
        category: Chapter of the mechanism map.
        target: Gene, cell or pathway.
        direction: `loss`, `gain`, `high`, `low`, `mutation` ...
        evidence_tumour: In what it was seen.
        strategies: What addresses it.
        negative_evidence: What was tried without success.
        criteria: What supports the mechanism in a case, over facts; where they are not met, the
            case contradicts it. Absent where no fact of a case can tell.
    """

    kind: Literal["mechanism"]
    mechanism_class: Literal["intrinsic", "extrinsic"] = Field(alias="class")
    category: str = Field(min_length=1)
    target: str = Field(min_length=1)
    direction: str = Field(min_length=1)
    effect: Literal["resistance", "sensitivity", "mixed", "unknown"]
    evidence_tumour: Names = Field(min_length=1)
    context: str = ""
    setting: Literal["primary", "acquired", "both", "unstated"]
    strategies: Names = ()
    negative_evidence: Names = ()
    criteria: Eligibility | None = None
    summary: str = Field(min_length=10)


class Therapy(Evidence):
    """A treatment, for whom, and how far it has come.

    Attributes:
        status: How far it has come. It takes the place of the status of the record; a record that
            no longer holds is `retired`.
        drug: International non-proprietary name.
        line: Line of treatment as stated.
        status_as_printed: What the source says where it does not name one of the four.
        type_of_therapy: Class as the source groups it.
        predictive_factor: As stated; "none" is stated, an empty text is silence.
        not_specifically_approved: Used routinely without approval for these tumours.
        criteria: For whom it is, over facts; `predictive_criteria` is the predictive factor, and
            `predictive_required` whether the treatment needs it.
        as_stated_only: What the population asks for beyond the criteria; a reader has to judge it.
        negative: Whether the evidence speaks against it.
    """

    kind: Literal["therapy"]
    status: Literal["approved", "routine", "emerging", "withdrawn", "retired"]  # type: ignore[assignment]
    drug: str = Field(min_length=1)
    drug_class: str = Field(min_length=1)
    drug_targets: Names = ()
    population: str = Field(min_length=1)
    entity: Entity
    line: str = ""
    status_as_printed: str = ""
    type_of_therapy: str = ""
    predictive_factor: str = ""
    evidence: str = ""
    not_specifically_approved: bool = False
    criteria: Eligibility | None = None
    as_stated_only: str = ""
    predictive_criteria: Eligibility | None = None
    predictive_required: bool = False


class _Grouping(Evidence):
    """A group of a scheme, or a statement on several or all of them.

    Attributes:
        group: The group; empty where the statement is on `groups` or on the scheme.
        from_group: The group from which tumours progress into this one.
        counted: Tumours by group, for the audit.
    """

    scheme: str = Field(min_length=1)
    group: str = ""
    groups: Names = ()
    from_group: str = ""
    aliases: Names = ()
    entity: Entity | None = None
    markers: tuple[Marker, ...] = ()
    features: str = ""
    frequency: Share | None = None
    prognosis: str = ""
    n: Count | None = None
    counted: tuple[Group, ...] = ()


class Subtype(_Grouping):
    """A molecular group."""

    kind: Literal["subtype"]
    entity: Entity


class Archetype(_Grouping):
    """An immune archetype, and what is known of it in neuroendocrine neoplasms.

    Attributes:
        immune_class: hot, intermediate or cold, where the source says so.
    """

    kind: Literal["archetype"]
    immune_class: Literal["", "hot", "intermediate", "cold"] = ""


class Biomarker(Evidence):
    """What a marker tells: prognosis, response, diagnosis.

    Attributes:
        role: `prognostic`, `predictive`, `diagnostic` ...; predictive and prognostic never mix.
        effect: `worse`, `better`, `sensitivity`, `required`, `none`, `hypothesis` ...
        statement: One sentence in own words.
        treatment: What it predicts the response to.
        endpoint: What it is prognostic of.
    """

    kind: Literal["biomarker"]
    marker: str = Field(min_length=1)
    role: str = Field(min_length=1)
    effect: str = Field(min_length=1)
    statement: str = Field(min_length=10)
    entity: Entity | None = None
    alteration: str = ""
    assay: str = ""
    treatment: str = ""
    endpoint: str = ""


class Epidemiology(Figure):
    """Incidence, survival, spread; without an entity of all tumours of the site."""

    kind: Literal["epidemiology"]
    measure: str = Field(min_length=1)
    entity: Entity | None = None
    sites: Names = ()
    value_text: str = ""
    direction: str = ""
    risk_factor: str = ""
    n: Count | None = None
    numerator: Count | None = None
    denominator: Count | None = None
    population: str = ""
    period: str = ""
    time_point: str = ""


class RegulatoryEvent(Evidence):
    """What an authority decided, and when (as printed, perhaps only a year)."""

    kind: Literal["regulatory_event"]
    drug: str = Field(min_length=1)
    indication: str = Field(min_length=1)
    authority: str = ""
    event: Literal["approval", "accelerated_approval", "withdrawal", "guideline_inclusion"]
    event_as_printed: str = ""
    date: str = ""


class ClassificationFact(Figure):
    """A criterion of a classification in own words; the engine's rules cite it.

    Attributes:
        property: The fact that the criterion reads or concludes.
        value_text: Its value where it is no number.
        role: `criterion`, or `expectation` where a departure is only a caution.
    """

    kind: Literal["classification_fact"]
    entity: Entity
    edition: str = ""
    property: str = ""
    criterion: str = Field(min_length=10)
    value_text: Names = ()
    role: str = ""
    status_of_evidence: str = ""
    definition: str = ""
    cohort: str = ""
    n: Count | None = None
    n_qualifier: str = ""


EVIDENCE_KINDS: dict[str, type[Record]] = {
    "outcome": Outcome,
    "trial": Trial,
    "prevalence": Prevalence,
    "mechanism": Mechanism,
    "therapy": Therapy,
    "subtype": Subtype,
    "archetype": Archetype,
    "biomarker": Biomarker,
    "epidemiology": Epidemiology,
    "regulatory_event": RegulatoryEvent,
    "classification_fact": ClassificationFact,
    "reported_statement": ReportedStatement,
    "discrepancy": Discrepancy,
    "exclusion": Exclusion,
}
"""Kinds of the literature, and the schema of each."""
