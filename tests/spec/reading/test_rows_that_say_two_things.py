"""Rows that say two things: the specimen is the row, and the treatment a part of the mapping."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import MappingError, parse_mapping
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.cohort import conclude

KNOWLEDGE = load_knowledge()
PATIENTS = Path(__file__).parents[3] / ".." / "shared" / "data" / "sclc_smc" / "patients.csv"
HEAD = """
name: two
row: specimen
keys: {patient_id: id, specimen_id: sample}
columns: {diagnosis.reported: what}
"""
TREATED = """also:
  - row: treatment_line
    where: {io: '1'}
    constants:
      line.setting: {value: advanced, because: all were treated for advanced disease}
    columns: {line.pfs_days: {column: pfs, unit: days}}
"""


def read(folder: Path, rows: str, also: str = TREATED) -> ReadResult:
    path = folder / "t.csv"
    path.write_text("id,sample,what,io,pfs\n" + rows)
    return read_mapped(path, parse_mapping(HEAD + also, "two.yaml", KNOWLEDGE), KNOWLEDGE)


def test_every_row_is_a_specimen_and_some_are_treated(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,net,1,2\nP2,S1,nec,0,9\nP3,S1,net,1,\n")
    assert (result.read, result.accepted, result.rejected) == (3, 3, 0)
    assert result.frames[Scope.SPECIMEN]["diagnosis.reported"].to_list() == ["net", "nec", "net"]
    lines = result.frames[Scope.TREATMENT_LINE]
    # P2 was not treated; of P3 the row says nothing of a treatment
    assert lines.select("patient_id", "line_id", "line.setting").rows() == [("P1", "1", "advanced")]
    assert lines["record"].to_list() == ["t.csv:2"]


def test_rows_that_repeat_a_treatment_are_one_and_contradictions_are_listed(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,net,1,2\nP1,S2,net,1,2\nP2,S1,nec,1,3\nP2,S2,nec,1,4\n")
    assert (result.read, result.accepted, result.rejected) == (4, 4, 0)
    assert result.frames[Scope.TREATMENT_LINE]["patient_id"].to_list() == ["P1"]
    assert [(p.line, p.record) for p in result.problems] == [(4, "P2"), (5, "P2")]
    assert result.values_rejected == 2


def test_a_rejected_row_says_nothing(tmp_path: Path) -> None:
    result = read(tmp_path, ",S1,net,1,2\nP1,S1,net,1,2\nP1,S1,nec,1,2\n")
    assert (result.read, result.accepted, result.rejected) == (3, 0, 3)
    assert result.frames[Scope.TREATMENT_LINE].height == 0


def test_an_id_that_cannot_be_one_costs_the_part_and_not_the_row(tmp_path: Path) -> None:
    also = TREATED.replace(
        "    where", "    keys: {line_id: {column: io, pattern: '^L.$'}}\n    where"
    )
    result = read(tmp_path, "P1,S1,net,1,2\n", also)
    assert (result.accepted, result.rejected, result.values_rejected) == (1, 0, 1)
    assert "line_id does not match" in result.problems[0].reason


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ("also: [{row: tumour, columns: {lesion.size: s}}]", "already describes a tumour"),
        ("also: [{row: treatment_line, columns: {tumour.site: s}}]", "describes a tumour"),
        ("also: [{row: treatment_line, columns: {line.cycle: s}}]", "did you mean line.cycles"),
        ("also: [{row: treatment_line, column: {}}]", "did you mean 'columns'"),
        ("also: [{row: treatment_line}]", "no fact is mapped"),
    ],
)
def test_mistakes_in_a_part_are_told_with_their_line(also: str, words: str) -> None:
    with pytest.raises(MappingError, match=words) as error:
        parse_mapping(HEAD + also, "two.yaml", KNOWLEDGE)
    assert "two.yaml:6" in str(error.value)


@pytest.mark.shared
@pytest.mark.skipif(not PATIENTS.exists(), reason="the shared cohorts are absent")
def test_a_cohort_of_small_cell_lung_cancer_is_read_whole() -> None:
    result = read_input(PATIENTS, KNOWLEDGE, "sclc-smc")
    assert (result.read, result.rejected, result.values_rejected) == (319, 0, 0)
    assert result.frames[Scope.TREATMENT_LINE].height == 65
    concluded = conclude(result.frames, KNOWLEDGE).filter(pl.col("fact") == "tumour.entity")
    counts = dict(concluded["value"].value_counts().iter_rows())
    assert counts == {"sclc": 309, "combined_sclc": 6, "nec": 1, None: 3}
