"""CTML becomes a criterion tree; what cannot be carried over is listed and never weakens an or."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.ctml import as_record, read_ctml
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.build import validate

HEAD = "nct_id: NCT00000001\nlong_title: A made-up trial\ntreatment_list:\n  step:\n    - match:\n"


def read(tmp_path: Path, match: str):
    path = tmp_path / "trial.yml"
    path.write_text(HEAD + match, "utf-8")
    return read_ctml(path, load_knowledge())


def test_and_or_genomic_and_clinical_are_carried_over(tmp_path: Path) -> None:
    match = """
        - and:
          - or:
            - genomic: {hugo_symbol: BRAF, variant_category: Mutation, protein_change: p.V600E}
            - genomic: {hugo_symbol: RET, variant_category: Structural Variation}
          - genomic: {hugo_symbol: RB1, variant_category: '!Mutation'}
          - clinical: {oncotree_primary_diagnosis: Small cell lung carcinoma, gender: Female}
"""
    trial = read(tmp_path, match)
    assert trial.not_carried == []
    assert trial.criteria == {
        "all": [
            {
                "any": [
                    {"has_variant": {"gene": "BRAF", "change": "V600E"}},
                    {"fact": "biomarker.rearrangement", "is": "RET"},
                ]
            },
            {"not": {"has_variant": {"gene": "RB1"}}},
            {
                "all": [
                    {"fact": "tumour.entity", "is_a": "sclc"},
                    {"fact": "patient.sex", "is": "female"},
                ]
            },
        ]
    }
    assert validate("trial.yaml:1", as_record(trial, "trial.yml"))[0] == []


def test_beside_others_what_cannot_be_carried_is_left_out_and_listed(tmp_path: Path) -> None:
    match = """
        - and:
          - clinical: {age_numerical: '>=18', disease_status: Metastatic}
"""
    trial = read(tmp_path, match)
    assert trial.criteria == {"fact": "disease.extent", "is_a": "metastatic"}
    assert len(trial.not_carried) == 1
    assert "age at diagnosis" in trial.not_carried[0]


def test_among_alternatives_the_whole_or_is_left_out(tmp_path: Path) -> None:
    match = """
        - and:
          - or:
            - genomic: {hugo_symbol: KRAS, variant_category: Copy Number Variation}
            - genomic: {hugo_symbol: KRAS, variant_category: Mutation}
          - clinical: {disease_status: Advanced}
"""
    trial = read(tmp_path, match)
    assert trial.criteria == {"fact": "disease.extent", "is_a": "advanced"}
    assert any(text.startswith("or:") for text in trial.not_carried)


def test_a_file_without_criteria_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.yml"
    path.write_text("title: nothing\n", "utf-8")
    with pytest.raises(UnreadableInputError, match="treatment_list"):
        read_ctml(path, load_knowledge())


def test_the_command_writes_a_record_and_says_what_is_lost(tmp_path: Path) -> None:
    path, out = tmp_path / "trial.yml", tmp_path / "record.yaml"
    path.write_text(HEAD + "        - clinical: {age_numerical: '>=18', gender: Male}\n", "utf-8")
    result = CliRunner().invoke(app, ["trials", "import-ctml", str(path), "--out", str(out)])
    assert result.exit_code == 1
    assert "not carried over" in result.output
    assert "patient.sex" in out.read_text("utf-8")


def test_a_file_with_arms_lists_codes_and_negations_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "trial.yml"
    path.write_text(
        """
nct_id: NCT00000002
long_title: A made-up phase II study of two checkpoint inhibitors in neuroendocrine neoplasms
phase: II
status: Open to Accrual
drug_list: {drug: [{drug_name: Made-up}]}
treatment_list:
  step:
  - step_code: '1'
    step_type: Registration
    arm:
    - arm_code: A
      dose_level: [{level_code: '1', level_description: every 3 weeks}]
      match:
      - and:
        - or:
          - clinical: {oncotree_primary_diagnosis: LUNE}
          - clinical: {oncotree_primary_diagnosis: Neuroendocrine carcinoma}
        - clinical: {oncotree_primary_diagnosis: '!SCLC'}
        - clinical: {disease_status: [Advanced, Metastatic]}
    - arm_code: B
      match:
      - and:
        - clinical: {oncotree_primary_diagnosis: _SOLID_, mmr_status: MMR-Deficient}
        - genomic: {hugo_symbol: '!RB1', variant_category: Mutation}
""",
        "utf-8",
    )
    trial = read_ctml(path, load_knowledge())
    assert trial.not_carried == [
        "oncotree_primary_diagnosis '_SOLID_': every tumour that is matched here is solid"
    ]
    first, second = trial.criteria["any"]
    lung = [{"fact": "tumour.entity", "is_a": "lcnec"}, {"fact": "tumour.site", "is_a": "lung"}]
    assert first["all"][0]["any"][0] == {"all": lung}
    assert "not" in first["all"][1]
    extents = [{"fact": "disease.extent", "is_a": name} for name in ("advanced", "metastatic")]
    assert first["all"][2] == {"any": extents}
    assert second["all"][1] == {"not": {"has_variant": {"gene": "RB1"}}}
    assert validate("trial.yaml:1", as_record(trial, "trial.yml"))[0] == []
