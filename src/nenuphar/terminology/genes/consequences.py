"""What a variant means for its gene: pathogenicity by consequence, hotspot and role of the gene.

Plain Python, so that a case is read without a table library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

EFFECTS: dict[str, tuple[str, ...]] = {
    "truncating": (
        *("nonsense_mutation", "frame_shift_del", "frame_shift_ins", "stop_gained", "nonsense"),
        *("frameshift_variant", "translation_start_site", "start_lost", "transcript_ablation"),
        *("frameshift", "truncating"),
    ),
    "splice": ("splice_site", "splice_acceptor_variant", "splice_donor_variant", "splice"),
    "missense": ("missense_mutation", "missense_variant", "missense"),
    "in_frame": (
        *("in_frame_del", "in_frame_ins", "inframe_deletion", "inframe_insertion", "in_frame"),
        *("nonstop_mutation", "stop_lost", "protein_altering_variant"),
    ),
    "silent": ("silent", "synonymous_variant", "stop_retained_variant", "synonymous"),
    "deletion": ("deep_deletion", "homozygous_deletion"),
    "amplification": ("amplification",),
}
"""Effect on the gene of MAF classes and Sequence Ontology terms; the gravest comes first."""

CLASSES = ("pathogenic", "likely_pathogenic", "uncertain", "likely_benign", "benign")
_SUBSTITUTION = re.compile(r"^(?:[A-Z][a-z]{2}|[A-Z])\d+(?:[A-Z][a-z]{2}|[A-Z])$")
_RESIDUE = re.compile(r"^(?:p\.)?\(?(?:[A-Z][a-z]{2}|[A-Z])(\d+)")


@dataclass(frozen=True, slots=True)
class GeneRole:
    """What a gene does in tumours: `suppressor` or `oncogene`, its pathways, and who says so."""

    gene: str
    role: str
    pathways: tuple[str, ...]
    source: str


def _lines(name: str) -> list[list[str]]:
    text = files("nenuphar.terminology.genes").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


@cache
def gene_roles() -> dict[str, GeneRole]:
    """Return the genes whose role is known here, by symbol."""
    return {
        gene: GeneRole(gene, role, tuple(p for p in pathways.split(";") if p), source)
        for gene, role, pathways, source in _lines("gene_roles.tsv")
    }


@cache
def hotspots() -> dict[tuple[str, int], str]:
    """Return recurrently changed residues, gene and number, with the source (DOI) of each."""
    return {
        (gene, int(residue)): source
        for gene, residues, source in _lines("hotspots.tsv")
        for residue in residues.split(",")
    }


def effect_of(consequence: str | None) -> str:
    """Name the effect on the gene: the gravest of the terms joined by `&`, `,` or `;`.

    Anything else (intron, promoter, unknown words, missing) is `other`.
    """
    terms = {t.strip().lower().replace(" ", "_") for t in re.split(r"[&,;]", consequence or "")}
    return next((name for name, words in EFFECTS.items() if terms & set(words)), "other")


def effect_of_change(change: str) -> str:
    """Name the effect that a change of the protein implies where no annotator named one."""
    text = change.removeprefix("p.").strip("()")
    if "fs" in text or "*" in text or "Ter" in text:
        return "truncating"
    if text.endswith("="):
        return "silent"
    if any(word in text for word in ("del", "dup", "ins")):
        return "in_frame" if _RESIDUE.match(change) else "other"
    return "missense" if _SUBSTITUTION.match(text) else "other"


def significance_of(
    gene: str, effect: str, change: str, origin: str, reported: str = ""
) -> tuple[Literal["pathogenic", "uncertain", "benign"], str]:
    """Return what `judge` says in three words, likely counting as shown, and its ground."""
    judged, basis = judge(gene, effect, change, origin, reported)
    if judged.endswith("pathogenic"):
        return "pathogenic", basis
    return ("benign" if judged.endswith("benign") else "uncertain"), basis


def judge(
    gene: str, effect: str, change: str = "", origin: str = "unknown", reported: str = ""
) -> tuple[str, str]:
    """Class a variant and say on what ground.

    A change of a hotspot residue is `pathogenic`, and so is the deep deletion of a tumour
    suppressor. A truncating or splice-site change of a tumour suppressor is `likely_pathogenic`; of
    an oncogene or of a gene without a known role it is `uncertain`. Silent changes are
    `likely_benign`. Of a germline variant only the reported significance counts, and without one
    it is `uncertain`, because a truncated gene in the germline needs a geneticist. A reported
    significance of a somatic variant does not decide.

    Args:
        gene: HGNC symbol.
        effect: As `effect_of` names it.
        change: Change of the protein, `p.G12D` or `p.(Gly12Asp)`.
        origin: `somatic`, `germline` or `unknown`.
        reported: Significance as a database states it.

    Returns:
        One of `CLASSES`, and one sentence.

    Source:
        Chang 2016, doi:10.1038/nbt.3391 (hotspots); roles as listed in `gene_roles.tsv`.
    """
    if origin == "germline":
        known = reported_class(reported)
        return (known, "germline; as reported") if known else _UNJUDGED
    role = gene_roles()[gene].role if gene in gene_roles() else ""
    residue = _RESIDUE.match(change or "")
    is_hotspot = residue is not None and (gene, int(residue[1])) in hotspots()
    if effect in ("missense", "in_frame") and is_hotspot:
        return "pathogenic", "changes a hotspot residue"
    return _BY_ROLE.get((effect, role)) or _BY_EFFECT.get(effect, _NEITHER)


_UNJUDGED = ("uncertain", "germline, and nobody has judged it")
_NEITHER = ("uncertain", "neither a hotspot nor a broken tumour suppressor")
_BY_ROLE = {
    ("deletion", "suppressor"): ("pathogenic", "deletes a tumour suppressor"),
    ("truncating", "suppressor"): ("likely_pathogenic", "breaks a tumour suppressor"),
    ("splice", "suppressor"): ("likely_pathogenic", "breaks a tumour suppressor"),
}
_BY_EFFECT = {
    "truncating": ("uncertain", "truncates a gene that is no known tumour suppressor"),
    "splice": ("uncertain", "truncates a gene that is no known tumour suppressor"),
    "silent": ("likely_benign", "leaves the protein unchanged"),
}


def reported_class(text: str | None) -> str:
    """Class what a database says; conflicting and unknown words are empty."""
    word = re.sub("[ /]", "_", (text or "").lower())
    if "conflict" in word:
        return ""
    for grave in ("pathogenic", "benign"):
        if f"likely_{grave}" in word and not word.startswith(grave):
            return f"likely_{grave}"
        if grave in word:
            return grave
    return "uncertain" if "uncertain" in word else ""
