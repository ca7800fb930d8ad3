"""`nenuphar kb audit` on a small made-up knowledge base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from nenuphar.cli.audit import register
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.knowledge import base
from nenuphar.methods.evidence.audit.reviews import LAYOUTS

XU = LAYOUTS[0]
RECORD = {
    "kind": "outcome",
    "id": "outcome.made_up",
    "version": 1,
    "status": "active",
    "sources": [{"source": XU.source, "locator": "INTRODUCTION ¶1"}],
    "printed": ["43%", "62"],
    "study": "S",
    "population": "P",
    "entity": "nec",
    "strategy": "prrt",
    "endpoint": "ORR",
    "value": 43.0,
    "unit": "percent",
    "n": 62,
    "n_source": "stated",
}
BY_HAND = {
    "kind": "discrepancy",
    "id": "discrepancy.made_up",
    "version": 1,
    "status": "active",
    "sources": [{"source": XU.source}],
    "type": "external_fact",
    "severity": "major",
    "explanation": "The trial says otherwise.",
    "should_be": "the other drug",
    "record": "outcome.made_up",
}
REVIEW = f"""{XU.marker} tumors

INTRODUCTION
Of 62 patients with a made-up tumour 43% responded, as the authors say; """ + (
    "7 of them did so for longer than the rest of those who were treated at the time.\n"
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setattr(base, "load_knowledge", lambda: base.knowledge_base([RECORD, BY_HAND]))
    kb = typer.Typer()
    register(kb)
    kb.command("other")(lambda: None)
    return kb


def test_findings_of_rules_and_of_people_are_told_apart(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["audit", "--json"])
    assert result.exit_code == 0
    output = json.loads(result.output)
    assert [finding["type"] for finding in output["found"]] == ["unattainable_percentage"]
    assert [finding["id"] for finding in output["entered"]] == ["discrepancy.made_up"]
    assert "coverage" not in output


def test_tables_name_types_and_records(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["audit"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for text in ("unattainable_percentage", "26/62", "Entered by hand", "the other drug"):
        assert text in result.output


def test_coverage_lists_what_no_record_holds(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "review.txt").write_text(REVIEW, "utf-8")
    (tmp_path / "other.txt").write_text("Something else with 12 numbers.", "utf-8")
    result = CliRunner().invoke(app, ["audit", "--json", "--reviews", str(tmp_path)])
    (coverage,) = json.loads(result.output)["coverage"]
    assert (coverage["name"], coverage["numerals"], coverage["without_record"]) == ("Xu 2021", 3, 1)
    assert [numeral["numeral"] for numeral in coverage["uncovered"]] == ["7"]
    assert coverage["not_at_locator"] == 0
    shown = CliRunner().invoke(app, ["audit", "--reviews", str(tmp_path)], env={"COLUMNS": "200"})
    assert "3 numerals; 2 in records" in shown.output


def test_a_folder_without_the_reviews_is_said(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["audit", "--reviews", str(tmp_path)])
    assert isinstance(result.exception, UnreadableInputError)
    assert "none of its text files" in str(result.exception)
