"""Any input of a known kind, read whole: a case in any form, a folder of them, a study, a table."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Lookup
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nenuphar.domain.problems import (
    Problem,
    UnreadableInputError,
    UnsupportedInputError,
    UsageError,
)
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.io.case_file import CASE_SUFFIXES, read_cases
from nenuphar.io.mapping import load_mapping
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import Findings, ReadResult
from nenuphar.io.values import AREA_UNIT
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import HasVariant

if TYPE_CHECKING:
    from nenuphar.io.tables import Table


STUDY_SAMPLES = "data_clinical_sample.txt"
"""The file that makes a folder a cBioPortal study."""

_OTHER_FORMS = {
    ".xml": "is XML, which is not read; export FHIR as JSON (application/fhir+json)",
    ".ndjson": "is a list of resources, one a line; put those of each patient into a FHIR Bundle",
    ".pb": "is a Phenopacket as bytes; write it as JSON (phenopacket-tools convert)",
}
"""Suffixes of documents that are called by their name where they are refused."""


def is_case_input(path: Path) -> bool:
    """Whether a path is a case or a folder of cases, by its name and what it holds."""
    if path.is_dir():
        entries = list(path.iterdir())
        if any(entry.name.casefold() == STUDY_SAMPLES for entry in entries):
            return False  # a study, whatever else lies in it
        return any(entry.suffix.lower() in CASE_SUFFIXES for entry in entries)
    return path.suffix.lower() in CASE_SUFFIXES


def read_input(
    path: Path,
    knowledge: KnowledgeBase,
    mapping: str = "",
    variant_columns: Lookup[str, HasVariant] | None = None,
    variants: Path | None = None,
) -> ReadResult:
    """Read a case, a folder of cases, a cBioPortal study folder, or a table.

    Args:
        path: The input.
        knowledge: The declared facts.
        mapping: Name of a shipped mapping or path of one, for tables and studies. A table whose
            columns carry the names of facts and ids needs none, nor does a clinical file of a
            cBioPortal study; there a mapping adds columns of the study's own.
        variant_columns: Variant questions to answer for each specimen of a case or a study; those
            that the rules of the knowledge base ask by default.
        variants: A file of variants of the specimens of a table: a MAF, a table like it, or an
            annotated VCF. Names in it are the ids of the specimens, or what the mapping says.

    Raises:
        UnreadableInputError: The input cannot be read.
        UsageError: Variants are given for what holds its own, a table needs a mapping, or the
            mapping is not valid.
    """
    if not path.exists():
        raise UnreadableInputError(f"{path.name}: no such file or folder; check the path")
    if variants is not None and (path.is_dir() or is_case_input(path)):
        raise UsageError(
            f"{path.name} holds its own variants (`variants:` of a case, data_mutations of a "
            "study); a file of variants is for tables"
        )
    if is_case_input(path):
        if mapping:
            raise UsageError(f"{path.name} is a case; a mapping is for tables, leave it out")
        return read_cases(path, knowledge, variant_columns)
    if path.is_dir():
        return _read_folder(path, knowledge, mapping, variant_columns)
    if refused := _OTHER_FORMS.get(path.suffix.lower()):
        raise UnsupportedInputError(f"{path.name}: {refused}")
    if path.suffix.lower() == ".gz" and path.with_suffix("").suffix.lower() in CASE_SUFFIXES:
        raise UnsupportedInputError(f"{path.name}: is a gzip-compressed case; gunzip it first")
    # Imported here: reading a single case never loads Polars.
    from nenuphar.io.mapped import unread_columns

    table, chosen = _described_table(path, knowledge, mapping)
    unread = unread_columns(table, chosen)
    result = _read_table(path.parent, table, chosen, knowledge, variant_columns, variants)
    if not unread:
        return result
    names = ", ".join(unread[:20]) + (", ..." if len(unread) > 20 else "")
    reason = f"{len(unread)} column(s) are neither read nor ignored: {names}"
    fix = "map them, call them after facts, or list them under `ignored` in the mapping"
    note = Problem(table.file.name, 0, "", "", "", reason, fix)
    return replace(result, problems=(note, *result.problems))


def _read_table(
    folder: Path,
    table: Table,
    mapping: Mapping,
    knowledge: KnowledgeBase,
    variant_columns: Lookup[str, HasVariant] | None,
    variants: Path | None,
) -> ReadResult:
    """Read a table with the files that its mapping says stand beside it."""
    from nenuphar.io.mapped import apply_mapping

    if not mapping.beside and variants is None:
        return apply_mapping(table, mapping, knowledge)
    from nenuphar.io.beside import join_tables, with_files

    findings = Findings(table.file.name)
    table, mapping, files = join_tables(folder, table, mapping, findings)
    read = apply_mapping(table, mapping, knowledge)
    problems = tuple(sorted((*read.problems, *findings.problems)))
    read = replace(read, problems=problems, inputs=(*read.inputs, *files))
    return with_files(folder, read, table, mapping, knowledge, variant_columns, variants)


def _read_folder(
    path: Path,
    knowledge: KnowledgeBase,
    mapping: str,
    variant_columns: Lookup[str, HasVariant] | None,
) -> ReadResult:
    from nenuphar.io.cbioportal.study import is_study_folder, read_study

    if not is_study_folder(path):
        raise UnreadableInputError(
            f"{path.name}: has neither a case nor a study in it; cases are .yaml or .json, a "
            "cBioPortal study has a data_clinical_sample.txt"
        )
    chosen = load_mapping(mapping, knowledge) if mapping else None
    return read_study(path, knowledge, chosen, variant_columns)


def _described_table(path: Path, knowledge: KnowledgeBase, mapping: str) -> tuple[Table, Mapping]:
    from nenuphar.io.cbioportal.clinical import (
        describe_patients,
        describe_samples,
        is_patient_table,
        is_sample_table,
    )
    from nenuphar.io.tables import read_table

    chosen = load_mapping(mapping, knowledge) if mapping else None
    table = read_table(path, chosen.sheet if chosen else "")
    if is_sample_table(table.frame.columns):
        described = describe_samples(table, knowledge, chosen)
        return described.table, described.mapping
    if chosen is None and is_patient_table(table.frame.columns):
        described = describe_patients(table, knowledge)
        return described.table, described.mapping
    if chosen is None:
        frame = table.frame
        empty = [name for name in frame.columns if frame[name].null_count() == frame.height]
        chosen = native_mapping(table.frame.columns, knowledge, empty)
    if chosen is None:
        hint = " (with one column only: is it divided by commas, tabs, semicolons or bars?)"
        raise UsageError(
            f"{path.name} is a table{hint if table.frame.width == 1 else ''}, and a table needs a "
            f"mapping that says what its columns mean: `nenuphar mapping draft {path.name}` "
            "proposes one, `nenuphar mapping list` names those that are shipped; then add --mapping"
        )
    return table, chosen


def native_mapping(
    columns: list[str], knowledge: KnowledgeBase, empty: Iterable[str] = ()
) -> Mapping | None:
    """Return the mapping of a table whose columns are called after ids and facts.

    Args:
        columns: Names of the columns.
        knowledge: The declared facts.
        empty: Columns without any value; as ids they count as absent.

    Returns:
        The mapping; None if there is no column `patient_id` or none that is called like a fact.
    """
    named = set(columns) - set(empty)
    facts = [name for name in columns if name in knowledge.facts and knowledge.facts[name].stated]
    if "patient_id" not in named or not facts:
        return None
    scopes = {knowledge.facts[name].scope for name in facts}
    scopes |= {scope for scope in Scope if scope.keys[-1] in named}
    row = max(scopes, key=lambda scope: (len(scope.keys), scope is not Scope.ASSAY))
    mapped = [name for name in facts if row.within(knowledge.facts[name].scope)]
    extra = ["date"] + (["assessor"] if row in READ_BY_ASSESSORS else [])
    keys = {name: {"column": name} for name in (*row.keys, *extra) if name in named}
    return Mapping.model_validate(
        {
            "name": "native",
            "title": "Columns called after ids and facts",
            "row": row.value,
            "keys": keys,
            "columns": {
                # A count states its area in the cell; where it does not, that is said.
                name: {"column": name, "unit": "" if unit == AREA_UNIT else unit}
                for name in mapped
                for unit in (knowledge.facts[name].unit,)
            },
        }
    )
