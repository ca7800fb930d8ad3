"""The page of a cohort under immunotherapy: gathers what `report.resistance_page` shows."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.agreement import agreement
from nenuphar.pipeline.case import stamp_of
from nenuphar.pipeline.resistance import (
    SETS,
    Timelines,
    accounted,
    phenotype_counts,
    unclassified,
)
from nenuphar.pipeline.resistance_survival import (
    LANDMARK_MONTHS,
    by_phenotype,
    from_landmark,
    times_of,
)
from nenuphar.report.resistance_page import ResistanceCohort, resistance_page


def page_of(
    read: Timelines, table: pl.DataFrame, grid: pl.DataFrame, knowledge: KnowledgeBase, title: str
) -> str:
    """Render the cohort as one self-contained page.

    Args:
        read: The timelines.
        table: Every subject under every set, see `pipeline.resistance.side_by_side`.
        grid: Counts over the cut-offs, see `pipeline.sensitivity`.
        knowledge: The knowledge base.
        title: What the cohort is called.
    """
    times = times_of(read.lines)
    cohort = ResistanceCohort(
        title=title,
        table=table,
        phenotypes=phenotype_counts(table),
        grid=grid,
        times=times,
        counts=accounted(read),
        without_set=len(unclassified(read.lines, table)),
        problems=read.problems,
        agreement=set_agreement(table),
        survival=[
            (name, found)
            for name in SETS
            if (found := by_phenotype(times, phenotype_groups(table, name)))
        ],
        landmark=from_landmark(times),
        landmark_months=LANDMARK_MONTHS,
    )
    return resistance_page(cohort, knowledge, stamp_of(knowledge))


def phenotype_groups(table: pl.DataFrame, definition_set: str) -> pl.DataFrame:
    """Return the group of every subject under a set: its phenotype, or what it could be."""
    open_as = pl.concat_str(pl.lit("open: "), pl.col("could_be").str.replace_all(";", " or "))
    group = pl.when(pl.col("phenotype") != "").then("phenotype").otherwise(open_as)
    own = table.filter(pl.col("definition_set") == definition_set)
    return own.select("subject", group=group)


def set_agreement(table: pl.DataFrame) -> pl.DataFrame:
    """Measure how far each two sets agree about the subjects whom both decide.

    Args:
        table: Every subject under every set.

    Returns:
        `one`, `other`, `kappa`, `low`, `high` (95%), `agree` (fraction), `subjects`; null where
        kappa is not defined. Pairs without a common subject are left out.
    """
    decided = table.filter(pl.col("phenotype") != "")
    present = [name for name in SETS if name in set(decided["definition_set"].to_list())]
    rows = []
    for one, other in combinations(present, 2):
        own = decided.filter(pl.col("definition_set").is_in([one, other])).select(
            "subject", assessor="definition_set", category="phenotype"
        )
        common = own.filter(pl.len().over("subject") == 2)
        if common.is_empty():
            continue
        found = agreement(f"{one} and {other}", common)
        row = found.filter(pl.col("statistic") == "cohen_mean").row(0, named=True)
        n = common["subject"].n_unique()
        share = common.group_by("subject").agg(pl.col("category").n_unique() == 1)["category"]
        rows.append((one, other, row["estimate"], row["ci_low"], row["ci_high"], share.mean(), n))
    names = ("one", "other", "kappa", "low", "high", "agree", "subjects")
    kinds = (pl.String, pl.String, *(pl.Float64,) * 4, pl.Int64)
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
