"""What the cells of a table of lesion measurements say: sizes, units, dates, roles, states."""

from __future__ import annotations

from typing import Final

import polars as pl

from nenuphar.methods.response.dates import is_partial_date, last_possible_date
from nenuphar.methods.response.vocabulary import normalise

NEEDED = ("subject", "date", "lesion", "role", "diameter_mm")
OPTIONAL = (
    "assessor", "organ", "node", "status", "unit", "visit", "sum_mm", "symptomatic", "death_date",
    "baseline_date",
)  # fmt: skip

_ROLES: Final = {
    "TARGET": "target",
    "T": "target",
    "NONTARGET": "non-target",
    "NT": "non-target",
    "NEW": "new",
    "NEWLESION": "new",
    "NL": "new",
}
STATES: Final = {
    "measured": ("MEASURED",),
    "absent": (
        "ABSENT", "DISAPPEARED", "RESOLVED", "GONE", "CR", "NOTVISIBLE", "NOTSEEN", "ICR",
        "DISAPPEARANCE", "COMPLETERESPONSE",
    ),
    "too small": ("TOOSMALL", "TOOSMALLTOMEASURE", "TSTM", "PRESENTTOOSMALLTOMEASURE"),
    "not evaluable": (
        "NE", "NOTEVALUABLE", "NOTASSESSED", "NOTDONE", "MISSING", "NOTIMAGED", "NOTASSESSABLE",
        "UNEVALUABLE", "NONEVALUABLE", "NOTEVALUATED", "NOTMEASURED", "NA", "ND",
        "AXISNOTMEASURED",
    ),
    "present": (
        "PRESENT", "NONCRNONPD", "NONICRNONIUPD", "PERSISTENT", "YES", "NEW", "CONFIRMED",
        "DEFINITE",
    ),
    "stable": ("STABLE", "UNCHANGED", "NOCHANGE", "SD"),
    "decreased": ("DECREASED", "SMALLER", "IMPROVED", "PR"),
    "increased": (
        "INCREASED", "INCREASE", "LARGER", "ENLARGED", "WORSE", "WORSENED", "GROWN",
        "SLIGHTINCREASE",
    ),
    "progression": (
        "PROGRESSION", "UNEQUIVOCALPROGRESSION", "PD", "PROGRESSIVEDISEASE", "UNEQUIVOCAL",
        "PROGRESSED", "UNEQUIVOCALINCREASE", "UNEQUIVOCALPD", "PROGRESSING", "PROGRESSIVE", "IUPD",
    ),
    "equivocal": ("EQUIVOCAL", "UNCERTAIN", "POSSIBLE", "SUSPECTED"),
    "merged": ("MERGED", "COALESCED", "CONFLUENT"),
    "split": ("SPLIT", "FRAGMENTED"),
}  # fmt: skip
_STATE_OF: Final = {word: state for state, words in STATES.items() for word in words}
_TRUE: Final = ("Y", "YES", "TRUE", "1", "NODE", "NODAL")
MM_PER_CM = 10.0
_UNIT_IN_CELL: Final = r"(?i)([mc]m)\.?$"
# three digits after a comma may be thousands: such a size is not read
DECIMAL_COMMA: Final = r"^(-?\d+),(\d{1,2}|\d{4,})$"


def sized_in_mm(table: pl.DataFrame) -> pl.DataFrame:
    """Let a column ``diameter_cm`` stand for sizes of the unit cm."""
    if "diameter_cm" not in table.columns or "diameter_mm" in table.columns:
        return table
    return table.rename({"diameter_cm": "diameter_mm"}).with_columns(unit=pl.lit("cm"))


