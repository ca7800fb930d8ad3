"""The words of the comparison of hypotheses: verdicts, reasons, notes, what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARENT_WORDS = {
    "cell_of_origin": "Cell of origin",
    "somatic_alterations": "Somatic alterations",
    "microenvironment": "Microenvironment",
}
"""What the group of a tumour may depend on."""

ASSOCIATION = (
    "Association only. The arrows are hypotheses; a cohort of tumours shows what goes with a "
    "group, never what caused it. Surroundings that every tumour needed to begin leave no trace in "
    "tumours alone, and what tumours did to their surroundings looks the same as what these did to "
    "them. Where the cell of origin is measured poorly, surroundings that merely go with it seem "
    "to have a part."
)
"""What is said with every result."""

REASONS = {
    "no_cell_of_origin": "No feature of the cell of origin can be used (--origin).",
    "no_somatic_alterations": "No somatic alteration can be used (--alteration).",
    "no_microenvironment": "No feature of the microenvironment can be used (--microenvironment).",
    "too_few_tumours": "Too few tumours have every set of features on record.",
    "too_few_groups": "Fewer than two groups have enough tumours.",
    "no_better_than_chance": "Neither cell of origin nor alterations tell the groups better than "
    "chance.",
    "sides_not_apart": "Cell of origin and alterations cannot be told apart as parents of the "
    "group: a difference lies within its interval.",
    "surroundings_open": "Whether the microenvironment adds to them lies within the interval.",
    "surroundings_unseen": "Cohorts of this size would too often miss surroundings that matter; "
    "that none were seen says little.",
    "low_power": "Too few simulated cohorts of this size and effect lead to the same answer.",
}
"""Why the data cannot tell."""

NOTES = {
    "both_sides_add": "Cell of origin and alterations each add to the other: none of the four "
    "hypotheses holds both.",
    "surroundings_alone": "The microenvironment by itself goes with the groups.",
}
"""What else the models show."""

SETTLED = {
    "cell_of_origin": "cell of origin rather than somatic alterations",
    "somatic_alterations": "somatic alterations rather than cell of origin",
    "adds": "the microenvironment adds to it",
    "adds_nothing": "the microenvironment adds nothing that matters",
    "open": "whether the microenvironment adds to it is open",
}
"""What is settled even where the whole is not."""


def verdict_words(name: str) -> str:
    """Say what the data favour; they cannot tell where the name is empty."""
    return f"The data favour {name}" if name else "Cannot tell"


def needed_words(power: Mapping[str, Any] | None) -> str:
    """Say how many tumours would do where the data cannot tell; empty where that was not asked.

    Args:
        power: `times_as_many_would_do` and `times_tried` of a result.
    """
    if not power or not power["times_tried"]:
        return ""
    times = power["times_as_many_would_do"]
    if times is None:
        tried = max(power["times_tried"])
        return f"Even {tried} times as many tumours of this kind would seldom settle it."
    return f"{times} times as many tumours of this kind would mostly settle it."


def reason_words(code: str, numbers: Mapping[str, float]) -> str:
    """Say why the data cannot tell.

    Args:
        code: Key of `REASONS`.
        numbers: `power_min`, the least share that is asked for.
    """
    said = REASONS[code]
    if code in ("low_power", "surroundings_unseen"):
        said = f"{said.removesuffix('.')} (less than {100 * numbers['power_min']:.0f}% power)."
    return said
