"""Variants of many samples, row by row, from a MAF, a table like it, or an annotated VCF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.decoding import decode
from nenuphar.io.result import Findings, InputFile, read_bytes
from nenuphar.io.tables import Table, table_of_bytes
from nenuphar.terminology.genes.consequences import EFFECTS, effect_of

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
        frame: line, sample, gene (both filled), consequence, change, origin (`somatic`, `germline`
            or `unknown`), judged (by OncoKB or the like), reported (by ClinVar or the like).
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
            (`ANN`); of a VCF, one row per carrier and gene, with its gravest effect.
        findings: Where rows that cannot be used are listed.

    Raises:
        UnreadableInputError: The file cannot be read, names no sample or gene, or is a VCF without
            annotation.
    """
    data, file = read_bytes(path)
    if data.startswith(_VCF):
        rows = _rows_of_vcf(decode(data, file.name)[0], path.name.split(".")[0], findings)
        torn = 0
    else:
        table = table_of_bytes(data, file, path.suffix.lower())
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
    return VariantRows(kept, file, rows.height + torn, bad.height + torn)


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
    """Lay out the annotated records of a VCF; without columns of samples it is one tumour's."""
    lines = content.splitlines()
    header = next((line for line in lines if line.startswith("#CHROM")), None)
    if header is None:
        raise UnreadableInputError(
            f"{findings.file}: has no #CHROM header; this is not a whole VCF"
        )
    fields = _annotation_fields(lines, findings.file)
    samples = header.split("\t")[9:]
    rows: list[tuple[object, ...]] = []
    failed = 0
    for at, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8:
            continue
        if cells[6] not in ("PASS", "."):
            failed += 1
            continue
        carriers = _carriers(cells, samples) if samples else [alone]
        for gene, consequence, change, reported in _annotated(cells[7], fields):
            rows += [
                (at, name, gene, consequence, change, "unknown", None, reported)
                for name in carriers
            ]
    if failed:
        findings.note(
            f"{failed} record(s) did not pass the filters of the caller and are left out",
            "nothing to do, unless they should count",
            column="FILTER",
        )
    names = ("sample", *tuple(SPELLINGS)[1:])
    schema = {"line": pl.Int64(), **dict.fromkeys(names, pl.String())}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)


def _annotation_fields(lines: list[str], file: str) -> tuple[str, list[str]]:
    for line in lines:
        match = re.match(r'##INFO=<ID=(CSQ|ANN),.*?(?:Format|annotations): ?([^">]+)', line)
        if match:
            return match[1], [name.strip(" '\"").lower() for name in match[2].split("|")]
    raise UnreadableInputError(
        f"{file}: the VCF has neither CSQ nor ANN, so that its variants name no gene; annotate it "
        "with VEP or SnpEff"
    )


def _carriers(cells: list[str], samples: list[str]) -> list[str]:
    calls = zip(samples, cells[9:], strict=False)
    return [name for name, call in calls if re.search(r"[1-9]", call.split(":", 1)[0])]


def _annotated(
    info: str, fields: tuple[str, list[str]]
) -> list[tuple[str, str, str | None, str | None]]:
    """Read each annotated gene with its gravest effect."""
    tag, names = fields
    text = next((part[4:] for part in info.split(";") if part.startswith(f"{tag}=")), "")
    order = [*EFFECTS, "other"]
    found: dict[str, tuple[str, str, str | None, str | None]] = {}
    for entry in filter(None, text.split(",")):
        values = dict(zip(names, entry.split("|"), strict=False))
        gene = values.get("symbol") or values.get("gene_name") or ""
        consequence = values.get("consequence") or values.get("annotation") or ""
        change = (values.get("hgvsp") or values.get("hgvs.p") or "").split(":")[-1]
        row = (gene, consequence, change or None, values.get("clin_sig") or None)
        rank = order.index(effect_of(consequence))
        if gene and (gene not in found or rank < order.index(effect_of(found[gene][1]))):
            found[gene] = row
    return list(found.values())
