"""What a simulated lung cohort is drawn from, and where each figure comes from.

Survival follows the reviews: five-year survival above 90% for typical and about 60% for atypical
carcinoids (Fernandez-Cuesta 2025, Epidemiology), a median of 8 to 15 months for extensive small
cell carcinoma (Nie 2024, Introduction). Counts and Ki-67 keep to the ranges of Fernandez-Cuesta
2025, Table 1. Shares of the entities, of missing values and of misreported diagnoses are
assumptions: they make the demonstration varied, and they say nothing about any population.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EntityParameters:
    """What tumours of one entity look like.

    Attributes:
        share: Share of the cohort (assumption).
        morphology: Code of `pathology.morphology`.
        mitoses: Mean and extra spread of the count per 2 mm², drawn between `low` and `high`.
        mitoses_range: Least and greatest count, per 2 mm².
        ki67: Usual range of the index, percent.
        necrosis: Probabilities of absent, focal and extensive necrosis (assumption).
        size: Usual range of the diameter, mm (assumption).
        five_year_survival: Share alive after five years.
    """

    share: float
    morphology: str
    mitoses_range: tuple[int, int]
    ki67: tuple[float, float]
    necrosis: tuple[float, float, float]
    size: tuple[float, float]
    five_year_survival: float


LUNG = {
    "typical_carcinoid": EntityParameters(
        0.40, "carcinoid", (0, 1), (0.2, 5), (1, 0, 0), (5, 40), 0.92
    ),
    "atypical_carcinoid": EntityParameters(
        0.20, "carcinoid", (2, 10), (2, 20), (0.7, 0.3, 0), (8, 60), 0.60
    ),
    "carcinoid_elevated_proliferation": EntityParameters(
        0.04, "carcinoid", (11, 25), (15, 55), (0.5, 0.4, 0.1), (10, 70), 0.40
    ),
    "tumorlet": EntityParameters(0.02, "carcinoid", (0, 1), (0.2, 3), (1, 0, 0), (1, 4.9), 0.97),
    "lcnec": EntityParameters(
        0.12, "large_cell", (12, 90), (40, 80), (0.05, 0.15, 0.8), (12, 90), 0.25
    ),
    "sclc": EntityParameters(
        0.22, "small_cell", (20, 120), (50, 100), (0.05, 0.15, 0.8), (15, 110), 0.04
    ),
}
"""Entities of the simulated cohort."""

MISSING = {
    "mitoses": 0.12,
    "ki67": 0.20,
    "necrosis": 0.08,
    "size_mm": 0.15,
    "morphology": 0.06,
    "procedure": 0.10,
}
"""Share of values that a record leaves out, by column (assumption)."""

CENSORED = 0.10
"""Share of Ki-67 values written as a bound or a range (assumption)."""

MISREPORTED = 0.06
"""Share of reported diagnoses that differ from the truth (assumption)."""

BIOPSY = 0.25
"""Share of specimens that are biopsies (assumption)."""

FOLLOW_UP_MONTHS = (3.0, 120.0)
"""Shortest and longest follow-up, months (assumption)."""
