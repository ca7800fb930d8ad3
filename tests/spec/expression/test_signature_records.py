"""What the shipped signatures state: approved genes, a source, a direction, a coverage."""

import pytest

from nenuphar.domain.problems import KnowledgeError
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.build import compile_records
from nenuphar.methods.expression import builtin_signatures
from nenuphar.terminology.genes import gene_index

THEMES = {
    "subtype programmes": ("sclc_a", "sclc_a2", "sclc_n", "sclc_p", "sclc_y", "yap_taz"),
    "neuroendocrine": ("ne50",),
    "T cells": ("t_effector", "cytolytic_activity", "inhibitory_receptors", "t_cell_chemokines"),
    "interferon": ("interferon_gamma", "t_cell_inflamed", "sting"),
    "antigen presentation": ("antigen_presentation",),
    "macrophages and regulatory T cells": ("archetype_macrophage", "archetype_regulatory_t_cell"),
    "suppressive myeloid cells": ("myeloid_inflammation", "mdsc_chemokines", "neutrophil"),
    "stroma": ("cancer_associated_fibroblast", "tgfb_fibroblast", "tgf_beta"),
    "hypoxia, vessels, growth": ("hypoxia", "angiogenesis", "proliferation"),
}
NON_COMMERCIAL = "10.1016/j.ccell.2021.04.014"
SIGNATURES = [one for one in load_knowledge().raw.values() if one["kind"] == "signature"]
WITHOUT_GENES = """
- kind: signature
  id: signature.empty
  status: {status}
  summary: A list that may not be shipped.
  sources: [{{source: 10.1000/xyz}}]
"""


@pytest.mark.parametrize("theme", THEMES)
def test_themes_of_the_reviews_have_signatures(theme):
    assert set(THEMES[theme]) <= set(builtin_signatures())


def test_genes_bear_their_approved_symbols():
    index = gene_index()
    others = {
        gene
        for signature in builtin_signatures().values()
        for gene in signature.genes
        if index.resolve(gene).via != "approved"
    }
    assert not others


def test_direction_says_whether_genes_are_expected_low():
    for record in SIGNATURES:
        if record["status"] == "active":
            falls = any(weight < 0 for weight in record["genes"].values())
            assert record.get("direction", "positive") == ("mixed" if falls else "positive"), (
                record["id"]
            )
            assert record.get("coverage_min", 0.7) >= 0.5
            assert all(source["locator"] for source in record["sources"]), record["id"]


def test_lists_for_non_commercial_use_do_not_ship():
    held = [one for one in SIGNATURES if one["sources"][0]["source"] == NON_COMMERCIAL]
    assert held
    for record in held:
        assert record["status"] == "retired"
        assert not record.get("genes")
    assert "myeloid_suppression" not in builtin_signatures()


def test_only_a_retired_signature_may_lack_its_genes(tmp_path):
    file = tmp_path / "signature.yaml"
    file.write_text(WITHOUT_GENES.format(status="retired"))
    assert compile_records(tmp_path)
    file.write_text(WITHOUT_GENES.format(status="active"))
    with pytest.raises(KnowledgeError, match="names its genes"):
        compile_records(tmp_path)
