"""Genomic facts of single specimens: burden, mismatch repair, telomeres, genes and pathways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nenuphar.domain.case import Assay, Specimen
from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval
from nenuphar.methods.genomics.mismatch_repair import PROTEINS, mismatch_repair
from nenuphar.methods.genomics.telomere import telomere_maintenance
from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.methods.genomics.tumour_mutational_burden import (
    TerritoryError,
    tumour_mutational_burden,
)
from nenuphar.terminology.genes.consequences import gene_roles

if TYPE_CHECKING:
    import polars as pl

_STAINS = {f"ihc.{name.lower()}": name for name in PROTEINS}
INPUTS = (
    *("genomics.mutation_count", "genomics.territory", "genomics.tmb_reported"),
    *("genomics.tmb_material", "genomics.msi_call", *_STAINS),
    *("genomics.alt_assay", "ihc.daxx", "ihc.atrx"),
)


def specimen_facts(values: Mapping[str, Value], cutoffs: Cutoffs) -> dict[str, Value]:
    """Work out burden, mismatch repair and telomere maintenance from the facts of a specimen.

    Args:
        values: Facts of the specimen; those of `INPUTS` are read, and the answers about variants
            of DAXX and ATRX that rules ask for.
        cutoffs: `tmb.*`.

    Returns:
        The facts that can be told. A burden with count and territory is its exact Poisson
        interval, so that a comparison with a cut-off inside it stays open.
    """
    found = _burden(values, cutoffs)
    call = values.get("genomics.msi_call")
    stains = {name: str(values[fact]) for fact, name in _STAINS.items() if fact in values}
    if call or stains:
        status = mismatch_repair(str(call) if call else None, stains).status
        found |= {"genomics.mismatch_repair": status} if status != "undetermined" else {}
    return found | _telomeres(values)


def _burden(values: Mapping[str, Value], cutoffs: Cutoffs) -> dict[str, Value]:
    material = str(values.get("genomics.tmb_material", "tissue"))
    count, territory = values.get("genomics.mutation_count"), values.get("genomics.territory")
    reported = values.get("genomics.tmb_reported")
    fact = "genomics.tmb.blood" if material == "blood" else "genomics.tmb.tissue"
    exact = [v for v in (count, territory) if isinstance(v, Interval) and v.lo == v.hi]
    if len(exact) == 2:
        try:
            one = tumour_mutational_burden(
                round(exact[0].lo),
                exact[1].lo,
                "blood" if material == "blood" else "tissue",
                cutoffs=cutoffs,
            )
        except TerritoryError:
            return {}
        ends = (round(one.low, 2), round(one.high, 2))
        return {fact: Interval(*ends, unit="mutations_per_mb")}
    return {fact: reported} if isinstance(reported, Interval) else {}


def _telomeres(values: Mapping[str, Value]) -> dict[str, Value]:
    stains = {
        g: str(values[f"ihc.{g.lower()}"]) for g in ("DAXX", "ATRX") if f"ihc.{g.lower()}" in values
    }
    variants = {}
    for gene in ("DAXX", "ATRX"):
        answer = values.get(f"variant({gene},pathogenic,any)")
        if isinstance(answer, bool):
            variants[gene] = "damaging" if answer else "none"
    assay = values.get("genomics.alt_assay")
    found = telomere_maintenance(str(assay) if assay else None, stains, variants)
    told = {"genomics.alt": found.alt, "genomics.daxx_atrx": found.daxx_atrx}
    return {fact: value for fact, value in told.items() if value != "undetermined"}


def gene_facts(
    specimens: Sequence[Specimen], genes: pl.DataFrame | None = None
) -> list[dict[str, Value]]:
    """Work out which genes and pathways of specimens are altered.

    Args:
        specimens: Their variants and assays.
        genes: Output of `gene_states`, with `sample` the number of the specimen as text.

    Returns:
        For each specimen `genomics.variants`, and where they can be told
        `genomics.pathogenic_genes` (somatic or of unknown origin), `genomics.germline_genes`,
        `genomics.biallelic_genes` and `genomics.altered_pathways`; `none` only where that is known.
    """
    import polars as pl

    from nenuphar.methods.genomics.gene_loss import biallelic_loss
    from nenuphar.methods.genomics.pathways import pathway_convergence

    variants = _variant_frame(specimens)
    copies = _copy_frame(specimens, genes)
    lost = biallelic_loss(variants, copies).filter(pl.col("alleles") == "biallelic")
    both = dict(lost.group_by("sample").agg(pl.col("gene").sort()).iter_rows())
    measured = set(copies["sample"])
    assayed = {str(i): _assayed(one.assays) for i, one in enumerate(specimens)}
    converged: dict[str, list[tuple[str, str, str]]] = {}
    for sample, pathway, state, somatic, germline in pathway_convergence(
        variants, copies, assayed
    ).iter_rows():
        genes = [
            *filter(None, somatic.split("; ")),
            *(f"germline {g}" for g in germline.split("; ") if g),
        ]
        converged.setdefault(sample, []).append((pathway, state, ", ".join(genes)))
    return [
        _named_genes(one)
        | _known("genomics.biallelic_genes", both.get(str(i), []), str(i) in measured)
        | _pathways(converged.get(str(i), []))
        for i, one in enumerate(specimens)
    ]


def _variant_frame(specimens: Sequence[Specimen]) -> pl.DataFrame:
    import polars as pl

    roles = gene_roles()
    rows = [
        (str(i), v.gene, v.significance, v.origin, roles[v.gene].role if v.gene in roles else None)
        for i, one in enumerate(specimens)
        for v in one.variants
        if v.consequence != _DEEP  # that is copy number
    ]
    names = ("sample", "gene", "pathogenicity", "origin", "role")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _copy_frame(specimens: Sequence[Specimen], genes: pl.DataFrame | None) -> pl.DataFrame:
    """Join what segments say of genes with the deep deletions that a study lists."""
    import polars as pl

    names = ("sample", "gene", "loh", "deleted", "amplified")
    schema = {n: pl.String if n in names[:2] else pl.Boolean for n in names}
    rows = [
        (str(i), v.gene, None, True, False)
        for i, one in enumerate(specimens)
        for v in one.variants
        if v.consequence == _DEEP
    ]
    listed = pl.DataFrame(rows, schema=schema, orient="row")
    both = listed if genes is None else pl.concat([genes.select(names).cast(schema), listed])
    return both.group_by("sample", "gene", maintain_order=True).agg(
        pl.col("loh").any(ignore_nulls=False), pl.col("deleted", "amplified").any()
    )


_DEEP = "deep deletion"


def _assayed(assays: Sequence[Assay]) -> set[str]:
    if any(assay.whole_exome for assay in assays):
        return set(gene_roles())
    return {gene for assay in assays for gene in assay.genes or ()}


def _named_genes(specimen: Specimen) -> dict[str, Value]:
    damaging = [v for v in specimen.variants if v.significance == "pathogenic"]
    germline = sorted({v.gene for v in damaging if v.origin == "germline"})
    somatic = sorted({v.gene for v in damaging if v.origin != "germline"})
    whole = any(assay.whole_exome for assay in specimen.assays)
    genes = _assayed(specimen.assays)
    over = "the exome" if whole else f"{len(genes)} genes" if genes else "genes not stated"
    found: dict[str, Value] = {}
    if specimen.variants or genes:
        found["genomics.variants"] = f"{len(specimen.variants)} variants over {over}"
        # Of an unknown panel a list without a damaged gene says nothing of genes not on it.
        found |= _known("genomics.pathogenic_genes", somatic, bool(genes))
    return found | ({"genomics.germline_genes": ";".join(germline)} if germline else {})


def _known(fact: str, genes: Sequence[str], measured: bool) -> dict[str, Value]:
    text = ";".join(genes) or ("none" if measured else "")
    return {fact: text} if text else {}


def _pathways(rows: Sequence[tuple[str, str, str]]) -> dict[str, Value]:
    """Name the altered pathways with their genes; `none` only where every gene was assayed."""
    altered = [f"{p} ({genes})" for p, state, genes in rows if state == "altered"]
    if not altered and not all(state == "not_altered" for _, state, _ in rows):
        return {}
    return {"genomics.altered_pathways": ";".join(altered) or "none"}
