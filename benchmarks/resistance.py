"""All resistance definitions over a large cohort, against one sort and group-by, and pandas.

The peers: one Polars sort and group-by over time points of the same subjects (ten each), which is
what reading a cohort's responses costs at least; and one of the ten sets written as a plain pandas
apply, on a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import polars as pl

from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.resistance.definition_sets import SETS
from nenuphar.pipeline.resistance.phenotypes import phenotypes
from nenuphar.pipeline.resistance.reading import described_lines

_SAMPLE = 5_000
_POINTS = 10


def run(subjects: int = 100_000, repeats: int = 2) -> list[dict[str, object]]:
    """Measure; every figure is a ratio within this run.

    Args:
        subjects: Size of the drawn cohort.
        repeats: Runs of each side; the best counts.

    Raises:
        RuntimeError: The pandas peer does not give the same phenotypes.
    """
    knowledge = load_knowledge()
    lines = drawn_lines(subjects)
    points = _points(subjects)
    sample = lines.head(_SAMPLE)
    _compare(sample)
    ours = _best(lambda: phenotypes(described_lines(lines, knowledge), knowledge), repeats)
    group_by = _best(lambda: _sort_and_group(points), repeats)
    described = described_lines(lines, knowledge)
    one_set = _best(lambda: phenotypes(described, knowledge, ("sitc_mono",)), repeats)
    by_pandas = _best(lambda: _by_pandas(sample), 1) * subjects / _SAMPLE
    return [
        {
            "name": f"all {len(SETS)} definition sets, {subjects:,} subjects",
            "peer": f"a Polars sort and group-by of {_POINTS} time points each",
            "ratio": ours / group_by,
            "seconds": ours,
            "bound": "<= 10",
        },
        {
            "name": f"one definition set, {subjects:,} subjects (times faster)",
            "peer": "pandas apply of the same rules",
            "ratio": by_pandas / one_set,
            "seconds": one_set,
            "bound": ">= 1",
        },
    ]


def drawn_lines(subjects: int, seed: int = 7) -> pl.DataFrame:
    """Draw complete lines of monotherapy in advanced disease; the same seed, the same lines."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2018-01-01") + rng.integers(0, 1500, subjects).astype("m8[D]")
    pd = start + rng.integers(20, 500, subjects).astype("m8[D]")
    last = np.maximum(pd - rng.integers(0, 120, subjects).astype("m8[D]"), start)
    scan = pd + rng.integers(14, 60, subjects).astype("m8[D]")
    dates = {"ici_start": start, "ici_last_dose": last, "pd_date": pd}
    dates |= {"pd_confirmed_date": scan, "last_assessment": scan}
    numbers = rng.integers(1, 12, subjects).astype(float)
    columns: dict[str, object] = {
        "patient_id": [f"S{i}" for i in range(subjects)],
        "line_id": ["1"] * subjects,
        "assessor": [""] * subjects,
        "date": [""] * subjects,
        "line.disease": ["sclc"] * subjects,
        "line.setting": ["advanced"] * subjects,
        "line.regimen_class": rng.choice(["ici_mono", "chemo_ici"], subjects),
        "line.best_response": rng.choice(["CR", "PR", "SD", "PD"], subjects),
        "line.response_confirmed": rng.random(subjects) < 0.7,
        "line.rapid_progression": rng.random(subjects) < 0.1,
        "line.cycles.lo": numbers,
        "line.cycles.hi": numbers,
    }
    columns |= {f"line.{name}.{end}": own for name, own in dates.items() for end in ("lo", "hi")}
    frame = pl.DataFrame(columns)
    closed = [pl.lit(value=False).alias(f"line.cycles.{end}_open") for end in ("lo", "hi")]
    return frame.with_columns(closed)


def _points(subjects: int) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    rows = subjects * _POINTS
    return pl.DataFrame(
        {
            "subject": rng.permutation(np.repeat(np.arange(subjects), _POINTS)),
            "day": rng.integers(0, 800, rows),
            "response": rng.choice(["CR", "PR", "SD", "PD"], rows),
        }
    )


def _sort_and_group(points: pl.DataFrame) -> pl.DataFrame:
    ordered = points.sort("subject", "day")
    return ordered.group_by("subject").agg(pl.col("response").first(), pl.col("day").max())


def _by_pandas(lines: pl.DataFrame) -> list[str]:
    import pandas as pd

    def one(row: pd.Series) -> str:
        start, last = row["line.ici_start.lo"], row["line.ici_last_dose.lo"]
        seen = row["line.pd_date.lo"]
        rapid = row["line.rapid_progression"]
        exposed = (min(last, seen) - start).days >= 42 or row["line.cycles.lo"] >= 2
        confirmed = (row["line.pd_confirmed_date.lo"] - seen).days >= 28
        if (seen - last).days > 84 or not (rapid or (exposed and confirmed)):
            return "not_evaluable"
        six = start + pd.DateOffset(months=6)
        best = row["line.best_response"]
        if best == "PD":
            return "primary" if min(last, seen) <= six else "indeterminate"
        if best == "SD":
            return "primary" if seen < six else "acquired"
        return "acquired" if row["line.response_confirmed"] else "indeterminate"

    mono = lines.filter(pl.col("line.regimen_class") == "ici_mono").to_pandas()
    return list(mono.apply(one, axis=1))


def _compare(lines: pl.DataFrame) -> None:
    found = phenotypes(described_lines(lines, load_knowledge()), sets=("sitc_mono",))
    if found.sort("row")["phenotype"].to_list() != _by_pandas(lines):
        raise RuntimeError("the definition set and its peer give other phenotypes")


def _best(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return min(times)
