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
from nenuphar.io.result import (
    Attached,
    Findings,
    InputFile,
    ReadResult,
    refuse_way_out,
)
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
    table: Table,
    mapping: Mapping,
    knowledge: KnowledgeBase,
    variant_columns: Lookup[str, HasVariant] | None,
    variants: Path | None = None,
) -> ReadResult:
    """Add the variants that stand beside a table, and name its other files.

    Args:
        folder: Where the table stands.
        read: What the table says.
        table: The table.
        mapping: Names the files.
        knowledge: Its rules ask for variants.
        variant_columns: Questions about variants; those of the rules by default.
        variants: A file of variants in place of the one that the mapping names.

    Raises:
        UnreadableInputError: The file of variants that was asked for cannot be used.
    """
    attached: list[Attached] = []
    findings = Findings(table.file.name)
    named = [one for one in mapping.beside if one.kind == "variants"]
    if variants is not None:
        beside = named[0] if named else Beside(file=variants.name, kind="variants")
        read = _with_variants(variants, beside, read, table, mapping, knowledge, variant_columns)
    for beside in mapping.beside:
        path = folder / beside.file
        if beside.kind == "table" or (beside.kind == "variants" and variants is not None):
            continue
        if not path.is_file():
            findings.note("there is no such file", "put it beside the table", value=beside.file)
            continue
        try:
            refuse_way_out(path, folder)
            if beside.kind == "variants":
                read = _with_variants(
                    path, beside, read, table, mapping, knowledge, variant_columns
                )
                continue
            called = _called(read.frames[Scope.SPECIMEN], table, mapping, beside)
        except UnreadableInputError as error:
            findings.note(f"{error}"[:300], "the table is read without it", value=beside.file)
            continue
        ids = _by_name(read.frames[Scope.SPECIMEN], called)
        attached.append(Attached(beside.kind, path, beside.genome, ids, beside.pattern))
    problems = tuple(sorted((*read.problems, *findings.problems)))
    return replace(read, attached=tuple(attached), problems=problems)


def _called(specimens: pl.DataFrame, table: Table, mapping: Mapping, beside: Beside) -> pl.Series:
    """Return what a file beside the table calls each specimen; null where it has no such name.

    Raises:
        UnreadableInputError: The table has no such column.
    """
    patient, own = mapping.keys.patient_id, mapping.key("specimen_id")
    to = beside.to or (own or patient).column
    if to not in table.frame.columns:
        raise UnreadableInputError(f"{beside.file}: there is no column {to!r} in the table")
    pattern = "" if beside.to else (own or patient).pattern
    names = pl.DataFrame(
        {
            "patient_id": clean_ids(table.frame[patient.column], patient.pattern),
            "specimen_id": clean_ids(table.frame[own.column], own.pattern) if own else "1",
            _KEY: clean_ids(table.frame[to], pattern),
        },
        schema_overrides={"specimen_id": pl.String},
    )
    keys = ["patient_id", "specimen_id"]
    names = names.drop_nulls().unique().unique(keys, keep="none")
    return specimens.select(keys).join(names, on=keys, how="left", maintain_order="left")[_KEY]


def _by_name(specimens: pl.DataFrame, called: pl.Series) -> dict[str, tuple[str, ...]]:
    """Return the key of the specimen of every name; a name of several specimens is none's."""
    keys = list(Scope.SPECIMEN.keys)
    rows = specimens.select(keys).with_columns(called.alias(_KEY)).drop_nulls(_KEY)
    alone = rows.unique().unique(_KEY, keep="none", maintain_order=True)
    return {row[-1]: row[:-1] for row in alone.iter_rows()}


def _with_variants(
    path: Path,
    beside: Beside,
    read: ReadResult,
    table: Table,
    mapping: Mapping,
    knowledge: KnowledgeBase,
    variant_columns: Lookup[str, HasVariant] | None,
) -> ReadResult:
    findings = Findings(path.name)
    specimens = read.frames[Scope.SPECIMEN]
    called = _called(specimens, table, mapping, beside)
    alone = _by_name(specimens, called)
    called = pl.Series(_KEY, [name if name in alone else None for name in called], pl.String)
    found = read_mutations(path, alone, beside, findings)
    for name, key in alone.items():
        if name not in found.variants:
            findings.note(
                f"{path.name} has no variant of this specimen"
                + ("" if beside.genes else "; whether it was sequenced is not known"),
                "nothing to do, unless it should have some",
                column=beside.to,
                value=name if name == key[-1] else f"{name} ({key[0]})",
            )
    unnamed = called.null_count()
    if unnamed:
        findings.note(
            f"{unnamed} of {specimens.height} specimens have no name by which {path.name} could "
            "know them",
            f"fill in {beside.to or 'their ids'}" if beside.to else "give each its own id",
        )
    questions = make_plan(knowledge).variant_columns if variant_columns is None else variant_columns
    answers = found.answers(called, questions)
    frame = pl.concat([specimens, answers], how="horizontal")
    return replace(
        read,
        frames={**read.frames, Scope.SPECIMEN: frame},
        inputs=(*read.inputs, *found.files),
        specimens=found.specimens(specimens, called),
        problems=tuple(sorted((*read.problems, *findings.problems))),
        values_rejected=read.values_rejected + findings.values_rejected,
    )