def parsed_cells(table: pl.DataFrame) -> pl.DataFrame:
    """Trim, fold and convert the text columns.

    Args:
        table: Text columns ``NEEDED`` and any of ``OPTIONAL``; optional ``line``.

    Returns:
        The same rows with ``date``, ``death_date``, ``baseline_date`` (of partial dates the last
        day), ``size`` (mm), ``factor`` (mm of the unit), ``role``, ``state``, ``node``,
        ``symptomatic``, ``stated_sum`` (mm), ``partial``, ``below`` and ``record``; null where a
        cell cannot be read, its text beside it in ``date_text``, ``diameter_text`` and so on.
    """
    rows = table if "line" in table.columns else table.with_row_index("line", offset=2)
    rows = rows.with_columns(
        pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in rows.columns
    )
    text = [pl.col(name).str.strip_chars() for name in (*NEEDED, *OPTIONAL)]
    rows = rows.with_columns(text).with_columns(
        pl.col("assessor", "organ", "status", "subject", "lesion").fill_null(""),
        diameter_text=pl.col("diameter_mm").replace("", None),
        date_text=pl.col("date"),
        role_text=pl.col("role"),
        unit_text=pl.col("unit").replace("", None),
    )
    rows = rows.with_columns(
        # a unit beside the number (2.1 cm) says more than that of the column
        unit_text=pl.coalesce(pl.col("diameter_text").str.extract(_UNIT_IN_CELL), "unit_text"),
        number_text=pl.col("diameter_text").str.replace(_UNIT_IN_CELL, "").str.strip_chars(),
    )
    unit = pl.col("unit_text").str.to_lowercase().str.strip_chars(".")
    factor = (
        pl.when(pl.col("unit_text").is_null() | unit.is_in(["mm", "millimetre", "millimeter"]))
        .then(1.0)
        .when(unit.is_in(["cm", "centimetre", "centimeter"]))
        .then(MM_PER_CM)
    )
    below = pl.col("number_text").str.contains(r"^[<≤]\s*\d")
    number = pl.col("number_text").str.replace(DECIMAL_COMMA, "$1.$2")
    size = pl.when(~below).then(number).cast(pl.Float64, strict=False)
    node = pl.col("node").str.to_uppercase()
    rows = rows.with_columns(
        record=pl.format("{} / {} / {}", "subject", "assessor", "lesion"),
        date=last_possible_date("date_text"),
        partial=is_partial_date("date_text").fill_null(False),
        death_date=last_possible_date("death_date"),
        baseline_date=last_possible_date("baseline_date"),
        visit=pl.col("visit").cast(pl.Float64, strict=False),
        factor=factor,
        size=(pl.when(size.is_finite()).then(size) * factor).round(6),
        below=below.fill_null(False),
        node=pl.when(node.is_null() | (node == ""))
        .then(pl.col("organ").str.to_uppercase().str.contains("NODE|NODAL|LYMPH N"))
        .otherwise(node.is_in(_TRUE)),
        symptomatic=pl.col("symptomatic").str.to_uppercase().is_in(_TRUE).fill_null(False),
        stated_sum=pl.col("sum_mm").cast(pl.Float64, strict=False) * factor,
        role=_mapped("role_text", _ROLES),
        state=_mapped("status", _STATE_OF),
    )
    return rows.with_columns(
        state=pl.when(pl.col("below") & (pl.col("state") == "measured"))
        .then(pl.lit("too small"))
        .when((pl.col("role") == "new") & (pl.col("state") == "progression"))
        .then(
            pl.when(pl.col("status").str.to_uppercase() == "UNEQUIVOCAL")
            .then(pl.lit("present"))
            .otherwise(pl.lit("progression"))
        )
        .otherwise("state")
    )


def _mapped(column: str, words: dict[str, str]) -> pl.Expr:
    """Translate a text column word by word; blank states are ``measured``, unknown null."""

    def translate(values: pl.Series) -> pl.Series:
        known: dict[str, str | None] = {}
        for value in values.unique().drop_nulls():
            folded = normalise(value)
            if folded == "":
                known[value] = "measured"
            elif folded.startswith(("MERGED", "COALESCED")):
                # "merged with T02"
                known[value] = "merged"
            else:
                known[value] = words.get(folded)
        return (
            values.replace_strict(
                list(known), list(known.values()), default=None, return_dtype=pl.String
            )
            if known
            else pl.Series(values.name, [None] * len(values), pl.String)
        )

    return pl.col(column).map_batches(translate, return_dtype=pl.String)
