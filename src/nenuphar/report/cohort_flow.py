"""What a cohort page shows of reported diagnoses: what they come to, as a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nenuphar.domain.scope import Scope
from nenuphar.report.cohort_tables import ENTITY, READING
from nenuphar.report.figures.flow import Flow, flow_figure, gather
from nenuphar.report.words import Words

_REPORTED = "diagnosis.reported"
_NO_NEN = "not_nen"


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
