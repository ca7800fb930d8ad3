"""Clusters of breakpoints along a chromosome: where rearrangements crowd, mix and interleave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nenuphar.methods.genomics.rearrangement_table import ORIENTATIONS
from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.terminology.genome import CHROMOSOMES, chromosome_lengths

CLUSTERS = {
    "sample": pl.String,
    "chromosome": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "rearrangements": pl.Int64,
    "expected": pl.Float64,
    "p": pl.Float64,
    "interleaved": pl.Int64,
    "interchromosomal": pl.Int64,
    "orientations": pl.Int64,
    "most_frequent": pl.Float64,
    "shattered": pl.Boolean,
}


_BOUNDS_MAX = 2000
"""Breakpoints of a chromosome that may open or close a stretch; of more, so many evenly chosen."""


@dataclass(frozen=True)
class _Window:
    start: int
    end: int
    expected: float
    p: float


def breakpoint_clusters(
    rearrangements: pl.DataFrame, genome: str, cutoffs: Cutoffs
) -> pl.DataFrame:
    """Find on every chromosome the stretch in which breakpoints crowd most.

    Every stretch between two breakpoints is weighed: how likely (Poisson) are so many
    rearrangements in it at the sample's own density of breakpoints over the genome? The least
    likely one is taken, its probability multiplied by the number of stretches weighed on the
    chromosome. The two ends of one rearrangement count once. It is a cluster at or below
    `clusters.p_max` with at least `clusters.rearrangements_min` rearrangements.

    A cluster is `shattered` where its rearrangements interleave (overlap another without one
    holding the other): at least `clusters.interleaved_high` of them, or `clusters.interleaved_min`
    with `clusters.interchromosomal_min` that lead to other chromosomes; and where no orientation
    makes up more than `clusters.orientation_max`. Amplicons, tandem duplications and fragile sites
    crowd too, but do not mix.

    Args:
        rearrangements: `Rearrangements.frame`.
        genome: `hg19` or `hg38`.
        cutoffs: Named above.

    Returns:
        One row per cluster: sample, chromosome, start, end (bases), rearrangements (with an end in
        it), expected (breakpoints), p, interleaved and interchromosomal (counts), orientations (how
        many of the four), most_frequent (share of the commonest; null where none is known),
        shattered (null where orientations would decide and are not known).

    Source:
        Korbel and Campbell 2013, doi:10.1016/j.cell.2013.02.023 (clustering, random joins);
        Cortés-Ciriano 2020, doi:10.1038/s41588-019-0576-7 (interleaving, joins).
    """
    lengths = chromosome_lengths(genome)
    rows: list[tuple[object, ...]] = []
    for (sample,), own in rearrangements.group_by("sample", maintain_order=True):
        density = 2 * own.height / sum(lengths.values())
        for chromosome in CHROMOSOMES:
            here = [pl.col(f"chromosome_{i}") == chromosome for i in (1, 2)]
            near = own.filter(here[0] | here[1])
            if near.height < cutoffs["clusters.rearrangements_min"]:
                continue
            window = _densest(near, chromosome, density)
            inside = _inside(near, chromosome, window)
            enough = inside.height >= cutoffs["clusters.rearrangements_min"]
            if enough and window.p <= cutoffs["clusters.p_max"]:
                rows.append((sample, chromosome, *_described(inside, window, cutoffs)))
    return pl.DataFrame(rows, schema=CLUSTERS, orient="row")


def _densest(near: pl.DataFrame, chromosome: str, density: float) -> _Window:
    """Weigh every stretch between two breakpoints by the rearrangements that have an end in it.

    The first one opens the stretch and is not counted against its length.
    """
    import numpy as np
    from scipy.stats import poisson

    on = np.column_stack([near[f"chromosome_{i}"].to_numpy() == chromosome for i in (1, 2)]).astype(
        bool
    )
    ends = near.select("position_1", "position_2").to_numpy()
    places = np.sort(ends[on])
    bounds = np.unique(places)
    if len(bounds) > _BOUNDS_MAX:
        bounds = bounds[np.linspace(0, len(bounds) - 1, _BOUNDS_MAX).astype(int)]
    # Stretches that hold both ends of a rearrangement, which counts once.
    pair = np.sort(ends[on.all(axis=1)], axis=1)
    after = np.searchsorted(bounds, pair[:, 0], side="right") - 1
    until = np.searchsorted(bounds, pair[:, 1], side="left")
    both = np.zeros((len(bounds), len(bounds)), dtype=np.int32)
    np.add.at(both, (after, until), 1)
    both = both[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    first, last = np.triu_indices(len(bounds))
    held = np.searchsorted(places, bounds, side="right")[last]
    held = held - np.searchsorted(places, bounds, side="left")[first]
    counted = held - both[first, last]
    expected = density * (bounds[last] - bounds[first] + 1)
    log_tail = poisson.logsf(counted - 2, expected)
    best = int(np.argmin(log_tail))
    p = float(min(np.exp(log_tail[best]) * len(first), 1.0))
    begin, end = int(bounds[first[best]]), int(bounds[last[best]])
    return _Window(begin, end, float(expected[best]), p)


def _inside(near: pl.DataFrame, chromosome: str, window: _Window) -> pl.DataFrame:
    within = [
        (pl.col(f"chromosome_{i}") == chromosome)
        & pl.col(f"position_{i}").is_between(window.start, window.end)
        for i in (1, 2)
    ]
    return near.filter(within[0] | within[1])


def _described(inside: pl.DataFrame, window: _Window, cutoffs: Cutoffs) -> tuple[object, ...]:
    same = inside.filter(pl.col("chromosome_1") == pl.col("chromosome_2"))
    away = inside.height - same.height
    crossed = interleaved(list(same.select("position_1", "position_2").iter_rows()))
    known = inside["strands"].drop_nulls()
    counts = [int((known == strands).sum()) for strands in ORIENTATIONS]
    share = max(counts) / known.len() if known.len() else None
    mixed = None if share is None else share <= cutoffs["clusters.orientation_max"]
    many = crossed >= cutoffs["clusters.interleaved_high"] or (
        crossed >= cutoffs["clusters.interleaved_min"]
        and away >= cutoffs["clusters.interchromosomal_min"]
    )
    return (
        window.start, window.end, inside.height, window.expected, window.p,
        crossed, away, sum(count > 0 for count in counts), share, mixed if many else False,
    )  # fmt: skip


def interleaved(spans: Sequence[tuple[int, int]]) -> int:
    """Count the spans that overlap another one without either holding the other.

    Args:
        spans: First and last base of each.
    """
    import numpy as np

    if not spans:
        return 0
    first, last = np.array(spans).T
    crosses = (first[:, None] < first) & (first < last[:, None]) & (last[:, None] < last)
    return int((crosses | crosses.T).any(axis=1).sum())
