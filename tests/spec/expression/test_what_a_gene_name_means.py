"""A gene name is the approved symbol, or another name of one gene, or it is left open."""

import pytest

from nenuphar.terminology.genes import gene_index, looks_like_mouse


@pytest.mark.parametrize(
    ("name", "symbol", "via"),
    [
        ("ASCL1", "ASCL1", "approved"),
        ("FAM57B", "TLCD3B", "previous"),
        ("SEPT7", "SEPTIN7", "previous"),
        ("HER2", "ERBB2", "alias"),
        ("LAG-3", "LAG3", "alias"),
        ("ENSG00000139352", "ASCL1", "ensembl"),
        ("ENSG00000139352.4", "ASCL1", "ensembl"),
        ("ENSG00000139352.4_2", "ASCL1", "ensembl"),  # GENCODE, carried over to GRCh37
        ("ENSG00000182378.15_PAR_Y", "PLCXD1", "ensembl"),
        ("429", "ASCL1", "entrez"),
        ("429.0", "ASCL1", "entrez"),  # a column of numbers read with decimals
        ("C1ORF54", "C1orf54", "spelling"),
        ("C10ORF54", "VSIR", "spelling"),
        ("HLA.DRA", "HLA-DRA", "spelling"),  # as R writes the names of columns
        ("ASCL1|429", "ASCL1", "joined"),
        ("ENSG00000139352.4|ASCL1", "ASCL1", "joined"),
    ],
)
def test_every_name_of_a_gene_leads_to_its_symbol_and_says_how(name, symbol, via):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (symbol, via)
    assert found.replaced == (name != symbol)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("7-Sep", "SEPTIN7"),
        ("Sep-07", "SEPTIN7"),
        ("2024-09-07", "SEPTIN7"),
        ("2024-09-07 00:00:00", "SEPTIN7"),
        ("5-Mar", "MARCHF5"),
        ("1-Dec", "DELEC1"),
        ("4-Oct", "POU5F1"),
    ],
)
def test_dates_that_a_spreadsheet_made_of_symbols_are_turned_back(name, symbol):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (symbol, "spreadsheet")


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("1-Mar", {"MARCHF1", "MTARC1"}),
        ("MLL2", {"KMT2B", "KMT2D"}),
        ("TCF1", {"HNF1A", "TCF7"}),
        ("COX2", {"MT-CO2", "PTGS2"}),
        ("TAZ", {"TAFAZZIN", "WWTR1"}),
        ("Met", {"MET", "SLTM"}),  # an alias that is another gene's symbol but for its case
        ("ASCL1|4760", {"ASCL1", "NEUROD1"}),  # two names that contradict each other
    ],
)
def test_a_name_of_several_genes_is_ambiguous_and_lists_them(name, candidates):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (None, "ambiguous")
    assert set(found.candidates) == candidates


@pytest.mark.parametrize("name", ["Ascl1", "ascl1", "HBP", "ENSMUSG00000020052", "15-Sep", "XX1"])
def test_what_is_no_human_gene_name_stays_unknown(name):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (None, "unknown")


@pytest.mark.parametrize(("name", "other"), [("TTF1", "NKX2-1"), ("CGA", "CHGA")])
def test_a_symbol_that_the_field_uses_for_another_gene_is_taken_literally_and_said(name, other):
    found = gene_index().resolve(name)
    assert (found.symbol, found.candidates) == (name, (other,))


def test_mouse_names_are_known_by_their_spelling():
    assert looks_like_mouse(["Ascl1", "Neurod1", "H2-K1", "Trp53"])
    assert looks_like_mouse(["ENSMUSG00000020052", "ENSMUSG00000034701"])
    assert not looks_like_mouse(["ASCL1", "C1orf54", "C7orf16", "NEUROD1", "MT-CO1"])
    assert not looks_like_mouse(["A", "B"])
