"""The genes of a panel out of a file of expression, whichever way round it lies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nenuphar.io.expression import ExpressionMatrix


def oriented(table: Path, wanted: Sequence[str]) -> ExpressionMatrix:
    """The matrix in the orientation in which the panel's genes are genes."""
    from nenuphar.io.expression import UnreadableError, read_expression

    best: tuple[float, ExpressionMatrix | None] = (-1.0, None)
    failure = None
    likely = _header_holds(table, wanted)
    for in_rows in (likely, not likely):
        try:
            matrix = read_expression(table, samples_in_rows=in_rows)
        except UnreadableError as problem:
            failure = failure or problem
            continue
        found = share_found(wanted, matrix.genes)
        if found > best[0]:
            best = (found, matrix)
        if found >= 0.5 or table.suffix in {".gct", ".h5ad", ".zarr"}:
            break
    if best[1] is None or (best[0] == 0 and failure is not None):
        raise failure or UnreadableError(f"{table.name}: no expression matrix")
    return best[1]


def _header_holds(table: Path, wanted: Sequence[str]) -> bool:
    """Whether genes of the panel stand in the first line of a text file: samples are in rows."""
    if table.suffix not in {".csv", ".tsv", ".txt"} or not table.is_file():
        return True
    with table.open("rb") as file:
        head = file.readline(1_000_000).decode("utf-8", "replace").replace("\r", "\n")
    names = re.split(r"[,;\t]", head.split("\n", 1)[0].replace('"', ""))
    return len(set(wanted).intersection(names)) > 1


def share_found(wanted: Sequence[str], genes: Sequence[str]) -> float:
    """The share of the panel's genes (0-1) that is among these genes, under any of their names."""
    from nenuphar.methods.expression.subtypes import panel_columns

    found = panel_columns(wanted, genes)
    return sum(column is not None for column in found) / len(found)


def on_panel(matrix: ExpressionMatrix, wanted: Sequence[str]) -> Any:
    """The panel's genes, samples × genes, read in blocks where the matrix is on disk."""
    import numpy as np

    from nenuphar.methods.expression.subtypes import panel_layout, take_panel

    layout = panel_layout(wanted, matrix.genes)
    parts = [take_panel(layout, part) for _, part in matrix.blocks()]
    return np.vstack(parts)
