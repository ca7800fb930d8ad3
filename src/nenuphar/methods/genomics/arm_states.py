"""States of arms and chromosomes from the states of segments."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.terminology.genome import AUTOSOMES, arms


def autosomal_arms(genome: str = "hg19") -> list[str]:
    """Return the names of the arms that are judged, in the order of the chromosomes."""
    return [arm.name for arm in arms(genome) if arm.chromosome in AUTOSOMES]


def _fraction(state: str) -> pl.Expr:
    measured = pl.col(state).is_not_null()
    return pl.col("length").filter(pl.col(state)).sum() / pl.col("length").filter(measured).sum()


def region_states(segments: pl.DataFrame, cutoffs: Cutoffs, genome: str, by: str) -> pl.DataFrame:
    """Judge every arm, or every chromosome, of every sample.

    A region is lost (gained, LOH) if at least `arm.altered_min` of its measured length is, neutral
    if at most `arm.neutral_max` is any of them, partial in between, and unmeasured if less than
    `arm.measured_min` of it is covered. LOH without loss is `loh`; with more copies `gain_loh`.

    Args:
        segments: Output of `with_states`.
        cutoffs: The three named above; fractions.
        genome: `hg19` or `hg38`.
        by: `arm` or `chromosome`.

    Returns:
        sample, region, state, measured, lost, gained, loh (fractions; loh is null where alleles
        are not known); every region of every sample.

    Source:
        Taylor 2018, doi:10.1016/j.ccell.2018.03.007, for altered and neutral.
    """
    lengths = _lengths(genome, by)
    whole = segments.select("sample").unique(maintain_order=True).join(lengths, how="cross")
    found = segments.group_by("sample", pl.col(by).alias("region")).agg(
        covered=pl.col("length").sum(),
        lost=_fraction("lost"),
        gained=_fraction("gained"),
        loh=_fraction("loh"),
    )
    states = whole.join(
        found, on=["sample", "region"], how="left", maintain_order="left"
    ).with_columns(
        measured=(pl.col("covered").fill_null(0) / pl.col("region_length")).clip(0, 1),
        **{name: pl.col(name).fill_nan(None) for name in ("lost", "gained", "loh")},
    )
    return states.select(
        "sample", "region", _state(cutoffs).alias("state"), "measured", "lost", "gained", "loh"
    )


def _lengths(genome: str, by: str) -> pl.DataFrame:
    rows = [
        (arm.name if by == "arm" else arm.chromosome, arm.end - arm.start + 1)
        for arm in arms(genome)
        if arm.chromosome in AUTOSOMES
    ]
    table = pl.DataFrame(
        rows, schema={"region": pl.String, "region_length": pl.Int64}, orient="row"
    )
    return table.group_by("region", maintain_order=True).agg(pl.col("region_length").sum())


def _state(cutoffs: Cutoffs) -> pl.Expr:
    altered, neutral = cutoffs["arm.altered_min"], cutoffs["arm.neutral_max"]
    loh = (pl.col("loh") >= altered).fill_null(False)
    gained = pl.col("gained") >= altered
    touched = pl.max_horizontal("lost", "gained", "loh")
    thin = (pl.col("measured") < cutoffs["arm.measured_min"]) | pl.col("lost").is_null()
    return (
        pl.when(thin)
        .then(pl.lit("unmeasured"))
        .when(pl.col("lost") >= altered)
        .then(pl.lit("loss"))
        .when(gained & loh)
        .then(pl.lit("gain_loh"))
        .when(gained)
        .then(pl.lit("gain"))
        .when(loh)
        .then(pl.lit("loh"))
        .when(touched <= neutral)
        .then(pl.lit("neutral"))
        .otherwise(pl.lit("partial"))
    )
