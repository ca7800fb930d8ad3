"""Studies as cBioPortal lays them out: the code wins, as far as nothing contradicts it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.criterion import HasVariant
from nenuphar.pipeline.cohort import conclude

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data" / "cbioportal_datahub"
KNOWLEDGE = load_knowledge()
HEAD = "#Patient\tSample\n#which patient\twhich sample\n#STRING\tSTRING\n#1\t1\n"
COLUMNS = "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tCANCER_TYPE\tCANCER_TYPE_DETAILED\tPRIMARY_SITE\n"
QUESTIONS = {
    gene: HasVariant(gene, "any" if gene != "TP53" else "pathogenic") for gene in ("RB1", "TP53")
}

shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared cohorts are absent")


def _samples(folder: Path, *rows: str) -> Path:
    path = folder / "data_clinical_sample.txt"
    lines = "".join(f"P{i}\tS{i}\t{row}\n" for i, row in enumerate(rows, 1))
    path.write_text(HEAD + COLUMNS + lines, encoding="utf-8")
    return path


def _stated(read: ReadResult) -> list[tuple[str | None, str | None]]:
    specimens, tumours = read.frames[Scope.SPECIMEN], read.frames[Scope.TUMOUR]
    joined = specimens.join(tumours, on=["patient_id", "tumour_id"], maintain_order="left")
    return joined.select("diagnosis.reported", "tumour.site").rows()


def test_a_bare_clinical_file_needs_no_mapping(tmp_path: Path) -> None:
    read = read_input(
        _samples(tmp_path, "PANET\tPancreatic Cancer\tPancreatic Neuroendocrine Tumor\tPancreas"),
        KNOWLEDGE,
    )
    assert _stated(read) == [("net", "pancreas")]
    assert read.frames[Scope.SPECIMEN]["diagnosis.oncotree"].to_list() == ["PANET"]
    assert (read.read, read.accepted, read.rejected, read.problems) == (1, 1, 0, ())


def test_the_code_wins_over_its_parent(tmp_path: Path) -> None:
    nsclc = "Non-Small Cell Lung Cancer"
    read = read_input(
        _samples(
            tmp_path,
            f"LUNE\t{nsclc}\tLarge Cell Neuroendocrine Carcinoma\tLung",
            f"ALUCA\t{nsclc}\tAtypical Lung Carcinoid\tLung",
            f"LUAD\t{nsclc}\tLung Adenocarcinoma\tLung",
        ),
        KNOWLEDGE,
    )
    assert [entity for entity, _ in _stated(read)] == ["lcnec", "atypical_carcinoid", "not_nen"]
    assert read.values_rejected == 0
    assert [p.column for p in read.problems] == ["CANCER_TYPE"]
    assert "2 neuroendocrine sample(s)" in read.problems[0].reason


def test_a_name_that_says_less_than_the_code_is_no_contradiction(tmp_path: Path) -> None:
    read = read_input(
        _samples(
            tmp_path,
            "CSCLC\tSmall Cell Lung Cancer\tSmall Cell Lung Cancer\tLung",
            "HGNEC\tx\tGastrointestinal Neuroendocrine Tumors\tColon",
        ),
        KNOWLEDGE,
    )
    assert _stated(read) == [("combined_sclc", "lung"), ("nec", "colon")]
    assert read.values_rejected == 0


@pytest.mark.parametrize(
    ("row", "entity", "site"),
    [
        # a small bowel code on a bladder tumour: neither organ nor differentiation is believed
        ("SBWDNET\tBladder Cancer\t\tBladder", "nen", None),
        # the organs agree on the gut, so the differentiation stands
        ("SBWDNET\tGastrointestinal Neuroendocrine Tumor\t\tColon", "net", "gep"),
        ("LUNE\tNon-Small Cell Lung Cancer\tLung Adenocarcinoma\tLung", None, "lung"),
        (
            "HGNEC\tx\tWell-Differentiated Neuroendocrine Tumor of the Rectum\tRectum",
            "nen",
            "rectum",
        ),
        ("LUAD\tNon-Small Cell Lung Cancer\tLung Carcinoid\tLung", None, "lung"),
        ("PANTE\tPancreatic Cancer\t\tPancreas", None, "pancreas"),
    ],
)
def test_contradicted_codes_are_listed_and_believed_only_as_far_as_they_agree(
    tmp_path: Path, row: str, entity: str | None, site: str | None
) -> None:
    read = read_input(_samples(tmp_path, row), KNOWLEDGE)
    assert _stated(read) == [(entity, site)]
    assert read.values_rejected == 1
    problem = read.problems[0]
    assert (problem.line, problem.record, problem.column) == (6, "S1", "ONCOTREE_CODE")
    assert problem.reason
    assert problem.fix
    assert not problem.rejected


def test_the_letters_of_a_code_are_never_guessed(tmp_path: Path) -> None:
    read = read_input(
        _samples(
            tmp_path,
            "PNET\tEmbryonal Tumor\tPrimitive Neuroectodermal Tumor\tBrain",
            "PANEC\tPancreatic Cancer\tPancreatic Neuroendocrine Carcinoma\tPancreas",
            "CENE\tCervical Cancer\tCervical Neuroendocrine Tumor\tCervix",
            "TNET\tThymic Tumor\tThymic Neuroendocrine Tumor\tThymus",
            "CUP\tCancer of Unknown Primary\tCancer of Unknown Primary\t",
        ),
        KNOWLEDGE,
    )
    assert [entity for entity, _ in _stated(read)] == ["not_nen", "nec", "nen", "nen", None]


def test_codes_filled_in_from_the_cancer_type_are_not_believed(tmp_path: Path) -> None:
    kinds = [f"Cancer {i}" for i in range(30)]
    rows = [f"LUAD\t{kinds[i % 30]}\t\t" for i in range(1200)]
    rows += ["ALUCA\tNon-Small Cell Lung Cancer\tAtypical Lung Carcinoid\t"] * 300
    read = read_input(_samples(tmp_path, *rows), KNOWLEDGE)
    assert read.frames[Scope.SPECIMEN]["diagnosis.reported"].count() == 0
    assert read.values_rejected == 300


def test_samples_of_other_organs_are_other_tumours(tmp_path: Path) -> None:
    path = tmp_path / "samples.txt"
    rows = ["P\tA\tPANET\t\t\tPancreas", "P\tB\tPANET\t\t\tPancreas", "P\tC\tLUAD\t\t\tLung"]
    path.write_text(HEAD + COLUMNS + "\n".join(rows) + "\n", encoding="utf-8")
    read = read_input(path, KNOWLEDGE)
    keys = read.frames[Scope.SPECIMEN].select("tumour_id", "specimen_id").rows()
    assert keys == [("1", "A"), ("1", "B"), ("2", "C")]
    assert read.frames[Scope.TUMOUR]["tumour.site"].to_list() == ["pancreas", "lung"]


def _study(folder: Path) -> Path:
    _samples(folder, *["SCLC\tSmall Cell Lung Cancer\tSmall Cell Lung Cancer\tLung"] * 4)
    (folder / "meta_study.txt").write_text("cancer_study_identifier: made_up\n")
    (folder / "data_clinical_patient.txt").write_text(
        "#a\n#b\n#c\n#d\nPATIENT_ID\tSEX\tOS_MONTHS\tOS_STATUS\n"
        "P1\tFemale\t12.5\t1:DECEASED\nP2\tMale\t>40\t0:LIVING\nP9\tMale\t1\t0:LIVING\n"
    )
    (folder / "data_mutations.txt").write_text(
        "#version 2.4\nHugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tMutation_Status\n"
        "RB1\tNonsense_Mutation\tS1\tSOMATIC\nTP53\tMissense_Mutation\tS1\tSOMATIC\n"
        "RB1\tSilent\tS9\tSOMATIC\n"
    )
    (folder / "data_CNA.txt").write_text("Hugo_Symbol\tS2\nRB1\t-2\nTP53\t-1\n")
    (folder / "data_gene_panel_matrix.txt").write_text(
        "SAMPLE_ID\tmutations\nS1\tSMALL\nS2\tSMALL\nS3\tSMALL\n"
    )
    (folder / "gene_panels").mkdir()
    (folder / "gene_panels" / "data_gene_panel_small.txt").write_text(
        "stable_id: SMALL\ndescription: two genes\ngene_list:\tRB1\tKRAS\n"
    )
    (folder / "data_sv.txt").write_text("Sample_Id\nS1\n")
    return folder


def test_a_study_folder_joins_its_files(tmp_path: Path) -> None:
    read = read_input(_study(tmp_path), KNOWLEDGE, variant_columns=QUESTIONS)
    assert (read.read, read.accepted, read.rejected) == (4, 4, 0)
    patients = read.frames[Scope.PATIENT]
    assert patients["followup.os_months.lo"].to_list() == [12.5, 40, None, None]
    assert patients["followup.os_event"].to_list() == [True, False, None, None]
    remarks = " ".join(problem.reason for problem in read.problems)
    assert "1 patient(s) have no sample" in remarks
    assert [one.path.name for one in read.attached] == ["data_sv.txt"]
    assert {file.name for file in read.inputs} >= {"data_CNA.txt", "data_gene_panel_small.txt"}


def test_the_panel_of_a_sample_is_the_assay_of_its_burden(tmp_path: Path) -> None:
    specimens = read_input(_study(tmp_path), KNOWLEDGE).frames[Scope.SPECIMEN]
    told = dict(specimens.select("specimen_id", "genomics.tmb_assay").iter_rows())
    assert told["S1"] == "SMALL"
    assert set(told.values()) <= {"SMALL", "whole exome", None}


def test_a_variant_is_absent_only_where_its_gene_was_assayed(tmp_path: Path) -> None:
    read = read_input(_study(tmp_path), KNOWLEDGE, variant_columns=QUESTIONS)
    specimens = read.frames[Scope.SPECIMEN]
    # found, deleted, assayed without a finding, not profiled
    assert specimens["RB1"].to_list() == [True, True, False, None]
    # a mutation that nobody judged may be pathogenic or not, and the panel lacks the gene
    assert "TP53" not in specimens.columns


def test_a_study_concludes_whole(tmp_path: Path) -> None:
    conclusions = conclude(read_input(_study(tmp_path), KNOWLEDGE).frames, KNOWLEDGE)
    calls = conclusions.filter(pl.col("fact") == "tumour.entity")
    assert calls.select("value", "status").unique().rows() == [("sclc", "provisional")]


def test_a_damaged_companion_file_costs_only_itself(tmp_path: Path) -> None:
    folder = _study(tmp_path)
    (folder / "data_mutations.txt").write_bytes(b"")
    (folder / "data_clinical_patient.txt").write_bytes(b"\x00\x01\x02" * 50)
    read = read_input(folder, KNOWLEDGE, variant_columns=QUESTIONS)
    assert read.accepted == 4
    remarks = " ".join(problem.reason for problem in read.problems)
    assert "data_mutations.txt: is empty" in remarks
    assert "data_clinical_patient.txt" in remarks


def test_a_study_without_samples_says_so(tmp_path: Path) -> None:
    (tmp_path / "meta_study.txt").write_text("cancer_study_identifier: x\n")
    with pytest.raises(UnreadableInputError, match=r"without data_clinical_sample\.txt"):
        read_input(tmp_path, KNOWLEDGE)
    (tmp_path / "data_clinical_sample.txt").write_text("PATIENT_ID\tAGE\nP1\t3\n")
    with pytest.raises(UnreadableInputError, match="SAMPLE_ID"):
        read_input(tmp_path, KNOWLEDGE)


def test_repeated_samples_are_rejected_and_counts_reconcile(tmp_path: Path) -> None:
    path = _samples(tmp_path, "SCLC\t\t\tLung")
    path.write_text(path.read_text() + "P1\tS1\tSCLC\t\t\tLung\n\tS3\tSCLC\t\t\tLung\n")
    read = read_input(path, KNOWLEDGE)
    assert (read.read, read.accepted, read.rejected) == (3, 1, 2)


FOUND = {"NET": 131, "NEC": 232, "NEN": 19}


def _entities(name: str, mapping: str = "") -> tuple[ReadResult, dict[str, int], dict[str, int]]:
    read = read_input(SHARED / f"{name}.txt", KNOWLEDGE, mapping)
    assert read.read == read.accepted + read.rejected
    conclusions = conclude(read.frames, KNOWLEDGE)
    entity, family = (
        dict(
            conclusions.filter((pl.col("fact") == fact) & pl.col("value").is_not_null())["value"]
            .value_counts()
            .iter_rows()
        )
        for fact in ("tumour.entity", "tumour.family")
    )
    return read, entity, family


@shared
@pytest.mark.shared
def test_about_390_neoplasms_are_found_among_all_cancers() -> None:
    read, _, family = _entities("clinical_sample/msk_impact_2017")
    assert (read.read, read.rejected) == (10_945, 0)
    # 319 by their codes, and 63 Merkel cell carcinomas, which keep their name.
    assert {name: family[name] for name in ("NET", "NEC", "NEN")} == FOUND
    specimens = read.frames[Scope.SPECIMEN]
    reported = dict(specimens["diagnosis.reported"].value_counts().iter_rows())
    tree = KNOWLEDGE.hierarchies["tumour_entity"]
    neoplasms = sum(n for e, n in reported.items() if e and tree.is_a(e, "nen").value == "met")
    assert neoplasms == sum(FOUND.values()) == 382
    assert reported["merkel_cell"] == 63
    assert reported["medullary_thyroid_carcinoma"] == 17
    assert reported["paraganglioma"] == 8
    assert reported["pituitary_net"] == 1


@shared
@pytest.mark.shared
def test_no_other_tumour_gets_a_neuroendocrine_class() -> None:
    read, _, _ = _entities("clinical_sample/msk_impact_2017", "msk_impact_2017")
    conclusions = conclude(read.frames, KNOWLEDGE).filter(pl.col("fact") == "tumour.family")
    keys = ["patient_id", "tumour_id", "specimen_id"]
    codes = read.frames[Scope.SPECIMEN].select(*keys, "diagnosis.oncotree")
    called = conclusions.join(codes, on=keys).filter(pl.col("value").is_in(["NET", "NEC", "NEN"]))
    listed = [
        "MCC",
        "SCLC",
        "CSCLC",
        "LUNE",
        "LUCA",
        "ALUCA",
        "LNET",
        "PANET",
        "GINET",
        "RWDNET",
        "AWDNET",
        "SWDNET",
        "HGNEC",
        "SBWDNET",
        "HNNE",
        "SCCE",
        "UNEC",
        "HGONEC",
        "SCBC",
        "PRNE",
        "PRSCC",
        "NETNOS",
        "NECNOS",
        "SCUP",
    ]
    assert called.height == 382
    assert set(called["diagnosis.oncotree"]) <= set(listed)
    named = {"NBL": 80, "GCCAP": 8, "THME": 17, "PHC": 4, "PGNG": 4, "PTAD": 1, "PNET": 2}
    others = conclusions.join(codes, on=keys).filter(pl.col("diagnosis.oncotree").is_in([*named]))
    counted = others.filter(pl.col("value") == "not_nen")["diagnosis.oncotree"].value_counts()
    assert dict(counted.iter_rows()) == named


@shared
@pytest.mark.shared
def test_reported_grades_are_kept_beside_the_diagnosis() -> None:
    read, entity, family = _entities("tmb_output/panet_arcnet_2017", "panet_arcnet_2017")
    grades = read.frames[Scope.SPECIMEN]["grade.reported"].value_counts()
    assert dict(grades.iter_rows()) == {"G1": 36, "G2": 57, "G3": 5}
    assert entity == {"net": 98}
    assert family == {"NET": 98}


@shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("study", "samples"),
    [
        ("sclc_ucologne_2015", 120),
        ("sclc_jhu", 80),
        ("sclc_clcgp", 29),
        ("sclc_cancercell_gardner_2017", 20),
    ],
)
def test_studies_of_small_cell_lung_cancer_run_whole(study: str, samples: int) -> None:
    for mapping in ("", study):
        read, entity, _ = _entities(f"tmb_output/{study}", mapping)
        assert (read.read, read.rejected, read.values_rejected) == (samples, 0, 0)
        assert entity == {"sclc": samples}


@shared
@pytest.mark.shared
def test_curation_errors_of_released_files_are_caught() -> None:
    read, entity, _ = _entities("clinical_sample/msk_ch_2020")
    assert "atypical_carcinoid" not in entity
    codes = read.frames[Scope.SPECIMEN]["diagnosis.oncotree"]
    caught = [p for p in read.problems if p.value == "ALUCA"]
    assert len(caught) == (codes == "ALUCA").sum() == 3559
