"""Reads how several methods saw the immune cells of the same tumours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SHARES = {
    "cd4": ("T cell CD4+ (non-regulatory)",),
    "cd8": ("T cell CD8+",),
    "treg": ("T cell regulatory (Tregs)",),
    "b_cell": ("B cell",),
    "macrophage": ("Macrophage M1", "Macrophage M2"),
    "monocyte": ("Monocyte",),
    "neutrophil": ("Neutrophil",),
    "dendritic": ("Myeloid dendritic cell",),
}
"""Columns of quanTIseq that make up a share."""

SECOND = {
    "MCP-counter": ("mcpcounter.T cell CD8+", "mcpcounter.Macrophage/Monocyte"),
    "ABIS": ("abis.T cell CD8+ memory", "abis.Monocyte conventional"),
    "EPIC": ("epic.T cell CD8+", "epic.Macrophage"),
}
"""Second methods: their column for CD8 T cells and for macrophages or monocytes."""

WHOLE = "estimate.immune score"
FIBROBLASTS = "epic.Cancer associated fibroblast"


@dataclass(frozen=True)
class Readings:
    """Tumours of which every method has a reading.

    Attributes:
        names: Names of the samples.
        shares: By cell, its share by quanTIseq (percent of all cells).
        second: By method its readings of T cells and of myeloid cells, in its own units.
        whole: ESTIMATE immune score.
        fibroblasts: Share of fibroblasts by EPIC (percent).
        offered: Samples in the table, complete or not.
    """

    names: list[str]
    shares: dict[str, Numbers]
    second: dict[str, tuple[Numbers, Numbers]]
    whole: Numbers
    fibroblasts: Numbers
    offered: int

    def t_cells(self) -> Numbers:
        """CD4 and CD8 T cells together (percent)."""
        return self.shares["cd4"] + self.shares["cd8"]

    def myeloid(self) -> Numbers:
        """Macrophages, monocytes, neutrophils and dendritic cells together (percent)."""
        cells = ("macrophage", "monocyte", "neutrophil", "dendritic")
        return np.sum([self.shares[cell] for cell in cells], axis=0)


def read_readings(data: Path) -> Readings:
    """Read the deconvolutions of lungNENomics; incomplete tumours are left out."""
    table = pl.read_csv(data / "lung_nen" / "Supplementary_Table_S9.csv", infer_schema_length=None)
    wanted = [f"quantiseq.{part}" for parts in SHARES.values() for part in parts]
    wanted += [column for pair in SECOND.values() for column in pair] + [WHOLE, FIBROBLASTS]
    numbers = table.select("sample id", *(pl.col(name).cast(pl.Float64) for name in wanted))
    numbers = numbers.filter(
        pl.all_horizontal(pl.col(name).is_not_null() & pl.col(name).is_finite() for name in wanted)
    )

    def column(name: str) -> Numbers:
        return numbers[name].to_numpy()

    return Readings(
        numbers["sample id"].to_list(),
        {
            cell: 100 * np.sum([column(f"quantiseq.{part}") for part in parts], axis=0)
            for cell, parts in SHARES.items()
        },
        {name: (column(t), column(m)) for name, (t, m) in SECOND.items()},
        column(WHOLE),
        100 * column(FIBROBLASTS),
        table.height,
    )
