"""Reading a table: whatever it looks like, every row is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.domain.scope import Scope
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import parse_mapping
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import knowledge_base
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = knowledge_base(read_yaml(Path(__file__).parent / "facts.yaml"))

MAPPING = """
name: made-up
row: specimen
keys:
  patient_id: Patient
  specimen_id: Sample
columns:
  patient.sex: {column: Sex, codes: {F: female, M: male}}
  pathology.mitoses: {column: Mitoses, unit: per_2mm2}
  pathology.ki67: {column: Ki-67, unit: percent}
  pathology.necrosis: {column: Necrosis, codes: {'no': absent, 'yes': present}}
"""
HEADER = "Patient,Sample,Sex,Mitoses,Ki-67,Necrosis"


def mapping(text: str = MAPPING) -> Mapping:
    return parse_mapping(text, "made-up.yaml", FACTS)


def read(folder: Path, *rows: str, text: str = MAPPING, header: str = HEADER) -> ReadResult:
    file = folder / "table.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    result = read_mapped(file, mapping(text), FACTS)
    assert result.read == result.accepted + result.rejected
    assert result.rejected == sum(p.rejected for p in result.problems)
    return result


def specimens(result: ReadResult) -> list[dict[str, object]]:
    return result.frames[Scope.SPECIMEN].to_dicts()


def test_a_row_becomes_a_patient_a_tumour_and_a_specimen(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,F,3,12.5,no")
    assert result.frames[Scope.PATIENT]["patient.sex"].to_list() == ["female"]
    assert result.frames[Scope.TUMOUR].select("patient_id", "tumour_id").rows() == [("P1", "1")]
    row = specimens(result)[0]
    assert (row["patient_id"], row["tumour_id"], row["specimen_id"]) == ("P1", "1", "S1")
    assert (row["pathology.mitoses.lo"], row["pathology.mitoses.hi"]) == (3.0, 3.0)
    assert row["pathology.necrosis"] == "absent"
    assert row["record"] == "table.csv:2"


def test_ids_are_verbatim_but_lose_what_a_spreadsheet_added(tmp_path: Path) -> None:
    result = read(tmp_path, "8.0,007,,,,", "8.5,1e3,,,,", "0012,P 1,,,,")
    ids = [(row["patient_id"], row["specimen_id"]) for row in specimens(result)]
    assert ids == [("8", "007"), ("8.5", "1e3"), ("0012", "P 1")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">20", (20.0, True, float("inf"), False)),
        ("30-40", (30.0, False, 40.0, False)),
        ("<1", (0.0, False, 1.0, True)),
        ("5%", (5.0, False, 5.0, False)),
        ("ca. 5", (5.0, False, 5.0, False)),
        ('"2,5"', (2.5, False, 2.5, False)),
    ],
)
def test_quantities_may_be_bounds_and_ranges(
    tmp_path: Path, text: str, expected: tuple[object, ...]
) -> None:
    row = specimens(read(tmp_path, f"P1,S1,,,{text},"))[0]
    parts = ("lo", "lo_open", "hi", "hi_open")
    assert tuple(row[f"pathology.ki67.{part}"] for part in parts) == expected


def test_a_unit_in_the_mapping_leads_to_the_unit_of_the_fact(tmp_path: Path) -> None:
    text = MAPPING.replace("unit: percent", "unit: per_mille").replace("per_2mm2", "per_mm2")
    row = specimens(read(tmp_path, "P1,S1,,3,15,", text=text))[0]
    assert (row["pathology.ki67.lo"], row["pathology.mitoses.lo"]) == (1.5, 6.0)


@pytest.mark.parametrize(
    ("row", "column", "fix"),
    [
        ("P1,S1,,-3,,", "Mitoses", "number"),
        ("P1,S1,,many,,", "Mitoses", "number"),
        ("P1,S1,,,250,", "Ki-67", "unit"),
        ("P1,S1,,,,abesnt", "Necrosis", "'absent'"),
        ("P1,S1,W,,,", "Sex", "permitted"),
        ('P1,S1,,"1,200",,', "Mitoses", "point"),
        ("P1,S1,,1e999,,", "Mitoses", "a number"),
    ],
)
def test_a_value_that_cannot_be_is_missing_and_listed(
    tmp_path: Path, row: str, column: str, fix: str
) -> None:
    result = read(tmp_path, row)
    assert (result.accepted, result.values_rejected) == (1, 1)
    problem = result.problems[0]
    assert (problem.line, problem.record, problem.column) == (2, "P1/S1", column)
    assert fix in problem.fix
    filled = {name for name, value in specimens(result)[0].items() if value not in (None, "")}
    assert filled == {"patient_id", "tumour_id", "specimen_id", "record"}


def test_a_row_without_an_id_is_rejected(tmp_path: Path) -> None:
    result = read(tmp_path, ",S1,F,1,1,no", "P2,NA,F,1,1,no", "P3,S3,F,1,1,no")
    assert (result.read, result.accepted, result.rejected) == (3, 1, 2)
    assert [(p.line, p.column) for p in result.problems] == [(2, "Patient"), (3, "Sample")]


def test_a_row_that_repeats_another_is_rejected(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,F,1,1,no", "P1,S1,F,1,1,no")
    assert (result.accepted, result.rejected) == (1, 1)
    assert (result.problems[0].line, result.problems[0].reason) == (3, "the row repeats line 2")


def test_of_different_rows_with_the_same_ids_none_is_preferred(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,F,1,1,no", "P1,S1,F,9,1,no", "P2,S2,F,1,1,no")
    assert (result.accepted, result.rejected) == (1, 2)
    assert "differ" in result.problems[0].reason


def test_rows_that_disagree_about_their_patient_leave_the_fact_missing(tmp_path: Path) -> None:
    result = read(tmp_path, "P1,S1,F,1,1,no", "P1,S2,M,1,1,no", "P2,S3,,1,1,no", "P2,S4,F,1,1,no")
    assert result.accepted == 4
    sexes = result.frames[Scope.PATIENT].select("patient_id", "patient.sex").rows()
    assert sexes == [("P1", None), ("P2", "female")]
    (problem,) = result.problems
    assert (problem.record, problem.column, problem.value) == ("P1", "Sex", "female / male")
    assert "lines 2, 3" in problem.reason


def test_a_case_named_only_on_its_first_row_is_filled_down(tmp_path: Path) -> None:
    text = MAPPING + "fill_down: [Patient, Sex]\n"
    result = read(tmp_path, "P1,S1,F,1,,", ",S2,,2,,", "P2,S3,,3,,", text=text)
    assert [row["patient_id"] for row in specimens(result)] == ["P1", "P1", "P2"]
    sexes = result.frames[Scope.PATIENT].select("patient_id", "patient.sex").rows()
    assert sexes == [("P1", "female"), ("P2", None)], "a value never runs into the next case"


def test_where_takes_some_rows_and_says_how_many_it_left(tmp_path: Path) -> None:
    text = MAPPING + "where: {Necrosis: ['yes', focal]}\n"
    result = read(tmp_path, "P1,S1,F,1,1,no", "P2,S2,F,1,1,Yes", text=text)
    assert (result.read, result.accepted) == (1, 1)
    assert result.problems[0].reason.startswith("1 row(s) are not taken")
    assert result.values_rejected == 0


def test_several_readers_of_a_specimen_are_assessors_of_one_specimen(tmp_path: Path) -> None:
    text = MAPPING.replace(
        "  specimen_id: Sample", "  assessor: {column: Sample, pattern: '^reader (\\d+)$'}"
    )
    result = read(tmp_path, "P1,reader 1,,1,,", "P1,reader 2,,2,,", "P1,anna,,3,,", text=text)
    assert [(r["specimen_id"], r["assessor"]) for r in specimens(result)] == [
        ("1", "1"),
        ("1", "2"),
    ]
    assert result.frames[Scope.TUMOUR].height == 1
    assert "pattern" in result.problems[0].reason


def test_a_constant_holds_for_every_row_with_its_reason(tmp_path: Path) -> None:
    text = MAPPING + "constants: {tumour.site: {value: lung, because: The study is of the lung.}}\n"
    result = read(tmp_path, "P1,S1,,,,", "P2,S1,,,,", text=text)
    assert result.frames[Scope.TUMOUR]["tumour.site"].to_list() == ["lung", "lung"]


def test_several_columns_are_read_in_order_of_preference(tmp_path: Path) -> None:
    text = MAPPING.replace("column: Ki-67,", "columns: [Ki-67, Mitoses],")
    result = read(tmp_path, "P1,S1,,7,,", "P2,S1,,7,9,", text=text)
    assert [row["pathology.ki67.lo"] for row in specimens(result)] == [7.0, 9.0]


def test_codes_of_the_mapping_come_before_texts_for_missing(tmp_path: Path) -> None:
    text = MAPPING.replace("'yes': present}", "'yes': present, NA: absent, '?': ~}")
    text += "missing: ['-9']\n"
    result = read(tmp_path, "P1,S1,,-9,,na", "P2,S2,,,,?", text=text)
    assert [row["pathology.necrosis"] for row in specimens(result)] == ["absent", None]
    assert result.problems == ()


def test_components_of_a_specimen_stand_below_it_and_its_reader(tmp_path: Path) -> None:
    text = """
