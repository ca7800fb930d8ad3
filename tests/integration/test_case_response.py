"""A case with scans: its confirmed best response is concluded like any other fact."""

from __future__ import annotations

from pathlib import Path

import nenuphar as nn
from nenuphar.domain.case import Case
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.cohort import conclude

CASE = """
patient: P1
facts: {response.reference_date: "2020-01-01"}
time_points:
  - {id: "1", date: "2020-03-01", facts: {response.overall: PR}}
  - {id: "2", date: "%s", facts: {response.overall: PR}}
  - {id: "3", date: "2020-08-01", facts: {response.overall: PD}}
"""


def assessed(tmp_path: Path, second_scan: str):
    path = tmp_path / "case.yaml"
    path.write_text(CASE % second_scan, encoding="utf-8")
    case = nn.read_case(str(path))
    (one,) = nn.assess(case).of("response.best_confirmed")
    kb = load_knowledge()
    table = conclude(frames_of([rows_of_case(case)], kb), kb)
    (row,) = table.filter(table["fact"] == "response.best_confirmed").iter_rows(named=True)
    assert (row["value"], row["status"], row["rule_id"]) == (one.value, one.status, one.rule_id)
    return one


def test_a_response_that_a_second_scan_confirms_is_the_best(tmp_path):
    best = assessed(tmp_path, "2020-03-29")
    assert (best.value, best.status) == ("PR", "met")
    assert best.rule_id == "method.best_confirmed_response"


def test_a_scan_a_day_too_early_does_not_confirm(tmp_path):
    assert assessed(tmp_path, "2020-03-28").value == "SD"


def test_without_scans_it_is_open_and_says_what_is_missing():
    (best,) = nn.assess(Case("P2")).of("response.best_confirmed")
    assert (best.value, best.status) == (None, "undetermined")
    assert "response.overall" in best.missing
