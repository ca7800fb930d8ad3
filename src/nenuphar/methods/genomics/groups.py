"""Copy-number groups of small-intestinal and pancreatic NET from arm and chromosome states."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs

LOH10_CHROMOSOMES = ("1", "2", "3", "6", "8", "10", "11", "16", "21", "22")
"""Chromosomes of the recurrent LOH group; Lawrence 2018, doi:10.1038/s41525-018-0058-3."""

SINET_GAINS = ("4", "5", "20")
"""Chromosomes gained in the multiple-CNV group; Karpathakis 2016, 10.1158/1078-0432.CCR-15-0373."""

UNDETERMINED = "undetermined"
_REDUCED, _INCREASED = ("loss", "loh", "gain_loh"), ("gain",)


def chr18_loss(arms: pl.DataFrame, chromosomes: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Say whether chromosome 18, or its long arm, is lost.

    Args:
        arms: Output of `region_states` by arm.
        chromosomes: The same by chromosome.
        cutoffs: `arm.neutral_max`.

    Returns:
        sample, chr18_loss (`yes`, `no`, `partial`, `undetermined` where it is not measured),
        chr18_lost and chr18_loh (fractions of what is measured; LOH null without alleles),
        chr18_allelic (`yes` where lost or LOH).

    Source:
        Karpathakis 2016, doi:10.1158/1078-0432.CCR-15-0373.
    """
    whole = chromosomes.filter(pl.col("region") == "18").drop("region")
    long = arms.filter(pl.col("region") == "18q").select("sample", q_state="state")
    found = whole.join(long, on="sample", how="left", maintain_order="left")
    either = [pl.col("state"), pl.col("q_state")]
    lost = pl.any_horizontal(state == "loss" for state in either)
    allelic = pl.any_horizontal(state.is_in(_REDUCED) for state in either)
    answer = (
        pl.when(lost)
        .then(pl.lit("yes"))
        .when(pl.col("state") == "unmeasured")
        .then(pl.lit(UNDETERMINED))
        .when(pl.col("lost") <= cutoffs["arm.neutral_max"])
        .then(pl.lit("no"))
        .otherwise(pl.lit("partial"))
    )
    return found.select(
        "sample",
        answer.alias("chr18_loss"),
        pl.col("lost").alias("chr18_lost"),
        pl.col("loh").alias("chr18_loh"),
        pl.when(allelic).then(pl.lit("yes")).otherwise(answer).alias("chr18_allelic"),
    )


def _tally(arms: pl.DataFrame, chromosomes: pl.DataFrame) -> pl.DataFrame:
    """Count altered arms and chromosomes of every sample."""
    state, region = pl.col("state"), pl.col("region")
    altered = state.is_in([*_REDUCED, *_INCREASED])
    other = pl.col("chromosome") != "18"
    eleven = pl.col("chromosome") == "11"
    by_arm = (
        arms.with_columns(chromosome=region.str.head(-1))
        .group_by("sample", maintain_order=True)
        .agg(
            measured=(state != "unmeasured").mean(),
            altered=altered.sum(),
            reduced=state.is_in(_REDUCED).sum(),
            increased=state.is_in(_INCREASED).sum(),
            touched_chromosomes=pl.col("chromosome").filter(altered).n_unique(),
            other_chromosomes=pl.col("chromosome").filter(altered & other).n_unique(),
            outside_11=(altered & ~eleven).sum(),
            reduced_11q=(state.is_in(_REDUCED) & (region == "11q")).any(),
            partial_arms=(state == "partial").sum(),
        )
    )
    gains = chromosomes.filter(region.is_in(SINET_GAINS)).group_by("sample").agg(
        sinet_gains=state.is_in(["gain", "gain_loh"]).sum()
    )  # fmt: skip
    return by_arm.join(gains, on="sample", how="left", maintain_order="left")


