"""Everything that the segments of a tumour say: one row per sample."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from nenuphar.methods.genomics.arm_states import autosomal_arms, region_states
from nenuphar.methods.genomics.copy_number import clip_to_arms, with_states
from nenuphar.methods.genomics.focal import focal_by_sample, gene_states
from nenuphar.methods.genomics.groups import (
    UNDETERMINED,
    chr18_loss,
    loh10,
    pannet_pattern,
    sinet_group,
)
from nenuphar.methods.genomics.oscillation import oscillation_by_sample, oscillations
from nenuphar.methods.genomics.thresholds import Cutoffs, shipped_cutoffs

_WORDS = (
    "chr18_loss",
    "sinet_group",
    "pannet_pattern",
    "loh10",
    "oscillation",
    "hla_loh",
    "b2m_loh",
)
_LISTS = {"lost_arms": "lost", "gained_arms": "gained", "loh_arms": "loh"}


@dataclass(frozen=True)
class SegmentProfile:
    """What the segments of a cohort say.

    Attributes:
        samples: One row per sample, see `profile_segments`.
        arms: State and fractions of every autosomal arm, see `region_states`.
        chromosomes: The same of every autosome.
        genes: State of the genes of interest, see `gene_states`.
        oscillations: Oscillation on every chromosome, see `oscillations`.
        states: Every segment with its state, see `with_states`.
    """

    samples: pl.DataFrame
    arms: pl.DataFrame
    chromosomes: pl.DataFrame
    genes: pl.DataFrame
    oscillations: pl.DataFrame
    states: pl.DataFrame


def profile_segments(
    segments: pl.DataFrame,
    genome: str,
    *,
    samples: list[str] | None = None,
    cutoffs: Cutoffs | None = None,
) -> SegmentProfile:
    """Judge arms, chromosomes, groups, oscillation and focal events of every sample.

    Args:
        segments: `Segments.frame`.
        genome: `hg19` or `hg38`.
        samples: Samples to list, also without a segment; those of the frame if left out.
        cutoffs: Cut-offs in place of the shipped ones.

    Returns:
        The tables. `samples` holds sample, chr18_loss, sinet_group, pannet_pattern, loh10,
        oscillation, focal_events, hla_loh, b2m_loh, then `arm_<name>` for every autosomal arm,
        then the evidence. Where too little is measured the answers are `undetermined`.
    """
    cutoffs = cutoffs or shipped_cutoffs()
    states = with_states(clip_to_arms(segments, genome), cutoffs)
    arms = region_states(states, cutoffs, genome, "arm")
    chromosomes = region_states(states, cutoffs, genome, "chromosome")
    genes = gene_states(states, genome, cutoffs)
    found = oscillations(states, cutoffs)
    listed = samples or segments["sample"].unique(maintain_order=True).to_list()
    table = pl.DataFrame({"sample": listed}, schema={"sample": pl.String})
    for part in (
        chr18_loss(arms, chromosomes, cutoffs),
        sinet_group(arms, chromosomes, cutoffs),
        pannet_pattern(arms, chromosomes, cutoffs),
        loh10(chromosomes, cutoffs),
        oscillation_by_sample(found),
        focal_by_sample(genes),
        _wide(arms),
        _evidence(states, arms),
    ):
        table = table.join(part, on="sample", how="left", maintain_order="left")
    return SegmentProfile(_finished(table, cutoffs), arms, chromosomes, genes, found, states)


def _wide(arms: pl.DataFrame) -> pl.DataFrame:
    """One column per arm with its state, and the altered arms with their fractions."""
    wide = arms.group_by("sample", maintain_order=True).agg(
        *(
            pl.col("state").filter(pl.col("region") == name).first().alias(f"arm_{name}")
            for name in autosomal_arms()
        ),
        *(
            pl.format("{}:{}", "region", pl.col(fraction).round(2))
            .filter(pl.col("state").is_in(_states_of(fraction)))
            .str.join("; ")
            .alias(name)
            for name, fraction in _LISTS.items()
        ),
        partial_arms=pl.col("region").filter(pl.col("state") == "partial").str.join("; "),
    )
    return wide


def _states_of(fraction: str) -> list[str]:
    return {"lost": ["loss"], "gained": ["gain", "gain_loh"], "loh": ["loh", "gain_loh"]}[fraction]


def _evidence(states: pl.DataFrame, arms: pl.DataFrame) -> pl.DataFrame:
    length = pl.col("length")
    altered = pl.col("lost") | pl.col("gained")
    kind = (
        pl.when(pl.col("allele_specific").first())
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no"))
    )  # fmt: skip
    by_sample = states.group_by("sample", maintain_order=True).agg(
        allele_specific=kind,
        copies_known=pl.when(pl.col("copies").is_not_null().any())
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no")),
        baseline=pl.col("baseline").first(),
        mean_copies=pl.col("ploidy_measured").first(),
        altered_fraction=length.filter(altered).sum() / length.sum(),
        segments=pl.len(),
    )
    measured = arms.group_by("sample").agg(arms_measured=(pl.col("state") != "unmeasured").sum())
    return by_sample.join(measured, on="sample", how="left", maintain_order="left")


def _finished(table: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Fill what was not judged, withhold what coverage or noise cannot carry, order columns."""
    total = len(autosomal_arms())
    measured = pl.col("arms_measured").fill_null(0)
    thin = measured < cutoffs["genome.measured_min"] * total
    silent = pl.col("oscillation").fill_null("none") == "none"
    noisy = pl.col("segments") > cutoffs["oscillation.segments_max"]
    withheld = (thin & silent) | (noisy & ~silent)
    table = table.with_columns(
        oscillation=pl.when(withheld).then(pl.lit(UNDETERMINED)).otherwise("oscillation"),
        oscillation_reason=pl.when(thin & silent)
        .then(pl.lit("too little of the genome is measured"))
        .when(noisy & ~silent)
        .then(pl.lit("more segments than a statement on oscillation allows"))
        .otherwise(pl.lit("")),
        arms_measured=measured,
        **{
            f"arm_{name}": pl.col(f"arm_{name}").fill_null("unmeasured")
            for name in autosomal_arms()
        },
    ).with_columns(pl.col(_WORDS).fill_null(UNDETERMINED))
    arms = [f"arm_{name}" for name in autosomal_arms()]
    first = ["sample", *_WORDS[:5], "focal_events", *_WORDS[5:]]
    rest = [name for name in table.columns if name not in {*first, *arms, "chr18_allelic"}]
    return table.select(*first, *arms, *rest).with_columns(
        pl.col(pl.Float64).round(4), pl.col("focal_events").fill_null("")
    )
