"""Chromothripsis-like oscillation of copy number along a chromosome."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs

_PLACE = ["sample", "chromosome"]
OSCILLATIONS = {
    "sample": pl.String,
    "chromosome": pl.String,
    "changes": pl.Int64,
    "segments_two": pl.Int64,
    "segments_three": pl.Int64,
    "start": pl.Int64,
    "end": pl.Int64,
    "span_mb": pl.Float64,
    "cluster_p": pl.Float64,
    "confidence": pl.String,
}
"""Columns of what `oscillations` returns."""


def longest_stretch(states: Sequence[int], distinct: int) -> tuple[int, int]:
    """Find the longest stretch of neighbours that takes at most so many different values.

    Args:
        states: States of neighbouring segments; neighbours differ.
        distinct: How many values may occur.

    Returns:
        First index and length of the stretch; the first of several equally long ones.
    """
    last: dict[int, int] = {}
    best, begin = (0, 0), 0
    for index, state in enumerate(states):
        last[state] = index
        if len(last) > distinct:
            gone = min(last, key=last.__getitem__)
            begin = last.pop(gone) + 1
        if index + 1 - begin > best[1]:
            best = (begin, index + 1 - begin)
    return best


def neighbours(segments: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Join equal neighbours, after leaving out segments too short to be trusted.

    Too short is below `oscillation.segment_min`, or below `oscillation.bins_min` times the least
    lengths (5th percentile) of the sample: in binned assays a state that one bin shows is noise.
    Stretches without copies are gaps of the reference and left out too. A state is the rounded
    number of copies; where only log2 is known it is -1, 0 or 1 (lost, neutral, gained).

    Args:
        segments: Output of `with_states`.
        cutoffs: `oscillation.segment_min` (bases), `oscillation.bins_min`.

    Returns:
        sample, chromosome, state, start, end; neighbours on a chromosome differ.
    """
    coarse = pl.col("gained").cast(pl.Int32) - pl.col("lost").cast(pl.Int32)
    state = pl.coalesce(pl.col("copies").round().cast(pl.Int32), coarse)
    bins = cutoffs["oscillation.bins_min"] * pl.col("length").quantile(0.05).over("sample")
    least = pl.max_horizontal(pl.lit(cutoffs["oscillation.segment_min"]), bins)
    kept = (
        segments.with_columns(state=state)
        .filter(pl.col("state").is_not_null() & (pl.col("length") >= least))
        .filter((pl.col("copies") >= 0.5).fill_null(True))
        .sort(*_PLACE, "start")
    )
    run = (pl.struct(*_PLACE, "state").rle_id()).alias("run")
    return (
        kept.with_columns(run)
        .group_by("run", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in (*_PLACE, "state", "start")), end=pl.col("end").max()
        )
        .drop("run")
    )


def oscillations(segments: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Look for oscillation on every chromosome of every sample.

    A stretch is clustered if so many breakpoints in its span are unlikely (Poisson,
    `oscillation.cluster_p_max`) at the sample's mean density of breakpoints.

    Args:
        segments: Output of `with_states`.
        cutoffs: `oscillation.*`.

    Returns:
        sample, chromosome, changes (state changes on the chromosome), segments_two and
        segments_three (longest stretch between two, three states), start and end (its first and
        last change; bases), span_mb (with the segments at its ends), cluster_p, confidence
        (`high`, `low` or `none`).

    Source:
        Cortés-Ciriano 2020, doi:10.1038/s41588-019-0576-7; Korbel and Campbell 2013,
        doi:10.1016/j.cell.2013.02.023.
    """
    import numpy as np
    from scipy.stats import poisson

    places = neighbours(segments, cutoffs).group_by(_PLACE, maintain_order=True).agg(
        "state", "start", "end"
    )  # fmt: skip
    rows = []
    for sample, chromosome, states, starts, ends in places.iter_rows():
        two, three = longest_stretch(states, 2), longest_stretch(states, 3)
        chosen = two if two[1] >= cutoffs["oscillation.low_min"] else three
        first, last = chosen[0], chosen[0] + max(chosen[1], 1) - 1
        span = ends[last] - starts[first] + 1
        counts = (len(states) - 1, two[1], three[1], chosen[1] - 1)
        rows.append((sample, chromosome, *counts, ends[first], starts[last], span))
    table = pl.DataFrame(
        rows,
        schema={
            "sample": pl.String,
            "chromosome": pl.String,
            "changes": pl.Int64,
            "segments_two": pl.Int64,
            "segments_three": pl.Int64,
            "breaks": pl.Int64,
            "start": pl.Int64,
            "end": pl.Int64,
            "span": pl.Int64,
        },
        orient="row",
    )
    measured = segments.group_by("sample").agg(measured=pl.col("length").sum())
    table = table.join(measured, on="sample", how="left", maintain_order="left").with_columns(
        expected=pl.col("changes").sum().over("sample") / pl.col("measured") * pl.col("span")
    )
    tail = poisson.sf(table["breaks"].to_numpy() - 1, np.maximum(table["expected"].to_numpy(), 0))
    table = table.with_columns(cluster_p=pl.Series(tail, dtype=pl.Float64))
    return table.with_columns(span_mb=pl.col("span") / 1e6, confidence=_confidence(cutoffs)).select(
        list(OSCILLATIONS)
    )


def _confidence(cutoffs: Cutoffs) -> pl.Expr:
    clustered = pl.col("cluster_p") <= cutoffs["oscillation.cluster_p_max"]
    high, low = cutoffs["oscillation.high_min"], cutoffs["oscillation.low_min"]
    three = pl.col("segments_three") >= high
    return (
        pl.when(clustered & (pl.col("segments_two") >= high))
        .then(pl.lit("high"))
        .when(clustered & ((pl.col("segments_two") >= low) | three))
        .then(pl.lit("low"))
        .otherwise(pl.lit("none"))
    )


def oscillation_by_sample(chromosomes: pl.DataFrame) -> pl.DataFrame:
    """Gather chromosomes: the highest confidence of a sample, and where it was seen.

    Returns:
        sample, oscillation (`high_confidence`, `low_confidence`, `none`),
        oscillation_chromosomes (`11: 9 segments in 34 Mb`), state_changes (of the genome).
    """
    seen = pl.col("confidence")
    number = pl.max_horizontal(
        "segments_two", pl.when(pl.col("segments_two") < 4).then("segments_three")
    )
    text = pl.format("{}: {} segments in {} Mb", "chromosome", number, pl.col("span_mb").round(1))
    worst = (
        pl.when((seen == "high").any())
        .then(pl.lit("high_confidence"))
        .when((seen == "low").any())
        .then(pl.lit("low_confidence"))
        .otherwise(pl.lit("none"))
    )
    return (
        chromosomes.with_columns(
            text=text, place=pl.col("chromosome").cast(pl.Int32, strict=False).fill_null(99)
        )
        .sort("sample", "place")
        .group_by("sample", maintain_order=True)
        .agg(
            oscillation=worst,
            oscillation_chromosomes=pl.col("text").filter(seen != "none").str.join("; "),
            state_changes=pl.col("changes").sum(),
        )
    )
