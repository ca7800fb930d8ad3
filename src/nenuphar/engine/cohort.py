"""Conclusions about a cohort as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from nenuphar.domain.observation import show_value
from nenuphar.engine.block import Names, add_name, any_true
from nenuphar.engine.columnar import CohortEvaluator, Decisions
from nenuphar.engine.combine import Finding, listing
from nenuphar.engine.contest import FindingBlock, join_names
from nenuphar.engine.densify import Classes, densify
from nenuphar.engine.findings import named_or_itself, where_silent
from nenuphar.engine.frames import Frames, columns_of, kind_of, value_of
from nenuphar.engine.plan import NO_CONTEXT, Plan
from nenuphar.knowledge.base import KnowledgeBase

SCHEMA: dict[str, pl.DataType] = {
    "patient_id": pl.String(),
    "tumour_id": pl.String(),
    "specimen_id": pl.String(),
    "component": pl.String(),
    "assessor": pl.String(),
    "date": pl.String(),
    "fact": pl.String(),
    "value": pl.String(),
    "value_number": pl.Float64(),
    "unit": pl.String(),
    "status": pl.String(),
    "probability": pl.Float64(),
    "alternatives": pl.Categorical(),
    "rule_id": pl.Categorical(),
    "rule_version": pl.Categorical(),
    "cautions": pl.Categorical(),
    "missing": pl.Categorical(),
    "line_id": pl.String(),
}
"""Columns of a table of conclusions; text is empty, never null, except `value`.

