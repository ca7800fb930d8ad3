"""What a variant means for its gene: pathogenicity by consequence, hotspot and gene role."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

_RESIDUE = r"^(?:p\.)?\(?(?:[A-Z][a-z]{2}|[A-Z])(\d+)"
CLASSES = ("pathogenic", "likely_pathogenic", "uncertain", "likely_benign", "benign")


@cache
def gene_roles() -> pl.DataFrame:
    """Return the genes that this project knows: gene, role, pathways (list), source (DOI)."""
    return _table("gene_roles.tsv").with_columns(
        pathways=pl.col("pathways").fill_null("").str.split(";").list.drop_nulls()
    )


@cache
def hotspots() -> pl.DataFrame:
    """Return recurrently changed residues: gene, residue (number), source (DOI)."""
    table = _table("hotspots.tsv").with_columns(residue=pl.col("residues").str.split(","))
    return table.explode("residue").select("gene", pl.col("residue").cast(pl.Int64), "source")


def _table(name: str) -> pl.DataFrame:
    data = files("nenuphar.methods.genomics").joinpath(name).read_bytes()
    return pl.read_csv(data, separator="\t", infer_schema=False)


def classify_variants(variants: pl.DataFrame) -> pl.DataFrame:
    """Class every variant and say on what ground.

    A change of a hotspot residue is `pathogenic`. A truncating or splice-site change of a tumour
    suppressor is `likely_pathogenic`; of an oncogene or of a gene without a known role it is
    `uncertain`. Silent changes are `likely_benign`. Somatic and germline are judged apart: of a
    germline variant only the reported significance counts, and without one it is `uncertain`,
    because a truncated gene in the germline needs a geneticist. A reported significance of a
    somatic variant is kept but does not decide. All else is `uncertain`.

    Args:
        variants: gene, effect, protein_change, origin, significance (as reported), as read by
            `variant_table`.

    Returns:
        The variants with role, hotspot, pathogenicity and basis (one sentence).

    Source:
        Chang 2016, doi:10.1038/nbt.3391 (hotspots); roles as listed in `gene_roles.tsv`.
    """
    residue = pl.col("protein_change").str.extract(_RESIDUE).cast(pl.Int64)
    places = hotspots().select("gene", "residue", hotspot=pl.lit(True))
    rows = (
        variants.with_columns(residue=residue)
        .join(gene_roles().select("gene", "role"), on="gene", how="left", maintain_order="left")
        .join(places, on=["gene", "residue"], how="left", maintain_order="left")
        .with_columns(
            hotspot=pl.col("hotspot").fill_null(False)
            & pl.col("effect").is_in(["missense", "in_frame"])
        )
    )
    reported = _reported(pl.col("significance"))
    germline = pl.col("origin") == "germline"
    breaking = pl.col("effect").is_in(["truncating", "splice"])
    cases = [
        (germline & reported.is_not_null(), reported, "germline; as reported"),
        (germline, pl.lit("uncertain"), "germline, and nobody has judged it"),
        (pl.col("hotspot"), pl.lit("pathogenic"), "changes a hotspot residue"),
        (breaking & (pl.col("role") == "suppressor"), pl.lit("likely_pathogenic"),
         "breaks a tumour suppressor"),
        (pl.col("effect") == "silent", pl.lit("likely_benign"), "leaves the protein unchanged"),
        (breaking, pl.lit("uncertain"), "truncates a gene that is no known tumour suppressor"),
    ]  # fmt: skip
    when = [c.fill_null(False) for c, _, _ in cases]
    classes = pl.coalesce(pl.when(w).then(v) for w, (_, v, _) in zip(when, cases, strict=True))
    bases = pl.coalesce(
        pl.when(w).then(pl.lit(b)) for w, (_, _, b) in zip(when, cases, strict=True)
    )
    return rows.with_columns(
        pathogenicity=classes.fill_null("uncertain"),
        basis=bases.fill_null("neither a hotspot nor a broken tumour suppressor"),
    ).drop("residue")


def _reported(text: pl.Expr) -> pl.Expr:
    """Class what a database says; conflicting and unknown words are null."""
    word = text.str.to_lowercase().str.replace_all("[ /]", "_")
    conflict = word.str.contains("conflict")
    return (
        pl.when(conflict)
        .then(None)
        .when(word.str.contains("likely_pathogenic") & ~word.str.contains("^pathogenic"))
        .then(pl.lit("likely_pathogenic"))
        .when(word.str.contains("pathogenic"))
        .then(pl.lit("pathogenic"))
        .when(word.str.contains("likely_benign") & ~word.str.contains("^benign"))
        .then(pl.lit("likely_benign"))
        .when(word.str.contains("benign"))
        .then(pl.lit("benign"))
        .when(word.str.contains("uncertain"))
        .then(pl.lit("uncertain"))
    )
