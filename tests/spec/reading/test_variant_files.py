"""Variants beside a table: files of every kind, names matched, counts that add up."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.io.result import Findings
from nenuphar.io.variant_rows import read_variant_rows
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.criterion import HasVariant

KNOWLEDGE = load_knowledge()
ASKED = {"variant(TP53)": HasVariant(gene="TP53"), "variant(MEN1)": HasVariant(gene="MEN1")}
MAPPING = """
name: mine
row: specimen
keys: {patient_id: patient}
constants: {tumour.site: {value: lung, because: all are of the lung}}
columns: {pathology.ki67: {column: ki67, unit: percent}}
beside: [{file: muts.csv, kind: variants, to: rna_id, pattern: '^(R\\d+)'}]
"""
PATIENTS = "patient,ki67,rna_id\nP1,5,R1\nP2,7,R2\nP3,9,\nP4,9,R9\nP5,9,R9\n"
MUTS = (
    "Tumor_Sample_Barcode,Hugo_Symbol,Variant_Classification,AAChange.refGene\n"
    "R1-T,TP53,Missense_Mutation,TP53:NM_000546:exon5:c.G524A:p.R175H\n"
    "R1-T,MEN1,Nonsense_Mutation,p.Q10X\nR7-T,TP53,Missense_Mutation,p.R175H\n"
    "R7-T,KRAS,Missense_Mutation,p.G12D\n,KRAS,Missense_Mutation,p.G12D\nR1-T,,Silent,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "muts.csv").write_text(MUTS, encoding="utf-8")
    return tmp_path


def read(folder: Path, mapping: str = MAPPING, variants: Path | None = None):
    (folder / "mine.yaml").write_text(mapping, encoding="utf-8")
    source = folder / "patients.csv"
    return read_input(source, KNOWLEDGE, str(folder / "mine.yaml"), ASKED, variants)


def rows(tmp_path: Path, text: str, name: str = "x.maf"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    findings = Findings(name)
    return read_variant_rows(tmp_path / name, findings), findings


class TestJoining:
    def test_variants_reach_the_patient_whose_column_names_their_sample(self, folder):
        result = read(folder)
        specimens = result.frames[Scope.SPECIMEN]
        assert specimens["variant(TP53)"].to_list() == [True, None, None, None, None]
        (known,) = (s for key, s in result.specimens.items() if key[0] == "P1")
        assert [v.gene for v in known.variants] == ["TP53", "MEN1"]

    def test_samples_and_patients_without_each_other_are_listed_and_counts_add_up(self, folder):
        problems = read(folder).problems
        told = {(p.column, p.value): p.reason for p in problems}
        assert told["Tumor_Sample_Barcode", "R7"].startswith("2 variant(s) of a sample")
        assert "no variant of this specimen" in told["rna_id", "R2 (P2)"]
        said = "; ".join(p.reason for p in problems)
        assert "6 variants read = 2 of 1 samples of the input + 2 of 1 samples" in said
        assert "+ 2 rejected" in said
        # Two patients share one name, one has none: nobody gets what cannot be told apart.
        assert "3 of 5 specimens have no name" in said

    def test_rows_without_barcode_or_gene_are_listed_values(self, folder):
        result = read(folder)
        lost = [(p.line, p.column) for p in result.problems if "left out" in p.reason]
        assert lost == [(6, "Tumor_Sample_Barcode"), (7, "Hugo_Symbol")]
        assert result.values_rejected == 2

    def test_a_gene_is_absent_only_where_the_panel_is_known(self, folder):
        panel = MAPPING.replace("to: rna_id,", "to: rna_id, genes: [TP53, RB1, MEN1],")
        (folder / "muts.csv").write_text(
            MUTS.replace("R1-T,MEN1,Nonsense_Mutation,p.Q10X\n", ""), encoding="utf-8"
        )
        assert read(folder).frames[Scope.SPECIMEN].get_column("variant(TP53)")[0] is True
        assert "variant(MEN1)" not in read(folder).frames[Scope.SPECIMEN].columns
        specimens = read(folder, panel).frames[Scope.SPECIMEN]
        assert specimens["variant(MEN1)"].to_list() == [False, None, None, None, None]

    def test_a_file_may_be_named_on_the_command_line(self, folder):
        (folder / "muts.csv").rename(folder / "other.csv")
        result = read(folder, variants=folder / "other.csv")
        assert result.frames[Scope.SPECIMEN]["variant(TP53)"][0] is True
        out = folder / "out"
        source, mapping = str(folder / "patients.csv"), str(folder / "mine.yaml")
        options = ["--mapping", mapping, "--variants", str(folder / "other.csv")]
        done = CliRunner().invoke(app, ["assess", source, *options, "--out", str(out)])
        assert done.exit_code == 1, done.output
        told = pl.read_parquet(out / "conclusions.parquet").filter(
            fact="genomics.pathogenic_genes", patient_id="P1"
        )
        assert told["value"].to_list() == ["MEN1;TP53"]

    def test_without_a_mapping_the_names_are_the_ids(self, folder):
        plain = MAPPING.split("beside", maxsplit=1)[0]
        (folder / "muts.csv").write_text(MUTS.replace("R1-T", "P1"), encoding="utf-8")
        result = read(folder, plain, folder / "muts.csv")
        assert result.frames[Scope.SPECIMEN]["variant(TP53)"][0] is True

    def test_a_case_and_a_study_hold_their_own(self, tmp_path):
        (tmp_path / "case.yaml").write_text("patient: P\n", encoding="utf-8")
        with pytest.raises(UsageError, match="holds its own variants"):
            read_input(tmp_path / "case.yaml", KNOWLEDGE, variants=tmp_path / "m.csv")

    def test_a_file_that_was_asked_for_and_cannot_be_used_ends_the_reading(self, folder):
        with pytest.raises(UnreadableInputError, match="no such file"):
            read(folder, variants=folder / "absent.csv")
        # Beside the table it is a remark.
        (folder / "muts.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        assert any(
            "no column for the sample and the gene" in p.reason for p in read(folder).problems
        )

    def test_a_column_that_the_table_lacks_leaves_the_files_out(self, folder):
        mapping = MAPPING.replace("to: rna_id", "to: dna_id").replace(
            "]\n", ", {file: cn.csv, kind: segments, to: dna_id}]\n"
        )
        (folder / "cn.csv").write_text("sample,chromosome,start,end,log2\n", encoding="utf-8")
        result = read(folder, mapping)
        assert result.accepted == 5
        lacking = [p.value for p in result.problems if "no column 'dna_id'" in p.reason]
        assert sorted(lacking) == ["cn.csv", "muts.csv"]
        assert result.attached == ()


class TestFiles:
    def test_columns_of_other_annotators_are_understood(self, tmp_path):
        text = "sample\tgene\tConsequence\tProtein_Change\tClinVar\nT\tKRAS\tmissense\tG12D\t.\n"
        found, _ = rows(tmp_path, text)
        row = found.frame.row(0, named=True)
        assert (row["sample"], row["change"], row["reported"]) == ("T", "G12D", None)

    @pytest.mark.parametrize(
        ("cell", "change"),
        [("p.G12D", "p.G12D"), ("KRAS:NM_1:exon2:c.G35T:p.G12V", "p.G12V"),
         ("E:p.Gln1Ter", "p.Gln1Ter"), ("p.E585_K2017del;.", "p.E585_K2017del"),
         ("p.(Gly12Asp)", "p.(Gly12Asp)"), ("p.Q10*", "p.Q10*"), ("promoter", "promoter")],
    )  # fmt: skip
    def test_the_change_of_the_protein_is_found_in_what_is_written(self, tmp_path, cell, change):
        found, _ = rows(tmp_path, f"sample\tgene\tAAChange.refGene\nT\tKRAS\t{cell}\n")
        assert found.frame["change"].to_list() == [change]

    def test_genes_get_their_approved_symbols_and_every_other_name_is_listed(self, tmp_path):
        names = ["TP53", "MLL3", "ENSG00000133895", "MLL2", "XYZ1"]
        found, findings = rows(tmp_path, "sample\tgene\n" + "".join(f"T\t{n}\n" for n in names))
        assert found.frame["gene"].to_list() == ["TP53", "KMT2C", "MEN1", "MLL2", "XYZ1"]
        assert {p.value: p.reason for p in findings.problems} == {
            "MLL3": "is read as KMT2C (previous)",
            "ENSG00000133895": "is read as MEN1 (ensembl)",
            "MLL2": "may be KMT2B or KMT2D and is taken for neither",
        }

    def test_a_table_without_names_of_columns_says_what_to_do(self, tmp_path):
        with pytest.raises(UnreadableInputError, match="line of names"):
            rows(tmp_path, "KRAS\tT1\tnonsilent\t4\nTP53\tT1\tnonsilent\t4\n")

    def test_an_annotated_vcf_is_read_by_its_gravest_effect(self, tmp_path):
        text = "\n".join(
            [
                "##fileformat=VCFv4.2",
                '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from '
                'Ensembl VEP. Format: Allele|Consequence|SYMBOL|HGVSp|CLIN_SIG">',
                "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tN\tT",
                "11\t1\t.\tA\tT\t.\tPASS\tCSQ=T|intron_variant|MEN1||,T|stop_gained|MEN1|"
                "E:p.Gln1Ter|\tGT\t0/0\t0/1",
                "11\t2\t.\tA\tT\t.\tlowq\tCSQ=T|stop_gained|DAXX||\tGT\t0/0\t0/1",
            ]
        )
        found, findings = rows(tmp_path, text, "x.vcf")
        assert found.frame.select("line", "sample", "gene", "consequence", "change").rows() == [
            (4, "T", "MEN1", "stop_gained", "p.Gln1Ter")
        ]
        assert [p.reason[:22] for p in findings.problems] == ["1 record(s) did not pa"]
        with pytest.raises(UnreadableInputError, match="annotate"):
            rows(tmp_path, text.replace("ID=CSQ", "ID=XXX"), "y.vcf")

    def test_a_vcf_of_one_tumour_is_named_after_its_file(self, tmp_path):
        text = (
            '##fileformat=VCFv4.2\n##INFO=<ID=ANN,Number=.,Type=String,Description="Functional '
            "annotations: 'Allele | Annotation | Gene_Name | HGVS.p'\">\n"
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
            "11\t1\t.\tA\tT\t.\tPASS\tANN=T|stop_gained|MEN1|p.Gln1*\n"
        )
        found, _ = rows(tmp_path, text, "P1.snpeff.vcf")
        assert found.frame.select("sample", "gene").rows() == [("P1", "MEN1")]


class TestGenotypes:
    VEP = (
        "##fileformat=VCFv4.2\n"
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL">\n'
    )
    COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"

    def read(self, tmp_path, columns, record, head=""):
        text = f"{self.VEP}{head}{self.COLUMNS}{columns}\n11\t1\t.\t{record}\n"
        return rows(tmp_path, text, "P1.vcf")

    @pytest.mark.parametrize(
        ("ref", "alt", "first", "second"),
        [("G", "A,T", "A", "T"), ("CA", "C,CAT", "-", "AT"), ("CA", "C,CAT", "-", "T")],
    )
    def test_a_carrier_has_the_effects_of_its_own_alleles(self, tmp_path, ref, alt, first, second):
        info = f"CSQ={first}|stop_gained|MEN1,{second}|missense_variant|MEN1"
        record = f"{ref}\t{alt}\t.\tPASS\t{info}\tGT\t0/1\t0|2"
        found, _ = self.read(tmp_path, "A\tB", record)
        assert found.frame.select("sample", "consequence").rows() == [
            ("A", "stop_gained"),
            ("B", "missense_variant"),
        ]

    @pytest.mark.parametrize(
        ("normal", "origin"), [("0/1", "germline"), ("0/0", "somatic"), ("./.", "unknown")]
    )
    def test_what_the_matched_normal_has_too_is_germline(self, tmp_path, normal, origin):
        record = f"G\tA\t.\tPASS\tCSQ=A|stop_gained|RB1\tAD:GT\t5:{normal}\t5:0/1"
        found, _ = self.read(tmp_path, "N1\tT1", record, "##normal_sample=N1\n")
        assert found.frame.select("sample", "origin").rows() == [("T1", origin)]

    def test_a_caller_without_genotypes_speaks_of_its_only_tumour(self, tmp_path):
        record = "G\tA\t.\tPASS\tSOMATIC;CSQ=A|stop_gained|RB1\tDP:AU\t30:0,0\t55:1,1"
        found, _ = self.read(tmp_path, "NORMAL\tTUMOR", record)
        assert found.frame.select("sample", "origin").rows() == [("P1", "somatic")]
        found, findings = self.read(tmp_path, "A\tB", record)
        assert found.frame.is_empty()
        assert "no genotype" in findings.problems[0].reason


def test_a_case_names_genes_as_it_likes_and_the_approved_symbol_counts(tmp_path):
    (tmp_path / "case.yaml").write_text(
        "patient: P\ntumours:\n  - id: T\n    specimens:\n      - id: S\n"
        "        assays: [{id: A, type: panel, genes: [HER2, MLL3]}]\n"
        "        variants: [{gene: HER2, consequence: missense, change: p.L755S}]\n",
        encoding="utf-8",
    )
    read_case = read_input(tmp_path / "case.yaml", KNOWLEDGE)
    (specimen,) = read_case.specimens.values()
    assert specimen.assays[0].genes == ("ERBB2", "KMT2C")
    assert [(v.gene, v.significance) for v in specimen.variants] == [("ERBB2", "pathogenic")]
    assert {p.value for p in read_case.problems} == {"HER2", "MLL3"}
