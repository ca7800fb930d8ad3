"""What a specimen is made of: its histological components as one fact, and their morphology.

A specimen described only by its components has the morphology of its only component, or is
`combined`; a morphology that somebody stated is never overwritten.

Source: WHO Classification of Tumours, Thoracic Tumours, 5th edition (2021), combined carcinomas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin, Row, show_value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope

if TYPE_CHECKING:
    import polars as pl

METHOD = "method.components"
MORPHOLOGY, COMPONENTS = "pathology.morphology", "tumour.components"
_PART, _SHARE = "component.morphology", "component.percent"


def describe_rows(rows: Mapping[Scope, list[Row]]) -> None:
    """Add the facts to the specimen rows of one patient, in place.

    Args:
        rows: Rows by scope; components carry `component.morphology` and `component.percent` (%).
            A specimen without components is one component of its own morphology; without either,
            nothing is added.
    """
    for specimen in rows[Scope.SPECIMEN]:
        own = [
            row
            for row in rows[Scope.COMPONENT]
            if row.key[:3] == specimen.key and row.assessor == specimen.assessor
        ]
        parts = [(row.values.get(_PART), row.values.get(_SHARE)) for row in own]
        known = [(str(part), share) for part, share in parts if part is not None]
        if MORPHOLOGY not in specimen.values and known and len(known) == len(own):
            names = {part for part, _ in known}
            specimen.values[MORPHOLOGY] = names.pop() if len(names) == 1 else "combined"
            specimen.origins[MORPHOLOGY] = Origin(METHOD, "from the components")
        if not known and MORPHOLOGY in specimen.values:
            known = [(str(specimen.values[MORPHOLOGY]), None)]
        if known:
            specimen.values[COMPONENTS] = ";".join(sorted(map(_shown, known)))
            specimen.origins[COMPONENTS] = Origin(METHOD)


def _shown(part: tuple[str, object]) -> str:
    name, share = part
    return f"{name} {show_value(share)}" if isinstance(share, Interval) else name


def describe_frames(frames: Mapping[Scope, pl.DataFrame]) -> dict[Scope, pl.DataFrame]:
    """Add the facts to the specimen frame of a cohort; the same as `describe_rows`, in columns.

    Args:
        frames: Observed facts by scope, shape (rows of the scope, facts).

    Returns:
        The frames, those of the specimen scope with `pathology.morphology` filled in and
        `tumour.components` added; null where nothing is known.
    """
    import polars as pl

    specimens = frames[Scope.SPECIMEN]
    components = frames[Scope.COMPONENT]
    if MORPHOLOGY not in specimens.columns:
        specimens = specimens.with_columns(pl.lit(None, dtype=pl.String).alias(MORPHOLOGY))
    if components.is_empty() or _PART not in components.columns:
        described = specimens.with_columns(pl.col(MORPHOLOGY).alias(COMPONENTS))
        return {**frames, Scope.SPECIMEN: described}
    keys = [*Scope.SPECIMEN.keys, "assessor"]
    part = pl.col(_PART)
    summary = (
        _with_shares(components)
        .group_by(keys)
        .agg(
            pl.when(part.is_null().any())
            .then(None)
            .when(part.n_unique() == 1)
            .then(part.first())
            .otherwise(pl.lit("combined"))
            .alias("_morphology"),
            pl.col("_shown").drop_nulls().sort().str.join(";").alias("_components"),
        )
    )
    found = specimens.join(summary, on=keys, how="left", maintain_order="left")
    found = found.with_columns(pl.coalesce(MORPHOLOGY, "_morphology").alias(MORPHOLOGY))
    listed = pl.when(pl.col("_components") != "").then("_components")
    described = found.with_columns(pl.coalesce(listed, MORPHOLOGY).alias(COMPONENTS))
    return {**frames, Scope.SPECIMEN: described.drop("_morphology", "_components")}


def _with_shares(components: pl.DataFrame) -> pl.DataFrame:
    """Add every component as it is shown, `small_cell 60%`, null where its kind is not known."""
    import polars as pl

    part = pl.col(_PART)
    if f"{_SHARE}.lo" not in components.columns:
        return components.with_columns(part.alias("_shown"))
    ends = components.select(f"{_SHARE}.{end}" for end in ("lo", "hi", "lo_open", "hi_open"))
    shares = [_share_text(*row) for row in ends.iter_rows()]
    text = pl.Series("_share", shares, dtype=pl.String)
    whole = pl.concat_str([part, text], separator=" ", ignore_nulls=True)
    return components.with_columns(pl.when(part.is_not_null()).then(whole).alias("_shown"))


def _share_text(
    lo: float | None, hi: float | None, lo_open: bool | None, hi_open: bool | None
) -> str | None:
    if lo is None or hi is None:
        return None
    return str(Interval(lo, hi, bool(lo_open), bool(hi_open), "percent"))
