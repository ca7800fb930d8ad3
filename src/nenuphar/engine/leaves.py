"""Leaves of criterion trees over observed facts, compiled to Polars expressions.

Null is undetermined. `when` takes its else branch on null, so every branch below says both what is
met and what is not met, and leaves the rest null.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import Between, Compare, HasVariant, Is, IsA, Leaf

_NULL = pl.lit(None, dtype=pl.Boolean)


def observed_leaf(node: Leaf, columns: Collection[str], knowledge: KnowledgeBase) -> pl.Expr:
    """Compile a leaf over an observed fact.

    Args:
        node: The leaf.
        columns: Columns that the frame has; a fact without its column is missing everywhere.
        knowledge: Source of limits and hierarchies.

    Returns:
        A Boolean expression, null where undetermined.
    """
    match node:
        case Compare(fact, op, limit):
            return _compare(fact, op, knowledge.limit(limit), columns)
        case Between(fact, low, high):
            above = _compare(fact, "ge", knowledge.limit(low), columns)
            return above & _compare(fact, "le", knowledge.limit(high), columns)
        case HasVariant():
            return pl.col(node.fact) if node.fact in columns else _NULL
        case Is() | IsA():
            return _coded(node, columns, knowledge)


def _coded(node: Is | IsA, columns: Collection[str], knowledge: KnowledgeBase) -> pl.Expr:
    if node.fact not in columns:
        return _NULL
    declared = knowledge.facts[node.fact]
    column = pl.col(node.fact)
    if declared.type == "boolean":
        column = pl.when(column).then(pl.lit("true")).when(~column).then(pl.lit("false"))
    met, open_codes = code_sets(node, knowledge)
    return truth_of_codes(column, met, open_codes)


def code_sets(node: Is | IsA, knowledge: KnowledgeBase) -> tuple[set[str], set[str]]:
    """Return the codes for which a coded leaf is met, and those for which it stays open."""
    hierarchy = knowledge.hierarchy_of(node.fact)
    if isinstance(node, Is):
        above = {a for v in node.values for a in (hierarchy.ancestors(v) if hierarchy else ())}
        return set(node.values), above - set(node.values)
    if hierarchy is None:
        return set(), set()
    met = {node.concept, *hierarchy.descendants(node.concept)}
    return met, set(hierarchy.may_become(node.concept))


def truth_of_codes(column: pl.Expr, met: set[str], open_codes: set[str]) -> pl.Expr:
    """Return the truth of a coded leaf, given the codes that meet it or leave it open."""
    is_met = column.is_in(sorted(met))
    if not open_codes:
        return is_met  # a missing code leaves it null by itself
    is_open = column.is_in(sorted(open_codes))
    return pl.when(is_open).then(_NULL).otherwise(is_met)


def _compare(fact: str, op: str, limit: float, columns: Collection[str]) -> pl.Expr:
    if f"{fact}.lo" not in columns:
        return _NULL
    lo, hi = pl.col(f"{fact}.lo"), pl.col(f"{fact}.hi")
    if op in ("lt", "ge"):
        below = (hi < limit) | ((hi == limit) & pl.col(f"{fact}.hi_open"))
        truth = pl.when(below).then(True).when(lo >= limit).then(False)
        return truth if op == "lt" else ~truth
    above = (lo > limit) | ((lo == limit) & pl.col(f"{fact}.lo_open"))
    truth = pl.when(above).then(True).when(hi <= limit).then(False)
    return truth if op == "gt" else ~truth
