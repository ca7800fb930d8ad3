"""Draw a plausible lung cohort whose truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nenuphar.simulate.parameters import (
    BIOPSY,
    CENSORED,
    FOLLOW_UP_MONTHS,
    LUNG,
    MISREPORTED,
    MISSING,
    EntityParameters,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NECROSIS = np.array(["absent", "focal", "extensive"])


@dataclass(frozen=True)
class SimulatedCohort:
    """A drawn cohort.

    Attributes:
        records: What a hospital would hand over, one row a patient, all text, some of it missing.
        truth: The entity that each patient was drawn from, columns `patient_id`, `entity`.
    """

    records: pl.DataFrame
    truth: pl.DataFrame


def simulate_cohort(patients: int, seed: int = 0) -> SimulatedCohort:
    """Draw a cohort; the same seed gives the same cohort.

    Args:
        patients: How many, at least 1.
        seed: Seed of the generator.

    Raises:
        ValueError: Fewer than one patient.
    """
    if patients < 1:
        raise ValueError(f"a cohort needs at least one patient, not {patients}")
    rng = np.random.default_rng(seed)
    names = np.array(list(LUNG))
    shares = np.array([LUNG[name].share for name in names])
    drawn = rng.choice(len(names), patients, p=shares / shares.sum())
    width = len(str(patients))
    ids = pl.int_range(1, patients + 1, eager=True).cast(pl.String).str.zfill(width)
    columns = {"patient_id": "SIM-" + ids, "site": pl.Series(["lung"] * patients)}
    columns |= _draw(drawn, names, rng)
    records = pl.DataFrame(columns).select(_thinned(columns, rng, patients))
    truth = pl.DataFrame({"patient_id": columns["patient_id"], "entity": names[drawn]})
    return SimulatedCohort(records, truth)


def _draw(
    drawn: NDArray[np.int64], names: NDArray[np.str_], rng: np.random.Generator
) -> dict[str, pl.Series]:
    n = len(drawn)
    parts: dict[str, NDArray[np.object_]] = {
        name: np.empty(n, dtype=object)
        for name in ("morphology", "mitoses", "ki67", "necrosis", "size_mm", "os_months")
    }
    dead = np.zeros(n, dtype=bool)
    for number, name in enumerate(names):
        rows = np.flatnonzero(drawn == number)
        entity = LUNG[str(name)]
        parts["morphology"][rows] = entity.morphology
        low, high = entity.mitoses_range
        parts["mitoses"][rows] = rng.integers(low, high + 1, len(rows)).astype(str)
        parts["ki67"][rows] = _ki67_text(entity, len(rows), rng)
        parts["necrosis"][rows] = rng.choice(_NECROSIS, len(rows), p=entity.necrosis)
        sizes = rng.uniform(*entity.size, len(rows))
        parts["size_mm"][rows] = np.round(sizes, 1).astype(str)
        months, died = _survival(entity, len(rows), rng)
        parts["os_months"][rows] = np.round(months, 1).astype(str)
        dead[rows] = died
    told = np.where(rng.random(n) < MISREPORTED, rng.integers(0, len(names), n), drawn)
    columns = {name: pl.Series(values, dtype=pl.String) for name, values in parts.items()}
    biopsied = rng.random(n) < BIOPSY
    return columns | {
        "procedure": pl.Series(np.where(biopsied, "biopsy", "resection")),
        "sample": pl.Series(["primary"] * n),
        "diagnosis": pl.Series(names[told]),
        "status": pl.Series(np.where(dead, "dead", "alive")),
    }


def _ki67_text(entity: EntityParameters, n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw indices between the usual ends, some of them written as bounds or ranges."""
    low, high = (math.log(max(end, 0.1)) for end in entity.ki67)
    index = np.round(np.exp(rng.uniform(low, high, n)), 1)
    text = index.astype(str).astype(object)
    rough = rng.random(n) < CENSORED
    floor = (index // 10 * 10).astype(int)
    small = rough & (index < 1)
    text[small] = "<1"
    wide = rough & (index >= 10)
    text[wide] = [f"{end}-{end + 10}" for end in floor[wide]]
    return text


def _survival(
    entity: EntityParameters, n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw exponential survival with the stated five-year share, censored by the follow-up."""
    rate = -math.log(entity.five_year_survival) / 60
    death = rng.exponential(1 / rate, n)
    end = rng.uniform(*FOLLOW_UP_MONTHS, n)
    return np.minimum(death, end), death <= end


def _thinned(columns: dict[str, pl.Series], rng: np.random.Generator, n: int) -> list[pl.Series]:
    """Leave out some values, as records do."""
    kept = []
    for name, series in columns.items():
        if name in MISSING:
            there = pl.Series(rng.random(n) >= MISSING[name])
            empty = pl.Series([""]).new_from_index(0, n)
            series = series.zip_with(there, empty)  # noqa: PLW2901
        kept.append(series.alias(name))
    return kept
