"""Every gene list against the file of its source, once all names are read as approved symbols."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from nenuphar.methods.expression import builtin_signatures
from nenuphar.terminology.genes import gene_index

SETS = Path(__file__).parents[3] / ".." / "shared" / "data" / "signatures"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SETS.is_dir(), reason="the gene sets are not beside the checkout"),
]
FEATURES = (
    "t_cell", "myeloid", "stroma", "regulatory_t_cell", "cd4_t_cell", "cd8_t_cell", "cdc2", "cdc1",
    "macrophage", "classical_monocyte",
)  # fmt: skip


def approved(genes):
    return {gene_index().resolve(gene).symbol for gene in genes}


def rows(name):
    with (SETS / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def workbook(name):
    from openpyxl import load_workbook

    return list(load_workbook(SETS / name, read_only=True).worksheets[0].values)


def test_neuroendocrine_genes_and_their_directions():
    printed = {
        gene_index().resolve(gene).symbol: 1 if kind == "NE" else -1
        for gene, kind, *_ in rows("zhang2018_NE_score_50genes.csv")[1:]
    }
    assert printed == dict(builtin_signatures()["ne50"].genes)


def test_features_of_the_immune_archetypes():
    head, *body = workbook("combes2022_immune_archetype_genes.xlsx")
    assert len(head) == len(FEATURES)
    for column, name in enumerate(FEATURES):
        printed = approved(row[column] for row in body if row[column])
        assert printed == set(builtin_signatures()[f"archetype_{name}"].genes), name


def test_hallmarks_of_hypoxia_and_tgf_beta():
    lines = (SETS / "msigdb_h.all.v7.2.symbols.gmt").read_text().splitlines()
    hallmarks = {name: genes for name, _, *genes in (line.split("\t") for line in lines)}
    for theirs, ours in (
        ("HALLMARK_HYPOXIA", "hypoxia"),
        ("HALLMARK_TGF_BETA_SIGNALING", "tgf_beta"),
    ):
        assert approved(hallmarks[theirs]) == set(builtin_signatures()[ours].genes)


def test_targets_of_yap_and_taz():
    head, *body = rows("data_Signatures_Yap-Taz_signatures.csv")
    column = head.index("mYapTaz_Wang_genes")  # mouse symbols, spelt as the human ones but for case
    printed = approved(row[column].upper() for row in body if row[column])
    assert printed == set(builtin_signatures()["yap_taz"].genes)


def test_t_cell_inflamed_and_cytolytic_genes():
    printed = {row[0]: row[1] for row in workbook("park2024_sclc_signature_gene_list.xlsx")}
    for theirs, ours in (
        ("T cell Inflamed", "t_cell_inflamed"),
        ("Cytolytic T cell", "cytolytic_activity"),
    ):
        assert approved(printed[theirs].split(", ")) == set(builtin_signatures()[ours].genes)


def test_sclc_programmes_are_the_genes_that_both_lists_give_to_one_archetype():
    head, *body = rows("data_Signatures_Archetype_Sigs_Maddox.csv")
    lists = {
        name: {row[i] for row in body if i < len(row) and row[i]} for i, name in enumerate(head)
    }
    times = Counter(gene for genes in lists.values() for gene in genes)
    (_, *archetypes), *matrix = rows("groves2022_sclc_archetype_105gene_matrix.csv")
    highest = {gene: max(zip(map(float, row), archetypes, strict=True))[1] for gene, *row in matrix}
    for name, genes in lists.items():
        own = {gene for gene in genes if times[gene] == 1 and highest.get(gene) == name}
        ours = builtin_signatures()[name.lower().replace("-", "_")]
        assert approved(own) == set(ours.genes), name
