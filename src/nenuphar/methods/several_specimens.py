"""Marks tumours with several specimens, so that what compares these is listed although open.

Nothing is written for the many tumours with one specimen: there is nothing to compare, and nothing
to list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin, Row
from nenuphar.domain.scope import Scope

if TYPE_CHECKING:
    import polars as pl

METHOD = "method.several_specimens"
SEVERAL = "tumour.several_specimens"


def describe_rows(rows: Mapping[Scope, list[Row]]) -> None:
    """Mark the tumours of one patient, in place.

    Args:
        rows: Rows by scope; several assessors of one specimen are one specimen.
    """
    for tumour in rows[Scope.TUMOUR]:
        own = {row.key for row in rows[Scope.SPECIMEN] if row.key[:2] == tumour.key}
        if len(own) > 1:
            tumour.values[SEVERAL] = True
            tumour.origins[SEVERAL] = Origin(METHOD)


def describe_frames(frames: Mapping[Scope, pl.DataFrame]) -> dict[Scope, pl.DataFrame]:
    """Mark the tumours of a cohort; the same as `describe_rows`, in columns.

    Args:
        frames: Observed facts by scope.

    Returns:
        The frames, the tumours with `tumour.several_specimens`, null where there is one specimen.
    """
    import polars as pl

    tumours, specimens = frames[Scope.TUMOUR], frames[Scope.SPECIMEN]
    keys = list(Scope.TUMOUR.keys)
    counted = specimens.group_by(keys).agg(pl.col("specimen_id").n_unique().alias("_n"))
    marked = tumours.join(counted, on=keys, how="left", maintain_order="left").with_columns(
        pl.when(pl.col("_n") > 1).then(pl.lit(value=True)).alias(SEVERAL)
    )
    return {**frames, Scope.TUMOUR: marked.drop("_n")}
