"""Cases written as Phenopackets and FHIR bundles: one file a patient, and what has no place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from exchange_documents import KNOWLEDGE, PACKET, facts, of_patient, one
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UsageError
from nenuphar.io.case_file import parse_cases, read_case
from nenuphar.io.inputs import read_input
from nenuphar.pipeline.case import assess
from nenuphar.pipeline.convert import convert

CASE = """
patient: A/1
patient.sex: female
patient.age: 61
tumours:
  - id: 1
    tumour.site: pancreas
    specimens:
      - id: S1
        date: 2020-03
        facts: {pathology.ki67: '>20', pathology.mitoses: 3-5/2mm2, diagnosis.reported: net}
        ihc: {synaptophysin: positive, rb1: {result: lost, clone: G3-245}}
        assays: [{id: a, type: panel, genes: [MEN1, DAXX]}]
        variants:
          - {gene: MEN1, significance: pathogenic, origin: somatic, change: p.R98*, assay: a}
        segments: [{chromosome: '11', start: '1', end: '1000', log2: '-1'}]
treatments:
  - {id: '1', start: 2020-04, treatment.regimen: captem, line.pd_date: 2020-10-02}
time_points:
  - id: '2020-10-02'
    date: 2020-10-02
    facts: {response.overall: PD}
    lesions: [{id: L1, facts: {lesion.diameter: 12, lesion.role: target}}]
