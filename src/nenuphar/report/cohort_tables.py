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


def entity_by_grade(
    table: pl.DataFrame,
) -> tuple[list[str], list[tuple[str, list[int], int, int]]]:
    """Return the grades that occur, and for each entity its counts by grade, total and met ones."""
    counts = table.group_by("entity", "grade").agg(
        pl.len().alias("n"), (pl.col("status") == "met").sum().alias("met")
    )
    grades = sorted(counts["grade"].unique(), key=lambda grade: (grade == NO_VALUE, grade))
    rows = []
    for (entity,), own in counts.group_by("entity"):
        by_grade = dict(zip(own["grade"], own["n"], strict=True))
        line = [by_grade.get(grade, 0) for grade in grades]
        rows.append((str(entity), line, sum(line), int(own["met"].sum())))
    rows.sort(key=lambda row: (row[0] == NO_VALUE, -row[2], row[0]))
    return grades, rows


def open_data(table: pl.DataFrame, limit: int = 12) -> list[tuple[str, int, int]]:
    """Return what is missing most often: fact, open calls that name it, and those it would settle.

    A fact alone settles a call if nothing else is missing there.
    """
    still_open = table.filter((pl.col("status") != "met") & (pl.col("missing") != ""))
    counted = (
        still_open.group_by("missing")
        .len("n")
        .with_columns(pl.col("missing").str.split(";").alias("fact"))
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
        .with_columns(pl.col("cautions").str.split(";"))
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
        `SPECIMEN`, `entities`, `grades` and `statuses` (lists, one item for each assessor),
        `worst` (the status to look at first) and `differs` (assessors come to different entities).
    """
    rank = pl.col("status").replace_strict(_FLAGGED_FIRST, return_dtype=pl.Int8)
    ranked = table.with_columns(rank.alias("rank"), pl.col("status").cast(pl.String))
    chosen = (
        ranked.lazy()
        .group_by(SPECIMEN, maintain_order=True)
        .agg(pl.col("rank").min(), (pl.col("entity").n_unique() > 1).alias("differs"))
        .sort(pl.col("differs").not_(), "rank", maintain_order=True)
        .head(limit)
        .collect()
    )
    lists = (
        ranked.join(chosen.select(SPECIMEN), on=SPECIMEN, how="semi")
        .group_by(SPECIMEN, maintain_order=True)
        .agg(
            pl.col("entity").alias("entities"),
            pl.col("grade").alias("grades"),
            pl.col("status").alias("statuses"),
        )
    )
    names = {rank: name for name, rank in _FLAGGED_FIRST.items()}
    worst = pl.col("rank").replace_strict(names, return_dtype=pl.String).alias("worst")
    lined = chosen.join(lists, on=SPECIMEN, how="left", maintain_order="left")
    return lined.with_columns(worst).drop("rank")


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
