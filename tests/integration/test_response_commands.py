"""The commands response and lesions: files in, files out, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from nenuphar.cli.response import register

POINTS = """subject,date,response,reference_date
007,2024-03-01,PR,2024-01-01
007,2024-05-01,CR,2024-01-01
008,2024-03-01,SD,2024-01-01
"""
LESIONS = """subject,assessor,date,lesion,role,organ,node,diameter_mm,status
007,A,2024-01-01,T01,target,liver,no,50,
007,A,2024-03-01,T01,target,liver,no,30,
007,A,2024-05-01,T01,target,liver,no,,too small to measure
"""


@pytest.fixture
def run():
    app = typer.Typer()
    register(app)

    def invoke(*arguments: object):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(POINTS)
    return path


def test_response_writes_the_documented_columns(run, points: Path, tmp_path: Path):
    out = tmp_path / "best.csv"
    result = run("response", points, "--criteria", "recist1.1", "--confirm-days", 28, "-o", out)
    assert result.exit_code == 0
    assert out.read_text() == (
        "subject,best_response,date,first_pd_date\n007,PR,2024-03-01,\n008,SD,2024-03-01,\n"
    )
    assert not Path(f"{out}.rejected.tsv").exists()
    assert "read 3 = accepted 3 + rejected 0" in result.stderr


def test_every_option_reaches_the_rules(run, tmp_path: Path):
    points, subjects, out = (tmp_path / name for name in ("p.csv", "s.csv", "o.csv"))
    points.write_text(
        "subject,date,response,reference_date\n"
        "1,2024-02-20,PR,2024-01-01\n1,2024-03-01,SD,2024-01-01\n1,2024-04-01,PR,2024-01-01\n"
        "2,2024-01-20,PD,2024-01-01\n2,2024-04-01,SD,2024-01-01\n"
    )
    subjects.write_text("subject,reference_date\n3,2024-01-01\n")
    base = ["response", points, "--criteria", "recist1.1", "-o", out, "--subjects", subjects]

    def best(*extra: object) -> list[str]:
        assert run(*base, *extra).exit_code == 0
        return pl.read_csv(out)["best_response"].to_list()

    assert best() == ["PR", "PD", "MISSING"]
    assert best("--confirm-days", 28) == ["SD", "PD", "MISSING"]
    assert best("--confirm-days", 28, "--accept-sd") == ["PR", "PD", "MISSING"]
    assert best("--no-stop-at-pd") == ["PR", "SD", "MISSING"]
    assert best("--missing-as-ne") == ["PR", "PD", "NE"]
    assert best("--confirm-days", 28, "--start-window", 100) == ["NE", "PD", "MISSING"]


def test_lesions_writes_time_points_with_reasons(run, tmp_path: Path):
    source, out = tmp_path / "lesions.csv", tmp_path / "points.csv"
    source.write_text(LESIONS)
    result = run("lesions", source, "--criteria", "recist1.1", "-o", out)
    assert result.exit_code == 0
    found = pl.read_csv(out)
    assert found.columns == [
        "subject", "assessor", "date", "sum_mm", "nadir_mm", "target", "non_target", "new_lesion",
        "overall", "reason",
    ]  # fmt: skip
    assert found["overall"].to_list() == ["PR", "PR"]
    assert found["sum_mm"].to_list() == [30, 5]


def test_lesions_reads_a_folder_of_sdtm(run, tmp_path: Path):
    (tmp_path / "TU.csv").write_text(
        "USUBJID,TULOC,TUSTRESC,TULNKID,TUEVAL,TUEVALID\n"
        "S1,LYMPH NODE,TARGET,T01,INVESTIGATOR,\nS1,LIVER,TARGET,T02,INVESTIGATOR,\n"
    )
    (tmp_path / "tr_study.csv").write_text(
        "USUBJID,TRLNKID,TRTESTCD,TRSTRESC,TRSTRESN,TRSTRESU,TRDTC,VISITNUM,TREVAL,TREVALID\n"
        "S1,T01,LDIAM,30,30,mm,2024-01-01,1,INVESTIGATOR,\n"
        "S1,T01,LPERP,20,20,mm,2024-01-01,1,INVESTIGATOR,\n"
        "S1,T02,LDIAM,25,25,mm,2024-01-01,1,INVESTIGATOR,\n"
        "S1,,SUMDIAM,45,45,mm,2024-01-01,1,INVESTIGATOR,\n"
        "S1,T01,LPERP,8,8,mm,2024-03-01,2,INVESTIGATOR,\n"
        "S1,T02,LDIAM,TOO SMALL TO MEASURE,,mm,2024-03-02,2,INVESTIGATOR,\n"
        "S1,,SUMDIAM,20,20,mm,2024-03-02,2,INVESTIGATOR,\n"
    )
    out = tmp_path / "points.csv"
    result = run("lesions", tmp_path, "--criteria", "recist1.1", "-o", out)
    assert result.exit_code == 0
    found = pl.read_csv(out)
    row = found.select("subject", "assessor", "date", "sum_mm", "nadir_mm", "overall").rows()
    assert row == [("S1", "INVESTIGATOR", "2024-03-02", 13.0, 45.0, "PR")]
    side = pl.read_csv(f"{out}.rejected.tsv", separator="\t")
    assert side["reason"].to_list() == ["the stated sum does not match its lesions"]
    assert side["file"].to_list() == ["tr_study.csv"]


def test_rejected_records_are_listed_and_the_exit_code_is_1(run, tmp_path: Path):
    source, out = tmp_path / "p.csv", tmp_path / "best.csv"
    source.write_text(POINTS + "009,2024-03-01,GREAT,2024-01-01\n")
    result = run("response", source, "--criteria", "recist1.1", "-o", out)
    assert result.exit_code == 1
    side = pl.read_csv(f"{out}.rejected.tsv", separator="\t", infer_schema=False)
    assert side.columns[:7] == ["file", "line", "record", "column", "value", "reason", "fix"]
    assert side.row(0)[:5] == ("p.csv", "5", "009", "response", "GREAT")
    assert "read 4 = accepted 3 + rejected 1" in result.stderr
    assert "009" in result.stderr
    assert pl.read_csv(out, infer_schema=False).row(2) == ("009", "MISSING", None, None)


def test_a_later_clean_run_removes_the_old_list(run, points: Path, tmp_path: Path):
    out = tmp_path / "best.csv"
    side = Path(f"{out}.rejected.tsv")
    side.write_text("old")
    assert run("response", points, "--criteria", "recist1.1", "-o", out).exit_code == 0
    assert not side.exists()


def test_the_same_input_gives_the_same_bytes_in_any_order(run, points: Path, tmp_path: Path):
    outs = [tmp_path / "a.csv", tmp_path / "b.csv"]
    header, *rows = POINTS.splitlines()
    for out, order in zip(outs, (rows, rows[::-1]), strict=True):
        points.write_text("\n".join([header, *order]) + "\n")
        run("response", points, "--criteria", "recist1.1", "-o", out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    left = sorted(path.name for path in tmp_path.iterdir())  # visits out of order are remarked on
    assert left == ["a.csv", "b.csv", "b.csv.rejected.tsv", "points.csv"]


def test_json_prints_results_and_counts(run, points: Path):
    result = run("response", points, "--criteria", "recist1.1", "--json")
    body = json.loads(result.stdout)
    assert body["results"][0] == {
        "subject": "007", "best_response": "CR", "date": "2024-05-01", "first_pd_date": None,
    }  # fmt: skip
    assert (body["read"], body["accepted"], body["rejected"]) == (3, 3, 0)


@pytest.mark.parametrize(
    "content", [b"", b"subject,date\n1,2024-01-01\n", b"subject,date,response\n", b"\x00\x01\x02"]
)
def test_an_unreadable_table_is_exit_code_3_and_leaves_no_output(run, tmp_path: Path, content):
    source, out = tmp_path / "p.csv", tmp_path / "best.csv"
    source.write_bytes(content)
    result = run("response", source, "--criteria", "recist1.1", "-o", out)
    assert result.exit_code == 3
    assert "cannot use p.csv" in result.stderr
    assert not out.exists()


def test_a_missing_file_or_domain_is_exit_code_3(run, tmp_path: Path):
    assert run("response", tmp_path / "no.csv", "--criteria", "irecist", "--json").exit_code == 3
    result = run("lesions", tmp_path, "--criteria", "irecist", "--json")
    assert result.exit_code == 3
    assert "domain" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--criteria", "who"], ["--criteria", "irecist", "--max-ne", "-1"], []]
)
def test_wrong_usage_is_exit_code_2(run, points: Path, arguments: list[str]):
    assert run("response", points, *arguments, "--json").exit_code == 2


def test_no_output_asked_for_is_wrong_usage(run, points: Path):
    assert run("response", points, "--criteria", "irecist").exit_code == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", POINTS.replace(",", ";").encode()),
        ("tabs.txt", POINTS.replace(",", "\t").encode("utf-16")),
        ("mac.csv", POINTS.replace("\n", "\r").encode()),
        ("bom.csv", POINTS.encode("utf-8-sig")),
        ("latin.csv", POINTS.replace("007", "Zoé").encode("cp1252")),
    ],
)
def test_delimiter_encoding_and_line_ends_are_detected(run, tmp_path: Path, name, content):
    source = tmp_path / name
    source.write_bytes(content)
    result = run("response", source, "--criteria", "recist1.1", "--json")
    assert result.exit_code == 0
    assert [row["best_response"] for row in json.loads(result.stdout)["results"]][-1] in (
        "CR",
        "SD",
    )
    assert len(json.loads(result.stdout)["results"]) == 2


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_typed_tables_keep_ids_whole(run, tmp_path: Path, suffix: str):
    source = tmp_path / f"p.{suffix}"
    table = pl.DataFrame(
        {"subject": [7.0, 8.0], "date": ["2024-03-01", "2024-03-01"], "response": ["CR", "PD"]}
    ).with_columns(pl.col("date").str.to_date())
    if suffix == "parquet":
        table.write_parquet(source)
    else:
        book = openpyxl.Workbook()
        for row in (table.columns, *table.rows()):
            book.active.append(list(row))
        book.save(source)
    result = run("response", source, "--criteria", "recist1.1", "--json")
    body = json.loads(result.stdout)
    assert [(row["subject"], row["date"]) for row in body["results"]] == [
        ("7", "2024-03-01"), ("8", "2024-03-01"),
    ]  # fmt: skip


def test_help_shows_an_example_and_loads_no_polars(run):
    for command in ("response", "lesions"):
        assert f"nenuphar {command}" in run(command, "--help").stdout
    code = (
        "import sys, typer, nenuphar.cli.response as r; a = typer.Typer(); r.register(a);"
        "print('polars' in sys.modules, 'numpy' in sys.modules)"
    )
    printed = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout.split() == ["False", "False"]
