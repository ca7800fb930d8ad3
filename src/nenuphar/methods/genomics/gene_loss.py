"""Whether both alleles of a tumour suppressor are lost."""

from __future__ import annotations

import polars as pl

_DAMAGING = ("pathogenic", "likely_pathogenic")


def biallelic_loss(variants: pl.DataFrame, genes: pl.DataFrame) -> pl.DataFrame:
    """Join damaging variants with the copies of their gene.

    `biallelic`: deep deletion; or a damaging variant with LOH. `possible`: two damaging variants
    whose phase is not known. `monoallelic`: one damaging variant and alleles without LOH.
    `undetermined`: one damaging variant and no allele-specific copies. `none_seen`: no damaging
    variant and no deep deletion among what was measured; not a statement that the gene is intact.

    Args:
        variants: sample, gene, pathogenicity, origin, role; germline variants count as a first
            hit.
        genes: Output of `gene_states`.

    Returns:
        sample, gene, damaging (count), germline (count of them), loh, deleted, alleles.

    Source:
        Knudson 1971, doi:10.1073/pnas.68.4.820.
    """
    damaging = (
        variants.filter(pl.col("pathogenicity").is_in(_DAMAGING) & (pl.col("role") == "suppressor"))
        .group_by("sample", "gene", maintain_order=True)
        .agg(damaging=pl.len(), germline=(pl.col("origin") == "germline").sum())
    )
    rows = damaging.join(
        genes.select("sample", "gene", "loh", "deleted"),
        on=["sample", "gene"],
        how="full",
        coalesce=True,
        maintain_order="left_right",
    ).with_columns(pl.col("damaging", "germline").fill_null(0))
    hit = pl.col("damaging") > 0
    alleles = (
        pl.when(pl.col("deleted").fill_null(False) | (hit & pl.col("loh").fill_null(False)))
        .then(pl.lit("biallelic"))
        .when(pl.col("damaging") > 1)
        .then(pl.lit("possible"))
        .when(hit & pl.col("loh").is_null())
        .then(pl.lit("undetermined"))
        .when(hit)
        .then(pl.lit("monoallelic"))
        .otherwise(pl.lit("none_seen"))
    )
    return rows.with_columns(alleles=alleles).sort("sample", "gene")
