"""The main job: read an input, conclude, and publish a folder of tables and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from nenuphar import __version__
from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.dates import parse_date
from nenuphar.domain.problems import Problem, UsageError
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import Frames, rows_of_frames
from nenuphar.engine.rows import PatientRows
from nenuphar.io.inputs import read_input
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.case import assess_rows, stamp_of
from nenuphar.pipeline.cohort import conclude_in_parts
from nenuphar.pipeline.matching.trials import questions_of_trials
from nenuphar.pipeline.molecular.attached import attached_files
from nenuphar.pipeline.molecular.describe import describe_read
from nenuphar.pipeline.sections import case_sections, cohort_sections
from nenuphar.pipeline.summaries import agreement_of, survival_of
from nenuphar.report.case_json import case_json
from nenuphar.report.case_page import case_page
from nenuphar.report.cohort_page import cohort_page
from nenuphar.report.names import page_names
from nenuphar.store.fingerprint import code_digest, file_digest
from nenuphar.store.publish import MANIFEST, publish
from nenuphar.store.results import write_results

ALL_REPORTS_UP_TO = 500
"""Patients up to which every case gets its page unless `--reports` says otherwise."""

_ENTITY = "tumour.entity"
_COHORT = "../index.html"
_REPORTS = ("", "all", "flagged", "none")
_PROBLEM = '"file", "line", "record", "column", "value", "reason", "fix", "whole_record"'
"""Columns of the rejected, in the order of the fields of a `Problem`."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much (0 where that is not known)."""


@dataclass(frozen=True)
class Finished:
    """What a job did.

    Attributes:
        out: Folder of the results.
        counts: Records read, accepted and rejected; values rejected.
        problems: Number of problems listed.
        entities: Entity (with its status) and number of specimens, most frequent first.
    """

    out: Path
    counts: dict[str, int]
    problems: int
    entities: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Run:
    """Everything that the results are written from."""

    read: ReadResult
    conclusions: pl.DataFrame
    knowledge: KnowledgeBase
    stamp: Stamp
    settings: dict[str, str]
    mapping: Path | None
    progress: Progress


def run_job(
    source: Path,
    out: Path,
    *,
    mapping: str = "",
    workers: int = 1,
    scheduler: str = "",
    as_of: str = "",
    reports: str = "",
    progress: Progress = lambda step, done, of: None,
) -> Finished:
    """Assess an input and publish the results.

    Args:
        source: A case, a folder of cases, a cBioPortal study (folder or file) or a table.
        out: Folder for the results; an earlier result is replaced as a whole, anything else is not.
        mapping: For tables: a mapping file or the name of a shipped one.
        workers: Processes to share the work.
        scheduler: Address of a Dask scheduler to run on instead.
        as_of: Latest date to consider; the latest date of the input by default.
        reports: `all`, `flagged` (not simply met) or `none`; by default all up to 500 patients.
        progress: Told every step, and of a long one how much of it is done.

    Raises:
        UsageError, UnreadableInputError: As the messages say.
    """
    if reports not in _REPORTS:
        raise UsageError(f"--reports is all, flagged or none, not {reports!r}")
    knowledge = load_knowledge()
    progress("Reading", 0, 0)
    read = read_input(source, knowledge, mapping, questions_of_trials(knowledge))
    read = describe_read(read, knowledge)
    frames = until(read.frames, as_of)
    progress("Concluding", 0, 0)
    conclusions = conclude_in_parts(frames, workers, scheduler)
    own_mapping = Path(mapping) if mapping and Path(mapping).is_file() else None
    settings = {
        "input": source.name,
        "mapping": own_mapping.name if own_mapping else mapping,
        "as_of": as_of or latest_date(frames),
    }
    stamp = stamp_of(knowledge, settings["as_of"])
    run = _Run(read, conclusions, knowledge, stamp, settings, own_mapping, progress)
    chosen = _patients_with_pages(conclusions, frames, reports)
    progress("Writing tables", 0, 0)
    publish(out, partial(_build, run=run, frames=frames, chosen=chosen))
    return Finished(out, _counts(read), len(read.problems), _entities(conclusions))


def until(frames: Frames, as_of: str) -> Frames:
    """Leave out what is dated after a day; what has no date stays.

    Raises:
        UsageError: Not a date.
    """
    if not as_of:
        return frames
    try:
        last = parse_date(as_of).latest
    except ValueError as error:
        raise UsageError(f"--as-of: {error}") from error
    keep = pl.col("date_lo").is_null() | (pl.col("date_lo") <= last)
    wide = {Scope.PATIENT, Scope.TUMOUR}
    return {s: frame if s in wide else frame.filter(keep) for s, frame in frames.items()}


def latest_date(frames: Frames) -> str:
    """Return the latest date of any row, empty where none is dated."""
    dates = [frame["date_hi"].max() for frame in frames.values() if frame.height]
    known = [str(date) for date in dates if date is not None]
    return max(known, default="")


def _counts(read: ReadResult) -> dict[str, int]:
    return {
        "read": read.read,
        "accepted": read.accepted,
        "rejected": read.rejected,
        "values_rejected": read.values_rejected,
    }


def _inputs(read: ReadResult, mapping: Path | None) -> dict[str, str]:
    """Return the hash of every file that the results rest on, by its name."""
    others = dict(attached_files(read.specimens, read.attached))
    if mapping:
        others[mapping.name] = mapping
    hashes = {file.name: file.sha256 for file in read.inputs}
    return hashes | {name: file_digest(path) for name, path in others.items() if path.is_file()}


