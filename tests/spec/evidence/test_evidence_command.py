"""The command `nenuphar evidence pool`: what it prints, refuses and exits with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from nenuphar.cli import evidence

GOOD = "study,events,n,subgroup\nA,2,30,NET\nB,9,41,NEC\nC,0,27,NET\nD,4,18,NEC\n"
FIELDS = (
    "estimate",
    "ci_low",
    "ci_high",
    "tau2",
    "i2",
    "prediction_low",
    "prediction_high",
    "k",
    "studies",
)


def app(outcomes: list[dict[str, Any]] | None = None) -> typer.Typer:
    made = typer.Typer()
    evidence.register(made, (lambda: outcomes) if outcomes is not None else None)
    return made


def run(tmp_path: Path, table: str, *options: str, name: str = "counts.csv") -> Result:
    path = tmp_path / name
    path.write_bytes(table.encode())
    command = ["evidence", "pool", "--counts", str(path), *options]
    return CliRunner().invoke(app(), command)


def answer(tmp_path: Path, table: str, *options: str) -> tuple[int, dict[str, Any], str]:
    result = run(tmp_path, table, "--json", *options)
    return result.exit_code, json.loads(result.stdout), result.stderr


def test_json_has_the_fields_that_scripts_rely_on(tmp_path: Path) -> None:
    code, found, _ = answer(tmp_path, GOOD)
    assert code == 0
    assert set(FIELDS) <= set(found)
    assert found["k"] == len(found["studies"]) == 4
    assert 0 < found["ci_low"] < found["estimate"] < found["ci_high"] < 1
    assert found["studies"][0]["ci_high"] == pytest.approx(0.2207, abs=1e-4)


def test_the_terminal_shows_every_study_with_its_interval(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, "--method", "logit", "--tau", "pm", "--ci", "hk")
    assert result.exit_code == 0
    assert "2/30" in result.stdout
    assert "Pooled:" in result.stdout
    assert "Prediction interval" in result.stdout
    assert "4 read = 4 used" in result.stderr


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD, "--json").stdout_bytes == run(tmp_path, GOOD, "--json").stdout_bytes


@pytest.mark.parametrize("change", [(",", ";"), (",", "\t"), ("\n", "\r\n"), ("\n", "\r")])
def test_delimiters_and_line_ends_are_found(tmp_path: Path, change: tuple[str, str]) -> None:
    assert answer(tmp_path, GOOD.replace(*change))[1] == answer(tmp_path, GOOD)[1]


def test_workbooks_and_parquet_are_read_too(tmp_path: Path) -> None:
    frame = pl.read_csv(GOOD.encode())
    frame.write_parquet(tmp_path / "counts.parquet")
    book = openpyxl.Workbook()
    for row in (frame.columns, *frame.rows()):
        book.active.append(list(row))
    book.save(tmp_path / "counts.xlsx")
    expected = answer(tmp_path, GOOD)[1]["estimate"]
    for name in ("counts.parquet", "counts.xlsx"):
        command = ["evidence", "pool", "--counts", str(tmp_path / name), "--json"]
        found = json.loads(CliRunner().invoke(app(), command).stdout)
        assert found["estimate"] == expected


def test_subgroups_leave_one_out_and_regression(tmp_path: Path) -> None:
    table = (
        "study,events,n,subgroup,ki67\nA,2,30,NET,9\nB,9,41,NEC,60\nC,1,27,NET,5\nD,4,18,NEC,80\n"
    )
    code, found, _ = answer(tmp_path, table, "--subgroup", "--leave-one-out", "--moderator", "ki67")
    assert code == 0
    assert [part["name"] for part in found["subgroups"]["estimates"]] == ["NET", "NEC"]
    assert 0 < found["subgroups"]["p_value"] < 0.05
    assert [row["without"] for row in found["leave_one_out"]] == list("ABCD")
    assert [line["name"] for line in found["regression"]["coefficients"]] == ["intercept", "ki67"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("X,9,5,NET", "9 events among 5 patients"),
        ("X,-1,5,NET", "events is -1, below 0"),
        ("X,1,-5,NET", "n is -5: there are no patients"),
        ("X,0,0,NET", "n is 0: there are no patients"),
        ("X,,5,NET", "events is missing; fill it in; missing is not 0"),
        ("X,1,,NET", "n is missing"),
        ("X,33%,9,NET", "events is a percentage"),
        ("X,1.5,9,NET", "events is not a whole number"),
        (",1,9,NET", "the study has no name"),
    ],
)
def test_impossible_rows_are_rejected_and_the_others_pooled(
    tmp_path: Path, row: str, said: str
) -> None:
    code, found, stderr = answer(tmp_path, f"{GOOD}{row}\n")
    assert code == 1
    assert found["k"] == 4
    assert found["estimate"] == answer(tmp_path, GOOD)[1]["estimate"]
    assert [item["line"] for item in found["rejected"]] == [6]
    assert said in stderr
    assert found["rows"] == {"read": 5, "used": 4, "set_aside": 0, "rejected": 1}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (GOOD + "A,2,30,NET\n", "A lists subgroup net more than once"),
        (GOOD + "a,5,60,\n", "A is listed as a whole and by subgroup"),
        ("study,events,n\nA,1,9\nA,1,9\nB,2,9\n", "A is listed 2 times"),
        ("study,events,n\nA,0,50\nB,50,50\n", "clear maximum|grows without limit"),
        ("study,events,n\nA,7,5\n", "there are no studies to pool"),
    ],
)
def test_what_cannot_be_pooled_has_no_estimate(tmp_path: Path, table: str, said: str) -> None:
    code, found, stderr = answer(tmp_path, table)
    assert code == 1
    assert found["estimate"] is None
    assert found["rows"]["used"] == 0
    assert re.search(said, stderr)


def test_one_study_and_no_events_are_answered_with_exit_code_1(tmp_path: Path) -> None:
    code, found, stderr = answer(tmp_path, "study,events,n\nA,3,7\n")
    assert (code, found["k"], found["pooled"], found["tau2"]) == (1, 1, False, None)
    assert "One study only" in stderr
    code, found, stderr = answer(tmp_path, "study,events,n\nA,0,7\nB,0,9\n")
    assert (code, found["estimate"], found["pooled"], found["tau2"]) == (1, 0, False, None)
    assert "No study has an event" in stderr


def test_percentages_without_n_are_unreadable(tmp_path: Path) -> None:
    result = run(tmp_path, "study,percent\nA,33\nB,20\n")
    assert result.exit_code == 3
    assert "Percentages without the number of patients cannot be pooled" in result.stderr


@pytest.mark.parametrize("table", ["", "study,events,n\n", "name,events,n\nA,1,2\n"])
def test_tables_without_rows_or_columns_are_unreadable(tmp_path: Path, table: str) -> None:
    assert run(tmp_path, table).exit_code == 3


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    command = ["evidence", "pool", "--counts", str(tmp_path / "none.csv")]
    assert CliRunner().invoke(app(), command).exit_code == 3


@pytest.mark.parametrize(
    "options", [("--method", "peto"), ("--tau", "ml"), ("--ci", "wald"), ("--endpoint", "ORR")]
)
def test_wrong_usage(tmp_path: Path, options: tuple[str, str]) -> None:
    assert run(tmp_path, GOOD, *options).exit_code == 2


def test_nothing_asked_for_is_wrong_usage() -> None:
    assert CliRunner().invoke(app(), ["evidence", "pool"]).exit_code == 2


def test_tau_is_said_to_be_unused_by_the_glmm(tmp_path: Path) -> None:
    assert "--tau is not used" in answer(tmp_path, GOOD, "--tau", "dl")[2]
    assert "--tau" not in answer(tmp_path, GOOD, "--tau", "dl", "--method", "logit")[2]


def test_hazard_ratios_whose_interval_excludes_them_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "ratios.csv"
    path.write_text(
        "study,hr,ci_low,ci_high\nA,0.7,0.5,0.98\nB,0.9,0.7,1.2\nC,1.4,1.5,1.7\nD,-1,0.2,0.4\nE,,1,2\n"
    )
    result = CliRunner().invoke(app(), ["evidence", "pool", "--hazards", str(path), "--json"])
    found = json.loads(result.stdout)
    assert (result.exit_code, found["k"], found["measure"]) == (1, 2, "hazard_ratio")
    assert [row["study"] for row in found["rejected"]] == ["C", "D", "E"]
    assert "excludes its estimate 1.4" in result.stderr


def records() -> list[dict[str, Any]]:
    rows = [("A", "net", 2, 30), ("B", "nec", 9, 41), ("C", "nec", 0, 27), ("D", "net", 4, 18)]
    return [
        {"id": f"outcome.{s}", "study": s, "endpoint": "ORR", "entity": e, "events": x, "n": n}
        for s, e, x, n in rows
    ]


def test_records_are_pooled_by_question() -> None:
    made = app([*records(), {**records()[0], "id": "outcome.again"}])
    command = ["evidence", "pool", "--endpoint", "ORR", "--population", "nec", "--json"]
    found = json.loads(CliRunner().invoke(made, command).stdout)
    assert [study["study"] for study in found["studies"]] == ["B", "C"]
    both = [*command, "--population", "net"]
    result = CliRunner().invoke(made, both)
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [part["name"] for part in found["subgroups"]["estimates"]] == ["nec", "net"]
    assert [row["record"] for row in found["set_aside"]] == ["outcome.again"]
    assert found["rows"] == {"read": 5, "used": 4, "set_aside": 1, "rejected": 0}


def test_without_records_a_question_is_wrong_usage() -> None:
    result = CliRunner().invoke(app(), ["evidence", "pool", "--endpoint", "ORR"])
    assert result.exit_code == 2
    assert "use --counts" in result.stderr


def test_other_encodings_are_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes("study,events,n\nMüller,2,30\nB,5,50\n".encode("latin-1"))
    result = CliRunner().invoke(app(), ["evidence", "pool", "--counts", str(path), "--json"])
    assert result.exit_code == 0
    answered = json.loads(result.stdout)
    assert answered["studies"][0]["study"] == "Müller"
    assert any("Latin-1" in note for note in answered["notes"])


def test_rows_that_cannot_be_read_count_as_rejected_at_their_line(tmp_path: Path) -> None:
    table = "study,events,n\nA,2,30\n\nB,5,50\nC,1,20,9,9\nD,9,4\n"
    code, answered, _ = answer(tmp_path, table)
    assert code == 1
    assert [row["line"] for row in answered["rejected"]] == [5, 6]
    assert answered["rows"] == {"read": 4, "used": 2, "set_aside": 0, "rejected": 2}
