"""Variants of genes in Phenopackets, both ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nenuphar.domain.case import Variant
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Code
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Placer
from nenuphar.io.exchange.vocabulary import Vocabulary
from nenuphar.terminology.genes import gene_index
from nenuphar.terminology.genes.consequences import effect_of, effect_of_change, significance_of

ORIGINS = ("somatic", "germline")
_CLASSES = {
    "PATHOGENIC": "pathogenic",
    "LIKELY_PATHOGENIC": "pathogenic",
    "UNCERTAIN_SIGNIFICANCE": "uncertain",
    "LIKELY_BENIGN": "benign",
    "BENIGN": "benign",
}
_ACMG = {"pathogenic": "PATHOGENIC", "uncertain": "UNCERTAIN_SIGNIFICANCE", "benign": "BENIGN"}
_ACCESSION = re.compile(r"^[A-Z]{2,4}_?[\d.]+(?:\([^)]*\))?:")


def gene_of(codes: tuple[Code, ...], symbol: str) -> str:
    """Return the approved symbol of a gene; empty where name and ids say none, or several."""
    genes = gene_index()
    names = [symbol, *(code.label for code in codes)]
    names += [code.code for code in codes if code.system in ("entrez", "ensembl")]
    for name in names:
        if name and (found := genes.resolve(name).symbol):
            return found
    return ""


def judged(gene: str, change: str, origin: str, consequence: str, stated: str) -> tuple[str, str]:
    """Return the significance of a variant and, where nobody stated it, on what ground."""
    if stated:
        return stated, ""
    effect = effect_of(consequence) if consequence else effect_of_change(change)
    return significance_of(gene, effect, change, origin)


def read_interpretation(part: Part, specimens: Mapping[str, Draft], placer: Placer) -> None:
    """Read the variants of one interpretation onto their specimens; list the others."""
    placer.ledger.aside(f"{part.pointer}/id", f"{part.pointer}/progressStatus")
    placer.ledger.aside(f"{part.pointer}/diagnosis/disease")
    diagnosis = part.get("diagnosis") or Part({})
    for genomic in diagnosis.each("genomicInterpretations"):
        why = _read(genomic, specimens, placer)
        if why:
            placer.ledger.lose(genomic.pointer, placer.draft.id, "a variant", why)


def _read(genomic: Part, specimens: Mapping[str, Draft], placer: Placer) -> str:
    """Read one variant; return why it is not carried, if it is not."""
    status = genomic.text("interpretationStatus")
    if status == "REJECTED":
        return "the packet itself rejects it"
    where = genomic.text("subjectOrBiosampleId")
    specimen = specimens.get(where)
    if specimen is None and where in ("", placer.draft.id):
        specimen = placer.draft.reach(Scope.SPECIMEN)
    if specimen is None or specimen.scope is not Scope.SPECIMEN:
        return "it is of no specimen in particular"
    call = genomic.get("variantInterpretation")
    if call is None:
        return "a gene without a variant"
    described = call.get("variationDescriptor") or Part({})
    variant = _variant(call, described, placer.vocabulary)
    if variant is None:
        return "its gene is not known, or has several names"
    specimen.variants.append(variant)
    base = described.pointer
    read = (f"{base}/geneContext", f"{base}/expressions", f"{base}/extensions", f"{base}/label")
    placer.ledger.carry(*read, f"{call.pointer}/acmgPathogenicityClassification")
    names = ("subjectOrBiosampleId", "interpretationStatus")
    placer.ledger.aside(*(f"{genomic.pointer}/{name}" for name in names))
    placer.ledger.aside(f"{base}/id", f"{base}/moleculeContext")
    placer.ledger.aside(f"{call.pointer}/therapeuticActionability")
    return ""


def _variant(call: Part, described: Part, vocabulary: Vocabulary) -> Variant | None:
    context = described.get("geneContext") or Part({})
    symbol = context.text("symbol")
    gene = gene_of((vocabulary.curie(context.text("valueId")),), symbol)
    if not gene:
        return None
    extra = {each.text("name"): each.text("value") for each in described.each("extensions")}
    origin = extra.get("origin", "")
    origin = origin if origin in ORIGINS else "unknown"
    change, consequence = _change(described), extra.get("consequence", "")
    stated = _CLASSES.get(call.text("acmgPathogenicityClassification"), "")
    significance, basis = judged(gene, change, origin, consequence, stated)
    return Variant(gene, significance, origin, change, extra.get("assay", ""), consequence, basis)  # type: ignore[arg-type]  # one of the permitted words


def _change(described: Part) -> str:
    """Return what the variant does to the protein, else to the DNA, else how it is labelled."""
    found = {each.text("syntax"): each.text("value") for each in described.each("expressions")}
    for syntax in ("hgvs.p", "hgvs.c", "hgvs.g", "hgvs", "text"):
        if found.get(syntax):
            return found[syntax] if syntax == "text" else _ACCESSION.sub("", found[syntax])
    return described.text("label")


def interpretation(variant: Variant, specimen: str, number: int) -> dict[str, Any]:
    """Write a variant of a specimen as a genomic interpretation."""
    extra = {
        "origin": variant.origin if variant.origin in ORIGINS else "",
        "assay": variant.assay,
        "consequence": variant.consequence,
    }
    descriptor: dict[str, Any] = {
        "id": f"variant-{number}",
        "geneContext": {"valueId": _gene_id(variant.gene), "symbol": variant.gene},
        "expressions": [{"syntax": _syntax(variant.change), "value": variant.change}],
        "extensions": [{"name": name, "value": text} for name, text in extra.items() if text],
        "moleculeContext": "unspecified_molecule_context",
    }
    if not variant.change:
        del descriptor["expressions"]
    call: dict[str, Any] = {"variationDescriptor": descriptor}
    if not variant.basis:  # what followed from the consequence follows again when it is read
        call["acmgPathogenicityClassification"] = _ACMG[variant.significance]
    return {
        "subjectOrBiosampleId": specimen,
        "interpretationStatus": "UNKNOWN_STATUS",
        "variantInterpretation": call,
    }


def _syntax(change: str) -> str:
    prefix = change[:2]
    return {"p.": "hgvs.p", "c.": "hgvs.c", "g.": "hgvs.g"}.get(prefix, "text")


def gene_code(symbol: str) -> Code | None:
    """Return the NCBI Gene id of a gene; None where it has none."""
    number = gene_index().entrez_id(symbol)
    return Code("entrez", str(number), symbol) if number else None


def _gene_id(symbol: str) -> str:
    code = gene_code(symbol)
    return f"NCBIGene:{code.code}" if code else f"symbol:{symbol}"
