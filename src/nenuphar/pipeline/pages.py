"""Case pages and their JSON files, written by one process or shared among several."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem
from nenuphar.engine.frames import Frames, rows_of_frames
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.case import Assessment, assess_rows
from nenuphar.pipeline.sections import case_sections
from nenuphar.report.case_json import case_json
from nenuphar.report.case_page import case_pages

COHORT = "../index.html"
"""Address of the cohort page as seen from a case page."""

_AT_ONCE = 6
"""Patients whose pages a worker writes before it reports."""


@dataclass(frozen=True)
class PageJob:
    """What the pages of a run share; small enough to be sent to every worker.

    Attributes:
        cases: Folder of the pages.
        names: Name of the files of each patient, without ending.
        problems: What could not be used of the input.
        settings: How the run was asked for.
    """

    cases: Path
    names: Mapping[str, str]
    problems: tuple[Problem, ...]
    settings: Mapping[str, str]


def write_pages(
    job: PageJob,
    frames: Frames,
    patients: Sequence[str],
    assessed: Mapping[str, Assessment],
    pool: Executor | None,
    told: Callable[[int], None],
) -> list[Problem]:
    """Write the page and the JSON file of every patient; the bytes do not depend on the pool.

    Args:
        job: What the pages share.
        frames: Observed facts.
        patients: Who gets a page.
        assessed: Patients who have been assessed already.
        pool: Processes to share the work; this one if None.
        told: Told how many pages are done.

    Returns:
        Pages that could not be written, one problem for each, in the order of the patients.
    """
    failures: list[Problem] = []
    for number, lost in enumerate(_each(job, frames, patients, assessed, pool), start=1):
        failures += lost
        told(number)
    order = {patient: at for at, patient in enumerate(patients)}
    return sorted(failures, key=lambda problem: order[problem.record])


def _each(
    job: PageJob,
    frames: Frames,
    patients: Sequence[str],
    assessed: Mapping[str, Assessment],
    pool: Executor | None,
) -> Iterator[list[Problem]]:
    """Yield once for each patient, with what went wrong."""
    if pool is None:
        yield from _write_all(job, frames, patients, assessed)
        return
    parts: dict[Future[list[list[Problem]]], Sequence[str]] = {}
    for start in range(0, len(patients), _AT_ONCE):
        part = patients[start : start + _AT_ONCE]
        parts[pool.submit(_write_part, job, _only(frames, part), part)] = part
    for done in as_completed(parts):
        try:
            yield from done.result()
        except BrokenProcessPool:
            yield from (
                [_lost(patient, "the process that drew it was ended")] for patient in parts[done]
            )


def _write_part(job: PageJob, frames: Frames, patients: Sequence[str]) -> list[list[Problem]]:
    return list(_write_all(job, frames, patients, {}))


def _write_all(
    job: PageJob, frames: Frames, patients: Sequence[str], assessed: Mapping[str, Assessment]
) -> Iterator[list[Problem]]:
    knowledge = load_knowledge()
    left = [patient for patient in patients if patient not in assessed]
    rows = rows_of_frames(_only(frames, left), knowledge) if left else {}
    for patient in patients:
        try:
            found = assessed.get(patient) or assess_rows(
                patient, rows[patient], knowledge, job.settings["as_of"]
            )
            drawn = _draw(job, found, knowledge)
        except Exception as error:  # noqa: BLE001 - one page is lost, not those of the others
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
            yield [_lost(patient, what)]
            continue
        for path, text in drawn.items():
            target = job.cases / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        yield []


def _only(frames: Frames, patients: Sequence[str]) -> Frames:
    wanted = pl.Series(patients, dtype=pl.String).implode()
    return {s: f.filter(pl.col("patient_id").is_in(wanted)) for s, f in frames.items()}


def _lost(patient: str, what: str) -> Problem:
    reason = f"its page could not be drawn ({what}); its conclusions are in the tables"
    fix = "a fault of Nenuphar, not of the record: `nenuphar report` may tell more"
    return Problem("", 0, patient, "", "", reason, fix)


def _draw(job: PageJob, assessment: Assessment, knowledge: KnowledgeBase) -> dict[str, str]:
    """Return the pages and the JSON of a patient, by path."""
    rows, name = assessment.rows, job.names[assessment.patient]
    own = problems_of(assessment.patient, rows, job.problems)
    parts = case_sections(assessment, knowledge)
    shared = (assessment.patient, assessment.conclusions, rows, own, knowledge, assessment.stamp)
    pages = case_pages(name, *shared, settings=job.settings, cohort=COHORT, sections=parts)
    return {**pages, f"{name}.json": case_json(*shared, sections=parts)}


def problems_of(patient: str, rows: PatientRows, problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems of the records of one patient."""
    ids = {patient} | {part for own in rows.values() for row in own for part in row.key}
    return [problem for problem in problems if problem.record in ids]
