"""Variants of a table with their pathogenicity."""

from __future__ import annotations

from functools import cache

import polars as pl

from nenuphar.terminology.genes import consequences

_JUDGED = ("gene", "effect", "protein_change", "origin", "significance")


@cache
def gene_roles() -> pl.DataFrame:
    """Return the genes that this project knows: gene, role, pathways (list), source (DOI)."""
    rows = [
        (r.gene, r.role, list(r.pathways), r.source) for r in consequences.gene_roles().values()
    ]
    schema = {"gene": pl.String, "role": pl.String, "pathways": pl.List(pl.String)}
    return pl.DataFrame(rows, schema={**schema, "source": pl.String}, orient="row")


@cache
def hotspots() -> pl.DataFrame:
    """Return recurrently changed residues: gene, residue (number), source (DOI)."""
    rows = [(gene, residue, source) for (gene, residue), source in consequences.hotspots().items()]
    schema = {"gene": pl.String, "residue": pl.Int64, "source": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def classify_variants(variants: pl.DataFrame) -> pl.DataFrame:
    """Class every variant as `terminology.genes.consequences.judge` does, each kind once.

    Args:
        variants: gene, effect, protein_change, origin, significance (as reported), as read by
            `variant_table`.

    Returns:
        The variants with role, pathogenicity and basis (one sentence).

    Source:
        Chang 2016, doi:10.1038/nbt.3391 (hotspots); roles as listed in `gene_roles.tsv`.
    """
    kinds = variants.select(_JUDGED).unique(maintain_order=True)
    judged = [
        consequences.judge(gene or "", effect, change or "", origin, reported or "")
        for gene, effect, change, origin, reported in kinds.iter_rows()
    ]
    kinds = kinds.with_columns(
        pathogenicity=pl.Series([one for one, _ in judged], dtype=pl.String),
        basis=pl.Series([why for _, why in judged], dtype=pl.String),
    )
    roles = gene_roles().select("gene", "role")
    return variants.join(roles, on="gene", how="left", maintain_order="left").join(
        kinds, on=list(_JUDGED), how="left", nulls_equal=True, maintain_order="left"
    )
