"""How many subjects each phenotype holds when the cut-offs of its definition move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.pipeline.resistance import RANGE_SET, RAPID, SETS, phenotypes

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
        lines: Described lines, see `pipeline.resistance.read_timelines`.
        knowledge: The knowledge base; the shipped one by default.
        months: Cut-offs between primary and acquired resistance, in calendar months.
        weeks: Weeks of the window after the last dose, or of the least exposure.

    Returns:
        One row for each set that has such a cut-off, cell of the grid and phenotype, with the
        columns of `SENSITIVITY_SCHEMA`. An axis that a set does not have is null. `undetermined`
        counts those for whom no phenotype stands.
    """
    kb = knowledge or load_knowledge()
    tables = [counted for m in months for w in weeks for counted in _cell(lines, kb, m, w)]
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


def _cell(
    lines: pl.DataFrame, kb: KnowledgeBase, months: int, weeks: int
) -> Iterator[pl.DataFrame]:
    values = {"months": months, "weeks": weeks * DAYS_OF_A_WEEK}
    axes = {name: moved_thresholds(name, kb) for name in SETS}
    changed = {key: values[axis] for moved in axes.values() for key, axis in moved.items()}
    moved_kb = kb.with_records({**kb.raw[key], "value": v} for key, v in changed.items())
    found = phenotypes(lines, moved_kb)
    without = phenotypes(lines.with_columns(pl.lit(value=False).alias(RAPID)), moved_kb)
    for name, moved in axes.items():
        if not moved:
            continue
        counts = _counts(found, name, "subjects").join(
            _counts(without, name, "subjects_without_rapid"),
            on="phenotype",
            how="full",
            coalesce=True,
        )
        along = next((key for key, axis in moved.items() if axis == "weeks"), "")
        has_months = "months" in moved.values()
        yield counts.select(
            definition_set=pl.lit(name),
            cutoff_months=pl.lit(months if has_months else None, dtype=pl.Int64),
            weeks=pl.lit(weeks if along else None, dtype=pl.Int64),
            weeks_of=pl.lit(along.rsplit(".", 1)[-1]),
            phenotype="phenotype",
            subjects=pl.col("subjects").fill_null(0).cast(pl.Int64),
            subjects_without_rapid=pl.col("subjects_without_rapid").fill_null(0).cast(pl.Int64),
        )


def _counts(found: pl.DataFrame, definition_set: str, name: str) -> pl.DataFrame:
    own = found.filter(pl.col("definition_set") == _run_as(definition_set))
    return own.group_by(pl.col("phenotype").fill_null("undetermined")).len(name)
