"""One case, concluded and laid out for a page or a script; nothing is concluded here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.trials import assess_with_questions
from nenuphar.pipeline.sections import case_sections
from nenuphar.report.case_json import case_json
from nenuphar.report.case_page import case_page
from nenuphar.report.case_view import ENTITY, FAMILY, GRADE, CaseView, SpecimenView

_INPUT = {"input": "entered by hand"}


@dataclass(frozen=True)
class Brief:
    """The call of a case in a few lines.

    Attributes:
        specimens: The call of every specimen.
        entity: The fact of the entity; so are `grade` and `family`.
    """

    specimens: list[SpecimenView]
    entity: str = ENTITY
    grade: str = GRADE
    family: str = FAMILY


def assessed(case: Case, knowledge: KnowledgeBase) -> Assessment:
    """Assess a case with the questions of trials, treatments and mechanisms."""
    return assess_with_questions(case, knowledge)


def brief(assessment: Assessment, knowledge: KnowledgeBase) -> Brief:
    """Return the call of a case in a few lines."""
    return Brief(CaseView(assessment.conclusions, assessment.rows, knowledge).specimens)


def findings(
    assessment: Assessment, problems: Iterable[Problem], knowledge: KnowledgeBase
) -> Markup:
    """Return what the page of a case says, without its frame."""
    text = case_page(
        assessment.patient,
        assessment.conclusions,
        assessment.rows,
        problems,
        knowledge,
        assessment.stamp,
        settings=_INPUT,
        sections=case_sections(assessment, knowledge),
        bare=True,
    )
    return Markup(text)  # noqa: S704 - escaped where it was rendered


def as_json(assessment: Assessment, problems: Iterable[Problem], knowledge: KnowledgeBase) -> str:
    """Return a case as JSON, as `assess` writes it."""
    return case_json(
        assessment.patient,
        assessment.conclusions,
        assessment.rows,
        problems,
        knowledge,
        assessment.stamp,
        sections=case_sections(assessment, knowledge),
    )
