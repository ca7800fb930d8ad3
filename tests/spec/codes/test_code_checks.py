"""Dirty codes are caught and not believed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nenuphar.terminology.code_checks import catch_all_codes, contradicts_words

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data" / "cbioportal_datahub"


@pytest.mark.parametrize(
    ("code", "words", "caught"),
    [
        ("ALUCA", "Lung Adenocarcinoma", True),
        ("ALUCA", "Atypical Lung Carcinoid", False),
        ("LNET", "Lung Adenocarcinoma", True),
        ("SBWDNET", "Well-Differentiated Neuroendocrine Tumor of the Rectum", True),
        ("SBWDNET", "Small Bowel Well-Differentiated Neuroendocrine Tumor", False),
        ("SCLC", "Non-Small Cell Lung Cancer", True),
        ("SCLC", "Small Cell Lung Cancer", False),
        ("LUNE", "Large Cell Neuroendocrine Carcinoma", False),
        ("PNET", "Primitive Neuroectodermal Tumor", False),
        ("SCLC", "", False),
        ("LUAD", "Lung Adenocarcinoma", False),
    ],
)
def test_the_words_of_a_record_can_speak_against_its_code(code, words, caught):
    assert bool(contradicts_words(code, words)) is caught


def test_one_narrow_code_for_a_whole_cancer_type_is_a_catch_all():
    rows = [("ALUCA", "Non-Small Cell Lung Cancer")] * 20
    assert set(catch_all_codes(rows)) == {"ALUCA"}
    assert catch_all_codes(rows[:19]) == {}
    assert catch_all_codes([*rows, ("LUAD", "Non-Small Cell Lung Cancer")]) == {}
    assert catch_all_codes([("SCLC", "Small Cell Lung Cancer")] * 30) == {}


def _sample_file(study: str) -> list[dict[str, str]]:
    path = SHARED / "clinical_sample" / f"{study}.txt"
    if not path.exists():
        pytest.skip("the shared data are not there")
    with path.open(encoding="utf-8", errors="replace") as lines:
        return list(csv.DictReader((x for x in lines if x[0] != "#"), delimiter="\t"))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("study", "expected"),
    [("msk_ch_2020", {"ALUCA", "AWDNET", "CSCLC"}), ("msk_impact_2017", set())],
)
def test_a_real_file_that_codes_by_cancer_type_is_told_from_one_that_does_not(study, expected):
    rows = [(row["ONCOTREE_CODE"], row["CANCER_TYPE"]) for row in _sample_file(study)]
    assert set(catch_all_codes(rows)) == expected


@pytest.mark.shared
def test_the_words_of_a_clean_cohort_agree_with_its_codes():
    rows = _sample_file("msk_impact_2017")
    caught = [r for r in rows if contradicts_words(r["ONCOTREE_CODE"], r["CANCER_TYPE_DETAILED"])]
    assert caught == []
