"""Schemas of what the literature says: outcomes, trials, frequencies, mechanisms, therapies.

Figures stand as printed. A correction is `repaired`, beside the printed value and with its reason;
what was worked out from a percentage says so (`*_source: implied`). What is printed but cannot be
true is stored too: it carries the qualifier `as_printed`, and the audit reports it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from nenuphar.knowledge.criterion import parse_criterion
from nenuphar.knowledge.schema import Record, RecordId, Strict

AS_PRINTED = "as_printed"
"""Qualifier of a figure that is printed but impossible."""

Entity = Literal[
    "net", "nec_small_cell", "nec_large_cell", "nec", "minen", "nen", "typical_carcinoid",
    "atypical_carcinoid", "carcinoid", "carcinoid_elevated_proliferation", "lcnec", "sclc",
    "combined_sclc", "combined_lcnec", "tumorlet", "dipnech", "merkel_cell",
    "medullary_thyroid_carcinoma", "paraganglioma", "pituitary_net", "not_nen",
]  # fmt: skip
Grade = Literal["G1", "G2", "G3", "GX", "high_grade"]
Endpoint = Literal[
    "ORR", "DCR", "CBR", "CR", "PR", "SD", "PD", "PFS", "OS", "DOR", "TTR", "HR_PFS", "HR_OS",
    "PFS_RATE", "OS_RATE", "IRORR", "IRDCR", "PFS_GAIN", "OS_GAIN",
]  # fmt: skip
Strategy = Literal[
    "ici_mono", "antiangiogenic_ici", "dual_ici", "chemo_ici", "chemo", "prrt", "antiangiogenic",
    "targeted", "bispecific", "vaccine", "other",
]  # fmt: skip
Unit = Literal["percent", "months", "weeks", "years", "ratio"]
Origin = Literal["stated", "implied"]
Answer = Literal["yes", "no", "unclear"]


def _nct_number(value: str) -> str:
    digits = value.removeprefix("NCT")
    if value and (digits == value or len(digits) != 8 or not digits.isdigit()):
        raise ValueError(f"{value!r} is not a registry number such as NCT02939651")
    return value


def _number_where_possible(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_eligibility(value: Any) -> Any:
    return parse_criterion(value, literals=True) if isinstance(value, dict) else value


NctNumber = Annotated[str, AfterValidator(_nct_number)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One name or a list of them."""
Count = Annotated[int, Field(ge=0)]
Grades = Annotated[tuple[Grade, ...], BeforeValidator(_as_list)]
Eligibility = Annotated[Any, BeforeValidator(_as_eligibility)]
"""A criterion tree in which numbers may stand, as trials print them."""


class Repair(Strict):
    """A correction of one field; the field itself keeps what is printed."""

    field: str
    value: Annotated[float | str, BeforeValidator(_number_where_possible)]
    reason: str = Field(min_length=10)


class Part(Strict):
    """A part of a group and its number of patients."""

    group: str
    n: Count


class Group(Strict):
    """A number of patients and the parts into which it is said to fall.

    Attributes:
        of: Who is counted.
        total: Number of patients as printed, or 100 where the parts are percentages.
        by: What separates the parts.
        parts: The parts as printed; their sum is left to the audit.
    """

    of: str
    total: Count
    by: str
    parts: tuple[Part, ...] = Field(min_length=1)


class Marker(Strict):
    """A gene or protein and how it stands in a group."""

    gene: str
    direction: str


class Evidence(Record):
    """What every record of the literature may state besides its figures.

    Attributes:
        printed: The exact numeric tokens that this record holds, as they stand at its locators.
        repaired: A correction of one field.
        note: What a reader should know, in own words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    printed: tuple[str, ...] = ()
    repaired: Repair | None = None
    note: str = ""


class Figure(Evidence):
    """A number with unit, and how it is to be read.

    Attributes:
        value: As printed; omitted where none is, or where it was not reached.
        value_high: Upper end of a range.
        qualifier: `median`, `range`, `less_than`, `not_reached`, `as_printed` ...
        value_source: Whether the value stands there or was worked out from counts.
    """

    value: float | None = None
    value_high: float | None = None
    unit: str = ""
    qualifier: str = ""
    value_source: Origin = "stated"

    @model_validator(mode="after")
    def _can_be_true(self) -> Figure:
        if self.qualifier == AS_PRINTED:
            return self
        percents = [x for x in (self.value, self.value_high) if x is not None]
        if self.unit == "percent" and not all(0 <= x <= 100 for x in percents):
            raise ValueError(f"a percentage lies in 0..100 unless qualifier is {AS_PRINTED}")
        if self.value is not None and self.value_high is not None and self.value > self.value_high:
            raise ValueError(f"value_high lies below value; qualifier {AS_PRINTED} if printed so")
        return self


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
    grade: Grades = ()
    site: Names = ()
    regimen: str = ""
    strategy: Strategy
    arm: str = ""
    comparator: str = ""
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
    date: str = ""
    recruitment_status: str = ""
    status_as_of: str = ""
    condition: str = ""
    assessable: str = ""
    assessable_groups: tuple[Group, ...] = ()
    criteria: Eligibility = None
    enrols_g3_net: Answer
    separates_g3_net_from_nec: Answer | Literal[""] = ""
    g3_net_reason: str = ""


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
    grade: Grades = ()
    site: Names = ()
    stage: str = ""
    percent: float | None = Field(default=None, ge=0, le=100)
    percent_high: float | None = Field(default=None, ge=0, le=100)
    qualifier: str = ""
    numerator: Count | None = None
    denominator: Count | None = None
    numerator_source: Origin | None = None
    value_source: Origin = "stated"
    cohort: str = ""
    groups: tuple[Group, ...] = ()


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
    """

    kind: Literal["mechanism"]
    mechanism_class: Literal["intrinsic", "extrinsic"] = Field(alias="class")
    category: str = Field(min_length=1)
    target: str = Field(min_length=1)
    direction: str = Field(min_length=1)
    effect: Literal["resistance", "sensitivity", "mixed", "unknown"]
    evidence_tumour: Names = Field(min_length=1)
    setting: Literal["primary", "acquired", "both", "unstated"]
    strategies: Names = ()
    negative_evidence: Names = ()
    summary: str = Field(min_length=10)


