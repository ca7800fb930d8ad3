"""The main job: read an input, conclude, and publish a folder of tables and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from nenuphar import __version__
from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.dates import parse_date
from nenuphar.domain.problems import Problem, UsageError
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import Frames, rows_of_frames
from nenuphar.io.inputs import read_input
from nenuphar.io.result import ReadResult
from nenuphar.io.whole_file import write_whole_text
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.case import Assessment, assess_rows, stamp_of
from nenuphar.pipeline.cohort import conclude_each, conclude_in_parts
from nenuphar.pipeline.matching.trials import questions_of_trials
from nenuphar.pipeline.molecular.attached import attached_files
from nenuphar.pipeline.molecular.describe import describe_read
from nenuphar.pipeline.pages import COHORT, PageJob, problems_of, write_pages
from nenuphar.pipeline.sections import case_sections, cohort_sections
from nenuphar.pipeline.summaries import agreement_of, survival_of
from nenuphar.pipeline.workers import MOST, pool_of, processors
from nenuphar.report.case_page import case_page, case_pages
from nenuphar.report.cohort_page import cohort_page
from nenuphar.report.names import page_names
from nenuphar.store.fingerprint import code_digest, file_digest
from nenuphar.store.publish import MANIFEST, publish
from nenuphar.store.results import write_results

ALL_REPORTS_UP_TO = 500
"""Patients up to which every case gets its page unless `--reports` says otherwise."""

ONE_BY_ONE_UP_TO = 10
"""Patients up to which conclusions are drawn one patient at a time, not in columns."""

_PAGES_FOR_A_WORKER = 16
"""Pages that are worth the second in which a worker starts."""

_ENTITY = "tumour.entity"
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
        lost_pages: Pages that could not be drawn, by a fault of Nenuphar.
    """

    out: Path
    counts: dict[str, int]
    problems: int
    entities: tuple[tuple[str, int], ...]
    lost_pages: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Run:
    """What a run was asked, and what it read."""

    read: ReadResult
    frames: Frames
    knowledge: KnowledgeBase
    stamp: Stamp
    settings: dict[str, str]
    mapping: Path | None
    progress: Progress


@dataclass(frozen=True)
class _Concluded:
    """What a run came to: a table, and the patients who were assessed with every reason."""

    conclusions: pl.DataFrame
    assessed: Mapping[str, Assessment]


