"""The page and the figure of how the groups of a cohort may have arisen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.problems import Problem
from nenuphar.report.evolution_words import ASSOCIATION, PARENT_WORDS, SETTLED, needed_words
from nenuphar.report.figures.evolution import differences_figure, graphs_figure
from nenuphar.report.page import render

_PROBLEMS, _NAMED = 30, 12
_STYLE = (
    "text{fill:#1f2328;font:12px system-ui,'Liberation Sans',sans-serif}.small{font-size:9.5px}"
    ".grid{stroke:#d8dbde;stroke-width:.8}.axis{stroke:#5a6067}"
    ".limit{stroke:#d55e00;stroke-dasharray:5 4;stroke-width:1.2;fill:none}"
)


def evolution_page(
    found: Mapping[str, Any],
    title: str,
    problems: Sequence[Problem],
    stamp: Stamp,
    words: Mapping[str, str] = PARENT_WORDS,
) -> str:
    """Render a comparison of the hypotheses as one self-contained page.

    Args:
        found: From `pipeline.evolution.telling.told`.
        title: What the cohort is called.
        problems: What could not be used.
        stamp: What it was made with.
        words: What the parent sets are called.

    Returns:
        HTML that loads nothing and runs no script. The same input gives the same bytes.
    """
    return render(
        "evolution.html",
        title=title,
        found=found,
        words=words,
        settled=_settled(found),
        needed=needed_words(found["power"]),
        graphs=graphs_figure(found["hypotheses"], found["favoured"] or "", found["leading"] or ""),
        differences=differences_figure(found, words) if found["differences"] else "",
        set_aside=_gathered(found["set_aside"]),
        association=ASSOCIATION,
        problems=list(problems[:_PROBLEMS]),
        problem_count=len(problems),
        stamp=stamp,
    )


def evolution_svg(found: Mapping[str, Any], words: Mapping[str, str] = PARENT_WORDS) -> str:
    """Return both drawings as one SVG file that needs no page around it."""
    drawn = [graphs_figure(found["hypotheses"], found["favoured"] or "", found["leading"] or "")]
    if found["differences"]:
        drawn.append(differences_figure(found, words))
    heights = [float(one.partition('viewBox="0 0 ')[2].split('"')[0].split()[1]) for one in drawn]
    parts, y = [], 34.0
    for one, height in zip(drawn, heights, strict=True):
        parts.append(
            str(one).replace("<svg ", f'<svg x="0" y="{y:g}" width="884" height="{height:g}" ', 1)
        )
        y += height + 16
    head = (
        f'<text x="2" y="18" font-weight="bold">{found["verdict"]}.</text>'
        '<text x="882" y="18" text-anchor="end">Association only, never cause. Research use.</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 884 {y:g}" width="884" '
        f'height="{y:g}"><style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f"{head}{''.join(parts)}</svg>\n"
    )


def _settled(found: Mapping[str, Any]) -> str:
    """Say what is settled even where the whole is not."""
    settled = found["settled"]
    if found["favoured"] or not settled or not settled["side"]:
        return ""
    return f"Settled so far: {SETTLED[settled['side']]}; {SETTLED[settled['microenvironment']]}."


def _gathered(set_aside: Sequence[Mapping[str, str]]) -> list[tuple[str, str, int, str]]:
    """Gather what was set aside by kind and reason: kind, reason, how many, the first names."""

    def order(one: Mapping[str, str]) -> tuple[str, str]:
        return one["kind"], one["reason"]

    gathered = []
    for (kind, reason), own in groupby(sorted(set_aside, key=order), key=order):
        names = sorted(one["name"] for one in own)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        gathered.append((kind, reason, len(names), ", ".join(names[:_NAMED]) + more))
    return gathered
