"""Copy number as it is drawn: stretches of one state along the chromosomes, as short text."""

from __future__ import annotations

import polars as pl

_KB = 1000


def drawn_profiles(states: pl.DataFrame) -> dict[str, str]:
    """Write the changed stretches of every sample.

    Neighbours of one state that lie within a megabase are joined, and what is then shorter than
    half a megabase is left out, as it could not be seen.

    Args:
        states: Output of `with_states`.

    Returns:
        By sample `18:18500-78077=loss;...`: chromosome, first and last kilobase, and `loss`,
        `gain`, `loh` or `gain_loh`; `none` where nothing is changed.
    """
    loh = pl.col("loh").fill_null(False)
    state = (
        pl.when(pl.col("lost").fill_null(False))
        .then(pl.lit("loss"))
        .when(pl.col("gained").fill_null(False) & loh)
        .then(pl.lit("gain_loh"))
        .when(pl.col("gained").fill_null(False))
        .then(pl.lit("gain"))
        .when(loh)
        .then(pl.lit("loh"))
        .otherwise(pl.lit("kept"))
    )
    ordered = states.with_columns(state=state).sort("sample", "chromosome", "start")
    near = pl.col("start") - pl.col("end").shift(1) < 1_000_000
    same = (pl.col("state") == pl.col("state").shift(1)) & near
    joined = (
        ordered.with_columns(run=(~same.over("sample", "chromosome").fill_null(False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("sample", "chromosome", "state", "start").first(),
            pl.col("end").max(),
        )
        .filter((pl.col("state") != "kept") & (pl.col("end") - pl.col("start") >= 500_000))
    )
    text = pl.format(
        "{}:{}-{}={}", "chromosome", pl.col("start") // _KB, pl.col("end") // _KB, "state"
    )
    found = joined.group_by("sample", maintain_order=True).agg(text.str.join(";").alias("text"))
    known = dict.fromkeys(states["sample"].unique(maintain_order=True).to_list(), "none")
    return known | dict(found.iter_rows())
