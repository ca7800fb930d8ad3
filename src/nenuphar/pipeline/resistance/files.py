"""From a table of timelines to the files that `nenuphar resistance` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem, UsageError
from nenuphar.io.whole_file import write_whole_text
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.knowledge.check import nearest
from nenuphar.methods.response.assessments import read_assessments
from nenuphar.methods.response.findings import ResponseInputError
from nenuphar.pipeline.resistance.reading import (
    Timelines,
    accounted,
    described_lines,
    read_timelines,
)
from nenuphar.pipeline.resistance.sensitivity import sensitivity
from nenuphar.pipeline.resistance.side_by_side import phenotype_counts, side_by_side, unclassified
from nenuphar.pipeline.response.tables import timepoint_table
from nenuphar.pipeline.timelines.courses import filled_from_scans
from nenuphar.pipeline.timelines.endpoints import censoring_rules, counting, endpoints_of_lines
from nenuphar.store.results import defused, rejected_table


@dataclass(frozen=True)
class Classified:
    """What was written, and what it comes to.

    Attributes:
        counts: Rows read, accepted and rejected.
        table: One row for each subject and set that applies.
        phenotypes: Subjects by set and phenotype.
        without_set: Subjects to whom no set applies.
        values_rejected: Values taken as missing because they could not be read.
        files: Files written.
    """

    counts: dict[str, int]
    table: pl.DataFrame
    phenotypes: pl.DataFrame
    without_set: list[str]
    values_rejected: int
    files: tuple[Path, ...]


def classify_file(
    source: Path,
    out: Path,
    *,
    mapping: str = "",
    sensitivity_out: Path | None = None,
    report_out: Path | None = None,
    endpoints_out: Path | None = None,
    responses: Path | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Classified:
    """Read timelines, conclude every definition set, and write the results.

    Args:
        source: The table.
        out: CSV of phenotypes; what could not be used goes to `<name>.rejected.tsv` beside it.
        mapping: Name or path of a mapping.
        sensitivity_out: CSV of counts over the grid of cut-offs, if wanted.
        report_out: HTML page of the cohort, if wanted.
        endpoints_out: CSV of times to events, if wanted.
        responses: Table of responses at single time points, which fill in what TIMELINES leaves
            empty, if there is one.
        thresholds: Values that stand in for those of threshold records, by id.

    Raises:
        UsageError: A folder of an output does not exist, or a threshold is not known.
        UnreadableInputError: The table cannot be read.
    """
    for path in (out, sensitivity_out, report_out, endpoints_out):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"{path.parent}: no such folder; make it first")
    kb = with_thresholds(load_knowledge(), thresholds or {})
    read = read_timelines(source, mapping, kb)
    if responses:
        read = with_responses(read, responses, kb)
    table = side_by_side(read.lines, kb)
    files = [_write(out, _text(table))]
    files.append(
        _write(
            out.with_name(f"{out.stem}.rejected.tsv"), _text(rejected_table(read.problems), "\t")
        )
    )
    grid = None
    if sensitivity_out or report_out:
        grid = sensitivity(read.lines, kb)
    if sensitivity_out and grid is not None:
        files.append(_write(sensitivity_out, _text(grid)))
    if report_out and grid is not None:
        from nenuphar.pipeline.resistance.cohort import page_of

        files.append(_write(report_out, page_of(read, table, grid, kb, source.name)))
    if endpoints_out:
        times = endpoints_of_lines(read.lines, censoring_rules(kb), counting(kb))
        files.append(_write(endpoints_out, _text(times)))
    return Classified(
        accounted(read),
        table,
        phenotype_counts(table),
        unclassified(read.lines, table),
        read.values_rejected,
        tuple(files),
    )


def with_thresholds(knowledge: KnowledgeBase, values: Mapping[str, float]) -> KnowledgeBase:
    """Return a knowledge base in which some thresholds have other values.

    Args:
        knowledge: The knowledge base.
        values: New values by the id of the threshold.

    Raises:
        UsageError: There is no such threshold.
    """
    for name in values:
        if name not in knowledge.thresholds:
            raise UsageError(f"no threshold is called {name}{nearest(name, knowledge.thresholds)}")
    return knowledge.with_records(
        {**knowledge.raw[name], "value": value} for name, value in values.items()
    )


def with_responses(read: Timelines, path: Path, knowledge: KnowledgeBase) -> Timelines:
    """Fill in what timelines leave empty from a table of responses, and list what is wrong with it.

    Args:
        read: The timelines.
        path: The table, see `pipeline.response.tables.timepoint_table`.
        knowledge: The knowledge base.

    Raises:
        UnreadableInputError: The table cannot be read.
        UsageError: It is no table of responses.
    """
    table = timepoint_table(path)
    said = table.rows["response"].to_list() if "response" in table.rows.columns else []
    immune = any(str(term).strip().lower() in _IMMUNE for term in said)
    try:
        checked = read_assessments(table.rows, "irecist" if immune else "recist1.1")
    except ResponseInputError as error:
        raise UsageError(f"{path.name}: {error}") from error
    points, problems = checked.timepoints, []
    if "assessor" in points.columns:
        readers = pl.col("assessor").n_unique().over("subject")
        for subject in points.filter(readers > 1)["subject"].unique(maintain_order=True):
            reason = "several assessors read the scans; none is preferred, and none is used"
            fix = "leave the rows of one assessor"
            problems.append(Problem(path.name, 0, subject, "assessor", "", reason, fix))
        points = points.filter(readers == 1)
    listed = pl.concat([table.findings, checked.findings])
    problems += [
        Problem(path.name, line, record or "", column or "", value or "", reason, fix, used == "no")
        for line, record, column, value, reason, fix, used in listed.iter_rows()
        if column != "reference_date"  # the first dose is the reference
    ]
    lines = filled_from_scans(read.lines, points, knowledge)
    lost = sum(problem.rejected for problem in problems)
    return replace(
        read,
        lines=described_lines(lines, knowledge),
        problems=tuple(sorted([*read.problems, *problems])),
        values_rejected=read.values_rejected + lost,
    )


_IMMUNE = {"icr", "ipr", "isd", "iupd", "icpd"}


def _text(table: pl.DataFrame, separator: str = ",") -> str:
    """Return a table as text; null and empty text are both nothing."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    nothing = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in texts]
    return defused(table).with_columns(nothing).write_csv(separator=separator)


def _write(path: Path, text: str) -> Path:
    """Write a file whole or not at all."""
    write_whole_text(path, text)
    return path