name: parts
row: component
keys: {patient_id: P, specimen_id: S, component: C, assessor: A}
columns:
  component.percent: {column: Share, unit: fraction}
  pathology.ki67: {column: Ki, unit: percent}
"""
    rows = ("1,1,small,a,0.4,50", "1,1,adeno,a,0.6,50", "1,1,small,b,1,")
    result = read(tmp_path, *rows, text=text, header="P,S,C,A,Share,Ki")
    parts = result.frames[Scope.COMPONENT].select("component", "assessor", "component.percent.lo")
    assert parts.rows() == [("small", "a", 40.0), ("adeno", "a", 60.0), ("small", "b", 100.0)]
    seen = result.frames[Scope.SPECIMEN].select("specimen_id", "assessor", "pathology.ki67.lo")
    assert seen.rows() == [("1", "a", 50.0), ("1", "b", None)]


def test_dates_of_rows_may_be_partial(tmp_path: Path) -> None:
    text = MAPPING.replace("keys:", "keys:\n  date: Sex").replace(
        "  patient.sex: {column: Sex, codes: {F: female, M: male}}\n", ""
    )
    result = read(
        tmp_path, "P1,S1,2020,,,", "P2,S2,2020-02-30,,,", "P3,S3,2021-03-17,,,", text=text
    )
    assert [row["date"] for row in specimens(result)] == ["2020", "", "2021-03-17"]
    assert [(p.line, p.value) for p in result.problems] == [(3, "2020-02-30")]
