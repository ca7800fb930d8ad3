"""Variants of an annotated VCF: who carries which allele, in which gene, with what effect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.result import Findings
from nenuphar.terminology.genes.consequences import EFFECTS, effect_of

CallRow = tuple[int, str, str, str, str | None, str, None, str | None]
"""line, sample, gene, consequence, change, origin, judged (never told), reported."""
_ORDER = (*EFFECTS, "other")
_TUMOUR = ("tumor", "tumour")


@dataclass(frozen=True)
class _Columns:
    """Columns of samples: the tumours by their names, and the numbers of matched normals."""

    tumours: Mapping[int, str]
    normals: Sequence[int]


def rows_of_vcf(content: str, alone: str, findings: Findings) -> list[CallRow]:
    """Lay out the records that passed their filters: a row per carrier and gene.

    A carrier has the alleles of its genotype, and of each gene the gravest effect of these. What
    the matched normal (`##normal_sample`, or a column NORMAL) has too is germline; what it was
    seen not to have, or is flagged SOMATIC, is somatic. A caller that states no genotype speaks
    of its only tumour.

    Args:
        content: The VCF.
        alone: Name of the tumour where the file gives it none (no columns of samples, or TUMOR).
        findings: Where records that are left out are counted.

    Raises:
        UnreadableInputError: It has no header, or neither VEP nor SnpEff annotated it.
    """
    lines = content.splitlines()
    header = next((line for line in lines if line.startswith("#CHROM")), None)
    if header is None:
        raise UnreadableInputError(
            f"{findings.file}: has no #CHROM header; this is not a whole VCF"
        )
    fields = _annotation_fields(lines, findings.file)
    columns = _columns(header.rstrip().split("\t")[9:], lines, alone)
    rows: list[CallRow] = []
    failed = untold = 0
    for at, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8:
            continue
        if cells[6] not in ("PASS", "."):
            failed += 1
            continue
        carriers = _carriers(cells, columns) if columns else {alone: (None, _flagged(cells[7]))}
        untold += carriers is None
        for name, (alleles, origin) in (carriers or {}).items():
            for gene, consequence, change, reported in _annotated(cells, fields, alleles):
                rows.append((at, name, gene, consequence, change, origin, None, reported))
    _say(failed, untold, findings)
    return rows


def _say(failed: int, untold: int, findings: Findings) -> None:
    if failed:
        findings.note(
            f"{failed} record(s) did not pass the filters of the caller and are left out",
            "nothing to do, unless they should count",
            column="FILTER",
        )
    if untold:
        findings.note(
            f"{untold} record(s) state no genotype, so that it is not known which of several "
            "tumours has them; they are left out",
            "give one file for each tumour, or call genotypes",
            column="FORMAT",
        )


def _annotation_fields(lines: list[str], file: str) -> tuple[str, list[str]]:
    for line in lines:
        match = re.match(r'##INFO=<ID=(CSQ|ANN),.*?(?:Format|annotations): ?([^">]+)', line)
        if match:
            return match[1], [name.strip(" '\"").lower() for name in match[2].split("|")]
    raise UnreadableInputError(
        f"{file}: the VCF has neither CSQ nor ANN, so that its variants name no gene; annotate it "
        "with VEP or SnpEff"
    )


def _columns(samples: list[str], lines: list[str], alone: str) -> _Columns | None:
    """Tell tumours from their matched normal; None where no column is a sample."""
    if not samples:
        return None
    stated = {line.partition("=")[2] for line in lines if line.startswith("##normal_sample=")}
    normals = [
        i
        for i, name in enumerate(samples)
        if name in stated or (len(samples) > 1 and name.casefold() == "normal")
    ]
    tumours = {i: name for i, name in enumerate(samples) if i not in normals}
    if len(tumours) == 1:  # TUMOR says what the column is, not whose
        tumours = {i: alone if name.casefold() in _TUMOUR else name for i, name in tumours.items()}
    return _Columns(tumours, normals)


def _flagged(info: str) -> str:
    flags = info.split(";")
    return next((flag.lower() for flag in ("SOMATIC", "GERMLINE") if flag in flags), "unknown")


def _carriers(
    cells: list[str], columns: _Columns
) -> dict[str, tuple[frozenset[int] | None, str]] | None:
    """Return alleles (None: any) and origin of each tumour that has some; None if not told."""
    keys = cells[8].split(":") if len(cells) > 8 else []
    if "GT" not in keys:
        names = list(columns.tumours.values())
        return {names[0]: (None, _flagged(cells[7]))} if len(names) == 1 else None
    calls = [_alleles(cell, keys.index("GT")) for cell in cells[9:]]
    normal = [calls[i] for i in columns.normals if i < len(calls) and calls[i] is not None]
    inherited = frozenset().union(*(one for one in normal if one))
    found: dict[str, tuple[frozenset[int] | None, str]] = {}
    for i, name in columns.tumours.items():
        own = (calls[i] if i < len(calls) else None) or frozenset()
        new = own - inherited
        if new:
            found[name] = (new, "somatic" if normal else _flagged(cells[7]))
        elif own:
            found[name] = (own, "germline")
    return found


def _alleles(call: str, at: int) -> frozenset[int] | None:
    """Return the numbers of the alternate alleles of a call; None where it was not made."""
    parts = call.split(":")
    numbers = re.findall(r"\d+", parts[at]) if at < len(parts) else []
    return frozenset(int(n) for n in numbers if int(n)) if numbers else None


def _annotated(
    cells: list[str], fields: tuple[str, list[str]], alleles: frozenset[int] | None
) -> list[tuple[str, str, str | None, str | None]]:
    """Read each gene that the alleles (None: any) change, with the gravest effect of these."""
    tag, names = fields
    text = next((part[4:] for part in cells[7].split(";") if part.startswith(f"{tag}=")), "")
    labels = _labels(cells[3], cells[4].split(","))
    found: dict[str, tuple[str, str, str | None, str | None]] = {}
    for entry in filter(None, text.split(",")):
        values = dict(zip(names, entry.split("|"), strict=False))
        meant = labels.get(values.get("allele", ""))
        if alleles is not None and meant is not None and not alleles & meant:
            continue
        gene = values.get("symbol") or values.get("gene_name") or ""
        consequence = values.get("consequence") or values.get("annotation") or ""
        change = (values.get("hgvsp") or values.get("hgvs.p") or "").split(":")[-1]
        row = (gene, consequence, change or None, values.get("clin_sig") or None)
        rank = _ORDER.index(effect_of(consequence))
        if gene and (gene not in found or rank < _ORDER.index(effect_of(found[gene][1]))):
            found[gene] = row
    return list(found.values())


def _labels(reference: str, alternates: Sequence[str]) -> dict[str, frozenset[int]]:
    """Return which alleles an annotator may call by a name.

    SnpEff writes the allele as it stands. VEP takes off the first base that all alleles share, or
    (`--minimal`) all that one shares with the reference, and writes `-` for nothing.
    """
    found: dict[str, set[int]] = {}
    for number, alternate in enumerate(alternates, start=1):
        start, end = 0, len(alternate)
        least = min(len(reference), len(alternate))
        while start < least and alternate[start] == reference[start]:
            start += 1
        back = 0
        while back < least - start and alternate[-1 - back] == reference[-1 - back]:
            back += 1
        for label in (alternate, alternate[1:] or "-", alternate[start : end - back] or "-"):
            found.setdefault(label, set()).add(number)
    return {label: frozenset(numbers) for label, numbers in found.items()}