def run_job(  # noqa: PLR0913 - one argument per documented option
    source: Path,
    out: Path,
    *,
    mapping: str = "",
    variants: Path | None = None,
    workers: int | None = 1,
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
        variants: For tables: variants of the same specimens.
        workers: Processes to share the work; None for as many as there are processors, where
            there are enough pages to write. The results do not depend on it.
        scheduler: Address of a Dask scheduler on which the conclusions are drawn instead.
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
    read = read_input(source, knowledge, mapping, questions_of_trials(knowledge), variants)
    read = describe_read(read, knowledge)
    frames = until(read.frames, as_of)
    read = replace(read, problems=(*read.problems, *_without_specimen(frames, source.name)))
    own_mapping = Path(mapping) if mapping and Path(mapping).is_file() else None
    settings = {
        "input": source.name,
        "mapping": own_mapping.name if own_mapping else mapping,
        "as_of": as_of or latest_date(frames),
    }
    stamp = stamp_of(knowledge, settings["as_of"])
    run = _Run(read, frames, knowledge, stamp, settings, own_mapping, progress)
    several = _workers_for(frames, reports) if workers is None else workers
    with pool_of(several) as pool:
        progress("Concluding", 0, 0)
        found = _conclude(run, workers or 1, scheduler, pool)
        chosen = _patients_with_pages(found.conclusions, frames, reports)
        lost: list[Problem] = []
        publish(out, partial(_build, run=run, found=found, chosen=chosen, pool=pool, lost=lost))
    problems = len(read.problems) + len(lost)
    entities = tuple(
        (f"{value or '—'} ({status})", number)
        for value, status, number in entities_of(found.conclusions)
    )
    return Finished(out, read.counts, problems, entities, tuple(lost))


def _conclude(run: _Run, workers: int, scheduler: str, pool: Executor | None) -> _Concluded:
    if run.frames[Scope.PATIENT].height <= ONE_BY_ONE_UP_TO and not scheduler:
        return _Concluded(*conclude_each(run.frames, run.knowledge, run.stamp.as_of))
    return _Concluded(conclude_in_parts(run.frames, workers, scheduler, pool), {})


def _without_specimen(frames: Frames, source: str) -> list[Problem]:
    """Say of how many patients nothing can be concluded that is concluded of specimens."""
    patients, specimens = frames[Scope.PATIENT], frames[Scope.SPECIMEN]
    ids = patients.join(specimens, on="patient_id", how="anti", maintain_order="left")["patient_id"]
    if not ids.len():
        return []
    named = ", ".join(ids.head(_NAMED)) + (", ..." if ids.len() > _NAMED else "")
    reason = (
        f"{ids.len()} of {patients.height} patient(s) have no specimen, so that no entity and no "
        f"grade is concluded for them: {named}"
    )
    fix = "record a specimen with its morphology, mitoses and Ki-67, or the diagnosis as reported"
    return [Problem(source, 0, "", "specimen_id", "", reason, fix)]


_NAMED = 5


def _workers_for(frames: Frames, reports: str) -> int:
    """Return how many processes are worth their start, by the pages to write at most."""
    patients = frames[Scope.PATIENT].height
    none = reports == "none" or (not reports and patients > ALL_REPORTS_UP_TO)
    pages = 0 if none else patients
    return max(min(processors(), MOST, pages // _PAGES_FOR_A_WORKER), 1)


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


def _inputs(read: ReadResult, mapping: Path | None) -> dict[str, str]:
    """Return the hash of every file that the results rest on, by its name."""
    others = dict(attached_files(read.specimens, read.attached))
    if mapping:
        others[mapping.name] = mapping
    hashes = {file.name: file.sha256 for file in read.inputs}
    return hashes | {name: file_digest(path) for name, path in others.items() if path.is_file()}


def entities_of(conclusions: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Return entity, status and number of conclusions, most frequent first; open ones are empty."""
    counted = (
        conclusions.filter(pl.col("fact") == _ENTITY)
        .group_by(pl.col("value").fill_null(""), "status")
        .len()
        .sort(["len", "value", "status"], descending=[True, False, False])
    )
    return list(counted.iter_rows())


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


def _build(
    folder: Path,
    run: _Run,
    found: _Concluded,
    chosen: list[str],
    pool: Executor | None,
    lost: list[Problem],
) -> None:
    """Fill the folder of results; pages that could not be drawn are added to `lost`."""
    names = page_names(run.frames[Scope.PATIENT]["patient_id"].to_list())
    cases = folder / "cases"
    cases.mkdir()
    job = PageJob(cases, names, run.read.problems, run.settings)

    def told(done: int) -> None:
        run.progress("Writing case pages", done, len(chosen))

    lost += write_pages(job, run.frames, chosen, found.assessed, pool, told)
    problems = [*run.read.problems, *lost]
    run.progress("Writing tables", 0, 0)
    write_results(folder, found.conclusions, problems, _manifest(run), run.frames)
    without = {problem.record for problem in lost}
    pages = {p: f"cases/{names[p]}.html" for p in chosen if p not in without}
    run.progress("Drawing the cohort page", 0, 0)
    page = _cohort_page(run, found.conclusions, problems, pages)
    (folder / "index.html").write_text(page, encoding="utf-8")


def _manifest(run: _Run) -> dict[str, object]:
    return {
        "counts": run.read.counts,
        "inputs": _inputs(run.read, run.mapping),
        "knowledge": {"release": run.knowledge.release, "sha256": run.knowledge.digest},
        "software": {"version": __version__, "sha256": code_digest()},
        "settings": run.settings,
    }


def _cohort_page(
    run: _Run, conclusions: pl.DataFrame, problems: list[Problem], pages: Mapping[str, str]
) -> str:
    return cohort_page(
        conclusions,
        run.frames,
        problems,
        run.read.counts,
        run.knowledge,
        run.stamp,
        agreement=agreement_of(run.frames, conclusions, run.knowledge),
        survival=survival_of(run.frames, conclusions),
        sections=cohort_sections(run.frames, conclusions, run.knowledge),
        settings=run.settings,
        pages=pages,
    )


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
    own = problems_of(patient, rows, [Problem(*cells) for cells in listed])
    shared = (patient, assessment.conclusions, rows, own, knowledge, assessment.stamp)
    named = {"settings": settings, "sections": case_sections(assessment, knowledge)}
    if output is not None:  # by itself, so that all of it stands in the one file
        output.parent.mkdir(exist_ok=True)
        write_whole_text(output, case_page(*shared, **named))
        return output
    cases, name = folder / "cases", page_names(everybody)[patient]
    for path, text in case_pages(name, *shared, **named, cohort=COHORT).items():
        (cases / path).parent.mkdir(parents=True, exist_ok=True)
        write_whole_text(cases / path, text)
    return cases / f"{name}.html"
