"""What the page of a case says of mechanisms, treatments, trials and the evidence behind them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from matching_patients import KB, assessed

from nenuphar.io.case_file import read_cases
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.evidence.pooled import evidence_on
from nenuphar.pipeline.evidence.pooled_section import pooled_section
from nenuphar.pipeline.matching.mechanism_section import mechanism_section
from nenuphar.pipeline.matching.therapy_section import therapy_section
from nenuphar.pipeline.matching.trial_section import cohort_trial_section, trial_section
from nenuphar.pipeline.matching.trials import questions_of_trials
from nenuphar.pipeline.sections import case_sections

PANCREAS = {"tumour.site": "pancreas", "disease.extent": "metastatic", "pathology.ki67": "35"}
SCLC = {"tumour.site": "lung", "disease.stage_sclc": "extensive", "ihc.mhc_i": "lost"}
G3_NET = assessed(PANCREAS, [("captem", "yes")], entity="net", grade="G3")
SMALL_CELL = assessed(SCLC, [("atezolizumab_carboplatin_etoposide", "yes")], entity="sclc")


def text(section) -> str:
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<title>.*?</title>", "", str(section.body)))
    return re.sub(r"\s+", " ", unescape(plain))


def test_mechanisms_are_drawn_in_the_frame_of_t_cell_activation_and_on_the_map():
    said = text(mechanism_section(SMALL_CELL, KB))
    assert "MHC with antigen activates T-cell receptor MHC class I (IHC)" in said
    assert "✕ blocked: line 1, Atezolizumab, carboplatin and etoposide" in said
    assert "Antigen presentation ▲ for resistance" in said
    assert "→ EZH2 inhibitor, LSD1 inhibitor, STING agonist" in said
    assert "Stain VEGF." in said


def test_a_case_that_shows_nothing_of_any_mechanism_has_no_such_section():
    assert mechanism_section(assessed({"tumour.site": "lung"}, entity="nen"), KB) is None


def test_treatments_stand_by_drug_with_factor_status_and_what_was_given():
    facts = {**PANCREAS, "biomarker.sstr_imaging": "positive"}
    patient = assessed(facts, [("everolimus", "yes")], entity="net", grade="G3")
    said = text(therapy_section(patient, KB))
    assert "SSTR2 expression: met" in said
    assert "everolimus given: line 1, progressed approved" in said
    assert "Repaired: status printed as approved" in said, "cabozantinib, as the prose has it"
    assert "drug printed as 177Lu-edotreotide" in said


def test_withdrawn_approvals_keep_their_history():
    said = text(therapy_section(SMALL_CELL, KB))
    assert "accelerated approval (FDA 2018)" in said
    assert "withdrawal (date not stated)" in said


def test_evidence_against_a_treatment_is_shown():
    section = therapy_section(G3_NET, KB)
    _, _, against = text(section).partition("Evidence against")
    assert "checkpoint inhibitors alone" in against
    assert all(entry["population_match"] != "not_met" for entry in section.data["therapies"])


def test_trials_say_what_would_decide_and_never_that_they_suit():
    said = text(trial_section(G3_NET, KB))
    assert "which is not suitability" in said
    assert "Recruiting as of 2021" in said
    assert "Look for a hormone syndrome." in said
    assert "Regimen: Capecitabine and temozolomide (asked: Platinum-based chemotherapy)" in said


def test_an_excluded_group_reads_as_excluded():
    said = text(trial_section(G3_NET, KB))
    assert "(asked: not Merkel cell carcinoma)" in said


def test_small_numbers_never_stand_bare():
    said = text(pooled_section(G3_NET, KB))
    for counts, interval in (
        ("2/3", "66.7% (9.4-99.2)"),
        ("0/4", "0.0% (0.0-60.2)"),
        ("0/3", "0.0% (0.0-70.8)"),
    ):
        assert re.search(rf"{counts} {re.escape(interval)}", said), counts


def test_strategies_are_never_pooled_together():
    found = evidence_on(KB, "nec", "high_grade")
    assert found is not None
    alone = found.parts["Checkpoint inhibitor alone"]
    assert (alone["pooled"], alone["k"]) == (True, 3)
    section = pooled_section(assessed(PANCREAS, entity="nec"), KB)
    assert section is not None
    assert "Checkpoint inhibitor alone" in section.body
    assert "All: pooled" not in section.body


def test_a_kind_without_reports_stands_under_the_closest_that_has_some():
    assert evidence_on(KB, "nec_large_cell", "high_grade").population == "nec"
    assert evidence_on(KB, "paraganglioma", "") is None


@pytest.mark.parametrize("patient", [G3_NET, SMALL_CELL])
def test_sections_are_short_and_their_data_are_plain(patient):
    sections = case_sections(patient, KB)
    assert sum(len(section.body) for section in sections) < 90_000
    for section in sections:
        json.dumps(section.data, allow_nan=False)


COHORT = {
    "A": ("net", "pancreas", "35"),
    "B": ("nec", "colon", "80"),
}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("cohort")
    shapes = {"net": "well_differentiated", "nec": "large_cell"}
    for name, (kind, site, ki67) in COHORT.items():
        (folder / f"{name}.yaml").write_text(
            f"patient: {name}\ntumour.site: {site}\ndisease.extent: metastatic\n"
            f"pathology.morphology: {shapes[kind]}\npathology.ki67: '{ki67}'\n"
            "pathology.mitoses: '25/2mm2'\n",
            "utf-8",
        )
    read = read_cases(folder, KB, questions_of_trials(KB))
    return text(cohort_trial_section(read.frames, conclude(read.frames, KB), KB))


def test_a_cohort_says_who_fits_which_trial_and_what_would_decide_most(cohort):
    assert re.search(r"NCT04525638 Nivolumab \+ 177Lu-DOTATATE 2 0 0 A, B", cohort)
    assert re.search(r"State the regimen of every line\. \d+ \d+ 2", cohort)


def test_a_case_page_loads_no_plotting_library(tmp_path: Path):
    case = tmp_path / "case.yaml"
    case.write_text("patient: P\ntumour.site: pancreas\npathology.ki67: '35'\n", "utf-8")
    code = (
        "import sys; from nenuphar.cli.main import app\n"
        f"try: app(['assess', {str(case)!r}, '--out', {str(tmp_path / 'out')!r}])\n"
        "except SystemExit: pass\n"
        "print('altair' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split()[-1] == "False"
    assert (tmp_path / "out" / "cases" / "P.html").stat().st_size < 150_000
