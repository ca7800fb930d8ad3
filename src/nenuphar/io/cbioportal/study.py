"""A cBioPortal study folder, read whole: samples, patients, treatments, mutations and panels."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import replace
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem, UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.engine.plan import make_plan
from nenuphar.io.cbioportal.clinical import PATIENT, describe_samples, is_sample_table
from nenuphar.io.cbioportal.treatments import read_treatments
from nenuphar.io.cbioportal.variants import Molecular, read_molecular
from nenuphar.io.decoding import decode
from nenuphar.io.mapped import apply_mapping
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import (
    Attached,
    Findings,
    InputFile,
    ReadResult,
    read_bytes,
    refuse_way_out,
)
from nenuphar.io.tables import Table, read_table
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import HasVariant

_SAMPLES, _PATIENTS = "data_clinical_sample.txt", "data_clinical_patient.txt"
_META = "meta_study.txt"
_ASSAY = "genomics.tmb_assay"
_NOT_READ = {
    "data_expression": "`nenuphar score` reads expression",
    "data_mrna": "`nenuphar score` reads expression",
}


def is_study_folder(path: Path) -> bool:
    """Whether a folder holds a cBioPortal study, by the names of its files."""
    if not path.is_dir():
        return False
    names = {entry.name.casefold() for entry in path.iterdir() if entry.is_file()}
    return _SAMPLES in names or _META in names


def read_study(
    folder: Path,
    knowledge: KnowledgeBase,
    mapping: Mapping | None = None,
    variant_columns: Lookup[str, HasVariant] | None = None,
) -> ReadResult:
    """Read a study: each sample once, with what its patient, treatments and molecular files add.

    Args:
        folder: The folder.
        knowledge: The knowledge base.
        mapping: The study's own mapping, for columns that only it has.
        variant_columns: Questions about variants; those of the rules by default.

    Returns:
        Counts are of samples. Patients without a sample, and files that are not used, are noted.

    Raises:
        UnreadableInputError: There is no readable file of samples.
    """
    findings = Findings(folder.name)
    table = read_table(_file(folder, _SAMPLES))
    if not is_sample_table(table.frame.columns):
        raise UnreadableInputError(
            f"{table.file.name}: a file of samples has the columns PATIENT_ID, SAMPLE_ID and "
            "one of ONCOTREE_CODE, CANCER_TYPE, CANCER_TYPE_DETAILED; check the header line"
        )
    files = [table.file]
    table = _with_patients(folder, table, files, findings)
    described = describe_samples(table, knowledge, mapping)
    read = apply_mapping(described.table, described.mapping, knowledge)
    specimens = read.frames[Scope.SPECIMEN]
    molecular = read_molecular(folder, specimens["specimen_id"].to_list(), findings)
    _panels_of_samples(described.table, molecular)
    specimens = _with_assay(specimens, molecular)
    questions = make_plan(knowledge).variant_columns if variant_columns is None else variant_columns
    answers = molecular.answers(specimens["specimen_id"], questions)
    frames = {**read.frames, Scope.SPECIMEN: pl.concat([specimens, answers], how="horizontal")}
    frames, events = read_treatments(folder, frames, knowledge, findings)
    _note_rest(folder, findings)
    problems: tuple[Problem, ...] = tuple(sorted((*read.problems, *findings.problems)))
    inputs = (*_meta(folder, findings), *files, *molecular.files, *events.files)
    return replace(
        read,
        frames=frames,
        problems=problems,
        inputs=inputs,
        values_rejected=read.values_rejected + findings.values_rejected,
        specimens=molecular.specimens(specimens),
        attached=(*_segments(folder), *_rearrangements(folder)),
    )


def _segments(folder: Path) -> tuple[Attached, ...]:
    """Name the files of segments, with the build that their name or their meta file states."""
    found = []
    for path in sorted(p for p in folder.iterdir() if p.suffix.casefold() == ".seg"):
        meta = folder / f"meta_{path.stem.removeprefix('data_')}_seg.txt"
        stated = path.name + (meta.read_text("utf-8", "replace") if meta.is_file() else "")
        new = any(name in stated.casefold() for name in ("hg38", "grch38"))
        found.append(Attached("segments", path, "hg38" if new else "hg19"))
    return tuple(found)


def _rearrangements(folder: Path) -> tuple[Attached, ...]:
    """Name the files of rearrangements; each row states its build, or the positions tell."""
    found = sorted(folder.iterdir())
    return tuple(
        Attached("rearrangements", path)
        for path in found
        if path.is_file() and path.name.casefold().startswith("data_sv")
    )


def _file(folder: Path, name: str) -> Path:
    for entry in sorted(folder.iterdir()):
        if entry.name.casefold() == name and entry.is_file():
            refuse_way_out(entry, folder)
            return entry
    raise UnreadableInputError(
        f"{folder.name}: is a study without {name}; a study needs its file of samples"
    )


def _meta(folder: Path, findings: Findings) -> list[InputFile]:
    path = folder / _META
    if not path.is_file():
        return []
    try:
        refuse_way_out(path, folder)
        data, file = read_bytes(path)
        decode(data, file.name)
    except UnreadableInputError as error:
        findings.note(f"{error}"[:300], "nothing in it is needed; mend it all the same")
        return []
    return [file]


def _with_patients(folder: Path, table: Table, files: list[InputFile], findings: Findings) -> Table:
    """Give every sample the columns of its patient that it does not have itself."""
    path = next((p for p in sorted(folder.iterdir()) if p.name.casefold() == _PATIENTS), None)
    if path is None:
        return table
    try:
        refuse_way_out(path, folder)
        patients = read_table(path)
    except UnreadableInputError as error:
        findings.note(f"{error}"[:300], "the study is read without its patients; mend the file")
        return table
    files.append(patients.file)
    frame = patients.frame
    if PATIENT not in frame.columns or PATIENT not in table.frame.columns:
        findings.note(f"{path.name}: lacks the column {PATIENT}", "add it; patients are left out")
        return table
    findings.problems += [problem for problem in patients.problems if problem.rejected]
    ids = frame[PATIENT].str.strip_chars()
    frame = frame.with_columns(ids).filter(ids.is_not_null() & (ids != ""))
    twice = frame.filter(frame[PATIENT].is_duplicated())
    if twice.height:
        findings.note(
            f"{path.name}: {twice[PATIENT].n_unique()} patient(s) stand more than once and none of "
            "their rows can be preferred",
            "keep one row for each patient; until then these patients have no clinical data",
        )
        frame = frame.filter(~frame[PATIENT].is_duplicated())
    present = table.frame[PATIENT].str.strip_chars()
    without = frame.filter(~pl.col(PATIENT).is_in(present.drop_nulls().unique().implode()))
    if without.height:
        findings.note(
            f"{path.name}: {without.height} patient(s) have no sample and are left out",
            "add their samples to the file of samples",
        )
    new = [name for name in frame.columns if name not in table.frame.columns]
    joined = table.frame.with_columns(present).join(
        frame.select(PATIENT, *new), on=PATIENT, how="left", maintain_order="left"
    )
    return replace(table, frame=joined)


def _panels_of_samples(table: Table, molecular: Molecular) -> None:
    """Take over the gene panel that the file of samples states, where no matrix does."""
    frame = table.frame
    if "GENE_PANEL" not in frame.columns:
        return
    for sample, panel in frame.select("SAMPLE_ID", "GENE_PANEL").iter_rows():
        if sample and panel and panel.strip().casefold() not in ("na", ""):
            molecular.panels[sample] = molecular.panels.get(sample) or panel.strip()


def _with_assay(specimens: pl.DataFrame, molecular: Molecular) -> pl.DataFrame:
    """Name the panel by which mutations were counted, where the clinical file does not."""
    panels = {
        sample: panel or "whole exome"
        for sample, panel in molecular.panels.items()
        if panel.casefold() != "na"
    }
    if not panels:
        return specimens
    known = pl.col("specimen_id").replace_strict(panels, default=None, return_dtype=pl.String)
    own = [pl.col(_ASSAY)] if _ASSAY in specimens.columns else []
    return specimens.with_columns(pl.coalesce(*own, known).alias(_ASSAY))


def _note_rest(folder: Path, findings: Findings) -> None:
    for entry in sorted(folder.iterdir()):
        name = entry.name.casefold()
        why = next((why for start, why in _NOT_READ.items() if name.startswith(start)), "")
        if why and entry.is_file():
            findings.note(f"{entry.name} is not read: {why}", "nothing to do", value=entry.name)
