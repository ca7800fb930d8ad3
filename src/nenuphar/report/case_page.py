"""The page of one case: the call and what would decide it, then every reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.problems import Problem
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.case_view import ENTITY, FAMILY, GRADE, CaseView
from nenuphar.report.page import render
from nenuphar.report.section import Section

_FRAME = "base.html"

MOST_BYTES = 150_000
"""Size from which the reasons of a case move to pages of their own."""


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
    """Render one patient as one self-contained HTML page, however large.

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
    shared = (patient_id, conclusions, rows, problems, knowledge, stamp, settings, sections)
    frame = "bare.html" if bare else _FRAME
    return render("case.html", **_shown(*shared), frame=frame, cohort=cohort, elsewhere=())


def case_pages(  # noqa: PLR0913 - all that one page shows
    name: str,
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
) -> dict[str, str]:
    """Render one patient as a page that stays small, its reasons beside it where they are long.

    Args:
        name: Name of the page, without ending.
        patient_id: As in `case_page`.
        conclusions: As there.
        rows: As there.
        problems: As there.
        knowledge: As there.
        stamp: As there.
        settings: As there.
        cohort: As there.
        sections: As there.

    Returns:
        The pages by their path: `NAME.html`, and where it would be above `MOST_BYTES` the rules,
        criterion by criterion, and the record under `reasons/NAME/`, in parts that stay below it.
    """
    shown = _shown(patient_id, conclusions, rows, problems, knowledge, stamp, settings, sections)
    front = {**shown, "frame": _FRAME, "cohort": cohort}
    whole = render("case.html", **front, elsewhere=())
    if _fits(whole):
        return {f"{name}.html": whole}
    case = f"../../{name}.html"
    parts = _parts(list(shown["view"].reasoned), {**shown, "case": case})
    addresses = [f"reasons/{name}/{number}.html" for number in range(1, len(parts) + 1)]
    elsewhere = list(zip(addresses, parts, strict=True))
    pages = {f"{name}.html": render("case.html", **front, elsewhere=elsewhere)}
    for number, (address, part) in enumerate(elsewhere, start=1):
        pages[address] = _reasons(part, shown, case=case, number=number, of=len(parts))
    return pages


def _parts(reasoned: list[Any], shown: Mapping[str, Any]) -> list[list[Any]]:
    """Cut reasons in halves until each part is small enough, or is of one conclusion."""
    page = _reasons(reasoned, shown, case=shown["case"], number=1, of=1)
    if _fits(page) or len(reasoned) < 2:
        return [reasoned]
    middle = len(reasoned) // 2
    return [*_parts(reasoned[:middle], shown), *_parts(reasoned[middle:], shown)]


def _reasons(
    reasoned: list[Any], shown: Mapping[str, Any], *, case: str, number: int, of: int
) -> str:
    values = {**shown, "case": case, "number": number, "of": of, "reasoned": reasoned}
    return render("case_reasons.html", **values)


def _fits(page: str) -> bool:
    return len(page.encode()) <= MOST_BYTES


def _shown(
    patient_id: str,
    conclusions: Sequence[Conclusion],
    rows: PatientRows,
    problems: Iterable[Problem],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    settings: Mapping[str, str] | None,
    sections: Sequence[Section],
) -> dict[str, Any]:
    view = CaseView(
        conclusions, rows, knowledge, tuple(fact for one in sections for fact in one.facts)
    )
    return {
        "title": patient_id,
        "patient": patient_id,
        "view": view,
        "words": view.words,
        "entity": ENTITY,
        "grade": GRADE,
        "family": FAMILY,
        "problems": sorted(problems),
        "stamp": stamp,
        "settings": dict(sorted((settings or {}).items())),
        "sections": sections,
    }
