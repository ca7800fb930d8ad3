"""Rearrangements beside segments: chromothripsis of a case and of a study, drawn on the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.case_file import read_case
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.job import run_job
from nenuphar.pipeline.molecular.describe import describe_read

CASE = """
patient: P1
tumour.site: lung
pathology.morphology: small_cell
pathology.mitoses: 60
ihc.rb1: retained
ihc.p53: wild_type
assays:
  - {id: wgs, type: exome, whole_exome: yes}
  - {id: cn, type: segments, file: cn.tsv, genome: hg38, sample: T}
  - {id: sv, type: rearrangements, file: sv.tsv, genome: hg38, sample: T}
"""


def write_files(folder: Path, first: int = 60_000_000) -> None:
    """Write segments that oscillate and joins that crowd on chromosome 11 of sample T."""
    rows = [f"T\t{c}\t1\t{40_000_000 - i}\t2\t1" for i, c in enumerate(range(1, 23)) if c != 11]
    rows += [f"T\t{c}\t60000000\t130000000\t2\t1" for c in (*range(1, 11), 12, 13)]
    rows += [
        f"T\t2\t{50_000_000 + i * 200_000}\t{50_199_999 + i * 200_000}\t2\t1" for i in range(6)
    ]
    size = 2_000_000
    rows += [
        f"T\t11\t{first + i * size}\t{first + size * (i + 1) - 1}\t{2 - i % 2}\t{1 - i % 2}"
        for i in range(10)
    ]
    rows.append("T\t11\t1\t50000000\t2\t1")
    header = "sample\tchromosome\tstart\tend\ttotal_cn\tminor_cn\n"
    (folder / "cn.tsv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    draw = np.random.default_rng(1)
    joins = [
        f"T\t11\t{60_000_000 + draw.integers(20_000_000)}"
        f"\t11\t{60_000_000 + draw.integers(20_000_000)}\t{strands}"
        for strands in ("+-", "-+", "++", "--") * 3
    ]
    header = "sample\tchrom1\tstart1\tchrom2\tstart2\tstrands\n"
    (folder / "sv.tsv").write_text(header + "\n".join(joins) + "\n", encoding="utf-8")


@pytest.fixture
def told(tmp_path):
    def tell(text: str = CASE, **places: int) -> Assessment:
        write_files(tmp_path, **places)
        (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
        return assess(read_case(tmp_path / "case.yaml"))

    return tell


def value(assessment: Assessment, fact: str) -> str | None:
    found = assessment.of(fact)
    return found[0].value if found else None


def test_both_traces_in_one_place_lead_to_the_question_of_a_carcinoid(told):
    found = told()
    assert value(found, "genomics.chromothripsis") == "high_confidence"
    assert value(found, "genomics.chromothripsis_where") == "11"
    (origin,) = found.of("finding.carcinoid_origin")
    assert (origin.value, origin.rule_id) == ("consider", "finding.carcinoid_origin.by_genome")


def test_one_trace_alone_leaves_the_question_open_and_says_what_was_seen(told):
    text = CASE.replace("  - {id: cn, type: segments, file: cn.tsv, genome: hg38, sample: T}\n", "")
    found = told(text)
    assert value(found, "genomics.chromothripsis") is None
    assert str(value(found, "genomics.breakpoint_clusters")).startswith("11: 12 rearrangements")
    (origin,) = found.of("finding.carcinoid_origin")
    assert origin.status == "undetermined"


def test_traces_in_different_places_are_named_apart(told):
    assert value(told(first=100_000_000), "genomics.chromothripsis") == "cluster_of_breakpoints"


def test_segments_and_rearrangements_of_different_builds_are_not_joined(told, tmp_path):
    with pytest.raises(UnreadableInputError, match="different genome builds"):
        told(CASE.replace("sv.tsv, genome: hg38", "sv.tsv, genome: hg19"))
    # A job lists it, and goes on without the rearrangements.
    run_job(tmp_path / "case.yaml", tmp_path / "out")
    assert "different genome builds" in (tmp_path / "out" / "rejected.tsv").read_text("utf-8")
    found = pl.read_parquet(tmp_path / "out" / "conclusions.parquet")
    facts = dict(found.select("fact", "value").iter_rows())
    assert facts["genomics.oscillation"] == "high_confidence"
    assert facts["genomics.chromothripsis"] is None
    assert "genomics.breakpoint_clusters" not in facts or not facts["genomics.breakpoint_clusters"]


def test_the_page_shows_where_breakpoints_crowd(told, tmp_path):
    told()
    out = tmp_path / "out"
    run_job(tmp_path / "case.yaml", out)
    page = (out / "cases" / "P1.html").read_text(encoding="utf-8")
    assert "breakpoints of 12 rearrangements crowd" in page
    assert "Brackets: stretches" in page


def test_a_study_with_rearrangements_is_read_with_them(tmp_path):
    write_files(tmp_path)
    study = tmp_path / "study"
    study.mkdir()
    (study / "meta_study.txt").write_text("cancer_study_identifier: s\n", encoding="utf-8")
    clinical = "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\nP\tT\tSCLC\nQ\tU\tSCLC\n"
    (study / "data_clinical_sample.txt").write_text(clinical, encoding="utf-8")
    (tmp_path / "sv.tsv").rename(study / "data_sv.txt")
    with (study / "data_sv.txt").open("a", encoding="utf-8") as more:
        more.write("Z\t1\t5\t2\t900\t+-\nT\t1\t5\t\t\t\n")
    knowledge = load_knowledge()
    read = describe_read(read_input(study, knowledge), knowledge)
    frame = read.frames[Scope.SPECIMEN].sort("specimen_id")
    told = frame["genomics.breakpoint_clusters"].to_list()
    assert told[0].startswith("11: 12 rearrangements")
    assert told[1] is None
    said = "; ".join(problem.reason for problem in read.problems)
    assert "1 of 2 samples of the file are no specimen" in said
    assert "has one end only" in said


def test_files_beside_a_table_meet_under_the_names_of_one_column(tmp_path):
    mapping = """
name: mine
row: specimen
keys: {patient_id: patient}
constants: {tumour.site: {value: pancreas, because: all are of the pancreas}}
columns: {pathology.ki67: {column: ki67, unit: percent}}
beside:
  - {file: muts.csv, kind: variants, to: seq}
  - {file: cn.csv, kind: segments, to: seq, pattern: '^(S\\d+)'}
"""
    (tmp_path / "m.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "p.csv").write_text("patient,ki67,seq\nP1,5,S1\nP2,5,S2\nP3,5,\n", encoding="utf-8")
    (tmp_path / "muts.csv").write_text(
        "sample,gene,consequence,origin\nS1,MEN1,stop_gained,somatic\nS2,MEN1,stop_gained,somatic\n",
        encoding="utf-8",
    )
    header = "sample,chromosome,start,end,total_cn,minor_cn\n"
    rows = [
        f"{name},{c},1,40000000,2,1" for name in ("S1_a", "S2_a", "S2_b", "S9") for c in (1, 2, 3)
    ]
    rows.append("S1_a,11,1,135000000,1,0")
    (tmp_path / "cn.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    knowledge = load_knowledge()
    read = describe_read(
        read_input(tmp_path / "p.csv", knowledge, str(tmp_path / "m.yaml")), knowledge
    )
    frame = read.frames[Scope.SPECIMEN].sort("patient_id")
    assert frame["genomics.biallelic_genes"].to_list() == ["MEN1", None, None]
    # Two profiles of S2 are nobody's, and so is S9.
    assert any(p.reason.startswith("3 of 4 samples of the file") for p in read.problems)
