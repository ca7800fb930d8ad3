"""The words of the comparison of hypotheses: verdicts, reasons, notes, what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping

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
    "them."
)
"""What is said with every result."""

REASONS = {
    "no_cell_of_origin": "No feature of the cell of origin can be used.",
    "no_somatic_alterations": "No somatic alteration can be used.",
    "no_microenvironment": "No feature of the microenvironment can be used.",
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
    "open": "whether the microenvironment adds is open",
}
"""What is settled even where the whole is not."""


def verdict_words(name: str) -> str:
    """Say what the data favour; they cannot tell where the name is empty."""
    return f"The data favour {name}" if name else "Cannot tell"


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
