"""Copy-number state of every segment against the sample's own baseline."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.terminology.genome import AUTOSOMES, arms

_LENGTH = pl.col("end") - pl.col("start") + 1


def clip_to_arms(segments: pl.DataFrame, genome: str) -> pl.DataFrame:
    """Cut segments at the arms of the autosomes.

    Args:
        segments: sample, chromosome, start, end (bases) and any other columns.
        genome: `hg19` or `hg38`.

    Returns:
        One row per segment and arm, with `arm` (`11q`), `arm_length` and `length` (bases). What
        lies in centromeres, heterochromatin, acrocentric short arms, X or Y is left out.
    """
    table = pl.DataFrame(
        [
            (a.chromosome, a.name, a.start, a.end, a.end - a.start + 1)
            for a in arms(genome)
            if a.chromosome in AUTOSOMES
        ],
        schema={
            "chromosome": pl.String,
            "arm": pl.String,
            "arm_start": pl.Int64,
            "arm_end": pl.Int64,
            "arm_length": pl.Int64,
        },
        orient="row",
    )
    return (
        segments.join(table, on="chromosome", how="inner", maintain_order="left_right")
        .with_columns(
            start=pl.max_horizontal("start", "arm_start").cast(pl.Int64),
            end=pl.min_horizontal("end", "arm_end").cast(pl.Int64),
        )
        .filter(pl.col("start") <= pl.col("end"))
        .drop("arm_start", "arm_end")
        .with_columns(length=_LENGTH)
    )


def with_copies(segments: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Turn log2 ratios into copies where purity and ploidy are given; decide what alleles say.

    With purity $p$ and tumour ploidy $P$, the log2 ratio $r$ stands for
    $(2^r (pP + 2(1-p)) - 2(1-p)) / p$ copies. Minor alleles that are 0 (almost) everywhere are
    no allele-specific measurement but a total with an empty column, and are not believed.

    Args:
        segments: sample, log2, total_cn, minor_cn, loh, purity, ploidy, length (bases).
        cutoffs: `purity.min` (fraction), `alleles.zero_max` (fraction).

    Returns:
        The segments with `copies` (null where only log2 is known), `loh` (null where alleles are
        not known) and `allele_specific`.

    Source:
        Carter 2012, doi:10.1038/nbt.2203 (log2, purity and ploidy).
    """
    purity, ploidy = pl.col("purity"), pl.col("ploidy")
    usable = (purity >= cutoffs["purity.min"]) & (purity <= 1) & (ploidy > 0)
    mean = purity * ploidy + 2 * (1 - purity)
    copies = ((2 ** pl.col("log2") * mean - 2 * (1 - purity)) / purity).clip(0)
    zero = (pl.col("length").filter(pl.col("minor_cn") < 0.5).sum() / pl.col("length").sum()).over(
        "sample"
    )
    believed = pl.col("minor_cn").is_not_null() & (zero <= cutoffs["alleles.zero_max"])
    loh = pl.coalesce("loh", pl.when(believed).then(pl.col("minor_cn") < 0.5))
    return segments.with_columns(
        copies=pl.coalesce("total_cn", pl.when(usable).then(copies)), loh=loh
    ).with_columns(allele_specific=pl.col("loh").is_not_null().any().over("sample"))


def baselines(segments: pl.DataFrame) -> pl.DataFrame:
    """Find the number of copies that counts as neutral in each sample.

    It is the median number of copies by length over the measured autosomes, of segments without
    LOH where alleles are known (a lost and doubled genome keeps two copies of what it lost), and
    never below 2. Segments without copies (gaps) do not count.

    Args:
        segments: sample, copies, loh, length (bases).

    Returns:
        sample, baseline (copies; null where only log2 is known), ploidy_measured (mean copies).
    """
    known = segments.filter(pl.col("copies") >= 0.5)
    kept = known.filter(~pl.col("loh").fill_null(False))
    lacking = known.join(kept, on="sample", how="anti")
    half = pl.col("length").cum_sum() * 2 >= pl.col("length").sum()
    middle = (
        pl.concat([kept, lacking])
        .sort("sample", "copies")
        .group_by("sample", maintain_order=True)
        .agg(baseline=pl.col("copies").filter(half).first().round().clip(2))
    )
    mean = (pl.col("copies") * pl.col("length")).sum() / pl.col("length").sum()
    ploidy = known.group_by("sample").agg(ploidy_measured=mean)
    samples = segments.select("sample").unique(maintain_order=True)
    return samples.join(middle, on="sample", how="left").join(ploidy, on="sample", how="left")


def with_states(
    segments: pl.DataFrame, cutoffs: Cutoffs, *, relative: bool = False
) -> pl.DataFrame:
    """Say of every segment whether it is lost, gained, or shows LOH.

    Where copies are known, a segment is lost below the baseline and gained above it, by at least
    half a copy; where only log2 is known, beyond the log2 cut-offs. Null copies stay null.

    Args:
        segments: Output of `clip_to_arms`.
        cutoffs: `log2.gain`, `log2.loss` and what `with_copies` reads.
        relative: Whether copies only say lost, kept and gained, against two.

    Returns:
        The segments with `copies`, `loh`, `baseline`, `lost`, `gained`, `ploidy_measured`.
    """
    segments = with_copies(segments, cutoffs)
    segments = segments.join(baselines(segments), on="sample", how="left", maintain_order="left")
    if relative:
        segments = segments.with_columns(baseline=pl.lit(2.0))
    change = pl.col("copies") - pl.col("baseline")
    known = change.is_not_null()
    return segments.with_columns(
        lost=pl.when(known).then(change <= -0.5).otherwise(pl.col("log2") <= cutoffs["log2.loss"]),
        gained=pl.when(known).then(change >= 0.5).otherwise(pl.col("log2") >= cutoffs["log2.gain"]),
    )