What many rows share word for word is categorical: as text of its own it would fill a gigabyte in a
million cases. `as_text` turns it into text where it leaves the house.
"""

_KEYS = ("patient_id", "tumour_id", "specimen_id", "component", "assessor", "date", "line_id")


def conclude_cohort(plan: Plan, frames: Frames) -> pl.DataFrame:
    """Conclude everything that can be concluded about a cohort.

    Args:
        plan: What the knowledge base concludes, in order.
        frames: Observed facts by scope, see `engine.frames`; parents of every row are present.

    Returns:
        One row for each derived fact and row of its scope, with the columns of `SCHEMA`: facts in
        the order of the plan, rows in the order of the frames.
    """
    evaluator = CohortEvaluator(plan, frames)
    decided = evaluator.run()
    tables = list(_tables(plan, frames, decided))
    return pl.concat(tables) if tables else pl.DataFrame(schema=SCHEMA)


def as_text(conclusions: pl.LazyFrame) -> pl.LazyFrame:
    """Return conclusions with plain text in every column of text."""
    return conclusions.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _tables(plan: Plan, frames: Frames, decided: dict[str, Decisions]) -> Iterator[pl.DataFrame]:
    for fact in plan.measured:
        frame = frames[plan.scope(fact)]
        if plan.is_quiet(fact):
            frame = frame.filter(_told(fact, plan, frame, fact))
        table = _measured(fact, plan, frame)
        ids = pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
        yield _spread(fact, frame, table, ids, _probability(fact, plan, frame))
    for fact in plan.order:
        frame, ids = frames[plan.scope(fact)], decided[fact].ids
        table = _render(decided[fact].primary, plan.knowledge)
        if plan.is_quiet(fact):
            known = (table["status"] != "undetermined").gather(ids) | _told(fact, plan, frame)
            frame, ids = frame.filter(known), ids.filter(known)
        yield _spread(fact, frame, table, ids, _probability(fact, plan, frame))
    for fact, listed in plan.crosswalks.items():
        table = _render_crosswalk(listed, decided[listed])
        yield _spread(fact, frames[plan.scope(listed)], table, decided[listed].ids)
    for fact, labels in plan.listings.items():
        frame = frames[plan.scope(fact)]
        parts = {label: decided[name] for label, name in labels.items()}
        classes = densify([part.ids for part in parts.values()], frame.height)
        chances = [_probability(name, plan, frame) for name in labels.values()]
        chance = _probability_alone(list(parts.values()), chances)
        table, ids = _render_listing(parts, classes), classes.ids
        if plan.is_quiet(fact):
            known = (table["status"] != "undetermined").gather(ids) | _told(fact, plan, frame)
            frame, ids = frame.filter(known), ids.filter(known)
            chance = chance.filter(known) if chance is not None else None
        yield _spread(fact, frame, table, ids, chance)


def _told(fact: str, plan: Plan, frame: pl.DataFrame, *itself: str) -> pl.Series:
    """Say on which rows a quiet fact is listed although it is open."""
    names = (*itself, *plan.listed_with(fact))
    columns = {c for name in names for c in columns_of(name, kind_of(name, plan.knowledge))}
    present = [pl.col(c).is_not_null() for c in sorted(columns & set(frame.columns))]
    if not present:
        return pl.Series([False]).new_from_index(0, frame.height)
    return frame.select(pl.any_horizontal(present).alias("told"))["told"]


def _measured(fact: str, plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """What a method computed; it ran before, so that rules can read it like what was observed."""
    method = plan.measured[fact]
    value = shown(fact, plan.knowledge, frame)
    number, unit = _number(fact, plan.knowledge, frame)
    known = pl.DataFrame({"value": value, "known": value.is_not_null(), "value_number": number})

    def where_known(text: str, otherwise: str = "") -> pl.Expr:
        return pl.when("known").then(pl.lit(text)).otherwise(pl.lit(otherwise))

    return known.select(
        "value",
        "value_number",
        unit=where_known(unit),
        status=where_known("met", "undetermined"),
        alternatives=pl.lit(""),
        rule_id=where_known(method.id),
        rule_version=where_known(str(method.version)),
        cautions=pl.lit(""),
        missing=where_known("", ";".join(sorted(method.inputs))),
    )


def _number(fact: str, knowledge: KnowledgeBase, frame: pl.DataFrame) -> tuple[pl.Series, str]:
    """Return the exact numbers of a fact, null where it is a range or no number, and its unit."""
    lo, hi = f"{fact}.lo", f"{fact}.hi"
    if kind_of(fact, knowledge) != "number" or lo not in frame.columns:
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, frame.height), ""
    exact = pl.when(pl.col(lo) == pl.col(hi)).then(pl.col(lo))
    return frame.select(exact.alias("n"))["n"], knowledge.facts[fact].unit


def shown(fact: str, knowledge: KnowledgeBase, frame: pl.DataFrame) -> pl.Series:
    """Return a fact as a reader would write it, for every row; null where it is missing."""
    columns = list(columns_of(fact, kind_of(fact, knowledge)))
    if not set(columns) <= set(frame.columns):
        return pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    cells = frame.select(columns)
    if cells.dtypes == [pl.String()]:
        return cells.to_series()
    kinds = cells.unique(maintain_order=True)
    words = [
        show_value(value) if (value := value_of(fact, row, knowledge)) is not None else None
        for row in kinds.iter_rows(named=True)
    ]
    named = kinds.with_columns(pl.Series("\0shown", words, dtype=pl.String))
    found = cells.join(named, on=columns, how="left", nulls_equal=True, maintain_order="left")
    return found["\0shown"]


def _render(block: FindingBlock, knowledge: KnowledgeBase) -> pl.DataFrame:
    height = block.value.len()
    rules = join_names(block.rules, height)
    versions = {name: str(knowledge.rules[name].version) for name in block.rules}
    joined = {
        text: ";".join(versions[name] for name in text.split(";") if name)
        for text in rules.unique().to_list()
    }
    return pl.DataFrame(
        {
            "value": block.value,
            "status": block.status,
            "alternatives": join_names(block.alternatives, height),
            "rule_id": rules,
            "rule_version": rules.replace_strict(joined, return_dtype=pl.String),
            "cautions": join_names(block.cautions, height),
            "missing": join_names(block.missing, height),
        }
    )


def _render_crosswalk(listed: str, decisions: Decisions) -> pl.DataFrame:
    contexts = {n: b for n, b in decisions.contexts.items() if n != NO_CONTEXT}
    height = decisions.context.len()
    frame = pl.DataFrame(
        {"context": decisions.context}
        | {f"value@{name}": block.value for name, block in contexts.items()}
        | {f"status@{name}": block.status for name, block in contexts.items()}
        | {f"silent@{name}": where_silent(block) for name, block in contexts.items()}
    )
    stands = {n: pl.col(f"status@{n}").is_in(["met", "provisional"]) for n in contexts}
    parts = [
        pl.when(stands[n]).then(pl.format("{}={}", pl.lit(n), pl.col(f"value@{n}")))
        for n in contexts
    ]
    some = pl.any_horizontal(pl.lit(False), *stands.values())
    certain = some & pl.all_horizontal(
        pl.lit(True),
        *((pl.col(f"status@{n}") == "met") | pl.col(f"silent@{n}") for n in contexts),
    )
    status = pl.when(certain).then(pl.lit("met")).when(some).then(pl.lit("provisional"))
    text = frame.with_columns(
        value=pl.when(some).then(
            pl.concat_str(pl.lit(None, dtype=pl.String), *parts, separator=";", ignore_nulls=True)
        ),
        status=status.otherwise(pl.lit("undetermined")),
        certain=certain,
    )
    missing: Names = {}
    for block in contexts.values():
        open_rows = (block.status != "met") & ~where_silent(block)
        for name, rows in named_or_itself(block, listed, open_rows).items():
            add_name(missing, name, rows)
    unnamed = ~any_true(list(missing.values()), height)
    add_name(missing, listed, unnamed & (text["status"] == "undetermined"))
    empty = pl.lit("", dtype=pl.String)
    return text.select("value", "status").with_columns(
        alternatives=empty,
        rule_id=empty,
        rule_version=empty,
        cautions=empty,
        missing=join_names(missing, height),
    )


def _render_listing(parts: dict[str, Decisions], classes: Classes) -> pl.DataFrame:
    """List facts side by side on one representative of every combination of their classes."""
    rows = []
    blocks = {label: part.primary for label, part in parts.items()}
    for at in classes.representatives.to_list():
        found = []
        for label, part in parts.items():
            number, block = part.ids[at], blocks[label]
            found.append((label, _finding_at(block, number)))
        one = listing(found)
        rows.append((one.value, one.status, ";".join(one.alternatives), ";".join(one.missing)))
    names = ("value", "status", "alternatives", "missing")
    schema = dict.fromkeys(names, pl.String)
    empty = pl.lit("", dtype=pl.String)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(rule_id=empty, rule_version=empty, cautions=empty)


def _finding_at(block: FindingBlock, number: int) -> Finding:
    def named(names: Names) -> tuple[str, ...]:
        return tuple(sorted(name for name, rows in names.items() if rows[number]))

    return Finding(
        block.value[number], block.status[number], named(block.missing), named(block.alternatives)
    )


def _probability(fact: str, plan: Plan, frame: pl.DataFrame) -> pl.Series | None:
    """Return the probability that a method gave the value of a fact on every row, if on any."""
    name = plan.knowledge.facts[fact].probability
    return _number(name, plan.knowledge, frame)[0] if f"{name}.lo" in frame.columns else None


def _probability_alone(
    parts: Sequence[Decisions], chances: Sequence[pl.Series | None]
) -> pl.Series | None:
    """Return the probability of the only one of several facts of which something is known."""
    if all(chance is None for chance in chances):
        return None
    told = [(part.primary.status != "undetermined").gather(part.ids) for part in parts]
    alone = pl.select(pl.sum_horizontal(*told) == 1).to_series()
    found = [
        pl.when(alone & known).then(chance)
        for known, chance in zip(told, chances, strict=True)
        if chance is not None
    ]
    return pl.select(pl.coalesce(found)).to_series()


def _spread(
    fact: str,
    frame: pl.DataFrame,
    table: pl.DataFrame,
    ids: pl.Series,
    probability: pl.Series | None = None,
) -> pl.DataFrame:
    """Give every row of a scope the finding of its class, and its own probability if it stands."""
    rows = frame.select(_key(key, frame) for key in _KEYS)
    shared = [name for name, kind in SCHEMA.items() if kind == pl.Categorical]
    found = table.with_columns(pl.col(shared).cast(pl.Categorical)).select(pl.all().gather(ids))
    constants = {
        "fact": pl.lit(fact),
        "value_number": pl.lit(None, dtype=pl.Float64),
        "unit": pl.lit(""),
        "probability": pl.when(pl.col("status").is_in(["met", "provisional"])).then(probability),
    }
    lacking = {name: value for name, value in constants.items() if name not in found.columns}
    whole = pl.concat([rows, found], how="horizontal").with_columns(**lacking)
    return whole.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _key(key: str, frame: pl.DataFrame) -> pl.Expr:
    if key in frame.columns:
        return pl.col(key).fill_null("")
    return pl.lit("").alias(key)
