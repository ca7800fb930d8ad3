"""Mappings: what they may say, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.draft import draft_mapping
from nenuphar.io.inputs import native_mapping, read_input
from nenuphar.io.mapped import read_mapped
from nenuphar.io.mapping import MappingError, load_mapping, parse_mapping, shipped_mappings
from nenuphar.knowledge.base import knowledge_base, load_knowledge
from nenuphar.knowledge.yaml_lines import read_yaml

FACTS = knowledge_base(read_yaml(Path(__file__).parent / "facts.yaml"))
SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"

HEAD = "name: m\nrow: specimen\nkeys: {patient_id: P}\ncolumns:\n"

WRONG = {
    "unknown fact": ("  pathology.ki68: K\n", "m.yaml:5", "did you mean pathology.ki67"),
    "derived fact": ("  tumour.entity: K\n", "m.yaml:5", "concluded by rules"),
    "other scope": ("  line.regimen: K\n", "m.yaml:5", "set `row: treatment_line`"),
    "unknown unit": ("  pathology.ki67: {column: K, unit: pct}\n", "m.yaml:5", "not known"),
    "wrong unit": ("  pathology.ki67: {column: K, unit: mm}\n", "m.yaml:5", "no measure of"),
    "no area": ("  pathology.mitoses: M\n", "m.yaml:5", "a count needs its area"),
    "unit of a code": ("  patient.sex: {column: S, unit: mm}\n", "m.yaml:5", "not a number"),
    "wrong code": ("  patient.sex: {column: S, codes: {F: femal}}\n", "m.yaml:5", "'female'"),
    "no column": ("  patient.sex: {because: as it seems}\n", "m.yaml:5", "either"),
    "wrong field": ("  patient.sex: {colum: S}\n", "m.yaml:5", "did you mean 'column'"),
    "constant": (
        "  stage.reported: S\nconstants: {patient.sex: {value: x, because: as it seems}}\n",
        "m.yaml:6",
        "permitted",
    ),
    "constant without reason": (
        "  stage.reported: S\nconstants: {patient.sex: {value: male, because: so}}\n",
        "m.yaml:6",
        "because",
    ),
    "twice": (
        "  patient.sex: S\nconstants: {patient.sex: {value: male, because: as it seems}}\n",
        "m.yaml:6",
        "keep one of the two",
    ),
    "twice the same key": ("  patient.sex: S\n  patient.sex: T\n", "line 6", "stands twice"),
    "too deep": ("  x: " + "[" * 5000 + "\n", "line 5", "deep"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_its_line_and_a_way_out(case: str) -> None:
    text, place, words = WRONG[case]
    with pytest.raises(MappingError) as error:
        parse_mapping(HEAD + text, "m.yaml", FACTS)
    assert place in str(error.value)
    assert words in str(error.value)


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(MappingError) as error:
        parse_mapping(HEAD + "  a.b: A\n  c.d: B\n  pathology.mitoses: M\n", "m.yaml", FACTS)
    assert len(error.value.findings) == 3


def test_keys_must_belong_to_the_row() -> None:
    text = "name: m\nrow: patient\nkeys: {patient_id: P, specimen_id: S, assessor: A}\n"
    with pytest.raises(MappingError) as error:
        parse_mapping(text + "columns: {patient.sex: S}\n", "m.yaml", FACTS)
    assert "has no specimen_id" in str(error.value)
    assert "not read by assessors" in str(error.value)


def test_a_mapping_that_is_not_shipped_is_named_with_the_nearest() -> None:
    with pytest.raises(UnreadableInputError, match="did you mean 'lung-net-readers'"):
        load_mapping("lung-net-reader", FACTS)


def test_a_folder_of_the_name_of_a_shipped_mapping_does_not_hide_it(tmp_path, monkeypatch) -> None:
    (tmp_path / "simulated").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_mapping("simulated", load_knowledge()).columns


def test_every_shipped_mapping_is_valid() -> None:
    names = list(shipped_mappings())
    assert {"lung-net-readers", "lung-nen-samples"} <= set(names)
    for name in names:
        assert load_mapping(name, load_knowledge()).name == name


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared cohorts are absent")
def test_the_readings_of_six_pathologists_are_read_whole() -> None:
    file = SHARED / "lung_net_readers" / "readings.csv"
    mapping = load_mapping("lung-net-readers", FACTS)
    result = read_mapped(file, mapping, FACTS)
    assert (result.read, result.accepted, result.values_rejected) == (972, 972, 0)
    specimens = result.frames[Scope.SPECIMEN]
    assert set(specimens["assessor"]) == set("123456")
    assert specimens["specimen_id"].n_unique() == result.frames[Scope.PATIENT].height == 162
    assert "8" in set(specimens["patient_id"])
    assert specimens["pathology.necrosis"].value_counts().sort("count").rows() == [
        ("present", 33),
        ("absent", 939),
    ]
    assert specimens["pathology.ki67.automated.lo"].max() < 100
    assert read_input(file, FACTS, "lung-net-readers").problems == ()


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared cohorts are absent")
def test_the_samples_of_the_lung_map_are_read_whole() -> None:
    file = SHARED / "lung_nen" / "samples_S1.csv"
    knowledge = load_knowledge()
    result = read_input(file, knowledge, "lung-nen-samples")
    assert (result.read, result.accepted, result.values_rejected) == (327, 327, 0)
    specimens = result.frames[Scope.SPECIMEN]
    assert specimens["pathology.mitoses.lo"].null_count() == 199
    assert "pathology.morphology" not in specimens.columns, "a reported diagnosis is no criterion"
    assert result.problems == ()
    assert specimens["immune.fraction.cd8.lo"].count() == 293, "read from the table beside"
    assert "Supplementary_Table_S9.csv" in {file.name for file in result.inputs}


def test_a_count_is_the_specimens_where_no_column_names_components(tmp_path: Path) -> None:
    from nenuphar.knowledge.base import load_knowledge

    file = tmp_path / "counts.csv"
    file.write_text("Case,Ki-67 (%),Mitoses per 2 mm2\nB1,4,1\nB2,30,12\n")
    mapping = parse_mapping(draft_mapping(file, load_knowledge()), "draft.yaml", load_knowledge())
    assert set(mapping.columns) == {"pathology.ki67", "pathology.mitoses"}


def test_a_draft_is_a_valid_mapping_of_its_table(tmp_path: Path) -> None:
    file = tmp_path / "My cases.csv"
    file.write_text(
        "Case No,Reader,Sex,Ki-67 index (%),Automated Ki-67 (‰),Mitoses per 2 mm2,Note: a\n"
        "1,anna,F,3,21,1,x\n2,anna,M,>20,33,4,y\n2,ben,M,12,33,5,\n"
    )
    text = draft_mapping(file, FACTS)
    mapping = parse_mapping(text, "draft.yaml", FACTS)
    assert {name: column.column for name, column in mapping.columns.items()} == {
        "patient.sex": "Sex",
        "pathology.ki67": "Ki-67 index (%)",
        "pathology.ki67.automated": "Automated Ki-67 (‰)",
        "pathology.mitoses": "Mitoses per 2 mm2",
    }
    assert mapping.columns["pathology.ki67.automated"].unit == "per_mille"
    assert mapping.columns["patient.sex"].codes == {"F": "female", "M": "male"}
    assert "confidence" in text
    assert mapping.ignored == ("Note: a",)
    result = read_mapped(file, mapping, FACTS)
    assert (result.accepted, result.values_rejected) == (3, 0)
    assert [r[0] for r in result.frames[Scope.SPECIMEN].select("assessor").rows()][-1] == "ben"


def test_columns_called_after_facts_need_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "patient_id,specimen_id,assessor,patient.sex,pathology.mitoses\nP,S,A,female,3\n"
    )
    result = read_input(file, FACTS)
    assert result.frames[Scope.SPECIMEN]["pathology.mitoses.lo"].to_list() == [3.0]
    assert result.frames[Scope.PATIENT]["patient.sex"].to_list() == ["female"]
    assert native_mapping(["a", "b"], FACTS) is None