"""
STUDY = {
    "data_clinical_sample.txt": "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\nP1\tS1\tPANET\n",
    "data_mutations.txt": (
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
        "MEN1\tS1\tNonsense_Mutation\tp.R98*\n"
    ),
    "data_timeline_treatment.txt": (
        "PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tAGENT\nP1\t10\t100\tTREATMENT\tEverolimus\n"
    ),
}


def written(tmp_path: Path, form: str, text: str = CASE) -> tuple[Any, Any, list[str]]:
    (tmp_path / "c.yaml").write_text(text)
    done = convert(tmp_path / "c.yaml", tmp_path / "c.json", form)
    document = json.loads((tmp_path / "c.json").read_text("utf-8"))
    listed = pl.read_csv(done.remarks, separator="\t")["column"].to_list() if done.remarks else []
    return document, done, listed


def resources(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = (entry["resource"] for entry in document["entry"])
    return [resource for resource in found if resource["resourceType"] == kind]


def test_a_packet_uses_the_fields_that_its_readers_know(tmp_path: Path) -> None:
    document, _, _ = written(tmp_path, "phenopacket")
    (disease,) = document["diseases"]
    assert disease["term"]["id"] == "NCIT:C3809"
    assert disease["primarySite"] == {"id": "UBERON:0001264", "label": "Pancreas"}
    assert disease["onset"] == {"age": {"iso8601duration": "P61Y"}}
    (biosample,) = document["biosamples"]
    assert "LOINC:29593-1" in {m["assay"]["id"] for m in biosample["measurements"]}
    prefixes = {each["namespacePrefix"] for each in document["metaData"]["resources"]}
    assert {"NCIT", "UBERON", "LOINC", "UCUM", "NENUPHAR"} <= prefixes


def test_a_bundle_uses_codes_of_its_own_beside_those_of_others(tmp_path: Path) -> None:
    document, _, _ = written(tmp_path, "fhir")
    codes = [o["code"]["coding"] for o in resources(document, "Observation")]
    ki67 = next(c for c in codes if c[0]["code"] == "pathology.ki67")
    assert [c["system"] for c in ki67] == ["urn:nenuphar:code", "http://loinc.org"]
    (patient,) = resources(document, "Patient")
    assert sorted(patient) == ["gender", "id", "identifier", "resourceType"]


def test_what_has_no_place_is_listed(tmp_path: Path) -> None:
    _, done, listed = written(tmp_path, "phenopacket")
    assert sorted(listed) == ["assays", "ihc.rb1.clone", "lesions", "segments"]
    assert done.lost == 4
    (tmp_path / "b").mkdir()
    assert sorted(written(tmp_path / "b", "fhir")[2]) == ["ihc.rb1.clone", "segments"]


@pytest.mark.parametrize("form", ["phenopacket", "fhir"])
def test_the_written_file_concludes_what_the_case_concludes(tmp_path: Path, form: str) -> None:
    written(tmp_path, form)
    before, after = read_case(tmp_path / "c.yaml"), read_case(tmp_path / "c.json")
    assert after.patient == "A/1"
    for fact in ("tumour.entity", "tumour.grade", "tumour.family"):
        old, new = (assess(case, KNOWLEDGE).of(fact) for case in (before, after))
        assert [(c.value, c.status) for c in old] == [(c.value, c.status) for c in new]
        assert old


@pytest.mark.parametrize("form", ["phenopacket", "fhir"])
def test_the_same_case_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    (tmp_path / "c.yaml").write_text(CASE)
    for name in ("a.json", "b.json"):
        convert(tmp_path / "c.yaml", tmp_path / name, form)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("form", ["phenopacket", "fhir"])
def test_several_patients_need_a_folder(tmp_path: Path, form: str) -> None:
    (tmp_path / "c.yaml").write_text("- {patient: A/1}\n- {patient: B}\n")
    with pytest.raises(UsageError, match="holds 2 patients"):
        convert(tmp_path / "c.yaml", tmp_path / "x.json", form)
    assert [p.name for p in tmp_path.iterdir()] == ["c.yaml"]
    convert(tmp_path / "c.yaml", tmp_path / "out", form)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["A%2F1.json", "B.json"]
    read = read_input(tmp_path / "out", KNOWLEDGE)
    assert (read.read, read.accepted, read.rejected) == (2, 2, 0)


@pytest.mark.parametrize("form", ["phenopacket", "fhir", "native"])
def test_a_study_keeps_its_variants_and_its_treatments(tmp_path: Path, form: str) -> None:
    study = tmp_path / "study"
    study.mkdir()
    for name, text in STUDY.items():
        (study / name).write_text(text)
    convert(study, tmp_path / "out", form)
    (file,) = (tmp_path / "out").iterdir()
    case = read_case(file)
    (specimen,) = case.tumours[0].specimens
    assert [(v.gene, v.significance) for v in specimen.variants] == [("MEN1", "pathogenic")]
    assert facts(case.lines[0])["treatment.regimen"] == "everolimus"
    assert facts(case.lines[0])["treatment.start_day"] == "10 days"


def test_one_form_becomes_another_without_names_or_birth_dates(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(of_patient()))
    convert(tmp_path / "b.json", tmp_path / "p.json", "phenopacket")
    text = (tmp_path / "p.json").read_text("utf-8")
    assert not any(word in text for word in ("Nightingale", "Scutari", "1960"))
    assert facts(read_case(tmp_path / "p.json").tumours[0])["tumour.site"] == "lung"
    (tmp_path / "q.json").write_text(json.dumps(PACKET))
    convert(tmp_path / "q.json", tmp_path / "f.json", "fhir")
    again = one(json.loads((tmp_path / "f.json").read_text("utf-8")))
    assert facts(again.tumours[0]) == facts(one(PACKET).tumours[0])


def test_several_tumours_are_told_apart_in_a_packet(tmp_path: Path) -> None:
    text = (
        "patient: P\ntumours:\n"
        "  - {id: T1, tumour.site: lung, lesion.size: 4, specimens: [{id: S1}]}\n"
        "  - {id: T2, tumour.site: pancreas, specimens: [{id: S1, pathology.ki67: '5'}]}\n"
    )
    document, _, listed = written(tmp_path, "phenopacket", text)
    assert listed == ["specimen id"]  # a packet has one S1
    assert len(document["diseases"]) == 2
    case = read_case(tmp_path / "c.json")
    assert [(t.id, [s.id for s in t.specimens]) for t in case.tumours] == [
        ("T1", ["S1"]),
        ("T2", ["specimen-S1-2"]),
    ]
    assert facts(case.tumours[0]) == {"tumour.site": "lung", "lesion.size": "4 mm"}


def test_commands_read_and_write_them(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CASE)
    run = CliRunner().invoke
    words = ["convert", str(tmp_path / "c.yaml"), str(tmp_path / "f.json"), "--to", "fhir"]
    assert run(app, words).exit_code == 0
    assert run(app, ["validate", str(tmp_path / "f.json")]).exit_code == 0
    told = run(app, ["explain", str(tmp_path / "f.json"), "--fact", "tumour.entity"])
    assert told.exit_code == 0
    assert "tumour.entity: net (provisional)" in told.stdout
    result = run(app, ["assess", str(tmp_path / "f.json"), "--out", str(tmp_path / "result")])
    assert result.exit_code == 0
    assert (tmp_path / "result" / "cases" / "A%2F1.html").is_file()


def test_what_could_not_be_read_ends_with_1(tmp_path: Path) -> None:
    document = {**PACKET, "subject": {"id": "P1", "sex": "?"}}
    (tmp_path / "p.json").write_text(json.dumps(document))
    assert CliRunner().invoke(app, ["validate", str(tmp_path / "p.json")]).exit_code == 1


def test_what_is_written_is_read_by_nothing_but_its_codes(tmp_path: Path) -> None:
    """Labels are for people: a packet in another language says the same."""
    document, _, _ = written(tmp_path, "phenopacket")
    text = json.dumps(document)
    found = parse_cases(text.replace('"label": "Pancreas"', '"label": "x"'), "c.json", KNOWLEDGE)
    assert facts(found.cases[0].tumours[0])["tumour.site"] == "pancreas"
