"""Resistance phenotypes: from timelines to every definition set that applies, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.engine.columnar import CohortEvaluator, Decisions
from nenuphar.engine.contest import join_names
from nenuphar.engine.frames import Frames
from nenuphar.engine.plan import Plan, make_plan
from nenuphar.io.mapped import apply_mapping
from nenuphar.io.mapping import load_mapping
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import ReadResult
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import plain
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods.timelines.consistency import contradictions
from nenuphar.methods.timelines.facts import describe, open_inputs
from nenuphar.pipeline.definition_sets import RANGE, RANGE_SET, SETS

NATIVE = "timelines"
BESIDE = {"platinum_sensitivity": "platinum.sensitivity", "relapse_timing": "relapse.timing"}
"""What is concluded beside the phenotypes: the column of the results, and its fact."""

PLATINUM_SET = "sclc_es_chemo_ici"
"""The set beside which the sensitivity to platinum is shown."""

OPTIONAL = (
    "pd_basis",
    "response_date",
    "assessed_before_date",
    "new_therapy_date",
    "last_contact",
    "lost_date",
    "on_treatment",
    "rechallenge_start",
    "rechallenge_response",
)
"""Columns on which no phenotype rests: nothing is said where they are absent."""

RAPID = "line.rapid_progression"
_PREFIX = "resistance."
_EARLY = "resistance.early_death_max"


@dataclass(frozen=True)
class Timelines:
    """Lines of treatment as read and described.

    Attributes:
        lines: One row for each subject, `line.*` and `timeline.*` columns.
        problems: Rejected rows, values taken as missing, notes.
        read: Rows seen; always accepted + rejected.
        rejected: Rows left out, each listed in `problems`.
        values_rejected: Values taken as missing because they could not be read.
    """

    lines: pl.DataFrame
    problems: tuple[Problem, ...]
    read: int
    rejected: int
    values_rejected: int = 0


def read_timelines(
    path: Path, mapping: str = "", knowledge: KnowledgeBase | None = None
) -> Timelines:
    """Read a table of timelines and work out what their dates come to.

    Args:
        path: The table.
        mapping: Name or path of a mapping whose rows are treatment lines; without one the columns
            are those of the manual, and any but `subject` may be absent.
        knowledge: The knowledge base; the shipped one by default.

    Raises:
        UnreadableInputError: The table cannot be read or lacks a mapped column.
        MappingError: The mapping is not valid.
    """
    kb = knowledge or load_knowledge()
    chosen = load_mapping(mapping or NATIVE, kb).of(Scope.TREATMENT_LINE)
    table = read_table(path, chosen.sheet)
    absent: list[str] = []
    if not mapping:
        chosen, absent = _present_only(chosen, table)
    result = apply_mapping(table, chosen, kb)
    lines = result.frames[Scope.TREATMENT_LINE]
    problems = [*result.problems, *_absences(table.file.name, absent)]
    wrong = _contradicted(lines, table, problems)
    kept = lines.filter(~wrong)
    rejected = result.rejected + lines.height - kept.height
    described = described_lines(kept, kb)
    listed = tuple(sorted(problems))
    return Timelines(described, listed, result.read, rejected, result.values_rejected)


def described_lines(lines: pl.DataFrame, knowledge: KnowledgeBase) -> pl.DataFrame:
    """Return lines with the facts of their timelines; the limit comes from its threshold record."""
    return describe(lines, early_death_max=knowledge.thresholds[_EARLY].value)


def _present_only(mapping: Mapping, table: Table) -> tuple[Mapping, list[str]]:
    """Leave out the native columns that a table does not have."""
    present = {plain(column) for column in table.frame.columns}
    columns = {n: c for n, c in mapping.columns.items() if plain(c.sources[0]) in present}
    absent = [c.sources[0] for n, c in mapping.columns.items() if n not in columns]
    absent = [name for name in absent if name not in OPTIONAL]
    constants = dict(mapping.constants)
    if "disease" in present:
        extra = Mapping.model_validate(
            {**_shell(mapping), "columns": {"line.disease": {"column": "disease"}}}
        )
        columns |= extra.columns
        constants.pop("line.disease", None)
    return mapping.model_copy(update={"columns": columns, "constants": constants}), absent


def _shell(mapping: Mapping) -> dict[str, object]:
    return {"name": mapping.name, "row": mapping.row, "keys": mapping.keys.model_dump()}


def _absences(file: str, columns: Iterable[str]) -> list[Problem]:
    reason = "there is no such column; what rests on it stays undetermined"
    fix = "add the column where it is known, or name it through a mapping"
    return [Problem(file, 1, "", column, "", reason, fix) for column in columns]


def _contradicted(lines: pl.DataFrame, table: Table, problems: list[Problem]) -> pl.Series:
    """List every line whose dates contradict each other; return which lines those are."""
    wrong = pl.Series([False], dtype=pl.Boolean).new_from_index(0, lines.height)
    for found in contradictions(lines):
        fresh = found.rows & ~wrong
        for record, patient in lines.filter(fresh).select("record", "patient_id").iter_rows():
            line = int(record.rsplit(":", 1)[-1])
            column = found.fact.removeprefix("line.")
            problems.append(
                Problem(
                    table.file.name, line, patient, column, "", found.reason, found.fix,
                    found.rejects,
                )
            )  # fmt: skip
        if found.rejects:
            wrong |= fresh
    return wrong


@lru_cache(maxsize=64)
def _plan(knowledge: KnowledgeBase, sets: tuple[str, ...]) -> Plan:
    """Return the part of the plan that concludes the phenotypes of some sets."""
    plan = make_plan(knowledge)
    wanted = {BESIDE.get(name, _PREFIX + name) for name in sets}
    if RANGE_SET in sets:
        wanted |= {f"{_PREFIX}{RANGE_SET}_{months}" for months in RANGE}
    order = tuple(fact for fact in plan.order if fact in wanted)
    return replace(plan, order=order, crosswalks={}, listings={}, measured={})


def phenotypes(
    lines: pl.DataFrame, knowledge: KnowledgeBase | None = None, sets: Sequence[str] = SETS
) -> pl.DataFrame:
    """Conclude the phenotype of every line under every definition set.

    Args:
        lines: Described lines, see `read_timelines`.
        knowledge: The knowledge base; the shipped one by default.
        sets: The definition sets to conclude.

    Returns:
        One row for each set (those run at single cut-offs included) and line, sets one after the
        other: `row` (number of the line), `definition_set`, `phenotype`, `status`, `rule_id`,
        `missing`, `could_be`. Sets that do not apply to a line are left out.
    """
    kb = knowledge or load_knowledge()
    patients = lines.select("patient_id").unique(maintain_order=True)
    frames: Frames = {Scope.PATIENT: patients, Scope.TREATMENT_LINE: lines}
    decided = CohortEvaluator(_plan(kb, tuple(sets)), frames).run()
    return pl.concat([_applied(fact, one) for fact, one in decided.items()])


def _applied(fact: str, decided: Decisions) -> pl.DataFrame:
    """Give every line to which a set applies the finding of its class."""
    found = decided.primary
    height = found.value.len()
    classes = pl.DataFrame(
        {
            "phenotype": found.value,
            "status": found.status,
            "rule_id": join_names(found.rules, height),
            "missing": join_names(found.missing, height),
            "could_be": join_names(found.alternatives, height),
        }
    )
    # Where no rule fits and nothing is missing, the set is made for another regimen or setting.
    applies = (pl.col("status") != "undetermined") | (pl.col("missing") != "")
    ids = decided.ids.alias("id").to_frame().with_row_index("row")
    chosen = ids.filter(classes.select(applies).to_series().gather(decided.ids))
    name = pl.lit(fact.removeprefix(_PREFIX)).alias("definition_set")
    return pl.concat(
        [chosen.select("row", name), classes.select(pl.all().gather(chosen["id"]))],
        how="horizontal",
    )


def with_and_without_rapid(
    lines: pl.DataFrame, knowledge: KnowledgeBase, sets: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Conclude phenotypes with and without the branch for rapid progression, in one run.

    Returns:
        What `phenotypes` returns for the lines as they are, and as if no progression was rapid.
    """
    calm = lines.with_columns(pl.lit(value=False).alias(RAPID))
    both = phenotypes(pl.concat([lines, calm], how="diagonal"), knowledge, sets)
    own = pl.col("row") < lines.height
    return both.filter(own), both.filter(~own).with_columns(pl.col("row") - lines.height)


def side_by_side(
    lines: pl.DataFrame, knowledge: KnowledgeBase | None = None, sets: Sequence[str] = SETS
) -> pl.DataFrame:
    """Return every subject under every set that applies, ready to be written.

    Args:
        lines: Described lines, see `read_timelines`.
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


def accounted(read: ReadResult | Timelines) -> dict[str, int]:
    """Return the counts of a reading: `read` is always `accepted` + `rejected`."""
    return {"read": read.read, "accepted": read.read - read.rejected, "rejected": read.rejected}


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
