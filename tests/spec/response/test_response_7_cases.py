"""Lesions inside a case or a table: `assess` works out the response of every visit from them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import nenuphar as nn
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.cohort import conclude

CASE = """
patient: P1
facts: {response.reference_date: "2020-01-05"}
time_points:
  - id: baseline
    date: "2020-01-02"
    lesions:
      - {id: T1, facts: {lesion.role: target, lesion.organ: liver, lesion.diameter: 40 mm}}
      - {id: T2, facts: {lesion.role: target, lesion.organ: lung, lesion.diameter: 20 mm}}
  - id: week 8
    date: "2020-03-01"
    lesions:
      - {id: T1, facts: {lesion.role: target, lesion.organ: liver, lesion.diameter: 22 mm}}
      - {id: T2, facts: {lesion.role: target, lesion.organ: lung, lesion.diameter: 12 mm}}
  - id: week 16
    date: "2020-04-30"
    lesions:
      - {id: T1, facts: {lesion.role: target, lesion.organ: liver, lesion.diameter: 30 mm}}
      - {id: T2, facts: {lesion.role: target, lesion.organ: lung, lesion.diameter: 12 mm}}
      - {id: N1, facts: {lesion.role: new, lesion.organ: brain, lesion.diameter: 11 mm}}
"""

TABLE = """subject,assessor,date,lesion,role,organ,node,diameter_mm,status
P1,A,2020-01-02,T1,target,liver,no,40,
P1,A,2020-03-01,T1,target,liver,no,28,
P1,B,2020-01-02,T1,target,liver,no,40,
P1,B,2020-03-01,T1,target,liver,no,,too small to measure
"""


def case_in(tmp_path: Path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return nn.read_case(str(path))


def test_every_visit_has_its_sum_response_and_reason(tmp_path):
    assessment = nn.assess(case_in(tmp_path))
    sums = [c.value for c in assessment.of("response.target_sum")]
    assert sums == ["60 mm", "34 mm", "42 mm"]
    responses = [c.value for c in assessment.of("response.by_lesions")]
    assert responses == [None, "PR", "PD"]
    last = assessment.of("response.reason")[-1].value
    assert last is not None
    assert "from nadir 34 mm" in last
    assert "new lesion N1" in last


def test_the_best_response_rests_on_the_lesions_where_nobody_states_one(tmp_path):
    (best,) = nn.assess(case_in(tmp_path)).of("response.best_confirmed")
    assert (best.value, best.status) == ("SD", "met")


def test_a_stated_response_counts_before_that_of_the_lesions(tmp_path):
    path = tmp_path / "case.yaml"
    stated = CASE.replace(
        'date: "2020-03-01"', 'date: "2020-03-01"\n    facts: {response.overall: NE}'
    )
    path.write_text(stated, encoding="utf-8")
    (best,) = nn.assess(nn.read_case(str(path))).of("response.best_confirmed")
    assert best.value == "PD"


def test_a_cohort_comes_to_the_same_as_the_case(tmp_path):
    case, kb = case_in(tmp_path), load_knowledge()
    table = conclude(frames_of([rows_of_case(case)], kb), kb)
    own = table.filter(pl.col("fact").str.starts_with("response."))
    one = nn.assess(case)
    for fact in own["fact"].unique():
        values = own.filter(pl.col("fact") == fact)["value"].to_list()
        assert values == [conclusion.value for conclusion in one.of(fact)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lesions.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_table_of_measurements_is_read_by_the_shipped_mapping_for_each_assessor(table):
    kb = load_knowledge()
    read = read_input(table, kb, "lesions")
    assert (read.read, read.rejected) == (4, 0)
    found = conclude(read.frames, kb).filter(pl.col("fact") == "response.by_lesions")
    second = found.filter(pl.col("date") == "2020-03-01").sort("assessor")
    assert second.select("assessor", "value").rows() == [("A", "PR"), ("B", "PR")]
    sums = conclude(read.frames, kb).filter(pl.col("fact") == "response.target_sum")
    assert sums.sort("date", "assessor")["value"].to_list() == ["40 mm", "40 mm", "28 mm", "5 mm"]


def test_an_assessor_measures_a_lesion_in_a_reading_of_their_own(tmp_path):
    reading = "readings: [{assessor: B, facts: {lesion.diameter: 30 mm}}]"
    text = CASE.replace("lesion.diameter: 22 mm}", "lesion.diameter: 22 mm}, " + reading)
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    rows = rows_of_case(nn.read_case(str(path)))[Scope.LESION]
    measured = [row for row in rows if row.key[1:] == ("week 8", "T1")]
    assert [(row.assessor, str(row.values["lesion.diameter"])) for row in measured] == [
        ("B", "30 mm")
    ]
