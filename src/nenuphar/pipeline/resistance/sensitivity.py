"""How many subjects each phenotype holds when the cut-offs of its definition move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.resistance.definition_sets import RANGE_SET, SETS
from nenuphar.pipeline.resistance.phenotypes import phenotypes, with_and_without_rapid

MONTHS = (3, 4, 5, 6)
WEEKS = (6, 7, 8, 9, 10, 11, 12)
DAYS_OF_A_WEEK = 7

_MOVED = (("cutoff", "months"), ("dose_window", "weeks"), ("exposure_min", "weeks"))
"""Thresholds that move, and along which axis; `exposure_min` only where there is no window."""

SENSITIVITY_SCHEMA: dict[str, pl.DataType] = {
    "definition_set": pl.String(),
    "cutoff_months": pl.Int64(),
    "weeks": pl.Int64(),
    "weeks_of": pl.String(),
    "phenotype": pl.String(),
    "subjects": pl.Int64(),
    "subjects_without_rapid": pl.Int64(),
    "subjects_possible": pl.Int64(),
}


def moved_thresholds(definition_set: str, knowledge: KnowledgeBase) -> dict[str, str]:
    """Return the thresholds of a set that the grid moves: axis by threshold id.

    The cut-off in months moves along one axis. Along the other moves the window after the last
    dose; in sets without one, the least exposure. The set whose cut-off is a range is run as the
    first of its single cut-offs.
    """
    found: dict[str, str] = {}
    for name, axis in _MOVED:
        key = f"resistance.{_run_as(definition_set)}.{name}"
        if name != "cutoff" and definition_set == RANGE_SET:
            key = f"resistance.{definition_set}.{name}"  # shared by its single cut-offs
        if key in knowledge.thresholds and axis not in found.values():
            found[key] = axis
    return found


def _run_as(definition_set: str) -> str:
    return f"{RANGE_SET}_4" if definition_set == RANGE_SET else definition_set


def sensitivity(
    lines: pl.DataFrame,
    knowledge: KnowledgeBase | None = None,
    *,
    months: Sequence[int] = MONTHS,
    weeks: Sequence[int] = WEEKS,
) -> pl.DataFrame:
    """Count phenotypes over a grid of cut-offs.

    Args:
        lines: Described lines, see `pipeline.resistance.reading.read_timelines`.
        knowledge: The knowledge base; the shipped one by default.
        months: Cut-offs between primary and acquired resistance, in calendar months.
        weeks: Weeks of the window after the last dose, or of the least exposure.

    Returns:
        One row for each set that has such a cut-off, cell of the grid and phenotype, with the
        columns of `SENSITIVITY_SCHEMA`. An axis that a set does not have is null. `undetermined`
        counts those for whom no phenotype stands; `subjects_possible` counts those who have a
        phenotype and those who could have it once what is missing is known.
    """
    kb = knowledge or load_knowledge()
    applying = _applying(lines, kb)
    tables: list[pl.DataFrame] = []
    for (m, w), sets in _cells(applying, kb, months, weeks).items():
        tables += _cell(lines, kb, m, w, sets)
    if not tables:
        return pl.DataFrame(schema=SENSITIVITY_SCHEMA)
    order = {name: number for number, name in enumerate(SETS)}
    return (
        pl.concat(tables)
        .unique(maintain_order=True)
        .sort(
            pl.col("definition_set").replace_strict(order),
            "cutoff_months",
            "weeks",
            "phenotype",
        )
    )


def _applying(lines: pl.DataFrame, kb: KnowledgeBase) -> list[str]:
    """Return the sets that apply to anybody; whether one applies does not rest on its cut-offs."""
    present = set(phenotypes(lines, kb)["definition_set"].unique())
    return [name for name in SETS if _run_as(name) in present]


def _cells(
    sets: Sequence[str], kb: KnowledgeBase, months: Sequence[int], weeks: Sequence[int]
) -> dict[tuple[int, int], list[str]]:
    """Return the cells of the grid with the sets to run there, each only where it differs."""
    cells: dict[tuple[int, int], list[str]] = {}
    for name in sets:
        axes = set(moved_thresholds(name, kb).values())
        for m in months if "months" in axes else months[:1]:
            for w in weeks if "weeks" in axes else weeks[:1]:
                if axes:
                    cells.setdefault((m, w), []).append(name)
    return cells


def _cell(
    lines: pl.DataFrame, kb: KnowledgeBase, months: int, weeks: int, sets: Sequence[str]
) -> Iterator[pl.DataFrame]:
    values = {"months": months, "weeks": weeks * DAYS_OF_A_WEEK}
    axes = {name: moved_thresholds(name, kb) for name in sets}
    changed = {key: values[axis] for moved in axes.values() for key, axis in moved.items()}
    moved_kb = kb.with_records({**kb.raw[key], "value": v} for key, v in changed.items())
    found, without = with_and_without_rapid(lines, moved_kb, sets)
    for name, moved in axes.items():
        counts = _counts(found, name, "subjects").join(
            _counts(without, name, "subjects_without_rapid"),
            on="phenotype",
            how="full",
            coalesce=True,
        )
        counts = counts.join(_open(found, name), on="phenotype", how="full", coalesce=True)
        along = next((key for key, axis in moved.items() if axis == "weeks"), "")
        has_months = "months" in moved.values()
        number = pl.col("subjects", "subjects_without_rapid", "open").fill_null(0).cast(pl.Int64)
        yield counts.with_columns(number).select(
            definition_set=pl.lit(name),
            cutoff_months=pl.lit(months if has_months else None, dtype=pl.Int64),
            weeks=pl.lit(weeks if along else None, dtype=pl.Int64),
            weeks_of=pl.lit(along.rsplit(".", 1)[-1]),
            phenotype="phenotype",
            subjects="subjects",
            subjects_without_rapid="subjects_without_rapid",
            subjects_possible=pl.col("subjects") + pl.col("open"),
        )


def _counts(found: pl.DataFrame, definition_set: str, name: str) -> pl.DataFrame:
    own = found.filter(pl.col("definition_set") == _run_as(definition_set))
    return own.group_by(pl.col("phenotype").fill_null("undetermined")).len(name)


def _open(found: pl.DataFrame, definition_set: str) -> pl.DataFrame:
    """Count those for whom no phenotype stands by each phenotype that they could have."""
    own = found.filter(
        (pl.col("definition_set") == _run_as(definition_set)) & pl.col("phenotype").is_null()
    )
    could = own.select(pl.col("could_be").str.split(";").alias("phenotype")).explode("phenotype")
    return could.filter(pl.col("phenotype") != "").group_by("phenotype").len("open")
