"""Resistance phenotypes as pages show them: their words, their order, and how they are drawn."""

from __future__ import annotations

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.figures.axes import Style

PHENOTYPES = ("primary", "acquired", "indeterminate", "not_evaluable", "none_seen", "undetermined")
"""Phenotypes in the order in which tables and figures list them."""

WORDS = {
    "primary": "Primary resistance",
    "acquired": "Acquired resistance",
    "indeterminate": "Indeterminate",
    "not_evaluable": "Not evaluable",
    "none_seen": "No resistance seen",
    "undetermined": "Undetermined (data missing)",
}

STYLES = {
    "primary": Style("#D55E00", hatch="\\"),
    "acquired": Style("#0072B2"),
    "indeterminate": Style("#CC79A7", hatch="|"),
    "not_evaluable": Style("#E69F00", hatch="-"),
    "none_seen": Style("#009E73", hatch="/"),
    "undetermined": Style("#8A949B"),
}
"""A colour each that is told apart without red-green vision, and a hatch that repeats it."""


def set_title(definition_set: str, knowledge: KnowledgeBase) -> str:
    """Return what a definition set is called in tables, from what its fact means."""
    meaning = knowledge.facts[f"resistance.{definition_set}"].meaning
    words = meaning.removeprefix("Resistance phenotype by ").rstrip(".")
    return words[:1].upper() + words[1:]


def could_be_words(codes: str) -> str:
    """Return what an open phenotype could still be, from codes joined by `;`."""
    given = set(codes.split(";"))
    ordered = [code for code in PHENOTYPES if code in given]
    words = [WORDS[code].lower() for code in ordered]
    return " or ".join(words) or codes
