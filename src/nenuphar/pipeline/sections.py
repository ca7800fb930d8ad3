"""What stands on the pages of cases and cohorts beside the classification, in reading order.

A section is made by a function of its own module, which returns None where the case or the cohort
holds nothing for it: an empty section would only be in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.evidence.consolidation_section import consolidation_section
from nenuphar.pipeline.evidence.pooled_section import pooled_section
from nenuphar.pipeline.evolution.paths import (
    case_progression_section,
    cohort_progression_section,
)
from nenuphar.pipeline.harmonised_section import harmonised_section
from nenuphar.pipeline.matching.mechanism_section import mechanism_section
from nenuphar.pipeline.matching.therapy_section import therapy_section
from nenuphar.pipeline.matching.trial_section import cohort_trial_section, trial_section
from nenuphar.pipeline.molecular.sections import (
    case_molecular_section,
    cohort_molecular_section,
)
from nenuphar.pipeline.resistance.sections import (
    case_resistance_section,
    cohort_resistance_sections,
)
from nenuphar.pipeline.response.sections import case_response_section, cohort_response_section
from nenuphar.report.section import Section

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

CASE_SECTIONS: tuple[Callable[[Assessment, KnowledgeBase], Section | None], ...] = (
    case_molecular_section,
    case_progression_section,
    case_response_section,
    case_resistance_section,
    consolidation_section,
    mechanism_section,
    therapy_section,
    trial_section,
    pooled_section,
)
"""Sections of a case page: groups, progression, response, mechanisms, treatments, trials."""

COHORT_SECTIONS: tuple[
    Callable[[Frames, pl.DataFrame, KnowledgeBase], Section | Iterable[Section] | None], ...
] = (
    harmonised_section,
    cohort_molecular_section,
    cohort_progression_section,
    cohort_response_section,
    cohort_resistance_sections,
    cohort_trial_section,
)
"""Sections of a cohort page, in the same order; several of one subject come from one function."""


def case_sections(assessment: Assessment, knowledge: KnowledgeBase) -> list[Section]:
    """Return the sections of one case, those with nothing to show left out."""
    found = (make(assessment, knowledge) for make in CASE_SECTIONS)
    return [section for section in found if section is not None]


def cohort_sections(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> list[Section]:
    """Return the sections of a cohort, those with nothing to show left out."""
    sections: list[Section] = []
    for make in COHORT_SECTIONS:
        found = make(frames, conclusions, knowledge) or ()
        sections += [found] if isinstance(found, Section) else found
    return sections
