"""What a cohort page counts, worked out in columns so that a million rows stay a small page."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nenuphar.domain.problems import Problem

ENTITY, GRADE, FAMILY = "tumour.entity", "tumour.grade", "tumour.family"
STATUSES = ("met", "provisional", "conflict", "undetermined")
SPECIMEN = ("patient_id", "tumour_id", "specimen_id")
READING = (*SPECIMEN, "assessor")
NO_VALUE = ""

_NO_NEN = "not_nen"
_FLAGGED_FIRST = {"conflict": 0, "undetermined": 1, "provisional": 2, "met": 3}


def calls(conclusions: pl.DataFrame) -> pl.DataFrame:
    """Return the call of every reading of a specimen.

    Args:
        conclusions: With `engine.cohort.SCHEMA`.

    Returns:
        One row for each specimen and assessor, in the order of the conclusions: `READING`,
        `entity`, `status`, `alternatives`, `missing`, `cautions`, `grade`, `family`; values that
        nobody can tell are empty.
    """
    own = conclusions.filter((pl.col("specimen_id") != "") & (pl.col("component") == ""))
    entity = own.filter(pl.col("fact") == ENTITY).select(
        *READING,
        pl.col("value").fill_null(NO_VALUE).alias("entity"),
        "status",
        "alternatives",
        "missing",
        "cautions",
    )
    for fact, name in ((GRADE, "grade"), (FAMILY, "family")):
        other = own.filter(pl.col("fact") == fact)
        value = other.select(*READING, pl.col("value").fill_null(NO_VALUE).alias(name))
        entity = entity.join(value, on=READING, how="left", maintain_order="left")
    return entity.with_columns(pl.col("grade", "family").fill_null(NO_VALUE))


def status_counts(table: pl.DataFrame) -> list[tuple[str, int, float]]:
    """Return every status with its count and its share in percent."""
    counts = dict(table["status"].value_counts().iter_rows())
    total = max(table.height, 1)
    return [(name, counts.get(name, 0), 100 * counts.get(name, 0) / total) for name in STATUSES]


def open_data(table: pl.DataFrame, limit: int = 12) -> list[tuple[str, int, int]]:
    """Return what is missing most often: fact, open calls that name it, and those it would settle.

    A fact alone settles a call if nothing else is missing there.
    """
    still_open = table.filter((pl.col("status") != "met") & (pl.col("missing") != ""))
    counted = (
        still_open.group_by("missing")
        .len("n")
        .with_columns(pl.col("missing").cast(pl.String).str.split(";").alias("fact"))
        .with_columns((pl.col("fact").list.len() == 1).alias("alone"))
        .explode("fact")
        .group_by("fact")
        .agg(pl.col("n").sum(), (pl.col("n") * pl.col("alone")).sum().alias("alone"))
        .sort("n", "alone", "fact", descending=[True, True, False])
    )
    return counted.head(limit).rows()


def caution_counts(table: pl.DataFrame) -> list[tuple[str, int]]:
    """Return the cautions that were said of entities, with the number of calls."""
    counted = (
        table.filter(pl.col("cautions") != "")
        .group_by("cautions")
        .len("n")
        .with_columns(pl.col("cautions").cast(pl.String).str.split(";"))
        .explode("cautions")
        .group_by("cautions")
        .agg(pl.col("n").sum())
        .sort("n", "cautions", descending=[True, False])
    )
    return counted.rows()


def conflicts(conclusions: pl.DataFrame, limit: int = 100) -> tuple[int, list[dict[str, object]]]:
    """Return the number of conflicts, and the first of them."""
    found = conclusions.filter(pl.col("status") == "conflict")
    columns = (*READING, "component", "fact", "value", "alternatives", "rule_id")
    return found.height, found.select(columns).head(limit).to_dicts()


def specimen_lines(table: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Return one line for each specimen, those to look at first; at most `limit`.

    Returns:
        `SPECIMEN`, `site`, `entities`, `grades` and `statuses` (lists, one item for each assessor)
        and `differs` (assessors come to different entities). What is no neuroendocrine neoplasm
        comes last.
    """
    rank = pl.col("status").replace_strict(_FLAGGED_FIRST, return_dtype=pl.Int8)
    ranked = table.with_columns(rank.alias("rank"), pl.col("status").cast(pl.String))
    return (
        ranked.lazy()
        .group_by(SPECIMEN, maintain_order=True)
        .agg(
            pl.col("site").first(),
            pl.col("entity").alias("entities"),
            pl.col("grade").alias("grades"),
            pl.col("status").alias("statuses"),
            (pl.col("entity").n_unique() > 1).alias("differs"),
            pl.col("rank").min(),
            (pl.col("entity") == _NO_NEN).all().alias("other"),
        )
        .sort(pl.col("differs").not_(), "other", "rank", maintain_order=True)
        .head(limit)
        .drop("rank", "other")
        .collect()
    )


def problem_groups(
    problems: Sequence[Problem], limit: int = 40
) -> list[tuple[str, str, str, int, int, Problem]]:
    """Group problems that say the same: column, reason, fix, values, records, and an example."""
    grouped: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        grouped.setdefault((problem.column, problem.reason, problem.fix), []).append(problem)
    ordered = sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        (*key, len(own), sum(problem.rejected for problem in own), min(own))
        for key, own in ordered[:limit]
    ]
