"""An input in another form: the same facts come back, and what has no place is listed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UsageError
from nenuphar.domain.scope import Scope
from nenuphar.io.case_file import collect_cases, parse_cases, read_case
from nenuphar.io.case_writer import case_as_data
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.convert import convert

KNOWLEDGE = load_knowledge()
CASE = """
patient: P1
patient.sex: female
tumours:
  - id: T1
    tumour.site: pancreas
    specimens:
      - id: S1
        facts: {pathology.ki67: '>20', pathology.mitoses: 3-5/2mm2, diagnosis.reported: net}
        assays: [{id: a, type: panel, genes: [MEN1, DAXX]}]
        variants:
          - {gene: MEN1, significance: pathogenic, origin: somatic, change: p.R98*, assay: a}
      - id: S2
        readings:
          - {assessor: A, facts: {pathology.ki67: '2', pathology.necrosis: absent}}
          - {assessor: B, facts: {pathology.ki67: '4', pathology.necrosis: absent}}
treatments:
  - {id: '1', start: 2020-03, line.cycles: '4'}
"""
TABLE = (
    "patient_id,specimen_id,assessor,pathology.ki67,patient.age\n"
    "1,a,X,>20,61\n1,a,Y,12,61\n2,b,,3,\n"
)


def test_a_table_becomes_cases_that_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    done = convert(tmp_path / "t.csv", tmp_path / "cases", "native")
    assert (done.cases, done.lost, done.remarks) == (2, 0, None)
    before = read_input(tmp_path / "t.csv", KNOWLEDGE).frames
    after = read_input(tmp_path / "cases", KNOWLEDGE).frames
    for scope in (Scope.PATIENT, Scope.SPECIMEN):
        known = [c for c in before[scope].columns if c != "record"]
        old, new = (frames[scope].select(known).sort(known) for frames in (before, after))
        assert old.equals(new, null_equal=True)


def test_a_case_in_one_file_comes_back_whole(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CASE)
    convert(tmp_path / "c.yaml", tmp_path / "again.yaml", "native")
    (again,) = collect_cases(tmp_path / "again.yaml", KNOWLEDGE).cases
    assert case_as_data(again) == case_as_data(read_case(tmp_path / "c.yaml"))


def test_a_study_keeps_facts_variants_and_panels_and_lists_the_rest(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CASE)
    done = convert(tmp_path / "c.yaml", tmp_path / "study", "cbioportal")
    read = read_input(tmp_path / "study", KNOWLEDGE, str(tmp_path / "study" / "mapping.yaml"))
    assert (read.read, read.rejected, read.values_rejected) == (2, 0, 0)
    first, second = read.frames[Scope.SPECIMEN].sort("specimen_id").iter_rows(named=True)
    assert (first["pathology.ki67.lo"], first["pathology.ki67.lo_open"]) == (20, True)
    assert (first["pathology.mitoses.lo"], first["pathology.mitoses.hi"]) == (3, 5)
    assert first["variant(MEN1,pathogenic,any)"] is True
    # the assessors agree about necrosis and differ about Ki-67
    assert (second["pathology.necrosis"], second["pathology.ki67.lo"]) == ("absent", None)
    assert read.frames[Scope.PATIENT]["patient.sex"].to_list() == ["female"]
    assert read.frames[Scope.TUMOUR]["tumour.site"].to_list() == ["pancreas"]
    assert done.remarks is not None
    listed = pl.read_csv(done.remarks, separator="\t")["column"].to_list()
    assert sorted(listed) == ["pathology.ki67", "treatments"]
    assert done.lost == 2


def test_specimens_that_share_an_id_get_one_of_their_own(tmp_path: Path) -> None:
    text = "- {patient: P1, pathology.ki67: '3'}\n- {patient: P2, pathology.ki67: '4'}\n"
    (tmp_path / "c.yaml").write_text(text)
    convert(tmp_path / "c.yaml", tmp_path / "study", "cbioportal")
    read = read_input(tmp_path / "study", KNOWLEDGE, str(tmp_path / "study" / "mapping.yaml"))
    assert read.frames[Scope.SPECIMEN]["specimen_id"].to_list() == ["P1-1-1", "P2-1-1"]


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CASE)
    with pytest.raises(UsageError, match="is there already"):
        convert(tmp_path / "c.yaml", tmp_path / "c.yaml", "native")
    with pytest.raises(UsageError, match="no such folder"):
        convert(tmp_path / "c.yaml", tmp_path / "none" / "x", "native")


def test_the_command_counts_and_ends_with_1_where_records_were_rejected(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE + ",c,,4,\n")
    words = ["convert", str(tmp_path / "t.csv"), str(tmp_path / "x.yaml"), "--to", "native"]
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert (data["read"], data["accepted"], data["rejected"], data["cases"]) == (4, 3, 1, 2)
    assert (tmp_path / "x.yaml.remarks.tsv").exists()
    assert len(parse_cases((tmp_path / "x.yaml").read_text(), "x.yaml", KNOWLEDGE).cases) == 2
