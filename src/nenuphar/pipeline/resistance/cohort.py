"""A cohort under immunotherapy: gathers what the sections on resistance show, for every page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.methods.agreement import agreement
from nenuphar.pipeline.case import stamp_of
from nenuphar.pipeline.resistance.definition_sets import SETS
from nenuphar.pipeline.resistance.reading import Timelines, accounted
from nenuphar.pipeline.resistance.sensitivity import sensitivity
from nenuphar.pipeline.resistance.side_by_side import phenotype_counts, side_by_side, unclassified
from nenuphar.pipeline.resistance.survival import (
    LANDMARKS,
    by_phenotype,
    from_landmark,
    landmark_model,
    times_of,
)
from nenuphar.report.figures.courses import Bar, Event, Lane
from nenuphar.report.phenotypes import PHENOTYPES
from nenuphar.report.resistance_page import resistance_page
from nenuphar.report.resistance_sections import (
    OPEN,
    Landmark,
    ResistanceCohort,
    resistance_sections,
)

if TYPE_CHECKING:
    from nenuphar.methods.survival import Survival
    from nenuphar.report.section import Section

_EVENTS = ("progression", "confirmation", "death")


def page_of(
    read: Timelines, table: pl.DataFrame, grid: pl.DataFrame, knowledge: KnowledgeBase, title: str
) -> str:
    """Render the cohort of a table of timelines as one self-contained page.

    Args:
        read: The timelines.
        table: Every subject under every set, see `pipeline.resistance.phenotypes.side_by_side`.
        grid: Counts over the cut-offs, see `pipeline.resistance.sensitivity`.
        knowledge: The knowledge base.
        title: What the cohort is called.
    """
    cohort = cohort_of(read.lines, table, grid)
    sections = resistance_sections(cohort, knowledge)
    return resistance_page(title, sections, accounted(read), read.problems, stamp_of(knowledge))


def sections_of(lines: pl.DataFrame, knowledge: KnowledgeBase) -> list[Section]:
    """Return the sections on resistance of the described lines of a cohort.

    Args:
        lines: Lines as `methods.timelines.facts.describe` leaves them; of a patient with several
            lines to which a set applies, each counts as a subject of its own.
        knowledge: The knowledge base.

    Returns:
        No section with fewer than two patients (the page of a case says it all), or where no set
        applies to any line.
    """
    if lines["patient_id"].n_unique() < 2:
        return []
    table = side_by_side(lines, knowledge)
    if table.is_empty():
        return []
    own = lines.with_columns(_subject_names(lines, table))
    if own["patient_id"].to_list() != lines["patient_id"].to_list():
        table = side_by_side(own, knowledge)
    cohort = cohort_of(own, table, sensitivity(own, knowledge))
    return resistance_sections(cohort, knowledge)


def _subject_names(lines: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    """Name each line after its patient, with its number where several lines of one have a set."""
    per_set = table.group_by("subject", "definition_set").len()
    several = set(per_set.filter(pl.col("len") > 1)["subject"])
    named = pl.concat_str("patient_id", pl.lit(", line "), "line_id")
    chosen = pl.col("patient_id").is_in(sorted(several))
    return lines.select(
        pl.when(chosen).then(named).otherwise("patient_id").alias("patient_id")
    ).to_series()


def cohort_of(lines: pl.DataFrame, table: pl.DataFrame, grid: pl.DataFrame) -> ResistanceCohort:
    """Gather what the sections show.

    Args:
        lines: Described lines.
        table: Every subject under every set, see `pipeline.resistance.phenotypes.side_by_side`.
        grid: Counts over the cut-offs, see `pipeline.resistance.sensitivity`.
    """
    times = times_of(lines)
    landmarks = [
        Landmark(months, from_landmark(times, months), landmark_model(times, months))
        for months in LANDMARKS
    ]
    return ResistanceCohort(
        table=table,
        phenotypes=phenotype_counts(table),
        grid=grid,
        times=times,
        without_set=len(unclassified(lines, table)),
        agreement=set_agreement(table),
        survival=_survival(times, table),
        landmarks=landmarks,
        lanes=lanes_of(times, table),
    )


def _survival(
    times: pl.DataFrame, table: pl.DataFrame
) -> list[tuple[tuple[str, ...], list[Survival]]]:
    """Estimate survival by phenotype, once for all sets that make the same groups."""
    same: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name in SETS:
        groups = phenotype_groups(table, name)
        if not groups.is_empty():
            same.setdefault(tuple(groups.iter_rows()), []).append(name)
    found = []
    for names in same.values():
        estimated = by_phenotype(times, phenotype_groups(table, names[0]))
        if estimated:
            found.append((tuple(names), estimated))
    return found


def phenotype_groups(table: pl.DataFrame, definition_set: str) -> pl.DataFrame:
    """Return the group of every subject under a set: its phenotype, or what it could be."""
    open_as = pl.concat_str(pl.lit(OPEN), pl.col("could_be"))
    group = pl.when(pl.col("phenotype") != "").then("phenotype").otherwise(open_as)
    own = table.filter(pl.col("definition_set") == definition_set)
    return own.select("subject", group=group)


def lanes_of(times: pl.DataFrame, table: pl.DataFrame) -> list[Lane]:
    """Return the course of each subject, by phenotype under the first set that applies.

    Args:
        times: See `pipeline.resistance.survival.times_of`.
        table: Every subject under every set.

    Returns:
        Lanes in the order of phenotypes, the longest follow-up first; subjects to whom no set
        applies or without follow-up are left out.
    """
    first = table.unique("subject", keep="first", maintain_order=True)
    group = pl.col("phenotype").replace("", "undetermined")
    known = times.join(first.select("subject", group=group), on="subject")
    order = {name: i for i, name in enumerate(PHENOTYPES)}
    known = known.drop_nulls("follow_up").sort(
        pl.col("group").replace_strict(order),
        "follow_up",
        "subject",
        descending=[False, True, False],
    )
    return [_lane(row) for row in known.iter_rows(named=True)]


def _lane(row: dict[str, object]) -> Lane:
    months = {name: row[name] for name in ("follow_up", "exposure", *_EVENTS)}
    known = {name: float(at) for name, at in months.items() if isinstance(at, float)}
    end = known["follow_up"]
    bars = [Bar(0.0, end, str(row["group"]), f"{row['subject']}: {end:.1f} months")]
    if "exposure" in known:
        bars.append(Bar(0.0, known["exposure"], "thin"))
    events = [
        Event(kind, known[kind], known[kind], says=f"{row['subject']}: {kind} at {known[kind]:.1f}")
        for kind in _EVENTS
        if kind in known
    ]
    if row["os_event"] is False:
        events.append(Event("alive", end, end, says=f"{row['subject']}: alive at {end:.1f}"))
    return Lane(str(row["subject"]), tuple(bars), tuple(events))


def set_agreement(table: pl.DataFrame, sets: Sequence[str] = SETS) -> pl.DataFrame:
    """Measure how far each two sets agree about the subjects whom both decide.

    Args:
        table: Every subject under every set.
        sets: Sets to compare.

    Returns:
        `one`, `other`, `kappa`, `low`, `high` (95%), `agree` (fraction), `subjects`; null where
        kappa is not defined. Pairs without a common subject are left out.
    """
    decided = table.filter(pl.col("phenotype") != "")
    present = [name for name in sets if name in set(decided["definition_set"].to_list())]
    rows = []
    for one, other in combinations(present, 2):
        own = decided.filter(pl.col("definition_set").is_in([one, other])).select(
            "subject", assessor="definition_set", category="phenotype"
        )
        common = own.filter(pl.len().over("subject") == 2)
        if common.is_empty():
            continue
        found = agreement(f"{one} and {other}", common)
        row = found.filter(pl.col("statistic") == "cohen_mean").row(0, named=True)
        n = common["subject"].n_unique()
        share = common.group_by("subject").agg(pl.col("category").n_unique() == 1)["category"]
        rows.append((one, other, row["estimate"], row["ci_low"], row["ci_high"], share.mean(), n))
    names = ("one", "other", "kappa", "low", "high", "agree", "subjects")
    kinds = (pl.String, pl.String, *(pl.Float64,) * 4, pl.Int64)
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
