"""Focal events at named genes, and LOH of HLA and B2M."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.terminology.genome import loci

AMPLIFIED = (
    *("CCND1", "CCND2", "CDK4", "MDM2", "MYC", "MYCN", "MYCL"),
    *("FGFR1", "FGFR2", "FGFR3", "FGFR4"),
)
DELETED = (
    *("MEN1", "CDKN2A", "CDKN1B", "RB1", "TP53", "PTEN", "DAXX", "SETD2", "TSC1", "TSC2"),
    *("VHL", "ARID1A", "STK11", "KEAP1"),
)
HLA = ("HLA-A", "HLA-B", "HLA-C")


def gene_states(segments: pl.DataFrame, genome: str, cutoffs: Cutoffs) -> pl.DataFrame:
    """Say what the segments over each gene show.

    Copies of a gene are those of its least segment. A gain is an amplification from
    `focal.amplified_ratio` times the mean copies (at least 2) of the sample on, or from
    `focal.amplified_log2` where copies are not known, if the segment is shorter than
    `focal.arm_max` of its arm. A deletion is deep below `focal.deleted_copies` copies, or at
    `focal.deleted_log2`, of that length.

    Args:
        segments: Output of `with_states`.
        genome: `hg19` or `hg38`.
        cutoffs: Named above.

    Returns:
        sample, gene, copies, log2, amplified, deleted, loh (null where alleles are not known); one
        row per sample and gene that a segment overlaps.

    Source:
        Priestley 2019, doi:10.1038/s41586-019-1689-y (copies); Cheng 2015,
        doi:10.1016/j.jmoldx.2014.12.006 (fold change); Mermel 2011, doi:10.1186/gb-2011-12-4-r41
        (length).
    """
    genes = pl.DataFrame(
        [(g.gene, g.chromosome, g.start, g.end) for g in loci(genome).values()],
        schema={
            "gene": pl.String,
            "chromosome": pl.String,
            "first": pl.Int64,
            "last": pl.Int64,
        },
        orient="row",
    )
    over = segments.join(genes, on="chromosome").filter(
        (pl.col("start") <= pl.col("last")) & (pl.col("end") >= pl.col("first"))
    )
    short = pl.col("length") < cutoffs["focal.arm_max"] * pl.col("arm_length")
    many = cutoffs["focal.amplified_ratio"] * pl.col("ploidy_measured").clip(2)
    high = pl.coalesce(pl.col("copies") >= many, pl.col("log2") >= cutoffs["focal.amplified_log2"])
    none = pl.coalesce(
        pl.col("copies") < cutoffs["focal.deleted_copies"],
        pl.col("log2") <= cutoffs["focal.deleted_log2"],
    )
    return (
        over.with_columns(amplified=high & short, deleted=none & short)
        .group_by("sample", "gene", maintain_order=True)
        .agg(
            pl.col("copies").min(),
            pl.col("log2").min(),
            pl.col("amplified").all(),
            pl.col("deleted").any(),
            pl.col("loh").any(ignore_nulls=False),
        )
        .sort("sample", "gene")
    )


def focal_by_sample(genes: pl.DataFrame) -> pl.DataFrame:
    """Gather genes: the focal events of each sample, and LOH of HLA and B2M.

    Returns:
        sample, focal_events (`MYC amplified; RB1 deleted`; empty if none), amplified and deleted
        (genes), focal_unmeasured (genes without a segment), hla_loh and b2m_loh (`yes`, `no`,
        `undetermined` where alleles are not known or not measured).
    """
    gene = pl.col("gene")
    up = pl.col("amplified").fill_null(False) & gene.is_in(AMPLIFIED)
    down = pl.col("deleted").fill_null(False) & gene.is_in(DELETED)
    named = pl.concat_list(
        (gene.filter(up) + " amplified").implode(), (gene.filter(down) + " deleted").implode()
    )
    by_sample = genes.group_by("sample", maintain_order=True).agg(
        gene.filter(up).str.join("; ").alias("amplified"),
        gene.filter(down).str.join("; ").alias("deleted"),
        focal_events=named.list.join("; ").first(),
        measured=gene.implode().first(),
        hla_loh=_answer(gene.is_in(HLA)),
        b2m_loh=_answer(gene == "B2M"),
    )
    wanted = by_sample.with_columns(wanted=pl.lit(";".join((*AMPLIFIED, *DELETED))))
    lacking = pl.col("wanted").str.split(";").list.set_difference("measured").list.sort()
    return wanted.with_columns(focal_unmeasured=lacking.list.join("; ")).drop("measured", "wanted")


def _answer(of: pl.Expr) -> pl.Expr:
    loh = pl.col("loh").filter(of)
    return (
        pl.when(loh.any(ignore_nulls=True).fill_null(False))
        .then(pl.lit("yes"))
        .when((loh.len() == 0) | loh.null_count().cast(pl.Boolean))
        .then(pl.lit("undetermined"))
        .otherwise(pl.lit("no"))
    )
