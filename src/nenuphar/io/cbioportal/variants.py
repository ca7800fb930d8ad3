"""Mutations, deep deletions and gene panels of a study as answers to the questions of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from nenuphar.domain.case import Assay, Specimen, Variant
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.engine.rows import has_variant
from nenuphar.io.columns import clean_ids
from nenuphar.io.decoding import decode
from nenuphar.io.gene_names import approved_symbols
from nenuphar.io.mapping_form import Beside
from nenuphar.io.result import Findings, InputFile, read_bytes, refuse_way_out
from nenuphar.io.tables import Table, read_table
from nenuphar.io.variant_rows import read_variant_rows
from nenuphar.knowledge.criterion import HasVariant
from nenuphar.terminology.genes.consequences import effect_of, significance_of

_SILENT = frozenset(
    {"silent", "intron", "3'utr", "5'utr", "3'flank", "5'flank", "igr", "rna", "lincrna"}
)
_PATHOGENIC = frozenset({"oncogenic", "likely oncogenic", "pathogenic", "likely pathogenic"})
_BENIGN = frozenset({"likely neutral", "neutral", "benign", "likely benign"})
_WHOLE = frozenset({"wes", "wgs", "wxs", "whole exome", "whole genome"})
_NO_PANEL = frozenset({"", "na"})
_DEEP_DELETION = -1.5
_CNA_IDS = frozenset({"HUGO_SYMBOL", "ENTREZ_GENE_ID", "CYTOBAND"})

Significance = Literal["pathogenic", "uncertain", "benign"]
Origin = Literal["somatic", "germline", "unknown"]


@dataclass
class Molecular:
    """What the molecular files of a study say, by sample.

    Attributes:
        variants: Variants of each sample.
        panels: Name of the gene panel of each profiled sample; empty for a whole exome.
        genes: Genes of each panel that the study describes.
        files: The files that were read.
        foreign: Samples with variants that are none of ours: first line, and how many variants.
        rows_read: Variants in the files.
        rows_rejected: Variants among them that name no sample or gene.
    """

    variants: dict[str, list[Variant]] = field(default_factory=dict)
    panels: dict[str, str] = field(default_factory=dict)
    genes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: list[InputFile] = field(default_factory=list)
    foreign: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows_read: int = 0
    rows_rejected: int = 0

    def assays(self, sample: str) -> tuple[Assay, ...]:
        """Return what is known to have been assayed in a sample."""
        if sample not in self.panels:
            return ()
        panel = self.panels[sample]
        if panel.casefold() in _WHOLE | _NO_PANEL:
            return (Assay("1", "exome", (), whole_exome=True),)
        return (Assay("1", "panel", self.genes.get(panel)),)

    def specimens(
        self, frame: pl.DataFrame, names: pl.Series | None = None
    ) -> dict[tuple[str, ...], Specimen]:
        """Return what is known of each specimen of a frame that was profiled, by its key.

        Args:
            frame: Frame of specimens.
            names: What the files call each of them; their ids by default.
        """
        known = self.variants.keys() | self.panels.keys()
        called = frame["specimen_id"] if names is None else names
        keys = frame.select("patient_id", "tumour_id", "specimen_id").iter_rows()
        return {
            key: Specimen(
                key[2], assays=self.assays(name), variants=tuple(self.variants.get(name, ()))
            )
            for key, name in zip(keys, called, strict=True)
            if name in known
        }

    def reconcile(self, findings: Findings) -> None:
        """List samples that are none of ours, and how the variants add up."""
        for sample, (line, number) in self.foreign.items():
            findings.note(
                f"{number} variant(s) of a sample that is none of the input",
                "compare its name with the ids of the input",
                line=line,
                column="Tumor_Sample_Barcode",
                value=sample,
            )
        strange = sum(number for _, number in self.foreign.values())
        ours = self.rows_read - self.rows_rejected - strange
        with_variants = sum(bool(own) for own in self.variants.values())
        findings.note(
            f"{self.rows_read} variants read = {ours} of {with_variants} samples of the input + "
            f"{strange} of {len(self.foreign)} samples that are none of it + "
            f"{self.rows_rejected} rejected",
            "nothing to do",
        )

    def answers(self, samples: pl.Series, questions: Lookup[str, HasVariant]) -> pl.DataFrame:
        """Answer every question for every sample: a yes, a no where the gene was assayed, or null.

        Args:
            samples: Ids of the samples.
            questions: What is asked, by the name of the column of answers.

        Returns:
            One boolean column for each question that any sample answers, as high as the samples.
        """
        columns: dict[str, list[bool | None]] = {}
        ids = samples.to_list()
        for name, question in questions.items():
            own = [has_variant(question, self.variants.get(i, ()), self.assays(i)) for i in ids]
            if any(answer is not None for answer in own):
                columns[name] = own
        schema = dict.fromkeys(columns, pl.Boolean())
        return pl.DataFrame(columns, schema=schema)


def read_molecular(folder: Path, samples: Iterable[str], findings: Findings) -> Molecular:
    """Read mutations, deep deletions, gene panels and lists of sequenced samples of a study.

    Args:
        folder: Folder of the study.
        samples: Ids of its samples; rows of other samples are counted in a note.
        findings: Where files that cannot be used are listed; the others are read all the same.
    """
    found = Molecular()
    known = frozenset(samples)
    _each(folder, "data_mutations*.txt", findings, lambda p: _mutations(p, known, found, findings))
    if found.foreign or found.rows_rejected:
        found.reconcile(findings)
    _each(folder, "data_cna*.txt", findings, lambda p: _deletions(p, known, found))
    _each(folder, "data_gene_panel_matrix*.txt", findings, lambda p: _matrix(p, found))
    panels = [*folder.glob("gene_panels/*.txt"), *folder.glob("data_gene_panel_*.txt")]
    for path in sorted(p for p in panels if "matrix" not in p.name.lower()):
        _guarded(path, folder, findings, lambda p: _panel(p, found))
    for path in sorted(folder.glob("case_lists/cases_sequenced.txt")):
        _guarded(path, folder, findings, lambda p: _sequenced(p, found))
    return found


def read_mutations(
    path: Path, samples: Iterable[str], beside: Beside, findings: Findings
) -> Molecular:
    """Read one file of variants that stands beside a table.

    Args:
        path: A MAF, a table like it or an annotated VCF.
        samples: What the file calls the specimens of the table.
        beside: What the mapping says of the file: the pattern of its names, and the genes that the
            assay covers, `whole_exome` for all, nothing where that is not known.
        findings: Where rows that cannot be used, and how the counts add up, are listed.

    Returns:
        Its variants. A sample without any was profiled only where another source says so.

    Raises:
        UnreadableInputError: The file cannot be used.
    """
    found = Molecular()
    _mutations(path, frozenset(samples), found, findings, beside.pattern)
    found.reconcile(findings)
    genes = beside.genes
    if genes:
        panel = "WES" if genes == ("whole_exome",) else "beside"
        found.genes["beside"] = _symbols(genes)
        found.panels = dict.fromkeys(found.variants, panel)
    return found


def _each(folder: Path, pattern: str, findings: Findings, read: Callable[[Path], None]) -> None:
    wanted = pattern.casefold().split("*")[0]
    for path in sorted(folder.iterdir()):
        name = path.name.casefold()
        if path.is_file() and name.startswith(wanted) and name.endswith(".txt"):
            _guarded(path, folder, findings, read)


def _guarded(path: Path, folder: Path, findings: Findings, read: Callable[[Path], None]) -> None:
    """Read one file of a study; where it cannot be read the study is read without it."""
    try:
        refuse_way_out(path, folder)
        read(path)
    except UnreadableInputError as error:
        findings.note(f"{error}"[:300], "the study is read without this file; mend it to use it")


def _upper(table: Table) -> pl.DataFrame:
    """Write the names of the columns in capitals, unless two would become one."""
    frame = table.frame
    names = {name: name.upper() for name in frame.columns}
    return frame if len(set(names.values())) < len(names) else frame.rename(names)


def _need(frame: pl.DataFrame, name: str, *columns: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise UnreadableInputError(f"{name}: lacks the column(s) {', '.join(missing)}")


def _mutations(
    path: Path, known: frozenset[str], found: Molecular, findings: Findings, pattern: str = ""
) -> None:
    own = Findings(path.name)
    rows = read_variant_rows(path, own)
    findings.problems += own.problems
    findings.values_rejected += own.values_rejected
    found.files.append(rows.file)
    found.rows_read += rows.read
    found.rows_rejected += rows.rejected
    # A name that the pattern does not match stays as it is, to be listed.
    frame = rows.frame
    if pattern:
        ids = clean_ids(frame["sample"], pattern).alias("id")
        frame = frame.with_columns(sample=pl.coalesce(ids, "sample"))
    ours = pl.col("sample").is_in(list(known))
    for _, sample, *told in frame.filter(ours).iter_rows():
        found.variants.setdefault(sample, []).append(_variant(*told))
    foreign = frame.filter(~ours).group_by("sample", maintain_order=True)
    for sample, line, number in foreign.agg(pl.col("line").first(), pl.len()).iter_rows():
        found.foreign[sample] = (line, number)


def _variant(
    gene: str,
    kind: str | None,
    change: str | None,
    origin: Origin,
    judged: str | None,
    reported: str | None,
) -> Variant:
    """Take over what somebody judged; otherwise judge by consequence, hotspot and gene role."""
    word, basis = (judged or "").casefold(), "as the study judges it"
    kind, change = kind or "", change or ""
    significance: Significance = "uncertain"
    if word in _PATHOGENIC:
        significance = "pathogenic"
    elif word in _BENIGN:
        significance = "benign"
    elif kind.casefold() in _SILENT:
        significance, basis = "benign", "leaves the protein unchanged"
    else:
        effect = effect_of(kind)
        significance, basis = significance_of(gene, effect, change, origin, reported or "")
    return Variant(gene, significance, origin, change or kind, "1", kind, basis)


def _deletions(path: Path, known: frozenset[str], found: Molecular) -> None:
    table = read_table(path)
    frame = table.frame
    names = {name.upper(): name for name in frame.columns}
    if "HUGO_SYMBOL" not in names:
        raise UnreadableInputError(f"{path.name}: lacks the column Hugo_Symbol")
    found.files.append(table.file)
    samples = [c for c in frame.columns if c.upper() not in _CNA_IDS and c in known]
    symbols = frame[names["HUGO_SYMBOL"]]
    symbols = symbols.replace(approved_symbols(symbols.drop_nulls())[0])
    for sample in samples:
        deep = frame[sample].cast(pl.Float64, strict=False) <= _DEEP_DELETION
        genes = symbols.filter(deep.fill_null(value=False)).drop_nulls()
        own = found.variants.setdefault(sample, [])
        own += [_deleted(gene) for gene in genes.to_list()]


def _deleted(gene: str) -> Variant:
    significance, basis = significance_of(gene, "deletion", "", "unknown")
    return Variant(gene, significance, "unknown", "deep deletion", "1", "deep deletion", basis)


def _matrix(path: Path, found: Molecular) -> None:
    table = read_table(path)
    frame = _upper(table)
    _need(frame, path.name, "SAMPLE_ID", "MUTATIONS")
    found.files.append(table.file)
    for sample, panel in frame.select("SAMPLE_ID", "MUTATIONS").iter_rows():
        if sample and panel is not None:
            found.panels[sample] = panel.strip()


def _panel(path: Path, found: Molecular) -> None:
    data, file = read_bytes(path)
    lines = decode(data, file.name)[0].splitlines()
    fields = {key.strip(): value for key, _, value in (line.partition(":") for line in lines)}
    name, genes = fields.get("stable_id", "").strip(), fields.get("gene_list", "").split()
    if not name or not genes:
        raise UnreadableInputError(
            f"{file.name}: a gene panel states `stable_id:` and `gene_list:`"
        )
    found.genes[name] = _symbols(genes)
    found.files.append(file)


def _symbols(genes: Iterable[str]) -> tuple[str, ...]:
    replaced, _ = approved_symbols(genes)
    return tuple(replaced.get(gene, gene) for gene in genes)


def _sequenced(path: Path, found: Molecular) -> None:
    """A sequenced sample without a panel is taken to be a whole exome, as cBioPortal does."""
    data, file = read_bytes(path)
    for line in decode(data, file.name)[0].splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "case_list_ids":
            for sample in value.split():
                found.panels.setdefault(sample, "")
    found.files.append(file)
