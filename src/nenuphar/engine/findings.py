"""Findings of all classes of rows at once: gathered, composed over contexts, silenced, softened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from nenuphar.engine.block import Names, add_name, any_true
from nenuphar.engine.combine import EDITION_SILENT, NO_RULE_APPLIES
from nenuphar.engine.contest import FindingBlock
from nenuphar.engine.plan import NO_CONTEXT


def standing_value(finding: FindingBlock, *, firm: bool = False) -> pl.Series:
    """Return the value where it stands (if `firm`, beyond doubt), null where it is open."""
    frame = pl.DataFrame({"v": finding.value, "s": finding.status})
    stands = pl.col("s").is_in(["met"] if firm else ["met", "provisional"])
    return frame.select(pl.when(stands).then(pl.col("v")).alias("v"))["v"]


def named_or_itself(finding: FindingBlock, fact: str, rows: pl.Series) -> Names:
    """Return what would decide a derived fact; the fact itself where nothing is named."""
    names = {name: named & rows for name, named in finding.missing.items()}
    add_name(names, fact, rows & ~any_true(list(finding.missing.values()), rows.len()))
    return names


def gather_finding(block: FindingBlock, ids: pl.Series) -> FindingBlock:
    """Return for every id the finding of that class."""
    groups = (block.missing, block.alternatives, block.rules, block.cautions)
    places = [(group, name) for group, names in enumerate(groups) for name in names]
    columns = {str(i): groups[group][name] for i, (group, name) in enumerate(places)}
    frame = pl.DataFrame({"value": block.value, "status": block.status, **columns})
    moved = frame.select(pl.all().gather(ids))  # all of them at once: each call has its price
    names: list[Names] = [{}, {}, {}, {}]
    for i, (group, name) in enumerate(places):
        names[group][name] = moved[str(i)]
    return FindingBlock(moved["value"], moved["status"], *names)


def compose(contexts: Mapping[str, FindingBlock], context: pl.Series) -> FindingBlock:
    """Return the findings of the context that each class itself belongs to."""
    if len(contexts) == 1:
        return contexts[NO_CONTEXT]
    value = pl.Series([None], dtype=pl.String).new_from_index(0, context.len())
    status = value
    groups: list[Names] = [{}, {}, {}, {}]
    for name, block in contexts.items():
        rows = context == name
        value = block.value.zip_with(rows, value)
        status = block.status.zip_with(rows, status)
        own = (block.missing, block.alternatives, block.rules, block.cautions)
        for group, names in zip(groups, own, strict=True):
            for key, series in names.items():
                add_name(group, key, series & rows)
    return FindingBlock(value, status, *groups)


def where_silent(block: FindingBlock) -> pl.Series:
    """Return where an edition does not speak of a row."""
    rows = block.cautions.get(EDITION_SILENT)
    return any_true([] if rows is None else [rows], block.status.len())


def silent(height: int) -> FindingBlock:
    """What an edition says of rows of which it does not speak."""
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    everywhere = pl.Series([True]).new_from_index(0, height)
    status = pl.Series(["undetermined"]).new_from_index(0, height)
    return FindingBlock(nothing, status, {}, {}, {}, {EDITION_SILENT: everywhere})


def name_where(rows: pl.Series, name: str) -> pl.Series:
    """Return a name where rows are true, and no name elsewhere."""
    frame = pl.DataFrame({"r": rows})
    return frame.select(pl.when("r").then(pl.lit(name)).otherwise(pl.lit("")).alias("v"))["v"]


def without_context(block: FindingBlock, unknown: pl.Series, missing: Names) -> FindingBlock:
    """Note, where the edition is not known, that the finding is provisional and what is missing."""
    frame = pl.DataFrame({"s": block.status, "u": unknown})
    softened = pl.when(pl.col("u") & (pl.col("s") == "met")).then(pl.lit("provisional"))
    status = frame.select(softened.otherwise(pl.col("s")).alias("s"))["s"]
    named = dict(block.missing)
    for name, rows in missing.items():
        add_name(named, name, rows & unknown)
    cautions = {
        name: rows & ~unknown if name == NO_RULE_APPLIES else rows
        for name, rows in block.cautions.items()
    }
    return replace(block, status=status, missing=named, cautions=cautions)
