"""Variants and copy number of a case become facts that rules read."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from nenuphar.domain.problems import UnreadableInputError
from nenuphar.domain.scope import Scope
from nenuphar.io.case_file import read_case
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.job import run_job
from nenuphar.pipeline.molecular.describe import describe_read

KNOWLEDGE = load_knowledge()
CASE = """
patient: P1
tumour.site: pancreas
pathology.morphology: well_differentiated
assays: [{id: wes, type: exome, whole_exome: yes}]
variants:
  - {gene: MEN1, consequence: Frame_Shift_Del, origin: somatic}
  - {gene: KRAS, change: p.G12D}
  - {gene: KRAS, change: p.G14D}
  - {gene: BRCA2, consequence: nonsense, origin: germline}
  - {gene: MUTYH, significance: pathogenic, origin: germline}
segments:
  - {chromosome: "11", start: 1, end: 135000000, total: 1, minor: 0}
  - {chromosome: "1", start: 1, end: 240000000, total: 2, minor: 1}
"""


def told(folder: Path, text: str) -> Assessment:
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return assess(read_case(folder / "case.yaml"))


def value(assessment: Assessment, fact: str) -> str | None:
    found = assessment.of(fact)
    return found[0].value if found else None


def test_variants_are_judged_by_consequence_hotspot_and_gene_role(tmp_path):
    found = told(tmp_path, CASE)
    assert value(found, "genomics.pathogenic_genes") == "KRAS;MEN1"


def test_germline_genes_stand_apart_and_need_somebodys_judgement(tmp_path):
    assert value(told(tmp_path, CASE), "genomics.germline_genes") == "MUTYH"


def test_a_broken_suppressor_with_the_other_allele_lost_is_lost_on_both(tmp_path):
    assert value(told(tmp_path, CASE), "genomics.biallelic_genes") == "MEN1"
    kept = CASE.replace("total: 1, minor: 0", "total: 2, minor: 1")
    assert value(told(tmp_path, kept), "genomics.biallelic_genes") == "none"


def test_alterations_converge_on_pathways(tmp_path):
    pathways = value(told(tmp_path, CASE), "genomics.altered_pathways")
    assert pathways == "chromatin (MEN1);dna_repair (germline MUTYH);telomere (MEN1)"


def test_rules_read_what_the_consequence_says(tmp_path):
    (findings,) = told(tmp_path, CASE).of("finding.net_or_nec_markers")
    assert findings.status == "conflict"  # KRAS speaks for carcinoma, MEN1 for NET
    assert set(findings.alternatives) == {"supports_nec", "supports_net"}


def test_findings_of_assays_that_were_never_done_are_not_listed(tmp_path):
    plain = told(tmp_path, "patient: P1\ntumour.site: pancreas\n")
    assert not [c for c in plain.conclusions if c.fact.startswith("genomics.")]


@pytest.mark.parametrize(("count", "expected"), [("2", "low"), ("12", None), ("60", "high")])
def test_a_burden_is_high_or_low_only_where_its_whole_interval_is(tmp_path, count, expected):
    text = f"patient: P1\ngenomics.mutation_count: {count}\ngenomics.territory: 1.2\n"
    (found,) = told(tmp_path, text).of("genomics.tmb_class")
    assert found.value == expected
    if expected is None:
        assert found.missing == ("genomics.tmb.tissue",)


def test_a_burden_after_an_alkylator_is_no_validated_selector(tmp_path):
    text = "patient: P1\ngenomics.tmb_reported: 22\nspecimen.after_alkylator: yes\n"
    (found,) = told(tmp_path, text).of("genomics.tmb_class")
    assert (found.value, [c.id for c in found.cautions]) == (
        "high",
        ["genomics.tmb_after_alkylator"],
    )


def test_blood_and_tissue_burdens_are_different_facts(tmp_path):
    text = "patient: P1\ngenomics.tmb_reported: 15\ngenomics.tmb_material: blood\n"
    found = told(tmp_path, text)
    assert value(found, "genomics.tmb_class_blood") == "low"
    assert value(found, "genomics.tmb_class") is None


def test_microsatellites_and_stains_that_disagree_are_a_conflict(tmp_path):
    text = "patient: P1\ngenomics.msi_call: MSS\nihc: {mlh1: lost}\n"
    assert value(told(tmp_path, text), "genomics.mismatch_repair") == "conflict"


def test_a_lost_stain_makes_alt_likely_and_an_assay_decides_it(tmp_path):
    text = "patient: P1\nihc: {atrx: lost}\n"
    assert value(told(tmp_path, text), "genomics.alt") == "likely"
    text += "genomics.alt_assay: negative\n"
    assert value(told(tmp_path, text), "genomics.alt") == "no"


HEAD = "ID\tchrom\tloc.start\tloc.end\tseg.mean\n"
SEG = HEAD + "".join(
    f"{sample}\t{chromosome}\t1\t{end}\t{-0.9 if chromosome == 18 and sample == 'S1' else 0.0}\n"
    for sample in ("S1", "S2")
    for chromosome, end in enumerate(
        (249, 243, 198, 191, 180, 171, 159, 146, 141, 135, 135, 133, 115, 107, 102, 90, 81, 78, 59,
         63, 48, 51), start=1,
    )
    for end in (end * 1_000_000 - 1_000_000,)
)  # fmt: skip


def test_a_case_names_a_file_of_segments_beside_it(tmp_path):
    (tmp_path / "tumours.seg").write_text(SEG, encoding="utf-8")
    text = (
        "patient: P1\ntumour.site: small_intestine\nassays:\n"
        "  - {id: cn, type: segments, file: tumours.seg, sample: S1, genome: hg19}\n"
    )
    found = told(tmp_path, text)
    assert value(found, "genomics.chr18_loss") == "yes"
    assert value(found, "genomics.sinet_group") == "18LOH"
    (group,) = found.of("molecular.group.sinet")  # nobody is asked for a call of somebody else
    assert (group.value, group.status, group.missing) == ("18LOH", "met", ())
    with pytest.raises(UnreadableInputError, match="sample"):
        told(tmp_path, text.replace(" sample: S1,", ""))


def test_groups_of_one_organ_are_not_given_to_tumours_of_another(tmp_path):
    for site, group in (("small_intestine", "18LOH"), ("lung", None), ("unknown_primary", "18LOH")):
        (tmp_path / "tumours.seg").write_text(SEG, encoding="utf-8")
        text = (
            f"patient: P1\ntumour.site: {site}\nassays:\n"
            "  - {id: cn, type: segments, file: tumours.seg, sample: S1, genome: hg19}\n"
        )
        found = told(tmp_path, text)
        assert value(found, "genomics.chr18_loss") == "yes"
        assert value(found, "genomics.sinet_group") == group


def test_a_file_outside_the_folder_of_the_case_is_not_read(tmp_path):
    text = "patient: P1\nassays: [{id: cn, type: segments, file: ../tumours.seg}]\n"
    (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
    read = read_input(tmp_path / "case.yaml", KNOWLEDGE)
    assert "folder of the case" in read.problems[0].fix
    assert not read.specimens


def test_a_study_brings_mutations_deletions_and_segments(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    rows = ["PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tGENE_PANEL", "P1\tS1\tSBWDNET\tWES",
            "P2\tS2\tSBWDNET\tWES"]  # fmt: skip
    (study / "data_clinical_sample.txt").write_text("\n".join(rows), encoding="utf-8")
    (study / "data_mutations.txt").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
        "CDKN1B\tS1\tFrame_Shift_Ins\tp.K25fs\n",
        encoding="utf-8",
    )
    (study / "data_cna_hg19.seg").write_text(SEG, encoding="utf-8")
    read = describe_read(read_input(study, KNOWLEDGE), KNOWLEDGE)
    found = conclude(read.frames, KNOWLEDGE).filter(patient_id="P1")
    facts = dict(found.select("fact", "value").iter_rows())
    assert facts["genomics.pathogenic_genes"] == "CDKN1B"
    assert facts["genomics.sinet_group"] == "18LOH"
    assert (
        dict(
            conclude(read.frames, KNOWLEDGE)
            .filter(patient_id="P2")
            .select("fact", "value")
            .iter_rows()
        )["genomics.sinet_group"]
        == "no_CNV"
    )


TABLE = "patient_id,specimen_id,tumour.site\nP1,S1,small_intestine\nP2,S2,small_intestine\n"
MAPPING = """
name: beside
row: specimen
keys: {patient_id: patient_id, specimen_id: specimen_id}
columns: {tumour.site: {column: tumour.site}}
beside:
  - {file: tumours.seg, kind: segments, genome: hg19}
  - {file: data.maf, kind: variants, genes: [MEN1, CDKN1B]}
