"""Paths of progression: what the specimens of a patient show of each, and a cohort's counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nenuphar.report.section import Section, section

TITLE, ANCHOR, PREFIX = "Paths of progression", "progression", "progression."
NOT_SEEN = "not_seen"


@dataclass(frozen=True)
class Path:
    """A path, as several specimens of one tumour show it.

    Attributes:
        tumour: Which tumour, in words; empty where the patient has one.
        name: The path.
        fact: The fact that holds it.
        value: Its value; empty where open.
        words: The value in words.
        status: Status of the conclusion.
        because: What the rule behind it says.
        asks: What would decide an open or provisional one.
        source: Where the path is described.
        anchor: Where the page gives the reasons.
    """

    tumour: str
    name: str
    fact: str
    value: str
    words: str
    status: str
    because: str
    asks: tuple[str, ...]
    source: str
    anchor: str


def case_progression(paths: Sequence[Path]) -> Section | None:
    """Return the section of a case; None where no tumour has several specimens."""
    if not paths:
        return None
    seen = [path for path in paths if path.value not in ("", NOT_SEEN)]
    still_open = [path for path in paths if not path.value]
    return section(
        "progression.html",
        anchor=ANCHOR,
        title=TITLE,
        data={"paths": [asdict(path) for path in paths]},
        facts=(PREFIX,),
        shown=[*seen, *still_open],
        not_seen=[path for path in paths if path.value == NOT_SEEN],
    )


@dataclass(frozen=True)
class PathCount:
    """A path over a cohort.

    Attributes:
        name: The path.
        seen: Tumours in which it was seen, by value in words.
        provisional: How many of these are provisional.
        not_seen: Tumours with several specimens in which it was not.
        still_open: Tumours in which it cannot be told.
        decides: What would decide those, most often asked first.
    """

    name: str
    seen: tuple[tuple[str, int], ...]
    provisional: int
    not_seen: int
    still_open: int
    decides: tuple[str, ...]


def cohort_progression(counts: Sequence[PathCount], tumours: int) -> Section | None:
    """Return the section of a cohort; None where no tumour has several specimens.

    Args:
        counts: For each path.
        tumours: Tumours with several specimens.
    """
    if not tumours:
        return None
    return section(
        "cohort_progression.html",
        anchor=ANCHOR,
        title=TITLE,
        data={"tumours": tumours, "paths": [asdict(one) for one in counts]},
        facts=(PREFIX,),
        counts=counts,
        tumours=tumours,
    )
