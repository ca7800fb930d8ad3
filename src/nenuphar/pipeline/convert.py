"""Inputs written in another form, with everything listed that the form has no place for."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem, UsageError
from nenuphar.engine.frames import rows_of_frames
from nenuphar.io.case_file import collect_cases
from nenuphar.io.case_rows import case_of_rows, with_specimens
from nenuphar.io.case_writer import write_case, write_cases
from nenuphar.io.cbioportal.writer import write_study
from nenuphar.io.exchange.writing import document_of
from nenuphar.io.inputs import is_case_input, read_input
from nenuphar.io.whole_file import write_whole_text
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.report.names import page_names
from nenuphar.store.results import rejected_table, write_tsv

FORMS = ("native", "phenopacket", "fhir", "cbioportal")
_DOCUMENTS = ("phenopacket", "fhir")
_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes:
        counts: Records read, accepted and rejected; values rejected.
        cases: Cases written.
        lost: What the form has no place for.
        remarks: File that lists it, with what could not be read; None where there is nothing.
    """

    counts: dict[str, int]
    cases: int
    lost: int
    remarks: Path | None


def convert(source: Path, out: Path, to: str, mapping: str = "") -> Converted:
    """Read an input and write it in another form.

    Args:
        source: Anything that `assess` reads.
        out: For `native` a `.yaml` file or a new folder, one file a patient; for `phenopacket` and
            `fhir` a `.json` file of one patient, or a new folder; for `cbioportal` a new folder.
        to: One of `FORMS`.
        mapping: For tables: a mapping file or the name of a shipped one.

    Raises:
        UsageError: No such form, or `out` is there already.
        UnreadableInputError: The input cannot be read.
    """
    if to not in FORMS:
        raise UsageError(f"--to is one of {', '.join(FORMS)}, not {to[:40]!r}")
    if out.exists():
        raise UsageError(f"{out.name} is there already; name one that is not, or move it away")
    if not out.resolve().parent.is_dir():
        raise UsageError(f"{out.parent}: no such folder; make it first")
    knowledge = load_knowledge()
    cases, problems, counts = _cases(source, knowledge, mapping)
    lost: list[Problem] = []
    if to == "native" and out.suffix.lower() in _YAML:
        write_whole_text(out, write_cases(cases))
    elif to in _DOCUMENTS and out.suffix.lower() == ".json":
        lost = _write_document(out, cases, to, knowledge, source.name)
    else:
        lost = _place_folder(out, cases, to, knowledge, source.name)
    remarks = None
    if problems or lost:
        remarks = out.with_name(f"{out.name}.remarks.tsv")
        write_tsv(rejected_table([*problems, *lost]), remarks)
    return Converted(counts, len(cases), len(lost), remarks)


def _write_document(
    out: Path, cases: Sequence[Case], to: str, knowledge: KnowledgeBase, source: str
) -> list[Problem]:
    """Write the one case of an input as one file."""
    if len(cases) != 1:
        raise UsageError(
            f"{source} holds {len(cases)} patients, a {to} file one; name a new folder as OUTPUT"
        )
    text, lost = document_of(cases[0], to, knowledge, source)
    write_whole_text(out, text)
    return lost


def _cases(
    source: Path, knowledge: KnowledgeBase, mapping: str
) -> tuple[Sequence[Case], Sequence[Problem], dict[str, int]]:
    if source.exists() and is_case_input(source) and not mapping:
        found = collect_cases(source, knowledge)
        counts = {"read": found.read, "accepted": len(found.cases), "rejected": found.rejected}
        return found.cases, found.problems, counts | {"values_rejected": found.values_rejected}
    read = read_input(source, knowledge, mapping, {})
    rows = rows_of_frames(read.frames, knowledge)
    cases = [
        with_specimens(case_of_rows(patient, own, knowledge), read.specimens)
        for patient, own in rows.items()
    ]
    problems = list(read.problems)
    for each in read.attached:
        reason = f"cannot be carried: a file of {each.kind} is not copied"
        fix = "keep the input beside it"
        problems.append(Problem(each.path.name, 0, "", "", "", reason, fix))
    counts = {"read": read.read, "accepted": read.accepted, "rejected": read.rejected}
    return cases, problems, counts | {"values_rejected": read.values_rejected}


def _place_folder(
    out: Path, cases: Sequence[Case], to: str, knowledge: KnowledgeBase, source: str
) -> list[Problem]:
    """Write a folder under another name, then give it its own."""
    with tempfile.TemporaryDirectory(dir=out.resolve().parent, prefix=f".{out.name}.") as name:
        folder = Path(name) / out.name
        folder.mkdir()
        lost: list[Problem] = []
        if to == "cbioportal":
            lost = write_study(cases, folder, knowledge, source)
        else:
            names = page_names([case.patient for case in cases])
            for case in cases:
                text, own = _text_of(case, to, knowledge, source)
                suffix = "json" if to in _DOCUMENTS else "yaml"
                file = folder / f"{names[case.patient]}.{suffix}"
                file.write_text(text, encoding="utf-8")
                lost += own
        folder.rename(out)
    return lost


def _text_of(
    case: Case, to: str, knowledge: KnowledgeBase, source: str
) -> tuple[str, list[Problem]]:
    if to in _DOCUMENTS:
        return document_of(case, to, knowledge, source)
    return write_case(case), []
