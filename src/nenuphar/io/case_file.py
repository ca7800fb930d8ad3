"""Cases in Nenuphar's own form, YAML or JSON: a file, a list of cases in a file, or a folder.

A file may hold a Phenopacket or a FHIR bundle instead; it is read as what it says it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nenuphar.domain.case import Case, Specimen
from nenuphar.domain.problems import Problem, UnreadableInputError, UnsupportedInputError
from nenuphar.io.case_draft import Draft
from nenuphar.io.case_level import LevelReader
from nenuphar.io.case_writer import case_as_data
from nenuphar.io.decoding import decode
from nenuphar.io.exchange.documents import form_of, load_json
from nenuphar.io.exchange.reading import read_exchange
from nenuphar.io.result import Findings, InputFile, ReadResult, read_bytes, refuse_way_out
from nenuphar.io.safe_yaml import read_bounded, read_bounded_json
from nenuphar.io.values import clean_id, is_id
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.knowledge.criterion import HasVariant
from nenuphar.knowledge.yaml_lines import Marked, YamlError

CASE_SUFFIXES = (".yaml", ".yml", ".json")

_LINE = re.compile(r"^line (\d+): ")


@dataclass(frozen=True)
class CasesRead:
    """Cases that were read, and what was wrong with them.

    Attributes:
        cases: The accepted cases, in the order of the files.
        problems: Rejected cases, values taken as missing, and notes.
        read: Cases seen; `len(cases) + rejected`.
        rejected: Cases left out.
        inputs: The files that were read.
        values_rejected: Values taken as missing because they could not be read.
    """

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    read: int
    rejected: int
    inputs: tuple[InputFile, ...]
    values_rejected: int


def read_case(path: str | Path, knowledge: KnowledgeBase | None = None) -> Case:
    """Read the one case of a file; see `collect_cases` for what was wrong with it.

    Args:
        path: A `.yaml` or `.json` file.
        knowledge: The declared facts; those that are shipped if None.

    Raises:
        UnreadableInputError: The file is no case, or holds several.
    """
    path = Path(path)
    found = collect_cases(path, knowledge or load_knowledge())
    if len(found.cases) == 1 and not found.rejected:
        return found.cases[0]
    why = next((f"line {p.line}: {p.reason}; {p.fix}" for p in found.problems if p.rejected), "")
    raise UnreadableInputError(f"{path.name}: " + (why or f"holds {len(found.cases)} cases"))


def read_cases(
    path: Path,
    knowledge: KnowledgeBase,
    variant_columns: Mapping[str, HasVariant] | None = None,
) -> ReadResult:
    """Read the cases of a file or of a folder as frames; see `collect_cases`."""
    return result_of_cases(collect_cases(path, knowledge), knowledge, variant_columns)


def collect_cases(path: Path, knowledge: KnowledgeBase) -> CasesRead:
    """Read the cases of a file or of a folder.

    A case without a patient id is rejected. Of cases of the same patient that are equal the first
    stands; if they differ, all are rejected. In a folder a file that cannot be read is a rejected
    case; a value that cannot be read is missing. Each is listed.

    Args:
        path: A `.yaml` or `.json` file, or a folder of them.
        knowledge: The declared facts.

    Raises:
        UnreadableInputError: The file is no case, or the folder has none.
    """
    files = [path]
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in CASE_SUFFIXES)
        if not files:
            raise UnreadableInputError(
                f"{path.name}: has no case in it; cases are .yaml or .json files"
            )
    every: list[Findings] = []
    inputs: list[InputFile] = []
    cases: list[tuple[Findings, int, Case]] = []
    read = 0
    for file in files:
        findings = Findings(file.name)
        every.append(findings)
        try:
            if path.is_dir():
                refuse_way_out(file, path)
            text, known = _load(file)
            inputs.append(known)
            found = _records(text, knowledge, findings, str(file.parent))
        except UnreadableInputError as error:
            if not path.is_dir():
                raise
            read += 1
            _reject_file(str(error).removeprefix(f"{file.name}: "), findings)
            continue
        read += len(found)
        cases += [(findings, line, case) for line, case in found if case]
    kept = _without_repeated(cases)
    problems = tuple(p for findings in every for p in findings.in_order())
    lost = sum(findings.values_rejected for findings in every)
    return CasesRead(kept, problems, read, read - len(kept), tuple(inputs), lost)


def _reject_file(message: str, findings: Findings) -> None:
    """List a file that cannot be read; its message may begin with a line and ends with the fix."""
    reason, _, fix = message.rpartition("; ")
    line = _LINE.match(message)
    findings.reject(
        int(line[1]) if line else 0, "", _LINE.sub("", reason or fix), fix if reason else "mend it"
    )


def result_of_cases(
    found: CasesRead,
    knowledge: KnowledgeBase,
    variant_columns: Mapping[str, HasVariant] | None = None,
) -> ReadResult:
    """Lay cases out as frames.

    Args:
        found: The cases.
        knowledge: The declared facts.
        variant_columns: Variant questions to answer for each specimen; those that the rules of
            the knowledge base ask if None.
    """
    # Imported here: `explain` reads a case without ever loading Polars.
    from nenuphar.engine.frames import frames_of
    from nenuphar.engine.plan import make_plan
    from nenuphar.engine.rows import rows_of_case

    if variant_columns is None:
        variant_columns = make_plan(knowledge).variant_columns
    rows = (rows_of_case(case, variant_columns) for case in found.cases)
    return ReadResult(
        frames_of(rows, knowledge),
        found.problems,
        found.read,
        len(found.cases),
        found.rejected,
        found.inputs,
        found.values_rejected,
        specimens_of(found.cases),
    )


def specimens_of(cases: Iterable[Case]) -> dict[tuple[str, ...], Specimen]:
    """Return the specimens of cases that carry variants, segments or assays, by their key."""
    return {
        (case.patient, tumour.id, specimen.id): specimen
        for case in cases
        for tumour in case.tumours
        for specimen in tumour.specimens
        if specimen.variants or specimen.segments or specimen.assays
    }


def parse_cases(text: str, file: str, knowledge: KnowledgeBase) -> CasesRead:
    """Read cases from a text, as `collect_cases` reads them from a file.

    Raises:
        UnreadableInputError: The text is no case.
    """
    findings = Findings(file)
    read = _records(text, knowledge, findings)
    cases = [(findings, line, case) for line, case in read if case]
    kept = _without_repeated(cases)
    rejected = len(read) - len(kept)
    problems = findings.in_order()
    return CasesRead(kept, problems, len(read), rejected, (), findings.values_rejected)


def _load(path: Path) -> tuple[str, InputFile]:
    data, file = read_bytes(path)
    return decode(data, file.name)[0], file


def _records(
    text: str, knowledge: KnowledgeBase, findings: Findings, folder: str = ""
) -> list[tuple[int, Case | None]]:
    """Return the line and the case of every record of a file; None for one that is rejected."""
    file = findings.file
    is_json = file.lower().endswith(".json")
    try:
        if is_json:
            data = load_json(text, file)
            form = form_of(data, file)
            data = read_bounded_json(text) if form == "native" else data
        else:
            data = read_bounded(text)
            form = form_of(data, file)
            if form == "fhir":  # a truth value would be read as text
                raise UnsupportedInputError(f"{file}: is FHIR as YAML; export it as JSON")
    except YamlError as error:
        raise UnreadableInputError(f"{file}: {error}; mend the file and read it again") from error
    if form != "native":
        return read_exchange(data, form, knowledge, findings)
    items = _items(data, file)
    return [(item.line, _case(item, knowledge, findings, folder)) for item in items]


def _items(data: Any, file: str) -> list[Marked]:
    """Return the mappings that describe a case each."""
    items = data if isinstance(data, list) else [data]
    if not items or not all(isinstance(item, Marked) for item in items):
        raise UnreadableInputError(
            f"{file}: holds no case; a case begins with `patient:` and its id "
            "(`nenuphar template --to yaml` writes an empty one)"
        )
    return items


def _case(
    data: Marked, knowledge: KnowledgeBase, findings: Findings, folder: str = ""
) -> Case | None:
    """Read a case; `folder` is where files beside it stand, none if it is only a text."""
    named = data.get("patient")
    patient = named.get("id") if isinstance(named, Marked) else named
    if not isinstance(patient, str) or not is_id(patient):
        findings.reject(
            data.line,
            "",
            "the case has no usable patient id",
            "begin it with `patient:` and the id, on one line",
            "patient",
            patient if isinstance(patient, str) else "",
        )
        return None
    reader = LevelReader(knowledge, findings, clean_id(patient), folder)
    draft: Draft = reader.read(data)
    return draft.case()


def _without_repeated(cases: list[tuple[Findings, int, Case]]) -> tuple[Case, ...]:
    """Keep the first of equal cases of a patient, and none of different ones."""
    by_patient: dict[str, list[tuple[Findings, int, Case]]] = {}
    for entry in cases:
        by_patient.setdefault(entry[2].patient, []).append(entry)
    kept: list[Case] = []
    for patient, entries in by_patient.items():
        same = len({repr(case_as_data(case)) for _, _, case in entries}) == 1
        kept += [entries[0][2]] if same else []
        for findings, line, _ in entries[1:] if same else entries:
            others = ", ".join(dict.fromkeys(f"{f.file}:{n}" for f, n, _ in entries))
            findings.reject(
                line,
                patient,
                f"the patient stands in several cases ({others})"
                + (", all equal" if same else " that differ; none can be preferred"),
                "keep one of them, or bring them together in one case",
                "patient",
            )
    return tuple(kept)
