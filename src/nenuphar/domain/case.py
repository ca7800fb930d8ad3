"""A case: one patient with tumours, specimens, treatments and assessments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Origin, Value
from nenuphar.domain.quantity import Interval


@dataclass(frozen=True, slots=True)
class Observed:
    """A fact observed in a record: its value and where it stands."""

    fact: str
    value: Value
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one assessor saw in one specimen or component."""

    assessor: str
    facts: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class IHC:
    """An immunohistochemical stain.

    Attributes:
        marker: Gene symbol or the field's name of the marker (`chromogranin_a`).
        result: Positive or negative, lost or retained where loss is the finding, or what else the
            fact of the marker permits (`wild_type`).
        percent: Stained tumour cells, percent.
        h_score: H-score, 0 to 300.
        clone: Antibody clone.
    """

    marker: str
    result: str | None = None
    percent: Interval | None = None
    h_score: Interval | None = None
    clone: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of a gene as an assay reports it.

    Attributes:
        gene: HGNC symbol.
        significance: `pathogenic`, `benign`, or `uncertain` where nobody judged it.
        origin: `somatic`, `germline`, or `unknown` (tumour-only sequencing).
        change: HGVS or the text of the report.
        assay: Id of the assay that found it.
        consequence: What it does to the gene, as an annotator names it.
        basis: Why the significance is what it is, where nobody stated it.
    """

    gene: str
    significance: Literal["pathogenic", "uncertain", "benign"] = "uncertain"
    origin: Literal["somatic", "germline", "unknown"] = "unknown"
    change: str = ""
    assay: str = ""
    consequence: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class CopyNumberSegment:
    """A stretch of a chromosome with its copy number.

    Attributes:
        chromosome: Name without `chr`.
        start: First base, 1-based.
        end: Last base.
        log2: Log2 ratio to the reference, if that is what was measured.
        total: Total copies, if called.
        minor: Copies of the minor allele, if called.
    """

    chromosome: str
    start: int
    end: int
    log2: float | None = None
    total: float | None = None
    minor: float | None = None


@dataclass(frozen=True, slots=True)
class Assay:
    """A molecular test of a specimen.

    Attributes:
        id: Its id within the specimen.
        type: What was done (`panel`, `exome`, `rna`, ...).
        genes: Genes whose variants it would have seen; None where nothing is said, and an empty
            tuple together with `whole_exome` where all of them are.
        whole_exome: Whether every coding gene was covered.
        file: File of segments or of expression that stands beside the case.
        folder: Where the case stands that names the file; not part of the case.
        sample: Name of the specimen in the file, where it holds several.
        genome: Genome build of the positions in the file.
        purity: Share of tumour cells that the segments assume, 0 to 1.
        ploidy: Mean copies of the tumour that the segments assume.
    """

    id: str
    type: str = ""
    genes: tuple[str, ...] | None = None
    whole_exome: bool = False
    file: str = ""
    folder: str = field(default="", compare=False, repr=False)
    sample: str = ""
    genome: str = ""
    purity: float | None = None
    ploidy: float | None = None

    def covers(self, gene: str) -> bool:
        """Whether a variant of the gene would have been seen."""
        return self.whole_exome or gene in (self.genes or ())


@dataclass(frozen=True, slots=True)
class Component:
    """A histological component of a specimen (small cell carcinoma beside adenocarcinoma)."""

    name: str
    facts: tuple[Observed, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """Tissue or cells taken from a tumour at one time."""

    id: str
    date: PartialDate | None = None
    facts: tuple[Observed, ...] = ()
    readings: tuple[Reading, ...] = ()
    components: tuple[Component, ...] = ()
    assays: tuple[Assay, ...] = ()
    ihc: tuple[IHC, ...] = ()
    variants: tuple[Variant, ...] = ()
    segments: tuple[CopyNumberSegment, ...] = ()


@dataclass(frozen=True, slots=True)
class Tumour:
    """One primary; a patient with MEN1 has several."""

    id: str
    facts: tuple[Observed, ...] = ()
    specimens: tuple[Specimen, ...] = ()


@dataclass(frozen=True, slots=True)
class TreatmentLine:
    """One line of treatment."""

    id: str
    start: PartialDate | None = None
    facts: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion at one time point, with one reading for each assessor who is named."""

    id: str
    facts: tuple[Observed, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class TimePoint:
    """An imaging time point, with the assessment of the disease and its lesions."""

    id: str
    date: PartialDate | None = None
    facts: tuple[Observed, ...] = ()
    readings: tuple[Reading, ...] = ()
    lesions: tuple[Lesion, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known of one patient.

    Attributes:
        patient: Id, a verbatim string.
        facts: Facts of the patient.
        tumours: One for each primary.
        lines: Lines of treatment, in order.
        time_points: Imaging time points, in order.
    """

    patient: str
    facts: tuple[Observed, ...] = ()
    tumours: tuple[Tumour, ...] = ()
    lines: tuple[TreatmentLine, ...] = ()
    time_points: tuple[TimePoint, ...] = ()
