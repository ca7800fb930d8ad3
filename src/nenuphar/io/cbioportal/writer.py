"""Cases written as a cBioPortal study, with the mapping that reads them back and what is lost."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from nenuphar.domain.case import Case, Observed, Specimen, Tumour
from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.io.case_writer import fact_text
from nenuphar.knowledge.base import KnowledgeBase

_TYPES = {"number": "STRING", "boolean": "STRING"}  # bounds such as >20 are no numbers there
_REPORTED, _ENTITY_COLUMN = "diagnosis.reported", "CANCER_TYPE_DETAILED"
_FIX = "keep the native case beside the study"


class _Study:
    """Gathers the files of a study."""

    def __init__(self, cases: Sequence[Case], knowledge: KnowledgeBase, source: str) -> None:
        self.knowledge = knowledge
        self.source = source
        self.lost: list[Problem] = []
        self.patients: list[dict[str, str]] = []
        self.samples: list[dict[str, str]] = []
        self.mutations: list[tuple[str, ...]] = []
        self.panels: dict[tuple[str, ...], str] = {}
        self.panel_of: dict[str, str] = {}
        ids = Counter(s.id for case in cases for t in case.tumours for s in t.specimens)
        self._unique = {name for name, n in ids.items() if n == 1}
        for case in cases:
            self._case(case)

    def lose(self, patient: str, what: str, value: str, reason: str) -> None:
        """List something that a study has no place for."""
        self.lost.append(Problem(self.source, 0, patient, what, value, reason, _FIX))

    def _case(self, case: Case) -> None:
        own = {"PATIENT_ID": case.patient}
        self.patients.append(own | self._cells(case.facts))
        for tumour in case.tumours:
            for specimen in tumour.specimens:
                self._sample(case, tumour, specimen)
            if not tumour.specimens and tumour.facts:
                self.lose(case.patient, "tumour", tumour.id, "a tumour without a specimen")
        for name, parts in (("treatments", case.lines), ("time_points", case.time_points)):
            if parts:
                self.lose(case.patient, name, str(len(parts)), "a study lists samples only")

    def _sample(self, case: Case, tumour: Tumour, specimen: Specimen) -> None:
        sample = specimen.id
        if sample not in self._unique:
            sample = f"{case.patient}-{tumour.id}-{specimen.id}"
        facts = {each.fact: each for each in (*tumour.facts, *specimen.facts)}
        facts |= self._agreed(case.patient, specimen, facts)
        own = {"PATIENT_ID": case.patient, "SAMPLE_ID": sample}
        self.samples.append(own | self._cells(facts.values()))
        for what in ("components", "segments", "ihc"):
            if parts := getattr(specimen, what):
                self.lose(case.patient, what, str(len(parts)), "a study has no place for them")
        self.mutations += [
            (
                v.gene,
                sample,
                v.consequence or "",
                v.change,
                _status(v.origin),
                _judged(v.significance),
            )
            for v in specimen.variants
        ]
        self._assays(case.patient, sample, specimen)

    def _agreed(
        self, patient: str, specimen: Specimen, shared: dict[str, Observed]
    ) -> dict[str, Observed]:
        """Return what all readings that state a fact agree about; list what they do not."""
        found: dict[str, Observed] = {}
        for fact in dict.fromkeys(o.fact for r in specimen.readings for o in r.facts):
            stated = [o for r in specimen.readings for o in r.facts if o.fact == fact]
            if len({o.value for o in stated}) == 1 and fact not in shared:
                found[fact] = stated[0]
            else:
                self.lose(
                    patient, fact, str(len(stated)), "the assessors differ; a sample has one value"
                )
        return found

    def _assays(self, patient: str, sample: str, specimen: Specimen) -> None:
        genes = {gene for assay in specimen.assays for gene in assay.genes or ()}
        if any(assay.whole_exome for assay in specimen.assays):
            self.panel_of[sample] = "WES"
        elif genes:
            panel = tuple(sorted(genes))
            self.panel_of[sample] = self.panels.setdefault(panel, f"panel{len(self.panels) + 1}")
        for assay in specimen.assays:
            if assay.file:
                self.lose(patient, "assays", assay.file, "files beside a case are not copied")

    def _cells(self, facts: Iterable[Observed]) -> dict[str, str]:
        return {column_of(each.fact): fact_text(each.value) for each in facts}


def write_study(
    cases: Sequence[Case], folder: Path, knowledge: KnowledgeBase, source: str
) -> list[Problem]:
    """Write cases as a study folder; read it back with `--mapping FOLDER/mapping.yaml`.

    Args:
        cases: The cases.
        folder: An empty folder.
        knowledge: The declared facts.
        source: Name of the input, for what is listed.

    Returns:
        What a study has no place for.
    """
    study = _Study(cases, knowledge, source)
    names = ["PATIENT_ID", "SAMPLE_ID", _ENTITY_COLUMN]
    for sample in study.samples:
        sample[_ENTITY_COLUMN] = sample.get(column_of(_REPORTED), "")
    facts = sorted(knowledge.facts)
    _write(folder / "meta_study.txt", f"cancer_study_identifier: {folder.name}\n")
    _clinical(folder / "data_clinical_sample.txt", names, study.samples, facts, knowledge)
    _clinical(folder / "data_clinical_patient.txt", names[:1], study.patients, facts, knowledge)
    _molecular(folder, study)
    written = {c for row in (*study.patients, *study.samples) for c in row}
    columns = {f: {"column": column_of(f)} for f in facts if column_of(f) in written}
    for fact, column in columns.items():
        if unit := knowledge.facts[fact].unit:
            column["unit"] = unit
    mapping: dict[str, Any] = {
        "name": "converted",
        "title": "Facts of converted cases",
        "row": Scope.SPECIMEN.value,
        "keys": {"patient_id": "PATIENT_ID", "specimen_id": "SAMPLE_ID"},
        "columns": columns,
    }
    if columns:
        _write(folder / "mapping.yaml", yaml.safe_dump(mapping, sort_keys=False))
    return study.lost


def column_of(fact: str) -> str:
    """Return the column of a study that holds a fact."""
    return fact.replace(".", "_").upper()


def _clinical(
    path: Path, first: list[str], rows: list[dict[str, str]], facts: list[str], kb: KnowledgeBase
) -> None:
    """Write a clinical file with its four header lines."""
    present = {name for row in rows for name in row}
    named = {column_of(fact): kb.facts[fact] for fact in facts}
    columns = [*first, *(c for c in named if c in present and c not in first)]
    titles = [c if c not in named else c.replace("_", " ").capitalize() for c in columns]
    meanings = [named[c].meaning if c in named else c for c in columns]
    kinds = [_TYPES.get(named[c].type, "STRING") if c in named else "STRING" for c in columns]
    head = [titles, meanings, kinds, ["1"] * len(columns)]
    lines = ["#" + "\t".join(_plain(cell) for cell in line) + "\n" for line in head]
    body = [[row.get(column, "") for column in columns] for row in rows]
    _write(path, "".join(lines) + _table([columns, *body]))


def _molecular(folder: Path, study: _Study) -> None:
    if study.mutations:
        head = ("Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short")
        header = (*head, "Mutation_Status", "ONCOGENIC")
        _write(folder / "data_mutations.txt", _table([header, *study.mutations]))
    if study.panel_of:
        rows = [("SAMPLE_ID", "mutations"), *study.panel_of.items()]
        _write(folder / "data_gene_panel_matrix.txt", _table(rows))
    for genes, name in study.panels.items():
        text = f"stable_id: {name}\ndescription: Genes of an assay\ngene_list:\t" + "\t".join(genes)
        _write(folder / f"data_gene_panel_{name}.txt", text + "\n")


def _status(origin: str) -> str:
    return {"somatic": "SOMATIC", "germline": "GERMLINE"}.get(origin, "")


def _judged(significance: str) -> str:
    return {"pathogenic": "Pathogenic", "benign": "Benign"}.get(significance, "")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _table(rows: Iterable[Iterable[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return buffer.getvalue()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
