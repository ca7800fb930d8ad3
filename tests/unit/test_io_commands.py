"""The commands that get data in: mapping, validate, template, schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from nenuphar.cli import inputs
from nenuphar.domain.problems import UsageError
from nenuphar.knowledge import base
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = base.knowledge_base(
    read_yaml(Path(__file__).parents[1] / "spec" / "reading" / "facts.yaml")
)


@pytest.fixture(autouse=True)
def _small_knowledge_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "load_knowledge", lambda: FACTS)


def run(*words: str) -> Result:
    app = typer.Typer()
    inputs.register(app)
    return CliRunner().invoke(app, words)


TABLE = "patient_id,pathology.ki67,Note\n1,3,x\n2,many,y\n2,4,z\n"


def test_validate_counts_and_lists(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(TABLE)
    result = run("validate", str(file), "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (data["read"], data["accepted"], data["rejected"]) == (3, 1, 2)
    assert [problem["line"] for problem in data["problems"]] == [0, 3, 4]
    assert "neither read nor ignored: Note" in data["problems"][0]["reason"]
    shown = run("validate", str(file), "--limit", "1").stdout
    assert "3 read = 1 accepted + 2 rejected" in shown
    assert "t.csv: 1 column(s) are neither read nor ignored: Note; map them" in shown
    assert "and 2 more" in shown


def test_validate_of_a_clean_input_ends_well(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("patient: P1\npathology.ki67: '>20'\n")
    result = run("validate", str(file))
    assert result.exit_code == 0
    assert "1 read = 1 accepted + 0 rejected" in result.stdout


def test_a_table_without_a_mapping_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    result = run("validate", str(file))
    assert isinstance(result.exception, UsageError)
    assert "mapping draft" in str(result.exception)


def test_a_mapping_of_a_case_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("patient: P1\n")
    result = run("validate", str(file), "--mapping", "lung-net-readers")
    assert isinstance(result.exception, UsageError)


def test_mappings_are_listed_shown_and_drafted(tmp_path: Path) -> None:
    assert run("mapping", "show", "lung-net-readers").stdout.startswith("# A worked example")
    wrong = run("mapping", "show", "lung-net-reader")
    assert "did you mean lung-net-readers" in str(wrong.exception)
    file = tmp_path / "t.csv"
    file.write_text("Patient ID,Ki-67 (%)\n1,3\n")
    out = tmp_path / "draft.yaml"
    assert run("mapping", "draft", str(file), "--out", str(out)).exit_code == 0
    assert "column: Ki-67 (%)" in out.read_text()
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_templates_and_schemas_are_written(tmp_path: Path) -> None:
    assert run("template").stdout.startswith("# An empty case")
    assert isinstance(run("template", "--to", "xlsx").exception, UsageError)
    book = tmp_path / "cases.xlsx"
    assert run("template", "--to", "xlsx", "--out", str(book)).exit_code == 0
    assert book.read_bytes().startswith(b"PK")
    for kind in ("case", "mapping", "record"):
        assert "$schema" in json.loads(run("schema", kind).stdout)
    nowhere = run("schema", "case", "--out", str(tmp_path / "none" / "x.json"))
    assert isinstance(nowhere.exception, UsageError)
