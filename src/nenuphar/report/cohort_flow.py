"""What a cohort page shows of sites and of reported diagnoses: two tables and a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.report.cohort_tables import ENTITY, GRADE, NO_VALUE, READING
from nenuphar.report.flow import Flow, flow_figure, gather
from nenuphar.report.words import Words

_SITE, _REPORTED = "tumour.site", "diagnosis.reported"
_NO_NEN = "not_nen"
_TUMOUR = ("patient_id", "tumour_id")


def entity_by_site_and_grade(
    table: pl.DataFrame, frames: Mapping[Scope, pl.DataFrame], limit: int = 80
) -> tuple[list[tuple[str, str, str, int]], int]:
    """Count readings by site, entity and grade.

    Args:
        table: Calls, see `cohort_tables.calls`.
        frames: Observed facts; the site is read from the frame of tumours.
        limit: Lines returned.

    Returns:
        Site, entity, grade and count, most frequent sites first, what nobody can tell last within
        its site; and the number of lines there are. Nothing where no site is on record.
    """
    tumours = frames.get(Scope.TUMOUR)
    if (
        tumours is None
        or _SITE not in tumours.columns
        or tumours[_SITE].null_count() == len(tumours)
    ):
        return [], 0
    sites = tumours.select(*_TUMOUR, pl.col(_SITE).alias("site"))
    placed = table.join(sites, on=_TUMOUR, how="left").with_columns(
        pl.col("site").fill_null(NO_VALUE)
    )
    counted = placed.group_by("site", "entity", "grade").len("n")
    counted = counted.with_columns(
        pl.col("n").sum().over("site").alias("of_site"),
        (pl.col("site") == NO_VALUE).alias("no_site"),
        (pl.col("entity") == NO_VALUE).alias("no_entity"),
    ).sort(
        "no_site", "of_site", "site", "no_entity", "n", "entity", "grade",
        descending=[False, True, False, False, True, False, False],
    )  # fmt: skip
    lines = counted.select("site", "entity", "grade", "n").head(limit).rows()
    return lines, counted.height


def reclassified(
    table: pl.DataFrame, frames: Mapping[Scope, pl.DataFrame]
) -> list[tuple[str, str, int]]:
    """Count readings by reported diagnosis and concluded entity; empty where none is reported."""
    specimens = frames.get(Scope.SPECIMEN)
    if specimens is None or _REPORTED not in specimens.columns:
        return []
    reported = specimens.select(
        *(pl.col(name).fill_null("") for name in READING),
        pl.col(_REPORTED).alias("reported"),
    ).drop_nulls("reported")
    joined = table.join(reported, on=READING, how="inner")
    counted = joined.group_by("reported", "entity").len("n")
    return counted.sort("n", "reported", "entity", descending=[True, False, False]).rows()


def site_lines(
    table: pl.DataFrame, frames: Mapping[Scope, pl.DataFrame], words: Words
) -> dict[str, Any]:
    """Return the lines of entity by site and grade in words, and how many there are."""
    lines, there_are = entity_by_site_and_grade(table, frames)
    named = [
        (
            words.value(_SITE, site) or "Not stated",
            words.value(ENTITY, entity) or "Cannot be told",
            words.value(GRADE, grade) or "no grade",
            n,
        )
        for site, entity, grade, n in lines
    ]
    return {"lines": named, "there_are": there_are}


def reclassification(
    table: pl.DataFrame, frames: Mapping[Scope, pl.DataFrame], words: Words
) -> dict[str, Any]:
    """Draw the flow from reported to harmonised diagnoses.

    Returns:
        `figure`, None where no diagnosis is reported, and `left_out`: readings of tumours that are
        no neuroendocrine neoplasm before and after, which would hide the others.
    """
    counted = reclassified(table, frames)
    left_out = sum(n for reported, entity, n in counted if reported == entity == _NO_NEN)
    flows = [
        Flow(words.value(_REPORTED, reported), words.value(ENTITY, entity) or "Cannot be told", n)
        for reported, entity, n in counted
        if not reported == entity == _NO_NEN
    ]
    figure = flow_figure(gather(flows), "As reported", "Harmonised")
    return {"figure": figure, "left_out": left_out}
