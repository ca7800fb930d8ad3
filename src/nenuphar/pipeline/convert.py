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
from nenuphar.io.case_rows import case_of_rows
from nenuphar.io.case_writer import write_case, write_cases
from nenuphar.io.cbioportal.writer import write_study
from nenuphar.io.inputs import is_case_input, read_input
from nenuphar.io.whole_file import write_whole_text
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.report.names import page_names
from nenuphar.store.results import rejected_table, write_tsv

FORMS = ("native", "cbioportal")
_ONE_FILE = (".yaml", ".yml")


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
        out: For `native` a `.yaml` file or a new folder, one file a patient; else a new folder.
        to: `native` or `cbioportal`.
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
    if to == "native" and out.suffix.lower() in _ONE_FILE:
        write_whole_text(out, write_cases(cases))
    else:
        lost = _place_folder(out, cases, to, knowledge, source.name)
    remarks = None
    if problems or lost:
        remarks = out.with_name(f"{out.name}.remarks.tsv")
        write_tsv(rejected_table([*problems, *lost]), remarks)
    return Converted(counts, len(cases), len(lost), remarks)


def _cases(
    source: Path, knowledge: KnowledgeBase, mapping: str
) -> tuple[Sequence[Case], Sequence[Problem], dict[str, int]]:
    if source.exists() and is_case_input(source) and not mapping:
        found = collect_cases(source, knowledge)
        counts = {"read": found.read, "accepted": len(found.cases), "rejected": found.rejected}
        return found.cases, found.problems, counts | {"values_rejected": found.values_rejected}
    read = read_input(source, knowledge, mapping, {})
    rows = rows_of_frames(read.frames, knowledge)
    cases = [case_of_rows(patient, own, knowledge) for patient, own in rows.items()]
    problems = list(read.problems)
    for file in read.inputs:
        if file.name.casefold().startswith(("data_mutations", "data_cna", "data_gene_panel")):
            reason = "cannot be carried: variants of a study answer questions, they are not kept"
            problems.append(Problem(file.name, 0, "", "", "", reason, "keep the study beside it"))
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
                file = folder / f"{names[case.patient]}.yaml"
                file.write_text(write_case(case), encoding="utf-8")
        folder.rename(out)
    return lost
