"""Reads gene sets: GMT files, with directions or weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nenuphar.io.matrix_text import UnreadableError, file_text

SHOWN = 10


def read_gmt(path: Path) -> dict[str, dict[str, float]]:
    """Gene sets of a GMT file as name → gene → weight.

    A gene may carry a direction (`MKI67-`) or a weight (`MKI67,0.5`); a gene that comes twice in
    a set counts once. Raises `UnreadableError` for lines without genes, sets of one name, genes
    with two weights and weights that are no numbers, all together.
    """
    if not Path(path).is_file():
        raise UnreadableError(f"{path}: no such file; give a .gmt file, or `builtin`")
    sets: dict[str, dict[str, float]] = {}
    wrong: list[str] = []
    for number, line in enumerate(file_text(Path(path)).decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        name, _, *genes = (
            (part.strip() for part in line.split("\t")) if "\t" in line else (line, "")
        )
        if not any(genes):
            wrong.append(f"line {number}: no genes; write name, description and genes with tabs")
        elif name in sets:
            wrong.append(f"line {number}: {name} occurs twice; rename one")
        else:
            try:
                sets[name] = _weights(genes)
            except ValueError as problem:
                wrong.append(f"line {number}: {problem}")
    if wrong or not sets:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        faults = "; ".join(wrong[:SHOWN]) or "no gene sets"
        raise UnreadableError(f"{Path(path).name}: {faults}{more}")
    return sets


def _weights(entries: Sequence[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for gene, weight in map(_weighted, filter(None, entries)):
        if weights.setdefault(gene, weight) != weight:
            raise ValueError(f"{gene} has two weights or directions; choose one")
    return weights


def _weighted(entry: str) -> tuple[str, float]:
    gene, comma, weight = entry.partition(",")
    if comma:
        try:
            return gene.strip(), float(weight)
        except ValueError:
            raise ValueError(f"{weight!r} is no weight for {gene}") from None
    return entry.rstrip("+-"), -1.0 if entry.endswith("-") else 1.0
