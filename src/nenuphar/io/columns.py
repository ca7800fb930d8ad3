"""Whole columns of texts as typed values, each distinct text parsed once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval, canonical_unit
from nenuphar.engine.frames import INTERVAL_PARTS, columns_of
from nenuphar.io.values import CEILINGS, LONGEST_ID, ValueParser, ValueProblem, plain


@dataclass(frozen=True)
class ParsedColumn:
    """A column of texts, parsed.

    Attributes:
        values: The columns that hold the fact (`engine.frames.columns_of`), as high as the texts;
            null where a text is missing or is no value.
        problems: Why a text is no value, by text.
    """

    values: pl.DataFrame
    problems: dict[str, ValueProblem]


def parse_column(texts: pl.Series, parser: ValueParser) -> ParsedColumn:
    """Parse a column of a fact; plain numbers in one pass, any other text once.

    Args:
        texts: Texts as they stand, without blanks around them; null is missing.
        parser: What the texts mean.
    """
    if parser.fact.type == "number":
        return _parse_numbers(texts, parser)
    parsed, problems = _parse_each(texts.drop_nulls().unique(), parser)
    return ParsedColumn(_spread(texts, parsed, parser), problems)


def constant_columns(fact: str, kind: str, value: Value, height: int) -> pl.DataFrame:
    """Return the columns of a fact that is the same in every row."""
    types = columns_of(fact, kind)
    cells = _cells(value)
    return pl.DataFrame(
        {
            name: pl.Series([cell], dtype=type_).new_from_index(0, height)
            for (name, type_), cell in zip(types.items(), cells, strict=True)
        }
    )


def _parse_numbers(texts: pl.Series, parser: ValueParser) -> ParsedColumn:
    unit, factor = canonical_unit(parser.unit or parser.fact.unit)
    numbers = texts.cast(pl.Float64, strict=False) * factor
    ceiling = CEILINGS.get(unit, float("inf"))
    is_plain = numbers.is_finite() & (numbers >= 0) & (numbers <= ceiling)
    meaningful = {text for text in (*parser.codes, *parser.missing) if text}
    is_plain = is_plain.fill_null(value=False) & ~texts.is_in(list(meaningful))
    exact = pl.DataFrame({"number": numbers, "plain": is_plain}).select(
        pl.when("plain").then("number").alias("number"),
        pl.when("plain").then(pl.lit(value=False)).alias("open"),
    )
    fact = parser.fact.id
    number, shut = exact["number"], exact["open"]
    parts = dict(zip(INTERVAL_PARTS, (number, shut, number, shut), strict=True))
    values = pl.DataFrame({f"{fact}.{part}": column for part, column in parts.items()})
    rest = texts.filter(~is_plain).drop_nulls().unique()
    if not rest.len():
        return ParsedColumn(values, {})
    parsed, problems = _parse_each(rest, parser)
    if parsed:
        other = _spread(texts, parsed, parser)
        columns = [
            pl.when(is_plain).then(values[name]).otherwise(other[name]).alias(name)
            for name in values.columns
        ]
        values = pl.select(columns)
    return ParsedColumn(values, problems)


def _parse_each(
    texts: pl.Series, parser: ValueParser
) -> tuple[dict[str, Value], dict[str, ValueProblem]]:
    parsed: dict[str, Value] = {}
    problems: dict[str, ValueProblem] = {}
    for text in texts.to_list():
        try:
            value = parser.parse(text)
        except ValueProblem as problem:
            problems[text] = problem
        else:
            if value is not None:
                parsed[text] = value
    return parsed, problems


def _spread(texts: pl.Series, parsed: dict[str, Value], parser: ValueParser) -> pl.DataFrame:
    """Give every row the parsed value of its text."""
    types = columns_of(parser.fact.id, parser.fact.type)
    cells: Iterable[tuple[object, ...]] = [(t, *_cells(v)) for t, v in parsed.items()]
    schema = {"\0text": pl.String(), **types}
    table = pl.DataFrame(cells, schema=schema, orient="row")
    rows = texts.alias("\0text").to_frame()
    return rows.join(table, on="\0text", how="left", maintain_order="left").select(*types)


def _cells(value: Value) -> tuple[object, ...]:
    if isinstance(value, Interval):
        return (value.lo, value.lo_open, value.hi, value.hi_open)
    if isinstance(value, PartialDate):
        return (value.earliest, value.latest)
    return (value,)


def clean_texts(texts: pl.Series) -> pl.Series:
    """Return texts without blanks around them; empty ones are null."""
    stripped = texts.cast(pl.String).str.strip_chars()
    return stripped.set(stripped == "", None)


def clean_ids(texts: pl.Series, pattern: str) -> pl.Series:
    r"""Return ids verbatim, but `8.0` as `8`; null where there is no usable one.

    Args:
        texts: Cells of an id column.
        pattern: Regular expression whose first group (or whole match) is the id; any if empty.

    Raises:
        polars.exceptions.ComputeError: The pattern uses what Polars' regular expressions lack.
    """
    column = pl.col("id")
    if pattern:
        import re

        column = column.str.extract(pattern, re.compile(pattern).groups).str.strip_chars()
    column = column.str.replace(r"^(\d+)\.0+$", "$1")
    usable = column.str.len_chars().is_between(1, LONGEST_ID) & ~column.str.contains(r"[[:cntrl:]]")
    known = ~column.str.to_lowercase().is_in([plain("na"), "n/a", "#n/a", "nan", "null"])
    return (
        clean_texts(texts).alias("id").to_frame().select(pl.when(usable & known).then(column))["id"]
    )
