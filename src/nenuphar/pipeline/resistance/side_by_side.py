"""Every subject under every definition set that applies, side by side, and the counts of each."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods.timelines.facts import open_inputs
from nenuphar.pipeline.resistance.definition_sets import RANGE_SET, SETS
from nenuphar.pipeline.resistance.phenotypes import phenotypes, with_and_without_rapid

PLATINUM_SET = "sclc_es_chemo_ici"
"""The set beside which the sensitivity to platinum is shown."""


def side_by_side(
    lines: pl.DataFrame, knowledge: KnowledgeBase | None = None, sets: Sequence[str] = SETS
) -> pl.DataFrame:
    """Return every subject under every set that applies, ready to be written.

    Args:
        lines: Described lines, see `reading.read_timelines`.
        knowledge: The knowledge base; the shipped one by default.
        sets: The definition sets to conclude.

    Returns:
        One row for each subject and set, in the order of the subjects and of `SETS`; see the
        manual for its columns. `missing` names columns of the record.
    """
    kb = knowledge or load_knowledge()
    found, calm = with_and_without_rapid(lines, kb, sets)
    plain_sets = found.filter(pl.col("definition_set").is_in(SETS))
    without = calm.select("row", "definition_set", phenotype_without_rapid=pl.col("phenotype"))
    order = {name: number for number, name in enumerate(SETS)}
    table = (
        plain_sets.join(without, on=["row", "definition_set"], how="left")
        .join(_by_cutoff(found), on=["row", "definition_set"], how="left")
        .join(_beside("platinum_sensitivity", lines, kb), on="row", how="left")
        .join(_beside("relapse_timing", lines, kb), on="row", how="left")
        .with_columns(pl.col("definition_set").replace_strict(order, default=99).alias("_order"))
        .sort("row", "_order")
    )
    table = _named(table, lines)
    shown = lines.select(_shown_columns(lines)).with_row_index("row")
    reason = (
        pl.when(pl.col("rule_id") != "")
        .then(pl.col("rule_id").str.split(".").list.last())
        .otherwise(pl.concat_str(pl.lit("missing:"), pl.col("missing")))
    )
    return table.join(shown, on="row", how="left", maintain_order="left").select(
        "subject",
        "definition_set",
        pl.col("phenotype").fill_null(""),
        reason.alias("reason"),
        "pd_date",
        "exposure_days",
        "status",
        "missing",
        pl.col("could_be").alias("could_be"),
        pl.col("phenotype_without_rapid").fill_null(""),
        pl.col("by_cutoff").fill_null(""),
        "pd_months",
        "days_since_last_dose",
        "days_to_confirmation",
        "follow_up_months",
        "rule_id",
        "pd_basis",
        pl.when(pl.col("definition_set") == PLATINUM_SET)
        .then("platinum_sensitivity")
        .fill_null("")
        .alias("platinum_sensitivity"),
        pl.col("relapse_timing").fill_null(""),
    )


def _beside(name: str, lines: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Return what is concluded of a line beside its phenotypes: `row` and one column of text."""
    found = phenotypes(lines, knowledge, (name,))
    provisional = pl.when(pl.col("status") == "provisional").then(pl.lit(" (provisional)"))
    text = pl.concat_str("phenotype", provisional.otherwise(pl.lit("")))
    return found.select("row", text.alias(name))


def _by_cutoff(found: pl.DataFrame) -> pl.DataFrame:
    """Put what the single cut-offs of the range come to on one line: `4:primary;5:...`."""
    single = found.filter(pl.col("definition_set").str.starts_with(f"{RANGE_SET}_"))
    cut = pl.col("definition_set").str.split("_").list.last()
    value = pl.col("phenotype").fill_null("undetermined")
    return (
        single.with_columns(pl.concat_str(cut, pl.lit(":"), value).alias("text"))
        .sort("row", "definition_set")
        .group_by("row", maintain_order=True)
        .agg(pl.col("text").str.join(";").alias("by_cutoff"))
        .with_columns(pl.lit(RANGE_SET).alias("definition_set"))
    )


