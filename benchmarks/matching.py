"""A million patient-trial pairs in columns, against the same criteria written by hand in Polars.

Both start from the same frames and the same concluded entities and grades, and give the eligibility
of every pair; Nenuphar also keeps every criterion apart and tells which answers are provisional.
The answers are compared before anything is timed.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import polars as pl

from benchmarks.handwritten_matching import match as match_by_hand
from nenuphar.domain.scope import Scope
from nenuphar.engine.columnar import CohortEvaluator
from nenuphar.engine.frames import Frames
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods import treatment_lines
from nenuphar.pipeline.case import plan_of
from nenuphar.pipeline.matching.cohort import match_decided
from nenuphar.pipeline.matching.trials import systemic_codes, trials_of

TRIALS = (
    "nct02939651", "nct02923934", "nct02834013", "nct04969887", "nct03591731",
    "nct03095274", "nct03136055", "nct04079712", "adriatic", "nct03147404",
)  # fmt: skip


def run(patients: int = 100_000, repeats: int = 5) -> list[dict[str, object]]:
    """Measure; the figure is a ratio within this run.

    Raises:
        RuntimeError: Both sides do not give the same eligibility.
    """
    kb = load_knowledge()
    plan = plan_of(kb)
    frames = treatment_lines.count_frames(cohort(patients, kb), systemic_codes(kb))
    decided = CohortEvaluator(plan, frames).run()
    by_name = {trial.id.split(".")[1]: trial for trial in trials_of(kb)}
    trials = [by_name[name] for name in TRIALS]

    def ours() -> pl.DataFrame:
        evaluator = CohortEvaluator(plan, frames)
        evaluator.decisions = decided
        return match_decided(evaluator, trials).eligibility()

    tables = _tables(frames, decided)

    def theirs() -> pl.DataFrame:
        return match_by_hand(*tables, kb.hierarchies)

    named = {trial.id: name for trial, name in zip(trials, TRIALS, strict=True)}
    if not ours().rename(named).equals(theirs(), null_equal=True):
        raise RuntimeError("the engine and the hand-written criteria differ")
    mine, other = _best(ours, repeats), _best(theirs, repeats)
    return [
        {
            "name": f"{patients * len(TRIALS):,} patient-trial pairs in columns",
            "ours_s": mine,
            "peer": "hand-written Polars, identical eligibility",
            "peer_s": other,
            "ratio": mine / other,
            "bound": "<= 5",
        }
    ]


def cohort(size: int, kb: KnowledgeBase) -> Frames:
    """Return a made-up cohort in which everything may be missing."""
    rng = np.random.default_rng(1)

    def codes(values: list[str], n: int) -> pl.Series:
        return pl.Series(rng.choice(np.array([*values, ""]), n)).replace({"": None})

    def bookkeeping(scope: Scope, keys: dict[str, pl.Series]) -> pl.DataFrame:
        frame = pl.DataFrame(keys).with_columns(assessor=pl.lit(""), date=pl.lit(""))
        dates = [pl.lit(None, dtype=pl.Date).alias(f"date_{end}") for end in ("lo", "hi")]
        return frame.with_columns(*dates, record=pl.lit("")).select(
            *scope.keys, "assessor", "date", "date_lo", "date_hi", "record"
        )

    def number(fact: str, values: pl.Series) -> dict[str, pl.Series]:
        flags = pl.Series([False]).new_from_index(0, values.len())
        parts = {"lo": values, "lo_open": flags, "hi": values, "hi_open": flags}
        return {f"{fact}.{part}": column.alias(f"{fact}.{part}") for part, column in parts.items()}

    ids = pl.int_range(size, eager=True).cast(pl.String)
    one = pl.Series(["1"]).new_from_index(0, size)
    keys = {"patient_id": ids, "tumour_id": one, "specimen_id": one}
    counts = pl.Series(rng.integers(0, 4, size).astype(float))
    counts = counts.scatter(rng.choice(size, size // 3, replace=False), None)
    ki67 = pl.Series(rng.integers(1, 90, size).astype(float))
    owners = pl.Series(np.sort(rng.integers(0, size, 2 * size))).cast(pl.String)
    numbers = pl.int_range(2 * size, eager=True).cast(pl.String)
    lines = {"patient_id": owners, "line_id": numbers}
    regimens = ["cisplatin_etoposide", "carboplatin", "chemotherapy", "lanreotide", "captem",
                "chemoradiotherapy"]  # fmt: skip
    frames = {
        scope: pl.DataFrame(schema={**dict.fromkeys(scope.keys, pl.String), "assessor": pl.String})
        for scope in Scope
    }
    frames[Scope.PATIENT] = bookkeeping(Scope.PATIENT, {"patient_id": ids}).with_columns(
        number("treatment.line_count", counts).values()
    )
    frames[Scope.TUMOUR] = bookkeeping(Scope.TUMOUR, keys).with_columns(
        codes(["lung", "pancreas", "rectum", "unknown_primary"], size).alias("tumour.site"),
        codes(["metastatic", "localised", "advanced"], size).alias("disease.extent"),
        codes(["limited", "extensive"], size).alias("disease.stage_sclc"),
    )
    frames[Scope.SPECIMEN] = bookkeeping(Scope.SPECIMEN, keys).with_columns(
        codes(["net", "nec", "sclc", "lcnec", "nen"], size).alias("diagnosis.reported"),
        codes(["carcinoid", "small_cell", "large_cell"], size).alias("pathology.morphology"),
        *number("pathology.ki67", ki67).values(),
    )
    frames[Scope.TREATMENT_LINE] = bookkeeping(Scope.TREATMENT_LINE, lines).with_columns(
        codes(regimens, 2 * size).alias("treatment.regimen"),
        pl.Series(rng.choice([1, 0, 2], 2 * size)).replace(2, None).cast(pl.Boolean)
        .alias("treatment.progressed"),
    )  # fmt: skip
    return frames


def _tables(frames: Frames, decided: object) -> tuple[pl.DataFrame, ...]:
    specimens, tumours = frames[Scope.SPECIMEN], frames[Scope.TUMOUR]
    columns = {}
    for fact in ("entity", "grade"):
        found = decided[f"tumour.{fact}"]  # type: ignore[index]
        table = pl.DataFrame({"v": found.primary.value, "s": found.primary.status})
        stands = pl.when(pl.col("s").is_in(["met", "provisional"])).then(pl.col("v"))
        columns[fact] = table.select(stands.alias("v"))["v"].gather(found.ids)
    patients = frames[Scope.PATIENT].select(
        "patient_id",
        pl.col("treatment.line_count.lo").alias("count_lo"),
        pl.col("treatment.line_count.hi").alias("count_hi"),
    )
    flat = pl.DataFrame(
        {
            "patient_id": specimens["patient_id"],
            **columns,
            "site": tumours["tumour.site"],
            "extent": tumours["disease.extent"],
            "stage_sclc": tumours["disease.stage_sclc"],
            "ki67_lo": specimens["pathology.ki67.lo"],
            "ki67_hi": specimens["pathology.ki67.hi"],
        }
    )
    lines = frames[Scope.TREATMENT_LINE].select(
        "patient_id",
        pl.col("treatment.regimen").alias("regimen"),
        pl.col("treatment.progressed").alias("progressed"),
    )
    return patients, flat, lines


def _best(work: object, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()  # type: ignore[operator]
        times.append(perf_counter() - start)
    return min(times)
