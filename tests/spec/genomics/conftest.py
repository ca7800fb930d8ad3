"""Short ways to write tumours as segments, shared by the pages of this chapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
import pytest

from nenuphar.methods.genomics.segment_table import read_segments
from nenuphar.methods.genomics.segments import SegmentProfile, profile_segments
from nenuphar.methods.genomics.thresholds import Cutoffs
from nenuphar.terminology.genome import AUTOSOMES, arms

Copies = tuple[float, float] | float


@pytest.fixture(scope="session")
def cutoffs() -> Cutoffs:
    from nenuphar.knowledge.base import knowledge_base
    from nenuphar.knowledge.build import compile_records

    # From the YAML, so that the page holds before `make kb` has run.
    records = knowledge_base(compile_records()["records"])
    prefix = "genomics."
    found = {
        name.removeprefix(prefix): threshold.value
        for name, threshold in records.thresholds.items()
        if name.startswith(prefix)
    }
    assert found
    return Cutoffs(found)


@pytest.fixture
def tumour(cutoffs: Cutoffs) -> Callable[..., SegmentProfile]:
    """Write a tumour by its altered arms: `{"18q": (1, 0)}` is one copy of 18q and none other.

    A pair is major and minor copies, a single number a log2 ratio; arms that are not named have
    `rest`; None leaves an arm unmeasured.
    """

    def write(
        altered: Mapping[str, Copies | None], rest: Copies = (1, 1), **options: object
    ) -> SegmentProfile:
        rows = []
        for arm in arms("hg19"):
            if arm.chromosome not in AUTOSOMES:
                continue
            copies = altered.get(arm.name, altered.get(arm.chromosome, rest))
            if copies is None:
                continue
            row = {"sample": "T", "chromosome": arm.chromosome, "start": arm.start, "end": arm.end}
            if isinstance(copies, tuple):
                row |= {"total_cn": sum(copies), "minor_cn": min(copies)}
            else:
                row |= {"log2": copies}
            rows.append(row)
        table = pl.DataFrame(rows).cast(pl.String).with_columns(
            pl.lit(str(value)).alias(name) for name, value in options.items()
        )  # fmt: skip
        checked = read_segments(table, "hg19")
        assert checked.rejected == 0
        return profile_segments(checked.frame, "hg19", cutoffs=cutoffs)

    return write