class Therapy(Evidence):
    """A treatment, for whom, and how far it has come.

    Attributes:
        status: How far it has come. It takes the place of the status of the record; a record that
            no longer holds is `retired`.
        drug: International non-proprietary name.
        line: Line of treatment as stated.
        predictive_factor: As stated; "none" is stated, an empty text is silence.
        negative: Whether the evidence speaks against it.
    """

    kind: Literal["therapy"]
    status: Literal["approved", "routine", "emerging", "withdrawn", "retired"]  # type: ignore[assignment]
    drug: str = Field(min_length=1)
    drug_class: str = Field(min_length=1)
    drug_targets: Names = ()
    population: str = Field(min_length=1)
    entity: Entity
    grade: Grades = ()
    site: Names = ()
    line: str = ""
    region: str = ""
    predictive_factor: str = ""
    evidence: str = ""
    negative: bool = False


class Subtype(Evidence):
    """A molecular group, or a statement on a scheme of groups where `group` is empty."""

    kind: Literal["subtype"]
    scheme: str = Field(min_length=1)
    group: str = ""
    entity: Entity
    site: Names = ()
    markers: tuple[Marker, ...] = ()
    features: str = ""
    frequency: float | str | None = None
    prognosis: str = ""
    groups: tuple[Group, ...] = ()


class Archetype(Evidence):
    """An immune archetype and what is known of it in neuroendocrine neoplasms."""

    kind: Literal["archetype"]
    scheme: str = Field(min_length=1)
    group: str = Field(min_length=1)
    entity: Entity
    site: Names = ()
    grade: Grades = ()
    markers: tuple[Marker, ...] = ()
    features: str = ""
    frequency: float | str | None = None
    prognosis: str = ""
    groups: tuple[Group, ...] = ()


class Epidemiology(Figure):
    """Incidence, survival, spread; without an entity of all tumours of the site."""

    kind: Literal["epidemiology"]
    measure: str = Field(min_length=1)
    entity: Entity | None = None
    grade: Grades = ()
    site: Names = ()
    stage: str = ""
    sites: Names = ()
    n: Count | None = None
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
    date: str = ""


class ClassificationFact(Figure):
    """A criterion of a classification in own words; the engine's rules cite it."""

    kind: Literal["classification_fact"]
    entity: Entity
    edition: str = ""
    site: Names = ()
    grade: Grades = ()
    stage: str = ""
    criterion: str = Field(min_length=10)
    definition: str = ""


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
    value: Annotated[float | str | None, BeforeValidator(_number_where_possible)] = None
    value_high: float | None = None
    unit: str = ""
    unit_high: str = ""
    qualifier: str = ""
    time_zero: str = ""
    n: Count | None = None
    entity: Entity | None = None
    grade: Grades = ()
    site: Names = ()
    nct_id: NctNumber = ""
    record: RecordId | None = None
    field: str = ""
    groups: tuple[Group, ...] = ()


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


EVIDENCE_KINDS: dict[str, type[Record]] = {
    "outcome": Outcome,
    "trial": Trial,
    "prevalence": Prevalence,
    "mechanism": Mechanism,
    "therapy": Therapy,
    "subtype": Subtype,
    "archetype": Archetype,
    "epidemiology": Epidemiology,
    "regulatory_event": RegulatoryEvent,
    "classification_fact": ClassificationFact,
    "reported_statement": ReportedStatement,
    "discrepancy": Discrepancy,
    "exclusion": Exclusion,
}
"""Kinds of the literature, and the schema of each."""
