"""Builds the shipped tables of arms and bands from cytobands: `… genome.build FOLDER`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
GENOMES = ("hg19", "hg38")
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y")
ACROCENTRIC = ("13", "14", "15", "21", "22")
_UNREADABLE = ("acen", "gvar", "stalk")


def _bands(path: Path) -> dict[str, list[tuple[int, int, str, str]]]:
    found: dict[str, list[tuple[int, int, str, str]]] = {}
    with path.open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            bands = found.setdefault(row["chrom"].removeprefix("chr"), [])
            bands.append((int(row["start"]), int(row["end"]), row["band"], row["stain"]))
    return found


def arm_lines(folder: Path) -> list[str]:
    """One line per arm: genome, chromosome, arm, first base, last base, length of the chromosome.

    An arm ends where the centromere or the heterochromatin beside it begins, because no assay
    measures copies there. The short arms of the acrocentric chromosomes are left out altogether.
    """
    lines = ["genome\tchromosome\tarm\tstart\tend\tlength"]
    for genome in GENOMES:
        bands = _bands(folder / f"{genome}.cytoband.tsv")
        for name in CHROMOSOMES:
            length = max(end for _, end, _, _ in bands[name])
            for arm in "pq":
                if arm == "p" and name in ACROCENTRIC:
                    continue
                seen = [b for b in bands[name] if b[2][0] == arm and b[3] not in _UNREADABLE]
                start, end = min(b[0] for b in seen), max(b[1] for b in seen)
                lines.append(f"{genome}\t{name}\t{arm}\t{start + 1}\t{end}\t{length}")
    return lines


def band_lines(folder: Path) -> list[str]:
    """One line per band: genome, chromosome, band, first base, last base."""
    lines = ["genome\tchromosome\tband\tstart\tend"]
    for genome in GENOMES:
        bands = _bands(folder / f"{genome}.cytoband.tsv")
        for name in CHROMOSOMES:
            ordered = sorted(bands[name])
            lines += [f"{genome}\t{name}\t{b}\t{start + 1}\t{end}" for start, end, b, _ in ordered]
    return lines


def main() -> None:
    """Writes `arms.tsv` and `bands.tsv` beside this file; the same sources give the same bytes."""
    folder = Path(sys.argv[1])
    for name, lines in (("arms.tsv", arm_lines(folder)), ("bands.tsv", band_lines(folder))):
        (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
