"""An expression matrix as readers hand it over, with what they could not use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BLOCK_ROWS = 4096  # of sparse cells
BLOCK_VALUES = 4_000_000  # of dense samples


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part of the input that was not used, by the columns of `rejected.tsv`."""

    file: str
    line: int | None
    record: str
    column: str
    value: str
    reason: str
    fix: str


@dataclass(slots=True)
class ExpressionMatrix:
    """Samples × genes, in memory or on disk.

    values: a NumPy array, a SciPy sparse matrix, or anything that gives one of them when its rows
    are sliced (backed AnnData, Dask, HDF5, Zarr). Missing values are NaN.
    left_out: columns that hold no expression (text, or clinical numbers beside the genes).
    """

    genes: list[str]
    samples: list[str]
    values: Any
    rejected: list[Rejected] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def in_memory(self) -> bool:
        """Whether all values are at hand."""
        import numpy as np

        return isinstance(self.values, np.ndarray) or hasattr(self.values, "indptr")

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, Any]]:
        """Portions of samples with the number of their first: all at once where in memory.

        rows: samples in a portion; by default what takes about 30 MB, in whole chunks of the file.
        """
        import numpy as np

        if self.in_memory:
            yield 0, self.values
            return
        rows = rows or self._rows()
        for start in range(0, len(self.samples), rows):
            part = self.values[start : start + rows]
            part = part.compute() if hasattr(part, "compute") else part
            yield start, part if hasattr(part, "tocsr") else np.asarray(part)

    def _rows(self) -> int:
        chunks = getattr(self.values, "chunks", None)
        if hasattr(self.values, "format"):  # sparse
            return BLOCK_ROWS
        chunk = chunks[0] if chunks else 1
        return -(-max(1, BLOCK_VALUES // max(1, len(self.genes))) // chunk) * chunk
