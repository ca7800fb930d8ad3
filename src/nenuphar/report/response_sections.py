"""Sections on response: the visits of one patient, and the best responses of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from nenuphar.report.figures.axes import Style
from nenuphar.report.figures.courses import Lane, courses
from nenuphar.report.figures.lesions import RESPONSE_WORDS, Change, Trace, spider, waterfall
from nenuphar.report.section import Section, section

TREATMENTS = {
    "ici": Style("#0072B2"),
    "chemotherapy": Style("#E69F00", hatch="/"),
    "open": Style("#8A949B"),
}
"""How treatments are drawn in the timeline of a patient."""

TREATMENT_WORDS = {
    "ici": "checkpoint inhibitor",
    "chemotherapy": "chemotherapy",
    "open": "treatment or follow-up; last dose not on record",
    "progression": "progression",
    "confirmation": "confirmation of progression",
    "alive": "alive",
}

BEST = ("CR", "PR", "SD", "PD", "NE")
_FINDINGS = 50


def timeline_figure(lanes: Sequence[Lane], zero: str, name: str = "timeline") -> Markup | None:
    """Draw what befell one patient: treatments, scans with their responses, events.

    Args:
        lanes: From top to bottom, in months from the zero.
        zero: What the months are counted from, in words.
        name: Starts the ids inside the figure.
    """
    return courses(
        lanes,
        TREATMENTS,
        TREATMENT_WORDS,
        name=name,
        says="Treatments, scans and events of the patient",
        axis_title=f"Months from {zero}",
    )


@dataclass(frozen=True)
class CaseResponse:
    """What the page of a case shows of its visits.

    Attributes:
        visits: One for each visit and assessor: `date`, `assessor`, `sum_mm`, `nadir_mm`,
            `from_baseline` and `from_nadir` (%), `by_lesions`, `irecist`, `stated`, `reason`.
        best: One for each assessor: `assessor`, `confirmed`, `unconfirmed`, `first_pd_date`.
        timeline: The figure of the whole course; None where nothing is dated.
        spiders: Whose lesions, and how each changed.
        findings: Measurements that were left out or deserve a look.
        growth: Whether there is hyperprogression, and why; empty without lesions.
    """

    visits: Sequence[Mapping[str, Any]]
    best: Sequence[Mapping[str, Any]]
    timeline: Markup | None
    spiders: Sequence[tuple[str, Sequence[Trace]]]
    findings: Sequence[Mapping[str, Any]]
    growth: tuple[str, str] | None = None


def case_response(found: CaseResponse) -> Section | None:
    """Return the section on the course and response of a case, None where it has neither."""
    if found.timeline is None and not found.visits:
        return None
    figures = [
        (whose, figure)
        for i, (whose, traces) in enumerate(found.spiders)
        if (figure := spider(traces, f"lesions{i}", "Change from baseline, %")) is not None
    ]
    columns = [
        name
        for name in ("assessor", "sum_mm", "by_lesions", "irecist", "stated", "reason")
        if any(visit[name] not in (None, "") for visit in found.visits)
    ]
    data = {
        "visits": [{**visit, "date": str(visit["date"])} for visit in found.visits],
        "best": [{**one, "first_pd_date": str(one["first_pd_date"] or "")} for one in found.best],
    }
    return section(
        "case_response.html",
        anchor="response",
        title="Course and response",
        data=data,
        facts=("response.",),
        timeline=found.timeline,
        visits=found.visits,
        columns=columns,
        best=found.best,
        words=RESPONSE_WORDS,
        spiders=figures,
        findings=list(found.findings[:_FINDINGS]),
        growth=found.growth,
    )


@dataclass(frozen=True)
class BestLine:
    """How often each best response was seen.

    Attributes:
        title: How the responses were told.
        counts: Numbers, in the order of `BEST`.
        total: All of them.
        interval: 95% limits of the share of CR and PR, as fractions.
    """

    title: str
    counts: tuple[int, ...]
    total: int
    interval: tuple[float, float]

    @property
    def responders(self) -> int:
        """Those with a complete or partial response."""
        return self.counts[0] + self.counts[1]


def cohort_response(
    best: Sequence[BestLine],
    changes: Sequence[Change],
    traces: Sequence[Trace],
    findings: int = 0,
    no_start: int = 0,
) -> Section | None:
    """Return the section on the responses of a cohort, None where it has none.

    Args:
        best: Best responses, one line for each way to tell them.
        changes: Best changes of sums of targets.
        traces: Changes of sums over time.
        findings: Measurements that were left out or deserve a look.
        no_start: Patients with visits whose start of treatment is not on record.
    """
    if not best and not changes:
        return None
    return section(
        "cohort_response.html",
        anchor="response",
        title="Response",
        best=best,
        names=BEST,
        words=RESPONSE_WORDS,
        waterfall=waterfall(changes),
        spider=spider(traces),
        courses=len(changes),
        traced=len(traces),
        findings=findings,
        no_start=no_start,
    )