def sinet_group(arms: pl.DataFrame, chromosomes: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Assign the copy-number group of a small-intestinal NET.

    `18LOH`: chromosome 18 lost or LOH. `multiple_CNV`: two of the gains of 4, 5 and 20, or at
    least `sinet.multiple_min` altered chromosomes besides 18. `no_CNV`: no altered arm. Both of
    the first two are a `conflict`; fewer changes than `multiple_CNV` needs, or a thinly measured
    genome, are `undetermined`. Speaks only of small-intestinal NET.

    Returns:
        sample, sinet_group, sinet_reason.

    Source:
        Karpathakis 2016, doi:10.1158/1078-0432.CCR-15-0373; the count is a threshold of ours.
    """
    table = _tally(arms, chromosomes).join(
        chr18_loss(arms, chromosomes, cutoffs), on="sample", how="left", maintain_order="left"
    )
    eighteen = pl.col("chr18_allelic") == "yes"
    multiple = (pl.col("sinet_gains") >= cutoffs["sinet.gains_min"]) | (
        pl.col("other_chromosomes") >= cutoffs["sinet.multiple_min"]
    )
    thin = (pl.col("measured") < cutoffs["genome.measured_min"]) | (
        pl.col("chr18_allelic") == UNDETERMINED
    )
    cases = [
        (thin, UNDETERMINED, "too little of the genome is measured"),
        (eighteen & multiple, "conflict", "chromosome 18 and several other chromosomes altered"),
        (eighteen, "18LOH", "chromosome 18 lost or LOH, few other changes"),
        (multiple, "multiple_CNV", "several chromosomes altered, 18 kept"),
        (pl.col("altered") == 0, "no_CNV", "no arm altered"),
    ]
    rest = "some change, but neither of chromosome 18 nor of several chromosomes"
    return _decide(table, cases, "sinet", rest)


def pannet_pattern(arms: pl.DataFrame, chromosomes: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Assign the copy-number pattern of a pancreatic NET.

    `11q_loh_only`: 11q lost or LOH, nothing outside chromosome 11. `predominant_losses` (with
    LOH) and `predominant_gains`: at least `pannet.share_min` of the altered arms, on at least
    `pannet.chromosomes_min` chromosomes. `complex`: that many chromosomes, both ways. `no_CNV`:
    no altered arm. Fewer changes, or a thinly measured genome, are `undetermined`.

    Returns:
        sample, pannet_pattern, pannet_reason.

    Source:
        doi:10.1172/JCI186702, Table 2; Scarpa 2017, doi:10.1038/nature21063; cut-offs are ours.
    """
    table = _tally(arms, chromosomes)
    enough = pl.col("touched_chromosomes") >= cutoffs["pannet.chromosomes_min"]
    share = pl.col("reduced") / pl.col("altered")
    cases = [
        (pl.col("measured") < cutoffs["genome.measured_min"], UNDETERMINED,
         "too little of the genome is measured"),
        (pl.col("altered") == 0, "no_CNV", "no arm altered"),
        (pl.col("reduced_11q") & (pl.col("outside_11") == 0), "11q_loh_only",
         "11q lost or LOH, nothing else altered"),
        (enough & (share >= cutoffs["pannet.share_min"]), "predominant_losses",
         "most altered arms are lost or LOH"),
        (enough & (share <= 1 - cutoffs["pannet.share_min"]), "predominant_gains",
         "most altered arms are gained"),
        (enough, "complex", "losses and gains of several chromosomes"),
    ]  # fmt: skip
    return _decide(
        table, cases, "pannet", "too few altered chromosomes to tell a pattern", "pattern"
    )


def _decide(
    table: pl.DataFrame,
    cases: list[tuple[pl.Expr, str, str]],
    name: str,
    rest: str,
    what: str = "group",
) -> pl.DataFrame:
    """Take the first case that holds; the rest is undetermined."""
    values = pl.coalesce(pl.when(c.fill_null(False)).then(pl.lit(v)) for c, v, _ in cases)
    reasons = pl.coalesce(pl.when(c.fill_null(False)).then(pl.lit(r)) for c, _, r in cases)
    return table.select(
        "sample",
        values.fill_null(UNDETERMINED).alias(f"{name}_{what}"),
        reasons.fill_null(rest).alias(f"{name}_reason"),
    )


def loh10(chromosomes: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Say whether a tumour shows the recurrent LOH of ten particular chromosomes.

    With alleles, a chromosome counts where LOH covers at least `arm.altered_min` of it. Without,
    a lost chromosome counts, and `no` is never said, because LOH with two copies cannot be seen.
    `yes` from `loh10.chromosomes_min` of the ten, `no` below `loh10.chromosomes_low`, `partial`
    between; `undetermined` where chromosomes that are not measured, or show LOH in part (more than
    `arm.neutral_max`), could change the answer.

    Args:
        chromosomes: Output of `region_states` by chromosome.
        cutoffs: The four named above.

    Returns:
        sample, loh10, loh10_chromosomes (count), loh10_measured (count, of ten), loh10_reason
        (what left it undetermined).

    Source:
        Lawrence 2018, doi:10.1038/s41525-018-0058-3.
    """
    ten = chromosomes.filter(pl.col("region").is_in(LOH10_CHROMOSOMES))
    altered = cutoffs["arm.altered_min"]
    shown = pl.coalesce(pl.col("loh") >= altered, pl.col("lost") >= altered)
    measured = pl.col("state") != "unmeasured"
    table = ten.group_by("sample", maintain_order=True).agg(
        count=(shown & measured).sum(),
        open=(~shown.fill_null(False) & (pl.col("loh") > cutoffs["arm.neutral_max"])).sum(),
        measured=measured.sum(),
        alleles=(pl.col("loh").is_not_null() | ~measured).all(),
    )
    count = pl.col("count")
    possible = count + pl.col("open") + 10 - pl.col("measured")
    low, high = cutoffs["loh10.chromosomes_low"], cutoffs["loh10.chromosomes_min"]
    answer = (
        pl.when(count >= high)
        .then(pl.lit("yes"))
        .when(~pl.col("alleles"))
        .then(pl.lit(UNDETERMINED))
        .when(possible < low)
        .then(pl.lit("no"))
        .when((count >= low) & (possible < high))
        .then(pl.lit("partial"))
        .otherwise(pl.lit(UNDETERMINED))
    )
    reason = (
        pl.when(answer != UNDETERMINED)
        .then(pl.lit(""))
        .when(~pl.col("alleles"))
        .then(pl.lit("LOH that keeps two copies is not seen without alleles"))
        .otherwise(pl.lit("chromosomes not measured, or with LOH in part, could decide"))
    )
    return table.select(
        "sample",
        answer.alias("loh10"),
        count.alias("loh10_chromosomes"),
        pl.col("measured").alias("loh10_measured"),
        reason.alias("loh10_reason"),
    )
