"""All lung rules over a simulated cohort, against the same rules written by hand in Polars.

Both read the same frames and give the same output, compared cell by cell before anything is timed:
the entity of 2021 with its status, what is missing and its cautions. The engine gives alternatives
and rules besides. A second figure times everything that it concludes, in both editions.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import polars as pl

from benchmarks.handwritten_lung import classify
from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.explain import explain
from nenuphar.engine.frames import Frames, rows_of_frames
from nenuphar.io.mapped import apply_mapping
from nenuphar.io.mapping import load_mapping
from nenuphar.io.result import InputFile
from nenuphar.io.tables import Table
from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods import components
from nenuphar.pipeline.case import plan_of
from nenuphar.simulate.cohort import simulate_cohort

COMPARED = ["value", "status", "missing", "cautions"]


def run(cases: int = 1_000_000, repeats: int = 3) -> list[dict[str, object]]:
    """Measure; every figure is a ratio within this run.

    Args:
        cases: Size of the simulated cohort.
        repeats: Runs of each side; the best counts.

    Raises:
        RuntimeError: Both sides do not give the same output.
    """
    knowledge = load_knowledge()
    plan = plan_of(knowledge)
    frames = simulated_frames(cases)
    tumours, specimens = frames[Scope.TUMOUR], frames[Scope.SPECIMEN]
    by_hand = classify(tumours, specimens)
    entity, edition = "tumour.entity", "who_thoracic_2021"
    # What the report comes to in today's terms is a fact of its own, which entity rules read.
    needed = tuple(fact for fact in plan.order if fact in ("tumour.harmonised", entity))
    said = tuple(c for c in plan.cautions[entity] if c.id.startswith("lung."))
    same = replace(
        plan,
        edition=edition,
        order=needed,
        cautions={entity: said},
        measured={},
        crosswalks={},
        listings={},
    )
    concluded = conclude_cohort(same, frames).filter(pl.col("fact") == entity).select(COMPARED)
    if not concluded.equals(by_hand.select(COMPARED), null_equal=True):
        raise RuntimeError("the engine and the hand-written rules differ")
    whole = best(lambda: conclude_cohort(plan, frames), repeats)
    ours = best(lambda: conclude_cohort(same, frames), repeats)
    theirs = best(lambda: classify(tumours, specimens), repeats)
    few = {scope: frame.head(200) for scope, frame in frames.items()}
    rows = list(rows_of_frames(few, knowledge).values())
    each = best(lambda: [explain(plan, own, Stamp("", "", "")) for own in rows], 1) / len(rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return [
        {
            "name": f"lung rules, {cases:,} cases in columns",
            "ours_s": ours,
            "peer": "hand-written Polars, identical output",
            "peer_s": theirs,
            "ratio": ours / theirs,
            "bound": "<= 3",
        },
        {
            "name": f"every lung fact in both editions, {cases:,} cases",
            "ours_s": whole,
            "peer": "the entity of one edition, hand-written",
            "peer_s": theirs,
            "ratio": whole / theirs,
        },
        {
            "name": "explain, per case",
            "ours_s": whole / cases,
            "peer": "explain of one case",
            "peer_s": each,
            "ratio": each / (whole / cases),
            "bound": ">= 100",
        },
        {"name": "peak memory of this process, GiB", "ratio": peak, "bound": "< 4"},
    ]


def simulated_frames(cases: int) -> Frames:
    """Return the frames of a simulated cohort, read through its shipped mapping."""
    knowledge = load_knowledge()
    records = simulate_cohort(cases, seed=1).records
    lines = pl.int_range(2, cases + 2, eager=True)
    table = Table(InputFile("cohort.csv", "", 0), records, lines, frozenset(), ())
    read = apply_mapping(table, load_mapping("simulated", knowledge), knowledge)
    return components.describe_frames(read.frames)


def best(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest of several runs, seconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)
