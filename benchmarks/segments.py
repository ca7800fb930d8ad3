"""Speed of the segment profile, as a ratio against an obvious loop over segments in one run.

The loop does a part of the work only (fractions of arms), on a share of the samples, and is scaled.
"""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from nenuphar.methods.genomics.segment_table import read_segments
from nenuphar.methods.genomics.segments import profile_segments
from nenuphar.methods.genomics.thresholds import shipped_cutoffs
from nenuphar.terminology.genome import AUTOSOMES, arms, chromosome_lengths

SAMPLES = 1000
PIECES = 8
LOOP_SAMPLES = 20


def cohort(samples: int = SAMPLES, pieces: int = PIECES) -> pl.DataFrame:
    """Simulate a text table: samples x 22 chromosomes x pieces."""
    random = np.random.default_rng(2024)
    parts = []
    for chromosome in AUTOSOMES:
        length = chromosome_lengths("hg19")[chromosome]
        cuts = np.sort(random.integers(2, length, (samples, pieces - 1)), axis=1)
        starts = np.hstack([np.ones((samples, 1), int), cuts])
        ends = np.hstack([cuts - 1, np.full((samples, 1), length)])
        parts.append(
            pl.DataFrame(
                {
                    "sample": np.repeat([f"S{i:05d}" for i in range(samples)], pieces),
                    "chromosome": chromosome,
                    "start": starts.ravel(),
                    "end": np.maximum(ends, starts).ravel(),
                    "total_cn": random.choice([1, 2, 3], samples * pieces, p=[0.2, 0.6, 0.2]),
                }
            )
        )
    return pl.concat(parts).cast(pl.String)


def obvious_loop(frame: pl.DataFrame) -> dict[tuple[str, str], list[int]]:
    """Lengths of every arm that are measured, lost and gained."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in frame.iter_rows(named=True):
        for arm in arms("hg19"):
            low, high = max(row["start"], arm.start), min(row["end"], arm.end)
            if arm.chromosome == row["chromosome"] and low <= high:
                entry = found.setdefault((row["sample"], arm.name), [0, 0, 0])
                size = int(high - low + 1)
                entry[0] += size
                entry[1] += size * (row["total_cn"] < 2)
                entry[2] += size * (row["total_cn"] > 2)
    return found


def run() -> list[dict]:
    """Time the whole profile, table checks included, against the loop."""
    table, cutoffs = cohort(), shipped_cutoffs()
    profile_segments(read_segments(table.head(2000), "hg19").frame, "hg19", cutoffs=cutoffs)
    start = time.perf_counter()
    read = read_segments(table, "hg19")
    profile_segments(read.frame, "hg19", samples=read.samples, cutoffs=cutoffs)
    ours = time.perf_counter() - start
    few = read.frame.filter(pl.col("sample").is_in(read.samples[:LOOP_SAMPLES]))
    start = time.perf_counter()
    obvious_loop(few)
    loop = (time.perf_counter() - start) * SAMPLES / LOOP_SAMPLES
    return [
        {
            "name": f"segments: profile of {SAMPLES} samples, {table.height} segments",
            "peer": "an obvious loop over arms and segments",
            "ours_s": ours,
            "peer_s": loop,
            "ratio": loop / ours,
            "bound": ">= 1",
        }
    ]


if __name__ == "__main__":
    for figure in run():
        print(figure)
