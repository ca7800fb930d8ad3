"""A clinical file of a study as a table with a mapping: codes translated, tumours told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl

from nenuphar.io.cbioportal.oncotree import OncoTree, Reported, Stated
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import Findings
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.io.tables import Table
from nenuphar.knowledge.base import KnowledgeBase

PATIENT, SAMPLE = "PATIENT_ID", "SAMPLE_ID"
ENTITY, SITE, TUMOUR = "reported entity", "site of the primary", "tumour of the patient"

_CODE, _NAME, _MAIN, _SITE = "ONCOTREE_CODE", "CANCER_TYPE_DETAILED", "CANCER_TYPE", "PRIMARY_SITE"
_SITE_COLUMNS = (_SITE, "PRIMARY_TUMOR_SITE", "TUMOR_SITE", "ONCOTREE_LINEAGE")
_FILLED_IN = {"rows": 1000, "types": 20, "codes_per_type": 1.5}
_LUNG_PARENT = "non-small cell lung cancer"


def is_sample_table(columns: Iterable[str]) -> bool:
    """Whether columns are those of a file of samples, as cBioPortal names them."""
    names = {name.upper() for name in columns}
    return {PATIENT, SAMPLE} <= names and bool(names & {_CODE, _NAME, _MAIN})


def is_patient_table(columns: Iterable[str]) -> bool:
    """Whether columns are those of a file of patients, as cBioPortal names them."""
    names = {name.upper() for name in columns}
    survival = {"OS_MONTHS", "OS_STATUS", "DFS_MONTHS", "SEX", "AGE"}
    return PATIENT in names and SAMPLE not in names and bool(names & survival)


@dataclass(frozen=True)
class Described:
    """A table and the mapping that says what it means."""

    table: Table
    mapping: Mapping


def describe_samples(
    table: Table, knowledge: KnowledgeBase, extra: Mapping | None = None
) -> Described:
    """Translate the codes of a sample table and say what its columns mean.

    Args:
        table: The table as it stands.
        knowledge: The knowledge base.
        extra: The study's own mapping; what it maps stands, the shared columns fill the rest.

    Returns:
        The table with a column for the reported entity, the site of the primary and the tumour; a
        diagnosis that the row itself contradicts is listed and believed as far as it agrees.
    """
    table = _upper(table)
    findings = Findings(table.file.name)
    table = _translated(table, OncoTree(knowledge), findings)
    table = replace(
        table,
        problems=(*table.problems, *findings.in_order()),
        values_rejected=table.values_rejected + findings.values_rejected,
    )
    keys = {"patient_id": PATIENT, "tumour_id": TUMOUR, "specimen_id": SAMPLE}
    own = {"diagnosis.reported": {"column": ENTITY}, "tumour.site": {"column": SITE}}
    return Described(table, _mapping(table, knowledge, "specimen", keys, own, extra))


def describe_patients(
    table: Table, knowledge: KnowledgeBase, extra: Mapping | None = None
) -> Described:
    """Say what the columns of a patient table mean."""
    table = _upper(table)
    mapping = _mapping(table, knowledge, "patient", {"patient_id": PATIENT}, {}, extra)
    return Described(table, mapping)


def _upper(table: Table) -> Table:
    """Write the names of the columns as cBioPortal does, unless another column is called so."""
    names: dict[str, str] = {}
    taken = set(table.frame.columns)
    for name in table.frame.columns:
        if name.upper() not in taken:
            taken.add(name.upper())
            names[name] = name.upper()
    return replace(table, frame=table.frame.rename(names))


@lru_cache(maxsize=1)
def _shared_columns() -> dict[str, Any]:
    text = resources.files("nenuphar.io.cbioportal").joinpath("columns.yaml").read_text("utf-8")
    data: dict[str, Any] = read_bounded(text)
    return data


def _mapping(
    table: Table,
    knowledge: KnowledgeBase,
    row: str,
    keys: dict[str, str],
    own: dict[str, Any],
    extra: Mapping | None,
) -> Mapping:
    shared = _shared_columns()
    present = set(table.frame.columns) - table.repeated
    columns = dict(own)
    for fact, described in shared["columns"].items():
        declared = knowledge.facts.get(fact)
        found = [name for name in described["columns"] if name in present]
        wide = row == "patient" and declared is not None and declared.scope.value != "patient"
        if found and declared is not None and not wide:
            columns[fact] = {**described, "columns": found}
    data: dict[str, Any] = {"name": "cbioportal", "row": row, "keys": keys, "columns": columns}
    data |= {"missing": shared["missing"], "ignored": ("*",), "constants": {}}
    if extra is not None:
        stated = extra.model_dump(exclude_defaults=True)
        data["name"] = extra.name
        data["constants"] = stated.get("constants", {})
        kept = {fact: c for fact, c in columns.items() if fact not in data["constants"]}
        data["columns"] = {**kept, **stated.get("columns", {})}
        data["missing"] = (*shared["missing"], *extra.missing)
        data["where"] = stated.get("where", {})
    return Mapping.model_validate(data)


def _translated(table: Table, tree: OncoTree, findings: Findings) -> Table:
    frame = table.frame
    texts = frame.select(
        _text(frame, (_CODE,)).alias("code"),
        _text(frame, (_NAME,)).alias("name"),
        _text(frame, (_MAIN,)).alias("main_type"),
        _text(frame, _SITE_COLUMNS).alias("site"),
    )
    trusted = not _codes_filled_in(texts)
    distinct = texts.unique(maintain_order=True)
    reported = [tree.translate(Stated(*row), trust_code=trusted) for row in distinct.iter_rows()]
    told = distinct.with_columns(
        pl.Series(ENTITY, [r.entity or None for r in reported], dtype=pl.String),
        pl.Series(SITE, [r.site or None for r in reported], dtype=pl.String),
        pl.Series("which", range(len(reported)), dtype=pl.UInt32),
    )
    rows = texts.join(told, on=texts.columns, how="left", maintain_order="left", nulls_equal=True)
    _report(table, rows, reported, findings)
    _remark(rows, reported, findings, trusted=trusted)
    patients = frame[PATIENT].alias("patient")
    tumours = _tumours(rows.select(patients, SITE))
    return replace(table, frame=frame.with_columns(rows[ENTITY], rows[SITE], tumours))


def _text(frame: pl.DataFrame, names: Iterable[str]) -> pl.Expr:
    found = [pl.col(name).str.strip_chars() for name in names if name in frame.columns]
    return pl.coalesce([*found, pl.lit("")]).str.head(200)


def _codes_filled_in(texts: pl.DataFrame) -> bool:
    """Whether nearly every cancer type of a large file has one single code."""
    known = texts.filter((pl.col("code") != "") & (pl.col("main_type") != ""))
    types = known["main_type"].n_unique()
    if known.height < _FILLED_IN["rows"] or types < _FILLED_IN["types"]:
        return False
    pairs = known.select("main_type", "code").n_unique()
    return pairs < _FILLED_IN["codes_per_type"] * types


def _tumours(rows: pl.DataFrame) -> pl.Series:
    """Number the tumours of each patient: samples of one site are taken to be of one tumour."""
    site = pl.col(SITE).fill_null(pl.col(SITE).drop_nulls().first().over("patient"))
    numbered = rows.with_columns(site.fill_null("").alias("place")).with_row_index("at")
    first = numbered.group_by("patient", "place", maintain_order=True).agg(pl.col("at").min())
    first = first.with_columns(
        pl.col("at").rank("ordinal").over("patient").cast(pl.String).alias(TUMOUR)
    )
    keys = ["patient", "place"]
    joined = numbered.join(
        first.drop("at"), on=keys, how="left", maintain_order="left", nulls_equal=True
    )
    return joined[TUMOUR]


def _report(table: Table, rows: pl.DataFrame, reported: list[Reported], findings: Findings) -> None:
    """List every row whose diagnosis is not believed whole."""
    doubtful = [i for i, each in enumerate(reported) if each.column]
    if not doubtful:
        return
    place = _CODE if _CODE in table.frame.columns else ENTITY
    own = rows.with_columns(table.lines.alias("line"), table.frame[SAMPLE].alias("sample"))
    for row in own.filter(pl.col("which").is_in(doubtful)).iter_rows(named=True):
        each = reported[row["which"]]
        value = " / ".join(dict.fromkeys(v for v in (row["code"], row[each.column]) if v))
        findings.value(row["line"], row["sample"] or "", place, value, each.reason, each.fix)


def _remark(
    rows: pl.DataFrame, reported: list[Reported], findings: Findings, *, trusted: bool
) -> None:
    named = [i for i, each in enumerate(reported) if each.neuroendocrine and not each.column]
    filed = rows.filter(
        pl.col("which").is_in(named) & (pl.col("main_type").str.to_lowercase() == _LUNG_PARENT)
    )
    if filed.height:
        findings.note(
            f"{filed.height} neuroendocrine sample(s) of the lung stand under the cancer type "
            "Non-Small Cell Lung Cancer, the parent of their codes; the code counts",
            "nothing to do; do not select lung neuroendocrine neoplasms by cancer type",
            column=_MAIN,
        )
    if not trusted:
        findings.note(
            "nearly every cancer type has one single code in this file, as if codes had been "
            "filled in; no code is believed beyond its cancer type",
            "use the file as the study released it",
            column=_CODE,
        )
