"""Variants of many samples, row by row, from a MAF, a table like it, or an annotated VCF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.annotated_vcf import rows_of_vcf
from nenuphar.io.decoding import decode
from nenuphar.io.gene_names import approved_symbols
from nenuphar.io.result import Findings, InputFile, read_unpacked
from nenuphar.io.tables import Table, table_of_bytes

SPELLINGS: dict[str, tuple[str, ...]] = {
    "sample": ("tumorsamplebarcode", "tumoursamplebarcode", "sample", "sampleid", "tumorsample",
               "patient", "patientid"),
    "gene": ("hugosymbol", "gene", "genesymbol", "symbol", "generefgene"),
    "consequence": ("variantclassification", "consequence", "exonicfuncrefgene", "effect"),
    "change": ("hgvspshort", "proteinchange", "hgvsp", "aachange", "aachangerefgene",
               "aminoacidchange"),
    "origin": ("mutationstatus", "origin", "somaticstatus"),
    "judged": ("oncogenic",),
    "reported": ("clinsig", "clinvar", "clinicalsignificance", "clinvarclnsig"),
}  # fmt: skip
"""Columns by meaning; case, blanks, dots and underscores do not matter. In each row the first of
them that is filled counts."""
_ORIGINS = {"somatic": "somatic", "germline": "germline", "loh": "somatic"}
_CHANGE = r"(p\.\(?[A-Za-z*?][A-Za-z0-9_*=?>]*\)?)"
_VCF = b"##fileformat=VCF"


@dataclass(frozen=True)
class VariantRows:
    """Variants as they stand in a file.

    Attributes:
        frame: line, sample, gene (both filled; the approved symbol), consequence, change, origin
            (`somatic`, `germline` or `unknown`), judged (by OncoKB or the like), reported (by
            ClinVar or the like).
        file: The file.
        read: Rows of a table, or carriers of the records of a VCF that passed their filters.
        rejected: Rows left out, each listed; `read == frame.height + rejected`.
    """

    frame: pl.DataFrame
    file: InputFile
    read: int
    rejected: int


def read_variant_rows(path: Path, findings: Findings) -> VariantRows:
    """Read the variants of a file; what it is is decided by its content.

    Args:
        path: A MAF, a table with sample and gene, or a VCF annotated by VEP (`CSQ`) or SnpEff
            (`ANN`); of a VCF, one row per carrier and gene, see `rows_of_vcf`.
        findings: Where rows that cannot be used are listed.

    Raises:
        UnreadableInputError: The file cannot be read, names no sample or gene, or is a VCF without
            annotation.
    """
    data, file, suffix = read_unpacked(path)
    if data.startswith(_VCF):
        rows = _rows_of_vcf(decode(data, file.name)[0], path.name.split(".")[0], findings)
        torn = 0
    else:
        table = table_of_bytes(data, file, suffix)
        findings.problems += table.problems
        torn = sum(problem.rejected for problem in table.problems)
        rows = _rows_of_table(table)
    bad = rows.filter(pl.col("sample").is_null() | pl.col("gene").is_null())
    for line, sample in bad.select("line", "sample").iter_rows():
        what = "gene" if sample else "sample"
        column = "Hugo_Symbol" if sample else "Tumor_Sample_Barcode"
        reason = f"the variant names no {what} and is left out"
        findings.value(line, sample or "", column, "", reason, f"fill in the {what}")
    kept = rows.filter(pl.col("sample").is_not_null() & pl.col("gene").is_not_null())
    kept = _approved(kept, findings)
    return VariantRows(kept, file, rows.height + torn, bad.height + torn)


def _approved(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    replaced, listed = approved_symbols(rows["gene"])
    for name, reason, fix in listed:
        findings.note(reason, fix, column="Hugo_Symbol", value=name)
    return rows.with_columns(pl.col("gene").replace(replaced))


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _rows_of_table(table: Table) -> pl.DataFrame:
    by_plain = {_plain(name): name for name in reversed(table.frame.columns)}
    found = {m: [by_plain[s] for s in own if s in by_plain] for m, own in SPELLINGS.items()}
    missing = [m for m in ("sample", "gene") if not found[m]]
    if missing:
        raise UnreadableInputError(
            f"{table.file.name}: has no column for the {' and the '.join(missing)} of a variant "
            "(Tumor_Sample_Barcode, Hugo_Symbol); a variant without them says nothing: add the "
            "column, or the line of names if the file begins with its first variant"
        )

    def text(meaning: str) -> pl.Expr:
        cells = [pl.col(name).str.strip_chars() for name in found[meaning]]
        filled = [pl.when(~cell.is_in(["", ".", "NA"])).then(cell) for cell in cells]
        return pl.coalesce([*filled, pl.lit(None, pl.String)])

    change = text("change")
    return table.frame.select(
        table.lines.cast(pl.Int64).alias("line"),
        text("sample").str.replace(r"^(\d+)\.0+$", "$1").alias("sample"),
        text("gene").alias("gene"),
        text("consequence").alias("consequence"),
        pl.coalesce(change.str.extract(_CHANGE), change).alias("change"),
        text("origin")
        .str.to_lowercase()
        .replace_strict(_ORIGINS, default="unknown", return_dtype=pl.String)
        .alias("origin"),
        text("judged").alias("judged"),
        text("reported").alias("reported"),
    )


def _rows_of_vcf(content: str, alone: str, findings: Findings) -> pl.DataFrame:
    names = ("sample", *tuple(SPELLINGS)[1:])
    schema = {"line": pl.Int64(), **dict.fromkeys(names, pl.String())}
    rows = rows_of_vcf(content, alone, findings)
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)
