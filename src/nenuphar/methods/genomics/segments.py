"""Everything that the segments of a tumour say: one row per sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nenuphar.methods.genomics.arm_states import autosomal_arms, region_states
from nenuphar.methods.genomics.breakpoint_clusters import breakpoint_clusters
from nenuphar.methods.genomics.chromothripsis import chromothripsis
from nenuphar.methods.genomics.copy_number import clip_to_arms, with_states
from nenuphar.methods.genomics.focal import AMPLIFIED, DELETED, focal_by_sample, gene_states
from nenuphar.methods.genomics.groups import (
    UNDETERMINED,
    chr18_loss,
    loh10,
    pannet_pattern,
    sinet_group,
)
from nenuphar.methods.genomics.oscillation import oscillation_by_sample, oscillations
from nenuphar.methods.genomics.rearrangement_table import REARRANGEMENTS, Rearrangements
from nenuphar.methods.genomics.thresholds import Cutoffs, shipped_cutoffs

_WORDS = (
    "chr18_loss",
    "sinet_group",
    "pannet_pattern",
    "loh10",
    "oscillation",
    "chromothripsis",
    "hla_loh",
    "b2m_loh",
)
_FIRST = 6
"""How many of these stand before the focal events."""
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
        clusters: Clusters of breakpoints, see `breakpoint_clusters`.
        states: Every segment with its state, see `with_states`.
    """

    samples: pl.DataFrame
    arms: pl.DataFrame
    chromosomes: pl.DataFrame
    genes: pl.DataFrame
    oscillations: pl.DataFrame
    clusters: pl.DataFrame
    states: pl.DataFrame


def profile_segments(
    segments: pl.DataFrame,
    genome: str,
    *,
    samples: Sequence[str] | None = None,
    rearrangements: Rearrangements | None = None,
    coarse: bool = False,
    cutoffs: Cutoffs | None = None,
) -> SegmentProfile:
    """Judge arms, chromosomes, groups, oscillation and focal events of every sample.

    Args:
        segments: `Segments.frame`.
        genome: `hg19` or `hg38`.
        samples: Samples to list, also without a segment; those of the frame if left out.
        rearrangements: Rearrangements of the same samples, or of others, which are listed too.
        coarse: Whether the segments stand for bands: then nothing is said of oscillation, of focal
            events and of single genes.
        cutoffs: Cut-offs in place of the shipped ones.

    Returns:
        The tables. `samples` holds sample, chr18_loss, sinet_group, pannet_pattern, loh10,
        oscillation, chromothripsis, focal_events, hla_loh, b2m_loh, then `arm_<name>` for every
        autosomal arm, then the evidence. Where too little is measured the answers are
        `undetermined`.
    """
    cutoffs = cutoffs or shipped_cutoffs()
    rearranged = rearrangements.samples if rearrangements else []
    events = rearrangements.frame if rearrangements else pl.DataFrame(schema=REARRANGEMENTS)
    states = with_states(clip_to_arms(segments, genome), cutoffs, relative=coarse)
    arms = region_states(states, cutoffs, genome, "arm")
    chromosomes = region_states(states, cutoffs, genome, "chromosome")
    genes = gene_states(states, genome, cutoffs)
    found = oscillations(states, cutoffs)
    clusters = breakpoint_clusters(events, genome, cutoffs)
    listed = samples or segments["sample"].unique(maintain_order=True).to_list()
    listed = list(dict.fromkeys((*listed, *rearranged)))
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
    table = _withheld(_without_detail(table) if coarse else table, cutoffs)
    broken = chromothripsis(table, found, clusters, rearranged)
    table = table.join(broken, on="sample", how="left", maintain_order="left")
    return SegmentProfile(_finished(table), arms, chromosomes, genes, found, clusters, states)


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


_DETAIL = ("oscillation", "oscillation_chromosomes", "state_changes", "amplified", "deleted",
           "focal_events", "hla_loh", "b2m_loh", "baseline", "mean_copies")  # fmt: skip
"""What bands cannot tell."""
_COARSE = "bands are too coarse"


def _without_detail(table: pl.DataFrame) -> pl.DataFrame:
    blank = [pl.lit(None, table.schema[name]).alias(name) for name in _DETAIL]
    everything = pl.lit("; ".join(sorted((*AMPLIFIED, *DELETED))))
    return table.with_columns(
        *blank,
        copies_known=pl.lit("no"),
        focal_unmeasured=everything,
        oscillation_reason=pl.lit(_COARSE),
    )


def _withheld(table: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Withhold what coverage or noise cannot carry of a statement on oscillation."""
    total = len(autosomal_arms())
    measured = pl.col("arms_measured").fill_null(0)
    oscillation = pl.col("oscillation").fill_null("none")
    thin = (measured < cutoffs["genome.measured_min"] * total) & (oscillation == "none")
    noisy = (pl.col("segments") > cutoffs["oscillation.segments_max"]) & (oscillation != "none")
    if "oscillation_reason" in table.columns:
        return table.with_columns(oscillation=pl.lit(UNDETERMINED), arms_measured=measured)
    return table.with_columns(
        oscillation=pl.when(thin | noisy).then(pl.lit(UNDETERMINED)).otherwise(oscillation),
        oscillation_reason=pl.when(thin)
        .then(pl.lit("too little of the genome is measured"))
        .when(noisy)
        .then(pl.lit("more segments than a statement on oscillation allows"))
        .otherwise(pl.lit("")),
        arms_measured=measured,
    )


def _finished(table: pl.DataFrame) -> pl.DataFrame:
    """Fill what was not judged, and order the columns."""
    arms = [f"arm_{name}" for name in autosomal_arms()]
    table = table.with_columns(
        pl.col(arms).fill_null("unmeasured"), pl.col(_WORDS).fill_null(UNDETERMINED)
    )
    first = ["sample", *_WORDS[:_FIRST], "focal_events", *_WORDS[_FIRST:]]
    rest = [name for name in table.columns if name not in {*first, *arms, "chr18_allelic"}]
    return table.select(*first, *arms, *rest).with_columns(
        pl.col(pl.Float64).round(4), pl.col("focal_events").fill_null("")
    )
