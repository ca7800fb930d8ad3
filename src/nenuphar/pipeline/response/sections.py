"""Sections on response: gathers what `report.response_sections` shows of a case and of a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.response.best import STATED
from nenuphar.pipeline.response.case_course import lanes_of_case
from nenuphar.pipeline.response.growth import HYPERPROGRESSION, REASON
from nenuphar.pipeline.response.lesions import ROLE
from nenuphar.report.response_sections import (
    BEST,
    BestLine,
    CaseResponse,
    case_response,
    cohort_response,
    timeline_figure,
)
from nenuphar.report.section import Section
from nenuphar.report.words import Words

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames
    from nenuphar.pipeline.response.visits import Visits

_LINE_BEST = "line.best_response"


def case_response_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the course, the response by visit and the best response of a case.

    No table library is loaded for a case without scans.
    """
    rows = assessment.rows
    lanes, zero = lanes_of_case(rows, Words(knowledge))
    timeline = timeline_figure(lanes, zero)
    if not _has_scans(rows):
        return case_response(CaseResponse([], [], timeline, [], []))
    from nenuphar.engine.frames import frames_of
    from nenuphar.pipeline.response.visits import lesion_traces, traces_of, visits_of

    found = visits_of(frames_of([rows], knowledge), knowledge)
    if found is None:
        return case_response(CaseResponse([], [], timeline, [], []))
    readers = found.points["assessor"].unique(maintain_order=True).to_list()
    titles = [f"Assessor {who}: targets and their sum" if who else "" for who in readers]
    traces = [lesion_traces(found, assessment.patient, who) for who in readers]
    spiders = list(zip(titles, traces, strict=True))
    if len(readers) > 1:
        spiders.insert(0, ("Sum of targets of each assessor", traces_of(found, alone=True)))
    findings = found.lesions.findings.to_dicts() if found.lesions else []
    best, growth = found.best.to_dicts(), _growth(rows)
    return case_response(CaseResponse(_visits(found), best, timeline, spiders, findings, growth))


def _growth(rows: PatientRows) -> tuple[str, str] | None:
    """Return whether there is hyperprogression and what that rests on, where lesions were read."""
    (patient,) = rows[Scope.PATIENT]
    reason = patient.values.get(REASON)
    if not reason:
        return None
    verdict = patient.values.get(HYPERPROGRESSION)
    return "undetermined" if verdict is None else "yes" if verdict else "no", str(reason)


def _has_scans(rows: PatientRows) -> bool:
    stated = any(STATED in row.values for row in rows[Scope.TIME_POINT])
    return stated or any(ROLE in row.values for row in rows[Scope.LESION])


def _visits(found: Visits) -> list[dict[str, object]]:
    """Return the visits with their changes, in the order of dates."""
    import polars as pl

    def change(reference: str) -> pl.Expr:
        known = pl.col(reference) > 0
        return pl.when(known).then(100 * (pl.col("sum_mm") / pl.col(reference) - 1))

    first = pl.col("reason") == "baseline"
    return (
        found.points.with_columns(
            from_baseline=pl.when(~first.fill_null(value=False)).then(change("baseline_mm")),
            from_nadir=change("nadir_mm"),
        )
        .sort("date", "assessor")
        .to_dicts()
    )


def cohort_response_section(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> Section | None:
    """Return best responses, waterfall and spider plot of a cohort of at least two patients."""
    if frames[Scope.PATIENT].height < 2:
        return None
    from nenuphar.pipeline.response.visits import changes_of, traces_of, visits_of

    del conclusions
    found = visits_of(frames, knowledge)
    best = []
    changes, traces, findings, no_start = [], [], 0, 0
    if found is not None:
        several = found.best["assessor"].n_unique() > 1
        of = "each patient and assessor" if several else "each patient"
        best += _lines(found.best["confirmed"], f"Confirmed, from the visits of {of}")
        best += _lines(found.best["unconfirmed"], f"As seen, without confirmation, of {of}")
        changes, traces = changes_of(found), traces_of(found)
        findings = found.lesions.findings.height if found.lesions else 0
        no_start = found.no_start
    lines = frames[Scope.TREATMENT_LINE]
    if _LINE_BEST in lines.columns:
        best += _lines(lines[_LINE_BEST].drop_nulls(), "As stated for the line of treatment")
    return cohort_response(best, changes, traces, findings, no_start)


def _lines(values: pl.Series, title: str) -> list[BestLine]:
    """Count best responses; what is neither response nor progression counts as stable."""
    from nenuphar.methods.evidence.effects import clopper_pearson

    known = values.replace({"NON-CR/NON-PD": "SD", "MISSING": "NE"})
    counts = tuple(int((known == name).sum()) for name in BEST)
    total = sum(counts)
    if not total:
        return []
    return [BestLine(title, counts, total, clopper_pearson(counts[0] + counts[1], total))]
