"""Parts that the schemas of the literature share: vocabularies, groups, repairs, figures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from nenuphar.knowledge.criterion import parse_criterion
from nenuphar.knowledge.schema import Record, Strict

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
    "PFS_RATE", "OS_RATE", "PFS_GAIN", "OS_GAIN",
]  # fmt: skip
Strategy = Literal[
    "ici_mono", "antiangiogenic_ici", "dual_ici", "chemo_ici", "chemo", "prrt", "antiangiogenic",
    "targeted", "bispecific", "vaccine", "other",
]  # fmt: skip
Unit = Literal["percent", "months", "weeks", "years", "ratio"]
Origin = Literal["stated", "implied"]
Answer = Literal["yes", "no", "unclear"]
Heterogeneity = Literal["who_2010_mixing", "no_ki67", "mixed_sites"]
"""What makes results on G3 digestive NET hard to compare (Xu 2021, Conclusion): G3 NET and NEC
enter as one group, as in WHO 2010; grade and Ki-67 not collected; primaries outside the digestive
tract, of unknown origin or of any site."""


def _nct_number(value: str) -> str:
    digits = value.removeprefix("NCT")
    if value and (digits == value or len(digits) != 8 or not digits.isdigit()):
        raise ValueError(f"{value!r} is not a registry number such as NCT02939651")
    return value


def number_where_possible(value: Any) -> Any:
    """Return a text as a number if it is one, anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_eligibility(value: dict[str, Any]) -> dict[str, Any]:
    parse_criterion(value, literals=True)
    return value


NctNumber = Annotated[str, AfterValidator(_nct_number)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One name or a list of them."""
Count = Annotated[int, Field(ge=0)]
Grades = Annotated[tuple[Grade, ...], BeforeValidator(_as_list)]
Eligibility = Annotated[dict[str, Any], AfterValidator(_as_eligibility)]
"""A criterion tree in which numbers may stand, as trials print them; kept as it is written."""


class Repair(Strict):
    """A correction of one field; the field itself keeps what is printed."""

    field: str
    value: Annotated[float | str, BeforeValidator(number_where_possible)]
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
    printed_as: str = ""


class Share(Strict):
    """How large a part a group is."""

    value: float
    value_high: float | None = None
    unit: Literal["percent"] = "percent"
    qualifier: str = ""


class Evidence(Record):
    """What every record of the literature may state besides its figures: of whom, and how printed.

    Attributes:
        printed: The exact numeric tokens that this record holds, as they stand at its locators.
        printed_as: How the source spells a name that is repaired or modernised here.
        repaired: A correction of one field.
        note: What a reader should know, in own words.
        function: Hormone syndrome of the tumour (`insulinoma`, `non_functioning`).
        molecular_group: Group of a scheme to which the record is limited.
        genes: HGNC symbols that the record is about.
        origin: Whether variants are germline or somatic; prognosis may turn with it.
        tumour_setting: Whether the tumour is a primary or has metastasised.
        metastatic_site: Organ of the metastases that are meant.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    printed: tuple[str, ...] = ()
    printed_as: str = ""
    repaired: Repair | None = None
    note: str = ""
    grade: Grades = ()
    site: Names = ()
    stage: str = ""
    function: str = ""
    molecular_group: str = ""
    genes: Names = ()
    origin: Literal["", "germline", "somatic", "both"] = ""
    tumour_setting: Literal["", "primary", "metastatic", "both"] = ""
    metastatic_site: str = ""
    region: str = ""
    comparator: str = ""
    evidence: str = ""
    evidence_tumour: Names = ()
    negative: bool = False


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
