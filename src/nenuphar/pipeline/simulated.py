"""Write a simulated cohort, assess it, and hold the result against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.job import Progress, run_job
from nenuphar.simulate.cohort import simulate_cohort
from nenuphar.simulate.digestive_2010 import simulate_digestive_2010

KINDS = {
    "lung": (simulate_cohort, "simulated"),
    "digestive-2010": (simulate_digestive_2010, "simulated-2010"),
}
"""What can be drawn: how, and the shipped mapping that reads it."""


def write_simulated(patients: int, seed: int, out: Path, kind: str = "lung") -> tuple[Path, str]:
    """Draw a cohort and write `cohort.csv` and `truth.csv`.

    Args:
        patients: How many to draw.
        seed: Seed of the simulation.
        out: Folder for the files; made if it does not exist.
        kind: Which of `KINDS`.

    Returns:
        Path of `cohort.csv`, and the name of the mapping that reads it.
    """
    draw, mapping = KINDS[kind]
    cohort = draw(patients, seed)
    out.mkdir(parents=True, exist_ok=True)
    for name, table in (("cohort", cohort.records), ("truth", cohort.truth)):
        partial = out / f".{name}.csv.partial"
        table.write_csv(partial)
        partial.replace(out / f"{name}.csv")
    return out / "cohort.csv", mapping


@dataclass(frozen=True)
class DemoResult:
    """How often the demonstration was right.

    Attributes:
        called: Patients with a met or provisional entity.
        right: Those whose entity is the truth or lies above it.
    """

    called: int
    right: int


def run_demo(
    patients: int,
    out: Path,
    seed: int = 7,
    workers: int | None = 1,
    progress: Progress = lambda step, done, of: None,
) -> DemoResult:
    """Simulate, assess and compare.

    Args:
        patients: How many to draw.
        out: Folder for the results of `assess`.
        seed: Seed of the simulation.
        workers: See `pipeline.job.run_job`.
        progress: See there.
    """
    with TemporaryDirectory() as folder:
        cohort, mapping = write_simulated(patients, seed, Path(folder))
        run_job(cohort, out, mapping=mapping, workers=workers, progress=progress)
        truth = pl.read_csv(Path(folder) / "truth.csv")
    conclusions = pl.read_parquet(out / "conclusions.parquet")
    called = conclusions.filter(
        (pl.col("fact") == "tumour.entity") & pl.col("status").is_in(["met", "provisional"])
    ).join(truth, on="patient_id")
    hierarchy = load_knowledge().hierarchies["tumour_entity"]
    right = sum(
        hierarchy.is_a(true, found) is Truth.MET
        for found, true in called.select("value", "entity").iter_rows()
    )
    return DemoResult(called.height, right)