def _entities(conclusions: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    counted = (
        conclusions.filter(pl.col("fact") == _ENTITY)
        .group_by("value", "status")
        .len()
        .sort(["len", "value", "status"], descending=[True, False, False])
    )
    return tuple(
        (f"{value or '—'} ({status})", number) for value, status, number in counted.iter_rows()
    )


def _patients_with_pages(conclusions: pl.DataFrame, frames: Frames, reports: str) -> list[str]:
    patients = frames[Scope.PATIENT]["patient_id"].to_list()
    if reports == "none":
        return []
    if reports == "all" or (not reports and len(patients) <= ALL_REPORTS_UP_TO):
        return patients
    if not reports:
        return []
    calls = conclusions.filter(pl.col("fact") == _ENTITY)
    flagged = set(calls.filter(pl.col("status") != "met")["patient_id"])
    return [patient for patient in patients if patient in flagged]


def _build(folder: Path, run: _Run, frames: Frames, chosen: list[str]) -> None:
    manifest = {
        "counts": _counts(run.read),
        "inputs": _inputs(run.read, run.mapping),
        "knowledge": {"release": run.knowledge.release, "sha256": run.knowledge.digest},
        "software": {"version": __version__, "sha256": code_digest()},
        "settings": run.settings,
    }
    write_results(folder, run.conclusions, run.read.problems, manifest, frames)
    names = page_names(frames[Scope.PATIENT]["patient_id"].to_list())
    cases = folder / "cases"
    cases.mkdir()
    for number, (patient, rows) in enumerate(_rows_of(frames, chosen, run.knowledge), start=1):
        _write_case(cases, names[patient], patient, rows, run)
        run.progress("Writing case pages", number, len(chosen))
    run.progress("Drawing the cohort page", 0, 0)
    pages = {patient: f"cases/{names[patient]}.html" for patient in chosen}
    page = cohort_page(
        run.conclusions,
        frames,
        run.read.problems,
        _counts(run.read),
        run.knowledge,
        run.stamp,
        agreement=agreement_of(frames, run.conclusions, run.knowledge),
        survival=survival_of(frames, run.conclusions),
        sections=cohort_sections(frames, run.conclusions, run.knowledge),
        settings=run.settings,
        pages=pages,
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def _rows_of(
    frames: Frames, patients: list[str], knowledge: KnowledgeBase
) -> Iterable[tuple[str, PatientRows]]:
    wanted = pl.Series(patients, dtype=pl.String).implode()
    few = {s: f.filter(pl.col("patient_id").is_in(wanted)) for s, f in frames.items()}
    return rows_of_frames(few, knowledge).items()


def _write_case(cases: Path, name: str, patient: str, rows: PatientRows, run: _Run) -> None:
    assessment = assess_rows(patient, rows, run.knowledge, run.settings["as_of"])
    own = _problems_of(patient, rows, run.read.problems)
    shared = (patient, assessment.conclusions, rows, own, run.knowledge, run.stamp)
    parts = case_sections(assessment, run.knowledge)
    page = case_page(*shared, settings=run.settings, cohort=_COHORT, sections=parts)
    (cases / f"{name}.html").write_text(page, encoding="utf-8")
    (cases / f"{name}.json").write_text(case_json(*shared, sections=parts), encoding="utf-8")


def _problems_of(patient: str, rows: PatientRows, problems: Iterable[Problem]) -> list[Problem]:
    ids = {patient} | {part for own in rows.values() for row in own for part in row.key}
    return [problem for problem in problems if problem.record in ids]


def render_patient(folder: Path, patient: str, output: Path | None = None) -> Path:
    """Render the page of one patient from results that are already there.

    Args:
        folder: Folder that `run_job` wrote.
        patient: Id of the patient.
        output: Where to write; by default among the folder's cases.

    Returns:
        The file written.

    Raises:
        UsageError: No results there, or no such patient in them.
    """
    import duckdb

    database = folder / "results.duckdb"
    if not database.exists():
        raise UsageError(f"{folder} holds no results of `nenuphar assess`")
    knowledge = load_knowledge()
    settings = json.loads((folder / MANIFEST).read_text("utf-8"))["settings"]
    frames: Frames = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        everybody = [
            p for (p,) in connection.sql("SELECT patient_id FROM observed_patient").fetchall()
        ]
        listed = connection.sql(f"SELECT {_PROBLEM} FROM rejected").fetchall()  # noqa: S608
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        for scope in Scope:
            if f"observed_{scope.value}" in tables:
                query = f"SELECT * FROM observed_{scope.value} WHERE patient_id = ?"  # noqa: S608
                table = connection.sql(query, params=[patient]).to_arrow_table()
                frames[scope] = pl.DataFrame(pl.from_arrow(table))
    rows = rows_of_frames(frames, knowledge).get(patient)
    if rows is None:
        raise UsageError(f"{folder} holds no patient {patient!r}")
    assessment = assess_rows(patient, rows, knowledge, settings["as_of"])
    own = _problems_of(patient, rows, [Problem(*cells) for cells in listed])
    shared = (patient, assessment.conclusions, rows, own, knowledge, assessment.stamp)
    page = case_page(
        *shared,
        settings=settings,
        cohort="" if output else _COHORT,
        sections=case_sections(assessment, knowledge),
    )
    target = output or folder / "cases" / f"{page_names(everybody)[patient]}.html"
    target.parent.mkdir(exist_ok=True)
    partial_file = target.with_name(f".{target.name}.partial")
    partial_file.write_text(page, encoding="utf-8")
    partial_file.replace(target)
    return target
