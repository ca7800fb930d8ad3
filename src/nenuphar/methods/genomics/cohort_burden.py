"""Mutational burden against the other samples of one's own cohort."""

from __future__ import annotations

import polars as pl

from nenuphar.methods.genomics.thresholds import Cutoffs

GROUP = ("assay", "material", "site")
HIGH, NOT_HIGH = "high", "not_high"


def burden_in_cohort(burdens: pl.DataFrame, cutoffs: Cutoffs) -> pl.DataFrame:
    """Say which samples are among the highest of those measured alike.

    Samples count together that share assay, material and organ; each group needs
    `tmb.cohort_min` samples. The cut is the least burden that at most `tmb.cohort_share` of the
    group reach, so that ties never widen the share. A sample is `high` from the cut on, `not_high`
    below it, and open where its interval holds the cut. It says nothing outside the cohort.

    Args:
        burdens: assay, material, site (null where not known), lo, hi, rate (mutations per Mb; rate
            null where it is not known); any other columns.
        cutoffs: The two named above.

    Returns:
        The rows with `tmb_cohort` (null where open), `tmb_cohort_cut` (mutations per Mb) and
        `tmb_cohort_size`; both null where the assay is not stated or the group too small.

    Source:
        Samstein 2019, doi:10.1038/s41588-018-0312-8 (highest fifth within each cancer type).
    """
    known = burdens.filter(pl.col("assay").is_not_null() & pl.col("rate").is_finite())
    group = [pl.col(name) for name in GROUP]
    sizes = known.group_by(group).agg(
        tmb_cohort_size=pl.len(), rates=pl.col("rate").sort(descending=True).implode().first()
    )
    sizes = sizes.filter(pl.col("tmb_cohort_size") >= cutoffs["tmb.cohort_min"])
    share = cutoffs["tmb.cohort_share"]
    cuts = pl.DataFrame(
        [(*row[:-1], _cut(row[-1], share)) for row in sizes.iter_rows()],
        schema={
            **dict.fromkeys(GROUP, pl.String),
            "tmb_cohort_size": pl.Int64,
            "tmb_cohort_cut": pl.Float64,
        },
        orient="row",
    )
    joined = burdens.join(cuts, on=list(GROUP), how="left", nulls_equal=True, maintain_order="left")
    cut = pl.col("tmb_cohort_cut")
    answer = (
        pl.when(pl.col("lo") >= cut)
        .then(pl.lit(HIGH))
        .when(pl.col("hi") < cut)
        .then(pl.lit(NOT_HIGH))
    )
    return joined.with_columns(tmb_cohort=answer)


def _cut(rates: list[float], share: float) -> float | None:
    """Return the least value that at most this share reach; None where all ties are too many.

    Args:
        rates: Burdens, highest first.
        share: Of them that may be high.
    """
    most = int(len(rates) * share)
    cut = None
    for at, rate in enumerate(rates):
        if at + 1 == len(rates) or rates[at + 1] < rate:  # the last of its ties
            if at + 1 > most:
                break
            cut = rate
    return cut
