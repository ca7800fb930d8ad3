"""Pathways on which the alterations of a tumour converge."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.variants import gene_roles

PATHWAYS = ("chromatin", "dna_repair", "mtor", "telomere")
_DAMAGING = ("pathogenic", "likely_pathogenic")


def pathway_convergence(
    variants: pl.DataFrame,
    genes: pl.DataFrame | None = None,
    assayed: dict[str, set[str]] | None = None,
) -> pl.DataFrame:
    """Say which of the four pathways of pancreatic NET a tumour alters, and by which genes.

    An alteration is a damaging variant, a deep deletion of a tumour suppressor or an amplification
    of an oncogene. `not_altered` is said only where every gene of the pathway was assayed; else a
    pathway without a hit is `undetermined`. Germline genes are listed apart.

    Args:
        variants: sample, gene, pathogenicity, origin.
        genes: Output of `gene_states`, if copy number was measured.
        assayed: Genes sequenced in each sample; also names samples without variants.

    Returns:
        sample, pathway, state (`altered`, `not_altered`, `undetermined`), genes, germline_genes
        (joined by `; `); four rows per sample.

    Source:
        Scarpa 2017, doi:10.1038/nature21063.
    """
    roles = gene_roles().explode("pathways").filter(pl.col("pathways").is_in(PATHWAYS))
    roles = roles.select("gene", "role", pathway="pathways")
    hits = variants.filter(pl.col("pathogenicity").is_in(_DAMAGING)).select(
        "sample", "gene", germline=pl.col("origin") == "germline"
    )
    if genes is not None:
        hits = pl.concat([hits, _copy_number_hits(genes)])
    assayed = assayed or {}
    named = [variants["sample"], pl.Series("sample", list(assayed), dtype=pl.String)]
    named += [] if genes is None else [genes["sample"]]
    samples = pl.DataFrame({"sample": pl.concat(named).unique().sort()})
    order = pl.DataFrame({"pathway": PATHWAYS})
    found = hits.join(roles, on="gene").group_by("sample", "pathway").agg(
        genes=pl.col("gene").filter(~pl.col("germline")).unique().sort().str.join("; "),
        germline_genes=pl.col("gene").filter("germline").unique().sort().str.join("; "),
    )  # fmt: skip
    members = {p: set(roles.filter(pl.col("pathway") == p)["gene"]) for p in PATHWAYS}
    complete = pl.DataFrame(
        [(s, p) for s, seen in assayed.items() for p in PATHWAYS if members[p] <= seen],
        schema={"sample": pl.String, "pathway": pl.String},
        orient="row",
    ).with_columns(complete=pl.lit(True))
    keys = ["sample", "pathway"]
    state = (
        pl.when(pl.col("genes").is_not_null())
        .then(pl.lit("altered"))
        .when(pl.col("complete").fill_null(False))
        .then(pl.lit("not_altered"))
        .otherwise(pl.lit("undetermined"))
    )
    return (
        samples.join(order, how="cross", maintain_order="left_right")
        .join(found, on=keys, how="left", maintain_order="left")
        .join(complete, on=keys, how="left", maintain_order="left")
        .select(*keys, state.alias("state"), pl.col("genes", "germline_genes").fill_null(""))
    )


def _copy_number_hits(genes: pl.DataFrame) -> pl.DataFrame:
    role = gene_roles().select("gene", "role")
    deleted = pl.col("deleted").fill_null(False) & (pl.col("role") == "suppressor")
    amplified = pl.col("amplified").fill_null(False) & (pl.col("role") == "oncogene")
    return (
        genes.join(role, on="gene")
        .filter(deleted | amplified)
        .select("sample", "gene", germline=pl.lit(False))
    )
