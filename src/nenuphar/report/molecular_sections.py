"""What morphology, molecules and surroundings say of a case together; groups of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from nenuphar.domain.conclusion import Conclusion
from nenuphar.report.section import Section, section

TITLE, ANCHOR = "Molecules and surroundings", "molecular"


@dataclass(frozen=True)
class Voice:
    """What one kind of evidence says.

    Attributes:
        kind: Morphology, molecular group, and so on.
        lines: What it says: label, value in words, status, how it came about.
        asks: What would settle what is open.
    """

    kind: str
    lines: Sequence[tuple[str, str, str, str]]
    asks: Sequence[str] = ()


@dataclass(frozen=True)
class Specimen:
    """What is shown of one specimen.

    Attributes:
        name: Which specimen, in words.
        joined: The joined picture, its status and the sentence behind it; None where there is none.
        next: What would settle the joined picture.
        voices: Each kind of evidence.
        cautions: What to bear in mind.
        figures: Drawings with their captions.
        data: The same as plain data.
    """

    name: str
    joined: tuple[str, str, str] | None
    next: Sequence[str]
    voices: Sequence[Voice]
    cautions: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def case_molecular(specimens: Sequence[Specimen]) -> Section | None:
    """Return the section of a case; None where nothing molecular is known of any specimen."""
    if not specimens:
        return None
    shown = [
        {
            "name": one.name,
            "joined": one.joined,
            "next": one.next,
            "voices": one.voices,
            "cautions": one.cautions,
            # Drawn by this package, every text in it escaped.
            "figures": [(Markup(svg), caption) for svg, caption in one.figures],  # noqa: S704
        }
        for one in specimens
    ]
    return section(
        "molecular.html",
        anchor=ANCHOR,
        title=TITLE,
        data={"specimens": [dict(one.data) for one in specimens]},
        specimens=shown,
    )


def cohort_molecular(
    groups: Sequence[tuple[str, Sequence[str], Sequence[tuple[str, Sequence[int]]]]],
) -> Section | None:
    """Return the section of a cohort: entities against groups and immune classes.

    Args:
        groups: For each table its caption, its columns, and its rows (entity, counts).
    """
    if not groups:
        return None
    return section(
        "cohort_molecular.html",
        anchor=ANCHOR,
        title=TITLE,
        data={
            caption: {name: list(counts) for name, counts in rows} for caption, _, rows in groups
        },
        groups=groups,
    )


def asks_of(conclusions: Sequence[Conclusion], ask: Any, most: int = 4) -> list[str]:
    """Return what would settle conclusions that are open or provisional, each once."""
    names = [name for one in conclusions if one.status != "met" for name in one.missing]
    return list(dict.fromkeys(ask(name) for name in names))[:most]
