"""The pages of cases and cohorts show molecules and surroundings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nenuphar.pipeline.job import run_job
from nenuphar.report.figures.expression import map_figure, marker_figure
from nenuphar.report.figures.ideogram import ideogram

CASE = """
patient: P1
tumour.site: lung
pathology.morphology: carcinoid
molecular.lung_nen: lcnec_1
microenvironment.t_cells: infiltrated
variants: [{gene: "MEN1<script>", consequence: nonsense, significance: pathogenic}]
segments:
  - {chromosome: "11", start: 1, end: 135000000, total: 1, minor: 0}
  - {chromosome: "1", start: 1, end: 240000000, total: 2, minor: 1}
"""


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    run_job(tmp_path / "case.yaml", tmp_path / "out")
    return tmp_path / "out"


def test_a_case_page_joins_what_every_kind_of_evidence_says(pages):
    page = (pages / "cases" / "P1.html").read_text("utf-8")
    body = page.split('<h2 id="molecular">')[1].split("</section>")[0]
    assert "Carcinoid morphology with the molecular profile of a carcinoma" in body
    assert "Lung NEN map: LCNEC type I" in body
    assert "chromosome 11, 0-51 Mb: lost" in body
    assert "<script>" not in page
    assert len(body) < 40_000


def test_its_json_says_the_same(pages):
    data = json.loads((pages / "cases" / "P1.json").read_text("utf-8"))
    (specimen,) = data["molecular"]["specimens"]
    assert specimen["tumour.integrated"] == "supra_carcinoid"
    assert specimen["says"]["molecular.group"] == "lung_nen=lcnec_1"


def test_a_cohort_page_counts_groups_and_immune_classes_by_entity(pages):
    index = (pages / "index.html").read_text("utf-8")
    assert "Molecular group by entity, 1 calls" in index
    assert "Immune class by entity, 1 calls" in index


def test_a_case_without_molecular_findings_has_no_such_section(tmp_path):
    (tmp_path / "case.yaml").write_text(
        "patient: P1\ntumour.site: lung\npathology.morphology: carcinoid\n", encoding="utf-8"
    )
    run_job(tmp_path / "case.yaml", tmp_path / "out")
    assert '<h2 id="molecular">' not in (tmp_path / "out/cases/P1.html").read_text("utf-8")


def test_an_ideogram_draws_only_what_is_changed():
    assert ideogram("none").count("<title>") == 0
    drawn = ideogram("18:18500-78000=loss;7:0-159000=gain")
    assert drawn.count("<title>") == 2
    assert "changes on chromosomes 18, 7" in drawn


def test_markers_that_were_not_measured_are_left_out():
    reference = {"ASCL1": (0.1, 0.2, 0.5, 0.8, 0.9), "OTP": (0.1, 0.2, 0.5, 0.8, 0.9)}
    assert "OTP" not in marker_figure({"ASCL1": 0.4}, reference, 10)
    assert marker_figure({}, reference, 10) == ""


def test_a_tumour_far_from_every_group_is_still_on_the_map():
    regions = {"A1": (9, (0.0, 0.0), (1.0, 0.2, 1.0)), "B": (9, (2.0, 1.0), (1.0, -0.2, 1.0))}
    assert "this tumour" in map_figure((40.0, -40.0), regions)


def test_scores_and_names_of_signatures_have_room():
    from nenuphar.report.figures.expression import signature_figure

    drawn = signature_figure([("Stroma", [("Cancer associated fibroblast", 0.5)])])
    assert "Cancer associated fibroblast" in drawn
    start, length = re.search(r'<rect x="([\d.]+)" [^>]* width="([\d.]+)"', drawn).groups()
    number = re.search(r'<text x="([\d.]+)"[^>]*>\+0\.50<', drawn)[1]
    assert float(start) + float(length) < float(number) - 28  # it ends there and is as wide
