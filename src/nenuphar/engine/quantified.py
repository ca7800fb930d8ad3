"""Quantified criteria over the rows of a narrower scope, gathered to the rows of the wider one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from nenuphar.engine.block import LeafTruth, add_name, any_true
from nenuphar.engine.tracer import undecided
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import Over


@dataclass(frozen=True)
class InnerRows:
    """What a quantifier needs to know of the rows that it runs over.

    Attributes:
        outer: Number of the wider row in which each row lies.
        where: Whether the row is one of those meant, null where open.
        that: Whether the criterion holds for it, null where open.
        where_names: Facts that leave `where` open, by row.
        that_names: Facts that leave `that` open, by row.
        rank: Least and greatest rank, for quantifiers that choose a row; null where unknown.
        flag: Whether the row is marked as the index, for `index`.
        thing: For `count`, number of what the row describes; several assessors may describe one.
    """

    outer: pl.Series
    where: pl.Series
    that: pl.Series
    where_names: Mapping[str, pl.Series]
    that_names: Mapping[str, pl.Series]
    rank: tuple[pl.Series, pl.Series] | None = None
    flag: pl.Series | None = None
    thing: pl.Series | None = None

    def of_each(
        self,
        ids: pl.Series,
        rank: tuple[pl.Series, pl.Series] | None = None,
        flag: pl.Series | None = None,
    ) -> InnerRows:
        """Return single rows, where these are the ways in which rows differ.

        Args:
            ids: The way of every row.
            rank: Ranks of the rows.
            flag: Marks of the rows.
        """
        return InnerRows(
            self.outer.cast(pl.UInt32),
            self.where.gather(ids),
            self.that.gather(ids),
            {name: rows.gather(ids) for name, rows in self.where_names.items()},
            {name: rows.gather(ids) for name, rows in self.that_names.items()},
            rank,
            flag,
        )


def one_each(outer: pl.Series, height: int) -> bool:
    """Whether every wider row has exactly one narrower row, in the same order."""
    same = outer.len() == height
    numbers = pl.int_range(height, dtype=pl.UInt32, eager=True)
    return same and bool((outer.cast(pl.UInt32) == numbers).all())


def quantify_alone(node: Over, ways: InnerRows, ids: pl.Series, kb: KnowledgeBase) -> LeafTruth:
    """Evaluate a quantified criterion where every wider row has one narrower row.

    Nothing has to be gathered then, and which row would be chosen of several does not matter: each
    way in which the narrower rows differ is decided once.

    Args:
        node: The quantified criterion.
        ways: What is to be known of the narrower rows, once for each way in which they differ.
        ids: The way of every row.
        kb: Tells the scopes of facts.
    """
    numbers = pl.int_range(ways.where.len(), dtype=pl.UInt32, eager=True)
    level = pl.Series([0.0], dtype=pl.Float64).new_from_index(0, numbers.len())
    unmarked = pl.Series([None], dtype=pl.Boolean).new_from_index(0, numbers.len())
    alone = replace(
        ways,
        outer=numbers,
        rank=(level, level) if node.quantifier in ("latest", "earliest", "worst") else None,
        flag=unmarked if node.quantifier == "index" else None,
        thing=numbers if node.quantifier == "count" else None,
    )
    answer = quantify(node, alone, numbers.len(), kb)
    names = {name: rows.gather(ids) for name, rows in answer.names.items()}
    return LeafTruth(answer.truth.gather(ids), names)


def quantify(node: Over, rows: InnerRows, height: int, kb: KnowledgeBase) -> LeafTruth:
    """Evaluate a quantified criterion for every row of the wider scope.

    Args:
        node: The quantified criterion.
        rows: The narrower rows.
        height: Number of rows of the wider scope.
        kb: Tells the scopes of facts.
    """
    names = sorted({*rows.where_names, *rows.that_names})
    frame = pl.DataFrame(
        {"outer": rows.outer, "where": rows.where, "that": rows.that}
        | {f"n{i}": _named(rows, name) for i, name in enumerate(names)}
    )
    if rows.thing is not None:
        frame = frame.with_columns(thing=rows.thing).with_columns(_thing_columns())
    frame = frame.with_columns(candidate=_deciding(node, rows, frame))
    mine = pl.col("candidate")
    if rows.outer.is_sorted():  # as cohorts come: runs are then grouped as they stand
        frame = frame.with_columns(pl.col("outer").set_sorted())
    summary = frame.group_by("outer").agg(
        _truth(node).alias("truth"),
        pl.lit(True).alias("recorded"),
        *(
            (pl.col(f"n{i}") & mine).any(ignore_nulls=False).alias(f"n{i}")
            for i in range(len(names))
        ),
    )
    everyone = pl.DataFrame({"outer": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    result = everyone.join(summary, on="outer", how="left", maintain_order="left")
    truth = result["truth"]
    found = {name: result[f"n{i}"].fill_null(False) for i, name in enumerate(names)}
    unnamed = ~any_true(list(found.values()), height)
    recorded = result["recorded"].fill_null(False)
    for name in undecided(node, recorded=True, kb=kb):
        add_name(found, name, unnamed & recorded)
    for name in undecided(node, recorded=False, kb=kb):
        add_name(found, name, unnamed & ~recorded)
    return LeafTruth(truth, found)


def _named(rows: InnerRows, name: str) -> pl.Series:
    """Rows whose open `where` or `that` names a fact."""
    nowhere = rows.where.is_null() & rows.where.is_not_null()
    return rows.where_names.get(name, nowhere) | rows.that_names.get(name, nowhere)


def _hit(node: Over) -> pl.Expr:
    """Whether each row is as the quantifier asks."""
    where, that = pl.col("where"), pl.col("that")
    return ~where | that if node.quantifier == "every" else where & that


def _thing_columns() -> list[pl.Expr]:
    """Whether any assessor of a thing hits it, stated on one of its rows."""
    whole = ["outer", "thing"]
    hit = (pl.col("where") & pl.col("that")).any(ignore_nulls=False)
    first = pl.int_range(pl.len()).over(whole) == 0
    return [hit.over(whole).alias("thing_hit"), first.alias("first")]


def _deciding(node: Over, rows: InnerRows, frame: pl.DataFrame) -> pl.Series:
    """Rows that could be the one that is meant; where none is singled out, those still open."""
    possible = pl.col("where").is_null() | pl.col("where")
    if node.quantifier in ("exists", "every", "count"):
        return frame.select(_hit(node).is_null().alias("c"))["c"]
    if rows.flag is not None:
        frame = frame.with_columns(flag=rows.flag)
        marked = possible & pl.col("flag").fill_null(False)
        unmarked = possible & pl.col("flag").fill_null(True)
        # A mark on a row that may not be meant at all does not rule the others out.
        sure = marked & pl.col("where").fill_null(False)
        chosen = pl.when(sure.any().over("outer")).then(marked).otherwise(unmarked)
        return frame.select(chosen.alias("c"))["c"]
    lo, hi = rows.rank  # type: ignore[misc]  # every other quantifier ranks
    frame = frame.with_columns(lo=lo, hi=hi)
    certain = pl.col("where").fill_null(False)
    floor = pl.when(certain).then(pl.col("lo")).max().over("outer")
    reaches = pl.col("hi").is_null() | floor.is_null() | (pl.col("hi") >= floor)
    return frame.select((possible & reaches).alias("c"))["c"]


def _truth(node: Over) -> pl.Expr:
    where, that = pl.col("where"), pl.col("that")
    if node.quantifier == "exists":
        return _hit(node).any(ignore_nulls=False)
    if node.quantifier == "every":
        return _hit(node).all(ignore_nulls=False)
    if node.quantifier == "count":
        met = (pl.col("thing_hit").fill_null(False) & pl.col("first")).sum()
        possible = (pl.col("thing_hit").fill_null(True) & pl.col("first")).sum()
        return pl.when(met >= node.at_least).then(True).when(possible < node.at_least).then(False)
    mine = pl.col("candidate")
    # Perhaps none of the rows is the one that is meant; then the criterion is not met.
    none_certain = ~(where.fill_null(False) & mine).any()
    some_true = (that.fill_null(False) & mine).any()
    some_false = (~that.fill_null(True) & mine).any() | none_certain
    some_open = (that.is_null() & mine).any()
    return (
        pl.when(some_true & ~some_false & ~some_open)
        .then(True)
        .when(some_false & ~some_true & ~some_open)
        .then(False)
    )
