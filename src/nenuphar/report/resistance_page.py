"""The page of a cohort under immunotherapy, for `nenuphar resistance`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.problems import Problem
from nenuphar.report.page import render
from nenuphar.report.section import Section

_PROBLEMS = 50


def resistance_page(
    title: str,
    sections: Sequence[Section],
    counts: Mapping[str, int],
    problems: Sequence[Problem],
    stamp: Stamp,
) -> str:
    """Render a cohort as one self-contained HTML page.

    Args:
        title: What the cohort is called.
        sections: What to show, see `report.resistance_sections`.
        counts: Rows `read`, `accepted`, `rejected`.
        problems: What could not be used.
        stamp: What the conclusions were made with.

    Returns:
        HTML that loads nothing and runs no script. The same input gives the same bytes.
    """
    return render(
        "resistance.html",
        title=title,
        stamp=stamp,
        sections=sections,
        counts=counts,
        problems=list(problems[:_PROBLEMS]),
        problem_count=len(problems),
    )
