"""The page of one case: the call and what would decide it, then every reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.problems import Problem
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.case_view import ENTITY, FAMILY, GRADE, CaseView
from nenuphar.report.page import render
from nenuphar.report.section import Section


def case_page(  # noqa: PLR0913 - all that one page shows
    patient_id: str,
    conclusions: Sequence[Conclusion],
    rows: PatientRows,
    problems: Iterable[Problem],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    *,
    settings: Mapping[str, str] | None = None,
    cohort: str = "",
    sections: Sequence[Section] = (),
    bare: bool = False,
) -> str:
    """Render one patient as one self-contained HTML page.

    Args:
        patient_id: The patient.
        conclusions: What the engine concluded about the patient.
        rows: The observed facts that it read.
        problems: What could not be used of the patient's records.
        knowledge: The knowledge base that the conclusions were made with.
        stamp: What they were made with.
        settings: How the run was asked for, by name.
        cohort: Address of the cohort page relative to this one; no link where it is empty.
        sections: What stands between the call and the other conclusions.
        bare: Whether only what the page says is wanted, for a page that has a frame of its own.

    Returns:
        HTML without scripts and without anything that is loaded; the same input gives the same
        bytes.
    """
    shown = tuple(fact for one in sections for fact in one.facts)
    view = CaseView(conclusions, rows, knowledge, shown)
    return render(
        "case.html",
        frame="bare.html" if bare else "base.html",
        title=patient_id,
        patient=patient_id,
        view=view,
        words=view.words,
        entity=ENTITY,
        grade=GRADE,
        family=FAMILY,
        problems=sorted(problems),
        stamp=stamp,
        settings=dict(sorted((settings or {}).items())),
        cohort=cohort,
        sections=sections,
    )