"""


def test_files_beside_a_table_are_read_through_its_mapping(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "tumours.seg").write_text(SEG, encoding="utf-8")
    (tmp_path / "data.maf").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\n"
        "CDKN1B\tS1\tNonsense_Mutation\n",
        encoding="utf-8",
    )
    run_job(tmp_path / "table.csv", tmp_path / "out", mapping=str(tmp_path / "map.yaml"))
    found = pl.read_parquet(tmp_path / "out" / "conclusions.parquet")
    facts = dict(found.filter(patient_id="P1").select("fact", "value").iter_rows())
    assert facts["genomics.chr18_loss"] == "yes"
    assert facts["genomics.pathogenic_genes"] == "CDKN1B"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert sorted(manifest["inputs"]) == ["data.maf", "map.yaml", "table.csv", "tumours.seg"]
    assert manifest["settings"]["mapping"] == "map.yaml"


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("tumours.seg", None, "no such file"),
        ("tumours.seg", HEAD + "S1\t17\t1\t83000000\t0.1\n", "hg38"),
        ("data.maf", "Hugo_Symbol\tVariant_Classification\nMEN1\tSilent\n", "TUMOR_SAMPLE_BARCODE"),
        ("tumours.seg", "ID\tchrom\nS1\t1\n", "start"),
    ],
)
def test_a_bad_file_beside_a_table_costs_only_itself(tmp_path, file, text, reason):
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    if text is not None:
        (tmp_path / file).write_text(text, encoding="utf-8")
    read = read_input(tmp_path / "table.csv", KNOWLEDGE, str(tmp_path / "map.yaml"))
    read = describe_read(read, KNOWLEDGE)
    assert (read.read, read.accepted) == (2, 2)
    assert read.frames[Scope.SPECIMEN].height == 2
    listed = " ".join(f"{p.reason} {p.fix} {p.value}" for p in read.problems)
    assert reason.lower() in listed.lower()


class TestSmallIntestine:
    CASE = """
patient: P1
tumour.site: small_intestine
pathology.morphology: well_differentiated
assays: [{id: wes, type: exome, whole_exome: yes}]
variants:
  - {gene: CDKN1B, consequence: Frame_Shift_Del, origin: somatic}
"""

    def test_a_cdkn1b_variant_speaks_for_18loh_until_copy_number_is_measured(self, tmp_path):
        (group,) = told(tmp_path, self.CASE).of("molecular.group.sinet")
        assert (group.value, group.status) == ("18LOH", "provisional")
        assert "molecular.calls.sinet" in group.missing

    def test_another_group_on_record_stands_against_it(self, tmp_path):
        (group,) = told(tmp_path, self.CASE + "molecular.sinet: multiple_CNV\n").of(
            "molecular.group.sinet"
        )
        assert group.value == "multiple_CNV"
