"""Variants from MAF tables and annotated VCF, as one frame."""

from __future__ import annotations

import re

import polars as pl

from nenuphar.terminology.genes.consequences import EFFECTS, effect_of

_MAF = {
    "sample": ("tumor_sample_barcode", "sample", "sample_id"),
    "gene": ("hugo_symbol", "gene", "symbol"),
    "consequence": ("variant_classification", "consequence"),
    "protein_change": ("hgvsp_short", "protein_change", "hgvsp", "aachange", "amino_acid_change"),
    "origin": ("mutation_status", "origin", "somatic_status"),
    "significance": ("clin_sig", "clinvar", "clinical_significance"),
}
_ORIGINS = {"somatic": "somatic", "germline": "germline", "loh": "somatic"}
_NEEDED = ("sample", "gene", "consequence")


class VariantInputError(ValueError):
    """The table as a whole cannot be used; the message says why and what to do."""


def read_maf(table: pl.DataFrame) -> pl.DataFrame:
    """Read the rows of a MAF, or of a table like it.

    Args:
        table: String columns.

    Returns:
        sample, gene, consequence, protein_change, origin (`somatic`, `germline`, `unknown`),
        significance (as reported), effect; one row per row.

    Raises:
        VariantInputError: No column names the sample (`Tumor_Sample_Barcode`), the gene or the
            consequence, or a row has no sample.
    """
    folded = {name.strip().lower().replace(" ", "_"): name for name in reversed(table.columns)}
    found = {
        meaning: next((folded[s] for s in spellings if s in folded), None)
        for meaning, spellings in _MAF.items()
    }
    missing = [_MAF[name][0] for name in _NEEDED if found[name] is None]
    if missing:
        raise VariantInputError(
            f"there is no column {', '.join(missing)}; a variant without its sample, gene and "
            "consequence says nothing: export the MAF with them"
        )
    rows = table.select(
        (pl.lit(None, pl.String) if column is None else pl.col(column).cast(pl.String)).alias(name)
        for name, column in found.items()
    ).with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    lacking = rows["sample"].null_count()
    if lacking:
        raise VariantInputError(
            f"{lacking} row(s) have no Tumor_Sample_Barcode; fill it in, or leave these rows out"
        )
    origin = pl.col("origin").str.to_lowercase()
    return rows.with_columns(
        origin=origin.replace_strict(_ORIGINS, default="unknown", return_dtype=pl.String),
        effect=pl.col("consequence").map_elements(effect_of, pl.String, skip_nulls=False),
    )


def read_vcf(text: str, origin: str = "unknown") -> pl.DataFrame:
    """Read an annotated VCF (VEP `CSQ` or SnpEff `ANN`): one row per variant, sample and gene.

    Samples are the columns after FORMAT whose genotype carries an alternate allele; without such
    columns the sample is `sample`. Records whose FILTER is neither PASS nor `.` are left out.

    Args:
        text: The whole file.
        origin: Origin of all its variants; a VCF rarely says.

    Returns:
        The columns of `read_maf`.

    Raises:
        VariantInputError: There is no header, or no annotation that names genes.
    """
    lines = text.splitlines()
    header = next((line for line in lines if line.startswith("#CHROM")), None)
    if header is None:
        raise VariantInputError("there is no #CHROM header; this is not a whole VCF")
    fields = _annotation_fields(lines)
    samples = header.split("\t")[9:]
    rows: list[dict[str, str | None]] = []
    for line in lines:
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8 or cells[6] not in ("PASS", "."):
            continue
        carriers = _carriers(cells, samples)
        for entry in _entries(cells[7], fields):
            rows += [{"sample": name, **entry} for name in carriers]
    schema = dict.fromkeys(_MAF, pl.String)
    frame = pl.DataFrame(rows, schema=schema).with_columns(origin=pl.lit(origin))
    return frame.unique(maintain_order=True).with_columns(
        effect=pl.col("consequence").map_elements(effect_of, pl.String, skip_nulls=False)
    )


def _annotation_fields(lines: list[str]) -> tuple[str, list[str]]:
    for line in lines:
        match = re.match(r'##INFO=<ID=(CSQ|ANN),.*?(?:Format|annotations): ?([^">]+)', line)
        if match:
            names = [name.strip(" '\"").lower() for name in match[2].split("|")]
            return match[1], names
    raise VariantInputError("the VCF has neither CSQ nor ANN; annotate it with VEP or SnpEff")


def _carriers(cells: list[str], samples: list[str]) -> list[str]:
    if not samples:
        return ["sample"]
    calls = zip(samples, cells[9:], strict=False)
    return [name for name, call in calls if re.search(r"[1-9]", call.split(":", 1)[0])]


def _entries(info: str, fields: tuple[str, list[str]]) -> list[dict[str, str | None]]:
    """Read each annotated gene with its gravest effect."""
    tag, names = fields
    text = next((part[4:] for part in info.split(";") if part.startswith(f"{tag}=")), "")
    order = [*EFFECTS, "other"]
    found: dict[str, dict[str, str | None]] = {}
    for entry in filter(None, text.split(",")):
        values = dict(zip(names, entry.split("|"), strict=False))
        gene = values.get("symbol") or values.get("gene_name") or ""
        consequence = values.get("consequence") or values.get("annotation") or ""
        change = values.get("hgvsp") or values.get("hgvs.p") or ""
        row = {
            "gene": gene,
            "consequence": consequence,
            "protein_change": change.split(":")[-1] or None,
            "significance": values.get("clin_sig") or None,
        }
        known = found.get(gene)
        rank = order.index(effect_of(consequence))
        if gene and (known is None or rank < order.index(effect_of(known["consequence"]))):
            found[gene] = row
    return list(found.values())
