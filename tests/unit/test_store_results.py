import csv
import json

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import SCHEMA, as_text
from nenuphar.store.fingerprint import code_digest, file_digest, input_digests, table_digest
from nenuphar.store.results import defused, write_results


def conclusion(**cells):
    row = dict.fromkeys(SCHEMA, "") | {"value_number": None, "probability": None}
    return row | {"fact": "tumour.entity", "status": "met", "specimen_id": "S1"} | cells


@pytest.fixture
def conclusions() -> pl.DataFrame:
    return pl.DataFrame(
        [
            conclusion(patient_id="=cmd|' /C calc'!A0", value="typical_carcinoid"),
            conclusion(patient_id="P2", status="undetermined", value=None, missing="a.b;c.d"),
            conclusion(patient_id="P3", status="conflict", value="lcnec;sclc", missing="a.b"),
            conclusion(patient_id="P3", fact="tumour.grade", value="high_grade"),
        ],
        schema=SCHEMA,
    )


PROBLEMS = [
    Problem("b.csv", 3, "P9", "Ki-67", "@SUM(1)", "no number", "write 3"),
    Problem("a.csv", 7, "P8", "id", "", "no id", "give one", rejected=True),
]


def test_writes_what_the_interface_names(tmp_path, conclusions):
    write_results(tmp_path, conclusions, PROBLEMS, {"counts": {"read": 4}})
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "conclusions.parquet", "conclusions.tsv", "rejected.tsv", "manifest.json", "results.duckdb",
    }  # fmt: skip
    written = pl.read_parquet(tmp_path / "conclusions.parquet")
    assert pl.Categorical not in written.dtypes  # plain text for whoever reads it
    assert_frame_equal(written, as_text(conclusions.lazy()).collect())
    rows = list(csv.DictReader((tmp_path / "conclusions.tsv").open(), delimiter="\t"))
    assert list(rows[0]) == list(SCHEMA)
    assert [row["patient_id"] for row in rows] == ["'=cmd|' /C calc'!A0", "P2", "P3", "P3"]
    assert rows[1]["value"] == ""


def test_rejected_rows_are_ordered_by_place_and_keep_their_columns(tmp_path, conclusions):
    write_results(tmp_path, conclusions, PROBLEMS, {})
    rows = list(csv.reader((tmp_path / "rejected.tsv").open(), delimiter="\t"))
    assert rows[0] == ["file", "line", "record", "column", "value", "reason", "fix"]
    assert rows[1] == ["a.csv", "7", "P8", "id", "", "no id", "give one"]
    assert rows[2] == ["b.csv", "3", "P9", "Ki-67", "'@SUM(1)", "no number", "write 3"]


def test_the_same_results_are_the_same_bytes(tmp_path, conclusions):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write_results(folder, conclusions, PROBLEMS, {"versions": {"b": 1, "a": 2}})
    for name in ("conclusions.parquet", "conclusions.tsv", "rejected.tsv", "manifest.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_manifest_hashes_the_ordered_tables_of_the_database(tmp_path, conclusions):
    observed = pl.DataFrame({"patient_id": ["P2"], "pathology.ki67.lo": [3.5]})
    frames = {Scope.SPECIMEN: observed, Scope.LESION: observed.clear()}
    returned = write_results(tmp_path, conclusions, PROBLEMS, {"counts": {}}, frames)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == returned
    assert set(manifest["tables"]) == {"conclusions", "rejected", "observed_specimen"}
    with duckdb.connect(str(tmp_path / "results.duckdb"), read_only=True) as connection:
        for name, told in manifest["tables"].items():
            table = connection.sql(f'SELECT * FROM "{name}"').pl()  # noqa: S608
            assert table.height == told["rows"]
            assert table_digest(table) == told["sha256"]
        calls = connection.sql("SELECT patient_id, entity, grade FROM calls").fetchall()
        missing = connection.sql("SELECT missing_fact, rows FROM open_questions").fetchall()
        conflicts = connection.sql("SELECT value FROM conflicts").fetchall()
    assert ("P3", "lcnec;sclc", "high_grade") in calls
    assert missing == [("a.b", 2), ("c.d", 1)]
    assert conflicts == [("lcnec;sclc",)]
    assert manifest["files"]["conclusions.tsv"] == file_digest(tmp_path / "conclusions.tsv")


def test_a_change_of_order_or_value_changes_the_hash(conclusions):
    assert table_digest(conclusions) != table_digest(conclusions.reverse())
    changed = conclusions.with_columns(value=pl.col("value").fill_null(""))
    assert table_digest(conclusions) != table_digest(changed)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("-1.5", "-1.5"),
        ("+3e4", "+3e4"),
        ("'=1", "''=1"),
        ("t' Hooft", "t' Hooft"),
        ("'t Hooft", "'t Hooft"),
        (">20", ">20"),
        ("", ""),
        (None, None),
    ],
)
def test_cells_that_a_spreadsheet_would_run_are_defused(cell, written):
    table = pl.DataFrame({"x": [cell]}, schema={"x": pl.String})
    assert defused(table)["x"].to_list() == [written]


def test_no_results_still_have_their_columns(tmp_path):
    write_results(tmp_path, pl.DataFrame(schema=SCHEMA), [], {})
    assert (tmp_path / "conclusions.tsv").read_text() == "\t".join(SCHEMA) + "\n"
    with duckdb.connect(str(tmp_path / "results.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM calls").fetchall() == [(0,)]


def test_inputs_are_named_without_the_folders_of_a_machine(tmp_path):
    study = tmp_path / "study"
    (study / "data").mkdir(parents=True)
    (study / "data" / "b.txt").write_text("b")
    (study / "a.txt").write_text("a")
    assert list(input_digests(study)) == ["a.txt", "data/b.txt"]
    assert list(input_digests(study / "a.txt")) == ["a.txt"]
    assert input_digests(study)["a.txt"] == input_digests(study / "a.txt")["a.txt"]
    assert len(code_digest()) == 64
    assert code_digest() == code_digest()
