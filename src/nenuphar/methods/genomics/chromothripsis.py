"""Chromothripsis from both its traces: copy number that oscillates, breakpoints that crowd."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

UNDETERMINED = "undetermined"
_COPIES = "copy-number segments of the whole genome"
_BREAKS = "rearrangements of the whole genome"
_ORIENTED = "orientation of the joined ends"


def chromothripsis(
    samples: pl.DataFrame,
    oscillations: pl.DataFrame,
    clusters: pl.DataFrame,
    rearranged: Sequence[str],
) -> pl.DataFrame:
    """Join oscillation and clusters of breakpoints on each chromosome.

    `high_confidence`: a shattered cluster overlaps a stretch that oscillates with high confidence.
    `low_confidence`: a cluster and a stretch overlap, and one of them falls short.
    `cluster_of_breakpoints`: clusters, and no oscillation where they are. `oscillation_only`: the
    reverse. `none`: both were measured and show nothing. Otherwise `undetermined`: a list of
    rearrangements without a cluster says nothing of copy number, and may be a list of those that
    hit genes.

    Args:
        samples: sample, oscillation (of the sample, after what coverage and noise withhold).
        oscillations: Output of `oscillations`.
        clusters: Output of `breakpoint_clusters`.
        rearranged: Samples of which rearrangements were read.

    Returns:
        sample, chromothripsis, chromothripsis_where (chromosomes), breakpoint_clusters (text;
        `none` where rearrangements were read), chromothripsis_needs (what would decide).

    Source:
        Cortés-Ciriano 2020, doi:10.1038/s41588-019-0576-7; Korbel and Campbell 2013,
        doi:10.1016/j.cell.2013.02.023.
    """
    seen = pl.col("confidence").is_in(["high", "low"])
    stretches = oscillations.filter(seen).select(
        "sample", "chromosome", "confidence", first="start", last="end"
    )
    both = clusters.join(stretches, on=["sample", "chromosome"], how="inner").filter(
        (pl.col("first") <= pl.col("end")) & (pl.col("last") >= pl.col("start"))
    )
    whole = (pl.col("confidence") == "high") & pl.col("shattered").fill_null(False)
    blind = (pl.col("confidence") == "high") & pl.col("shattered").is_null()
    joined = both.group_by("sample", maintain_order=True).agg(
        high=whole.any(),
        blind=blind.any(),
        chromothripsis_where=pl.col("chromosome").unique(maintain_order=True).str.join("; "),
    )
    read = pl.DataFrame({"sample": list(rearranged)}, schema={"sample": pl.String})
    table = (
        samples.select("sample", "oscillation")
        .join(joined, on="sample", how="left", maintain_order="left")
        .join(_as_text(clusters), on="sample", how="left", maintain_order="left")
        .join(read.with_columns(rearranged=pl.lit(True)), on="sample", how="left",
              maintain_order="left")
        .with_columns(pl.col("rearranged").fill_null(False))
    )  # fmt: skip
    return table.select(
        "sample",
        _answer().alias("chromothripsis"),
        pl.col("chromothripsis_where").fill_null(""),
        pl.col("breakpoint_clusters").fill_null(
            pl.when("rearranged").then(pl.lit("none")).otherwise(pl.lit(""))
        ),
        _needs().alias("chromothripsis_needs"),
    )


_CLUSTERED = pl.col("breakpoint_clusters").is_not_null()
# Withheld oscillation is no measurement of copy number.
_MEASURED = pl.col("oscillation") != UNDETERMINED
_OSCILLATES = pl.col("oscillation").is_in(["high_confidence", "low_confidence"])
_JOINED = pl.col("high").is_not_null() & _OSCILLATES


def _answer() -> pl.Expr:
    return (
        pl.when(_JOINED & pl.col("high"))
        .then(pl.lit("high_confidence"))
        .when(_JOINED)
        .then(pl.lit("low_confidence"))
        .when(_CLUSTERED)
        .then(pl.lit("cluster_of_breakpoints"))
        .when(_OSCILLATES)
        .then(pl.lit("oscillation_only"))
        .when(_MEASURED & pl.col("rearranged"))
        .then(pl.lit("none"))
        .otherwise(pl.lit(UNDETERMINED))
    )


def _needs() -> pl.Expr:
    answer = _answer()
    parts = [
        pl.when(~_MEASURED).then(pl.lit(_COPIES)),
        pl.when(~pl.col("rearranged")).then(pl.lit(_BREAKS)),
        pl.when((answer == "low_confidence") & pl.col("blind")).then(pl.lit(_ORIENTED)),
    ]
    return pl.concat_str(parts, separator="; ", ignore_nulls=True)


def _as_text(clusters: pl.DataFrame) -> pl.DataFrame:
    """Write the clusters of every sample, such as `11: 13 rearrangements in 10.4 Mb, ...`."""
    span = ((pl.col("end") - pl.col("start")) / 1e6).round(1)
    words = pl.format(
        "{}: {} rearrangements in {} Mb, {} interleaved, {} of 4 orientations",
        "chromosome", "rearrangements", span, "interleaved", "orientations",
    )  # fmt: skip
    return clusters.group_by("sample", maintain_order=True).agg(
        breakpoint_clusters=words.str.join("; ")
    )


def drawn_clusters(clusters: pl.DataFrame) -> dict[str, str]:
    """Write where the clusters of every sample lie, as the ideogram reads it.

    Returns:
        By sample `11:67293-77729=13;...`: chromosome, first and last kilobase, rearrangements.
    """
    words = pl.format(
        "{}:{}-{}={}",
        "chromosome", pl.col("start") // 1000, pl.col("end") // 1000, "rearrangements",
    )  # fmt: skip
    found = clusters.group_by("sample", maintain_order=True).agg(words.str.join(";").alias("text"))
    return dict(found.iter_rows())
