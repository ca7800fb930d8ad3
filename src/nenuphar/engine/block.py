"""Criterion trees over a block of rows at once, as three-valued Boolean series.

A block holds the truth of every leaf, one series each; null is undetermined and Polars' `&` and `|`
are Kleene's. Beside the truth of a tree it tells which facts leave it open, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from nenuphar.knowledge.criterion import AllOf, AnyOf, AtLeast, Criterion, Not

Names = dict[str, pl.Series]
"""For each fact, on which rows it is named; no nulls."""


@dataclass(frozen=True)
class LeafTruth:
    """The truth of a leaf on every row, and what would decide it where it is open.

    Attributes:
        truth: Boolean series, null where undetermined.
        names: Facts that would decide it, each with its rows; only open rows count.
    """

    truth: pl.Series
    names: Mapping[str, pl.Series]


@dataclass
class Block:
    """Leaves of a block of rows, and the trees evaluated over them so far.

    Attributes:
        height: Number of rows.
        leaves: Truth of every leaf (and of every quantified part) that the trees read.
    """

    height: int
    leaves: Mapping[Criterion, LeafTruth]
    _truths: dict[Criterion, pl.Series] = field(default_factory=dict)

    def constant(self, value: bool | None) -> pl.Series:
        """Return the same truth on every row."""
        return pl.Series([value], dtype=pl.Boolean).new_from_index(0, self.height)

    def truth(self, node: Criterion) -> pl.Series:
        """Return the truth of a tree on every row, null where undetermined."""
        if node not in self._truths:
            self._truths[node] = self._evaluate(node)
        return self._truths[node]

    def _evaluate(self, node: Criterion) -> pl.Series:
        match node:
            case AllOf(children):
                return reduce(lambda a, b: a & b, map(self.truth, children))
            case AnyOf(children):
                return reduce(lambda a, b: a | b, map(self.truth, children))
            case Not(child):
                return ~self.truth(child)
            case AtLeast(k, children):
                return count_at_least(k, [self.truth(child) for child in children])
            case _:
                return self.leaves[node].truth

    def open_names(self, node: Criterion, rows: pl.Series, into: Names) -> None:
        """Add the facts that leave a tree open, on those of the given rows on which it is open.

        A fact is named where its leaf and every node above it are undetermined.
        """
        own = rows & self.truth(node).is_null()
        match node:
            case AllOf(children) | AnyOf(children) | AtLeast(_, children):
                for child in children:
                    self.open_names(child, own, into)
            case Not(child):
                self.open_names(child, own, into)
            case _:
                for name, where in self.leaves[node].names.items():
                    add_name(into, name, own & where)


def add_name(into: Names, name: str, rows: pl.Series) -> None:
    """Name a fact on some rows."""
    into[name] = into[name] | rows if name in into else rows


def count_at_least(k: int, truths: Sequence[pl.Series]) -> pl.Series:
    """Return whether at least `k` of several truths are met, null where that is open."""
    met = _count([truth.fill_null(False) for truth in truths])
    possible = _count([truth.fill_null(True) for truth in truths])
    frame = pl.DataFrame({"met": met, "possible": possible})
    decided = pl.when(pl.col("met") >= k).then(True).when(pl.col("possible") < k).then(False)
    return frame.select(decided.alias("truth"))["truth"]


def _count(series: Sequence[pl.Series]) -> pl.Series:
    return reduce(lambda a, b: a + b, (each.cast(pl.Int32) for each in series))


def any_true(series: Sequence[pl.Series], height: int) -> pl.Series:
    """Return where at least one of several series without nulls is true."""
    nowhere = pl.Series([False], dtype=pl.Boolean).new_from_index(0, height)
    return reduce(lambda a, b: a | b, series, nowhere)
