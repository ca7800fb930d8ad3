"""Write the results of a run as files that other tools read: Parquet, TSV, DuckDB, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import as_text
from nenuphar.store.fingerprint import file_digest, table_digest
from nenuphar.store.publish import MANIFEST

MADE_BY = "nenuphar"

REJECTED_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "line": pl.Int64(),
    "record": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "fix": pl.String(),
}
"""Columns of `rejected.tsv`; line 0 where no line applies."""

# Spreadsheets run cells that begin with one of these; signs before plain numbers are harmless.
# Cells that already begin with apostrophes get one more, so that no two values become the same.
_FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"
_PLAIN_NUMBER = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"

_VIEWS = {
    "calls": """
        SELECT s.patient_id, s.tumour_id, s.specimen_id, s.assessor, s.date,
            max(s.value) FILTER (s.fact = 'tumour.entity') AS entity,
            max(s.status) FILTER (s.fact = 'tumour.entity') AS entity_status,
            max(s.value) FILTER (s.fact = 'tumour.grade') AS grade,
            max(s.status) FILTER (s.fact = 'tumour.grade') AS grade_status,
            max(s.value) FILTER (s.fact = 'tumour.family') AS family,
            max(s.missing) FILTER (s.fact = 'tumour.entity') AS missing
        FROM conclusions s WHERE s.specimen_id <> '' AND s.component = '' GROUP BY ALL ORDER BY ALL
    """,
    "open_questions": """
        SELECT fact, missing_fact, count(*) AS rows FROM (
            SELECT fact, unnest(string_split(missing, ';')) AS missing_fact
            FROM conclusions WHERE missing <> ''
        ) GROUP BY ALL ORDER BY rows DESC, fact, missing_fact
    """,
    "conflicts": "SELECT * FROM conclusions WHERE status = 'conflict'",
}
"""Views of `results.duckdb`: the call of every specimen, what is missing, what contends."""


def defused(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table in which no cell can be read as a spreadsheet formula.

    An apostrophe is put before text that begins with `=`, `+`, `-`, `@`, a tab or a line break,
    plain numbers excepted; it stays visible.
    """

    def guard(name: str) -> pl.Expr:
        cell = pl.col(name)
        runs = cell.str.contains(_FORMULA) & ~cell.str.contains(_PLAIN_NUMBER)
        return pl.when(runs).then(pl.concat_str(pl.lit("'"), cell)).otherwise(cell).alias(name)

    text = [name for name, kind in table.schema.items() if kind == pl.String]
    return table.with_columns(guard(name) for name in text)


def write_tsv(table: pl.DataFrame, path: Path) -> None:
    """Write a table as tab-separated text; null and empty text are both nothing."""
    text = [name for name, kind in table.schema.items() if kind == pl.String]
    nothing = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in text]
    defused(table).with_columns(nothing).write_csv(path, separator="\t")


def rejected_table(problems: Iterable[Problem]) -> pl.DataFrame:
    """Lay problems out as a table, ordered by place; see `REJECTED_SCHEMA`.

    Returns:
        Those columns, and `whole_record`: whether the record was left out or only this value.
    """
    rows = [
        {name: getattr(p, name) for name in REJECTED_SCHEMA} | {"whole_record": p.rejected}
        for p in sorted(problems)
    ]
    return pl.DataFrame(rows, schema={**REJECTED_SCHEMA, "whole_record": pl.Boolean()})


def write_results(
    folder: Path,
    conclusions: pl.DataFrame,
    problems: Iterable[Problem],
    manifest: Mapping[str, Any],
    frames: Mapping[Scope, pl.DataFrame] | None = None,
) -> dict[str, Any]:
    """Write `conclusions.*`, `rejected.tsv`, `results.duckdb` and `manifest.json` into a folder.

    Args:
        folder: An existing folder; `store.publish` puts it in place.
        conclusions: One row for each fact and row of its scope, with `engine.cohort.SCHEMA`.
        problems: What could not be used.
        manifest: Hashes, versions and counts that the caller knows; JSON values.
        frames: Observed facts by scope (`engine.frames`), for the tables `observed_<scope>`.

    Returns:
        The manifest as written: what was given, and the hashes of tables and files.
    """
    rejected = rejected_table(problems)
    conclusions = as_text(conclusions.lazy()).collect()
    conclusions.write_parquet(folder / "conclusions.parquet", compression="zstd")
    write_tsv(conclusions, folder / "conclusions.tsv")
    write_tsv(rejected.select(list(REJECTED_SCHEMA)), folder / "rejected.tsv")
    tables = {"conclusions": conclusions, "rejected": rejected}
    for scope, frame in (frames or {}).items():
        if frame.height:
            tables[f"observed_{scope.value}"] = frame
    _write_database(folder / "results.duckdb", tables)
    files = ("conclusions.parquet", "conclusions.tsv", "rejected.tsv")
    whole = {
        **manifest,
        "made_by": MADE_BY,
        "research_use_only": True,
        "tables": {
            name: {"rows": table.height, "sha256": table_digest(table)}
            for name, table in tables.items()
        },
        "files": {name: file_digest(folder / name) for name in files},
    }
    write_manifest(folder, whole)
    return whole


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write `manifest.json` with sorted keys."""
    text = json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


class _Stream:
    """A table that DuckDB reads as a stream; handed over as it is, it would be read by PyArrow."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def _write_database(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        for name, table in tables.items():
            connection.register("incoming", _Stream(table))
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')  # noqa: S608
            connection.unregister("incoming")
        for name, query in _VIEWS.items():
            connection.execute(f'CREATE VIEW "{name}" AS {query}')
