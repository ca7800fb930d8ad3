"""A cohort, all the way, in columns; over several processes or machines where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import UsageError
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import SCHEMA, as_text, conclude_cohort
from nenuphar.engine.frames import Frames, rows_of_frames
from nenuphar.engine.tabulated import tabulate
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods import components, several_specimens
from nenuphar.pipeline.case import (
    Assessment,
    assess_rows,
    plan_for_single_specimens,
    plan_of,
)
from nenuphar.pipeline.molecular.describe import describe_read
from nenuphar.pipeline.response import lesions
from nenuphar.pipeline.response.best import respond_frames
from nenuphar.pipeline.response.growth import grow_frames
from nenuphar.pipeline.timelines import describe as timelines
from nenuphar.pipeline.workers import pool_of


def conclude(frames: Frames, knowledge: KnowledgeBase | None = None) -> pl.DataFrame:
    """Run methods and rules on a cohort.

    Args:
        frames: Observed facts by scope, parents of every row present.
        knowledge: The knowledge base; the shipped one by default.

    Returns:
        Conclusions with the columns of `engine.cohort.SCHEMA`, facts in the order of the plan,
        rows in the order in which patients first appear.
    """
    kb = knowledge or load_knowledge()
    whole = described(frames, kb)
    several = whole[Scope.TUMOUR][several_specimens.SEVERAL].any()
    return conclude_cohort((plan_of if several else plan_for_single_specimens)(kb), whole)


def described(frames: Frames, knowledge: KnowledgeBase) -> Frames:
    """Order a cohort by patients and add the facts that methods compute."""
    ordered = several_specimens.describe_frames(components.describe_frames(by_patient(frames)))
    timed = timelines.describe_frames(lesions.describe_frames(ordered), knowledge)
    return grow_frames(respond_frames(timed, knowledge), knowledge)


def conclude_each(
    frames: Frames, knowledge: KnowledgeBase, as_of: str = ""
) -> tuple[pl.DataFrame, dict[str, Assessment]]:
    """Run methods and rules on patients one after the other, which keeps every reason.

    The conclusions are those of `conclude`. For a handful of patients this is faster: columns cost
    about a second before the first of them is decided.

    Returns:
        The conclusions, and the assessment of every patient.
    """
    patients = rows_of_frames(by_patient(frames), knowledge)
    assessed = {
        patient: assess_rows(patient, rows, knowledge, as_of) for patient, rows in patients.items()
    }
    pairs = ((one.rows, one.conclusions) for one in assessed.values())
    return tabulate(plan_of(knowledge), pairs), assessed


def assess_cohort(
    source: str | Path, *, mapping: str = "", workers: int = 1, scheduler: str = ""
) -> pl.LazyFrame:
    """Read a cohort and conclude what can be concluded about it.

    Args:
        source: A folder of cases, a cBioPortal study (folder or file of samples) or a table.
        mapping: For tables: a mapping file or the name of a shipped mapping.
        workers: Processes to share the work.
        scheduler: Address of a Dask scheduler to run on instead.

    Returns:
        Conclusions, columns as in `conclusions.parquet`.
    """
    knowledge = load_knowledge()
    read = describe_read(read_input(Path(source), knowledge, mapping), knowledge)
    return as_text(conclude_in_parts(read.frames, workers, scheduler).lazy())


def by_patient(frames: Frames) -> Frames:
    """Order the rows of every frame by patients, in the order in which these first appear."""
    order = frames[Scope.PATIENT].select("patient_id").with_row_index("_order")
    ordered: Frames = {}
    for scope, frame in frames.items():
        ranked = frame.join(order, on="patient_id", how="left", maintain_order="left")
        if not ranked["_order"].is_sorted():
            ranked = ranked.sort("_order", maintain_order=True)
        ordered[scope] = ranked.drop("_order")
    return ordered


def conclude_in_parts(
    frames: Frames, workers: int = 1, scheduler: str = "", pool: Executor | None = None
) -> pl.DataFrame:
    """Run methods and rules on parts of a cohort side by side; the result is the same.

    Args:
        frames: Observed facts by scope.
        workers: Number of processes; 1 runs in this one, whose library uses all cores anyway.
        scheduler: Address of a Dask scheduler (`tcp://host:8786`) to run the parts on instead.
        pool: Processes that are there already, for this and for what comes after it.

    Raises:
        UsageError: A scheduler is named, but Dask is not installed; or fewer workers than one.
    """
    if workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    if workers == 1 and not scheduler:
        return conclude(frames)
    parts = split_patients(frames, max(workers, 2))
    results = _on_dask(parts, scheduler) if scheduler else _in_processes(parts, workers, pool)
    return _joined(results, plan_of(load_knowledge()).listed)


def split_patients(frames: Frames, parts: int) -> list[Frames]:
    """Cut a cohort into parts of whole patients, in order."""
    ordered = by_patient(frames)
    patients = ordered[Scope.PATIENT]["patient_id"]
    size = max(-(-patients.len() // parts), 1)
    cut: list[Frames] = []
    for start in range(0, patients.len(), size):
        chosen = patients.slice(start, size).implode()
        cut.append(
            {
                scope: frame.filter(pl.col("patient_id").is_in(chosen))
                for scope, frame in ordered.items()
            }
        )
    return cut


def _in_processes(
    parts: Sequence[Frames], workers: int, pool: Executor | None
) -> list[pl.DataFrame]:
    if pool is not None:
        return list(pool.map(conclude, parts))
    with pool_of(max(workers, 2)) as own:
        return list(own.map(conclude, parts)) if own else [conclude(part) for part in parts]


def _on_dask(parts: Sequence[Frames], scheduler: str) -> list[pl.DataFrame]:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--scheduler needs Dask; install it with `pip install nenuphar[dask]`"
        ) from error
    run: Callable[[Frames], pl.DataFrame] = partial(conclude)
    with Client(scheduler, set_as_default=False) as client:
        return list(client.gather(client.map(run, parts, pure=False)))


def _joined(results: Iterable[pl.DataFrame], facts: Iterable[str]) -> pl.DataFrame:
    """Put parts back together: facts in the order of the plan, parts in order within each.

    A fact that goes unlisted where nothing is known may be absent from any of the parts.
    """
    tables = list(results)
    if not tables:
        return pl.DataFrame(schema=SCHEMA)
    rank = {fact: number for number, fact in enumerate(facts)}
    whole = pl.concat(tables)
    order = pl.col("fact").replace_strict(rank, return_dtype=pl.Int32)
    return whole.sort(order, maintain_order=True)
