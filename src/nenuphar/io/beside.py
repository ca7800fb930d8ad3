"""Files beside a table: more columns, variants, segments and expression of the same specimens."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import replace
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.engine.plan import make_plan
from nenuphar.io.cbioportal.variants import read_mutations
from nenuphar.io.columns import clean_ids
from nenuphar.io.mapping_form import Beside, Mapping
from nenuphar.io.result import Attached, Findings, InputFile, ReadResult, refuse_way_out
from nenuphar.io.tables import Table, read_table
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import HasVariant

_KEY = "\0id"


def join_tables(
    folder: Path, table: Table, mapping: Mapping, findings: Findings
) -> tuple[Table, Mapping, list[InputFile]]:
    """Give every row the columns that the tables beside it hold under the same id.

    Args:
        folder: Where the table stands.
        table: The table.
        mapping: Names the files, and the columns that they hold.
        findings: Where absent and unreadable files are noted.

    Returns:
        The wider table, the mapping without the columns of files that are not there, and the
        files that were read.
    """
    files: list[InputFile] = []
    for beside in (one for one in mapping.beside if one.kind == "table"):
        path = folder / beside.file
        try:
            table, file = _joined(table, path, beside, mapping)
            files.append(file)
        except UnreadableInputError as error:
            findings.note(f"{error}"[:300], "the table is read without it", value=beside.file)
            kept = {n: c for n, c in mapping.columns.items() if c.file != beside.file}
            mapping = mapping.model_copy(update={"columns": kept})
    return table, mapping, files


def _joined(table: Table, path: Path, beside: Beside, mapping: Mapping) -> tuple[Table, InputFile]:
    refuse_way_out(path, path.parent)
    read = read_table(path)
    other = read.frame
    key = mapping.key("specimen_id") or mapping.keys.patient_id
    to = beside.to or key.column
    for name, frame, where in ((beside.id, other, path.name), (to, table.frame, "the table")):
        if name not in frame.columns:
            raise UnreadableInputError(f"{path.name}: there is no column {name!r} in {where}")
    wanted = {s for c in mapping.columns.values() if c.file == beside.file for s in c.sources}
    new = [name for name in other.columns if name in wanted and name not in table.frame.columns]
    right = other.select(clean_ids(other[beside.id], beside.pattern).alias(_KEY), *new).drop_nulls(
        _KEY
    )
    right = right.unique(_KEY, keep="none", maintain_order=True)  # repeated: none is believed
    left = table.frame.with_columns(clean_ids(table.frame[to], "").alias(_KEY))
    joined = left.join(right, on=_KEY, how="left", maintain_order="left").drop(_KEY)
    return replace(table, frame=joined), read.file


def with_files(
    folder: Path,
    read: ReadResult,
    mapping: Mapping,
    knowledge: KnowledgeBase,
    variant_columns: Lookup[str, HasVariant] | None,
) -> ReadResult:
    """Add the variants that a MAF beside a table holds, and name its segments and expression."""
    attached: list[Attached] = []
    findings = Findings("")
    for beside in mapping.beside:
        path = folder / beside.file
        if beside.kind == "table":
            continue
        if not path.is_file():
            findings.note("there is no such file", "put it beside the table", value=beside.file)
        elif beside.kind == "variants":
            read = _with_variants(path, beside, read, knowledge, variant_columns, findings)
        else:
            attached.append(Attached(beside.kind, path, beside.genome))
    problems = tuple(sorted((*read.problems, *findings.problems)))
    return replace(read, attached=tuple(attached), problems=problems)


def _with_variants(
    path: Path,
    beside: Beside,
    read: ReadResult,
    knowledge: KnowledgeBase,
    variant_columns: Lookup[str, HasVariant] | None,
    findings: Findings,
) -> ReadResult:
    specimens = read.frames[Scope.SPECIMEN]
    found = read_mutations(path, specimens["specimen_id"].to_list(), beside.genes, findings)
    questions = make_plan(knowledge).variant_columns if variant_columns is None else variant_columns
    answers = found.answers(specimens["specimen_id"], questions)
    frame = pl.concat([specimens, answers], how="horizontal")
    return replace(
        read,
        frames={**read.frames, Scope.SPECIMEN: frame},
        inputs=(*read.inputs, *found.files),
        specimens=found.specimens(specimens),
    )
