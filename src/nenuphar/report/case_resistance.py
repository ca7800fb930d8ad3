"""The section on resistance of one patient: each line of treatment under every definition set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nenuphar.report.phenotypes import WORDS, could_be_words
from nenuphar.report.section import Section, section


@dataclass(frozen=True)
class CasePhenotype:
    """A line under one definition set.

    Attributes:
        definition_set: Its name.
        meaning: What it is, in words.
        phenotype: The phenotype, or `undetermined`.
        status: Status of the conclusion.
        reason: What the rule behind it says.
        could_be: Phenotypes that remain possible, joined by `;`.
        asks: What to do to decide an open one.
        by_cutoff: What single cut-offs of a range come to.
        anchor: Where the page gives the reasons.
    """

    definition_set: str
    meaning: str
    phenotype: str
    status: str
    reason: str
    could_be: str
    asks: tuple[str, ...]
    by_cutoff: str
    anchor: str


@dataclass(frozen=True)
class TreatedLine:
    """A line of treatment.

    Attributes:
        name: Its id.
        phenotypes: One for each set that applies.
        measured: What its dates come to, in words.
        times: Times to events: name, how long, whether by an event, and by which rule.
        silent: Number of sets that are made for another regimen or setting.
    """

    name: str
    phenotypes: tuple[CasePhenotype, ...]
    measured: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str, str, str], ...]
    silent: int


def case_resistance(lines: Sequence[TreatedLine]) -> Section | None:
    """Return the section, None where no set applies to any line."""
    if not lines:
        return None
    return section(
        "case_resistance.html",
        anchor="resistance",
        title="Resistance to immunotherapy",
        data={"lines": [asdict(line) for line in lines]},
        facts=("resistance.sitc_", "resistance.sclc_", "timeline.", "endpoint."),
        lines=lines,
        words=WORDS,
        could_be=could_be_words,
    )
