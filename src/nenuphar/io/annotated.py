"""Reads the matrix of an AnnData file (`.h5ad`, `.zarr`); its values stay on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nenuphar.io.expression_matrix import ExpressionMatrix
from nenuphar.io.matrix_text import UnreadableError

RAW = "raw"


def read_annotated(path: Path, layer: str | None, gene_names: str | None) -> ExpressionMatrix:
    """Reads X, or the layer named (`raw` for raw X), of an AnnData file.

    gene_names: the column of `var` that names the genes; where it is empty the index does. Raises
    `UnreadableError` where the file is no AnnData or lacks what was asked for.
    """
    group = _open(path)
    try:
        samples = _index(group["obs"])
        held = group[RAW] if layer == RAW and RAW in group else group
        genes = _genes(held["var"], gene_names, path)
    except (KeyError, AttributeError) as problem:
        raise UnreadableError(
            f"{path.name}: no AnnData (obs and var have no names); "
            "write it with anndata 0.7 or later"
        ) from problem
    values = _values(group, layer, path)
    if hasattr(values, "keys"):
        from anndata.io import sparse_dataset

        values = sparse_dataset(values)
        if values.format == "csc":
            values = values.to_memory()  # rows cannot be read out of columns on disk
    return ExpressionMatrix(genes, samples, values)


def _open(path: Path) -> Any:
    if path.suffix == ".h5ad":
        import h5py

        return h5py.File(path, "r")
    import zarr

    return zarr.open_group(path, mode="r")


def _values(group: Any, layer: str | None, path: Path) -> Any:
    layers = sorted(group["layers"]) if "layers" in group else []
    held = {name: f"layers/{name}" for name in layers}
    held |= {RAW: "raw/X"} if RAW in group else {}
    wanted = held.get(layer) if layer else "X"
    if wanted is None or wanted not in group:
        there = ", ".join(held) or "none"
        what = f"no layer {layer!r}" if layer else "X is empty"
        raise UnreadableError(f"{path.name}: {what}; choose --layer from those it has: {there}")
    return group[wanted]


def _genes(var: Any, column: str | None, path: Path) -> list[str]:
    if column is None:
        return _index(var)
    if column not in var:
        there = ", ".join(name for name in sorted(var) if not name.startswith("_")) or "none"
        raise UnreadableError(
            f"{path.name}: var has no column {column!r}; choose --gene-names from: {there}"
        )
    names = _strings(var[column])
    return [name or stable for name, stable in zip(names, _index(var), strict=True)]


def _index(table: Any) -> list[str]:
    return _strings(table[table.attrs["_index"]])


def _strings(held: Any) -> list[str]:
    """Text as AnnData stores it: an array, categories with codes, or values with a mask."""
    if hasattr(held, "keys"):
        from anndata.io import read_elem

        values = read_elem(held)
        return [
            "" if missing else str(one) for one, missing in zip(values, values.isna(), strict=True)
        ]
    values = held.asstr()[:] if hasattr(held, "asstr") else held[:]
    return [str(value) for value in values]