def _named(table: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Name the columns of the record that would decide, instead of what is worked out of them."""
    combinations = table["missing"].unique().to_list()
    facts = sorted({fact for text in combinations for fact in text.split(";") if fact})
    opened = {fact: open_inputs(lines, fact) for fact in facts}
    parts: list[pl.Series] = []
    rows = table["row"]
    for fact in facts:
        asked = table["missing"].str.split(";").list.contains(fact)
        for name, open_rows in opened[fact].items():
            short = name.removeprefix("line.")
            parts.append((asked & open_rows.gather(rows)).alias(short))
    merged: dict[str, pl.Series] = {}
    for part in parts:
        merged[part.name] = merged[part.name] | part if part.name in merged else part
    texts = [pl.when(pl.col(name)).then(pl.lit(name)).alias(name) for name in sorted(merged)]
    if not texts:
        return table.with_columns(pl.lit("").alias("missing"))
    joined = pl.DataFrame(list(merged.values())).select(
        pl.concat_str(texts, separator=";", ignore_nulls=True).alias("missing")
    )
    return table.with_columns(joined["missing"])


def _shown_columns(lines: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.col("patient_id").alias("subject"),
        _shown_date(lines, "line.pd_date").alias("pd_date"),
        _shown_number("timeline.exposure_days").alias("exposure_days"),
        _shown_number("timeline.pd_months").alias("pd_months"),
        _shown_number("timeline.pd_after_last_dose_days").alias("days_since_last_dose"),
        _shown_number("timeline.pd_confirmed_after_days").alias("days_to_confirmation"),
        _shown_number("timeline.follow_up_months").alias("follow_up_months"),
        (pl.col("line.pd_basis") if "line.pd_basis" in lines.columns else pl.lit(None, pl.String))
        .fill_null("")
        .alias("pd_basis"),
    ]


def _shown_date(lines: pl.DataFrame, fact: str) -> pl.Expr:
    if f"{fact}.lo" not in lines.columns:
        return pl.lit("")
    lo, hi = pl.col(f"{fact}.lo"), pl.col(f"{fact}.hi")
    return (
        pl.when(lo.is_null())
        .then(pl.lit(""))
        .when(lo == hi)
        .then(lo.dt.to_string("%Y-%m-%d"))
        .when(lo.dt.month() == hi.dt.month())
        .then(lo.dt.to_string("%Y-%m"))
        .otherwise(lo.dt.to_string("%Y"))
    )


def _shown_number(fact: str) -> pl.Expr:
    """Show a number, or both ends of a range; months are cut, never rounded up to a cut-off."""

    def text(end: str) -> pl.Expr:
        hundredths = (pl.col(f"{fact}.{end}") * 100 + 1e-6).floor().cast(pl.Int64)
        whole, rest = hundredths // 100, hundredths % 100
        digits = rest.cast(pl.String).str.zfill(2).str.strip_chars_end("0")
        point = pl.when(rest == 0).then(pl.lit("")).otherwise(pl.concat_str(pl.lit("."), digits))
        return pl.concat_str(whole.cast(pl.String), point)

    exact = pl.col(f"{fact}.lo") == pl.col(f"{fact}.hi")
    ranged = pl.concat_str(text("lo"), pl.lit("-"), text("hi"))
    return pl.when(exact).then(text("lo")).otherwise(ranged).fill_null("")


def unclassified(lines: pl.DataFrame, table: pl.DataFrame) -> list[str]:
    """Return the subjects to whom no definition set applies."""
    covered = set(table["subject"].to_list())
    return [subject for subject in lines["patient_id"].to_list() if subject not in covered]


def phenotype_counts(table: pl.DataFrame, sets: Sequence[str] = SETS) -> pl.DataFrame:
    """Count subjects by set and phenotype, with and without the branch for rapid progression.

    Args:
        table: What `side_by_side` returns.
        sets: Sets to count, in order.

    Returns:
        `definition_set`, `phenotype` (`undetermined` where none stands), `subjects`,
        `subjects_without_rapid`.
    """

    def count(column: str, name: str) -> pl.DataFrame:
        shown = pl.col(column).replace("", "undetermined").alias("phenotype")
        return table.group_by("definition_set", shown).len(name)

    keys = ["definition_set", "phenotype"]
    both = count("phenotype", "subjects").join(
        count("phenotype_without_rapid", "subjects_without_rapid"),
        on=keys,
        how="full",
        coalesce=True,
    )
    order = {name: number for number, name in enumerate(sets)}
    return (
        both.filter(pl.col("definition_set").is_in(sets))
        .with_columns(pl.col("subjects", "subjects_without_rapid").fill_null(0).cast(pl.Int64))
        .sort(pl.col("definition_set").replace_strict(order, default=99), "phenotype")
    )
