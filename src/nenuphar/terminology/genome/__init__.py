"""Where chromosome arms, bands and the genes of interest lie, in both genome builds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

GENOMES = ("hg19", "hg38")
AUTOSOMES = tuple(map(str, range(1, 23)))
CHROMOSOMES = (*AUTOSOMES, "X", "Y")


@dataclass(frozen=True, slots=True)
class Arm:
    """A chromosome arm without centromere and heterochromatin.

    Attributes:
        chromosome: Name without `chr`.
        arm: `p` or `q`.
        start: First base, 1-based.
        end: Last base.
        length: Length of the whole chromosome; bases.
    """

    chromosome: str
    arm: str
    start: int
    end: int
    length: int

    @property
    def name(self) -> str:
        """Name such as `11q`."""
        return f"{self.chromosome}{self.arm}"


@dataclass(frozen=True, slots=True)
class Locus:
    """Where a gene lies: chromosome, first and last base, 1-based."""

    gene: str
    chromosome: str
    start: int
    end: int


@cache
def arms(genome: str) -> tuple[Arm, ...]:
    """Return the arms of a build in the order of the chromosomes.

    Source: cytobands of the UCSC genome annotation (GRCh37, GRCh38).

    Raises:
        KeyError: The build is neither hg19 nor hg38.
    """
    rows = [line for line in _lines("arms.tsv") if line[0] == genome]
    if not rows:
        raise KeyError(genome)
    return tuple(Arm(c, a, int(s), int(e), int(length)) for _, c, a, s, e, length in rows)


@cache
def chromosome_lengths(genome: str) -> dict[str, int]:
    """Return the length of every chromosome of a build; bases."""
    return {arm.chromosome: arm.length for arm in arms(genome)}


@cache
def loci(genome: str) -> dict[str, Locus]:
    """Return the loci of the shipped genes in a build.

    Source: NCBI RefSeq annotation of GRCh37 and GRCh38.
    """
    offset = {"hg19": 2, "hg38": 4}[genome]
    return {
        row[0]: Locus(row[0], row[1], int(row[offset]), int(row[offset + 1]))
        for row in _lines("loci.tsv")
    }


@cache
def bands(genome: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Return first and last base of every band, by chromosome and band (`p36.33`), in order.

    Source: cytobands of the UCSC genome annotation (GRCh37, GRCh38).
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for build, chromosome, band, start, end in _lines("bands.tsv"):
        if build == genome:
            found.setdefault(chromosome, {})[band] = (int(start), int(end))
    return found


def _lines(name: str) -> list[list[str]]:
    text = files("nenuphar.terminology.genome").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
