"""Gene names and what they mean."""

from importlib.resources import files
from pathlib import Path

import pytest

from nenuphar.terminology.genes import GeneIndex, gene_index, looks_like_mouse
from nenuphar.terminology.genes.build import index_lines

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "data" / "gene_reference"


@pytest.mark.parametrize(
    ("name", "symbol", "via"),
    [
        ("TP53", "TP53", "approved"),
        ("CYR61", "CCN1", "previous"),
        ("FAM57B", "TLCD3B", "previous"),
        ("NOV", "CCN3", "previous"),
        ("p53", "TP53", "alias"),
        ("C7orf16", "PPP1R17", "alias"),
        ("C7ORF16", "PPP1R17", "spelling"),
        ("C1ORF54", "C1orf54", "spelling"),
        ("ENSG00000141510", "TP53", "ensembl"),
        ("ENSG00000141510.17", "TP53", "ensembl"),
        ("7157", "TP53", "entrez"),
        ("7157.0", "TP53", "entrez"),
        ("146749", "TP53", "retired_entrez"),
        ("2-Sep", "SEPTIN2", "spreadsheet"),
        ("Sep-02", "SEPTIN2", "spreadsheet"),
        (" TP53 ", "TP53", "approved"),
    ],
)
def test_a_name_resolves_and_says_how(name, symbol, via):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (symbol, via)
    assert found.replaced == (name.strip() != symbol)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("MLL2", ("KMT2B", "KMT2D")),
        ("MARCH1", ("MARCHF1", "MTARC1")),
        ("1-Mar", ("MARCHF1", "MTARC1")),
        ("ALDO", ("ALDOA", "ALDOB")),
    ],
)
def test_an_ambiguous_name_is_not_guessed(name, candidates):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via, found.candidates) == (None, "ambiguous", candidates)


@pytest.mark.parametrize(
    "name", ["Ascl1", "NOTAGENE", "", "ENSG99999999999", "999999999", "12-Mar x"]
)
def test_what_is_unknown_stays_unknown(name):
    found = gene_index().resolve(name)
    assert (found.symbol, found.via) == (None, "unknown")


def test_a_symbol_that_the_field_uses_for_another_gene_says_so():
    found = gene_index().resolve("TTF1")
    assert (found.symbol, found.candidates) == ("TTF1", ("NKX2-1",))


def test_an_approved_symbol_wins_over_the_same_name_as_an_alias():
    index = GeneIndex(["AAA\t1\t10\t\tBBB|CCC", "BBB\t2\t20\t\tCCC"], [])
    assert index.resolve("BBB").via == "approved"
    assert index.resolve("CCC").candidates == ("AAA", "BBB")


def test_names_are_resolved_in_their_order():
    assert [r.symbol for r in gene_index().resolve_all(["CYR61", "?", "TP53"])] == [
        "CCN1", None, "TP53",
    ]  # fmt: skip


def test_mouse_symbols_are_told_from_human_ones():
    assert looks_like_mouse(["Ascl1", "Neurod1", "Pou2f3", "Yap1"])
    assert looks_like_mouse(["ENSMUSG00000020052", "ENSMUSG00000034701"])
    assert not looks_like_mouse(["ASCL1", "C1orf54", "C7orf16", "YAP1"])
    assert not looks_like_mouse(["ENSG00000141510"])
    assert not looks_like_mouse([])


def test_the_curated_names_point_to_approved_symbols_and_hide_none():
    index = gene_index()
    text = (files("nenuphar.terminology.genes") / "previous_symbols.tsv").read_text()
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert len(rows) > 100
    for name, symbols, kind in rows:
        assert all(symbol in index for symbol in symbols.split("|")), name
        assert (name in index) == (kind == "confusable"), name
        assert ("|" in symbols) == (kind == "ambiguous"), name


def test_the_shipped_index_is_small():
    assert len((files("nenuphar.terminology.genes") / "index.tsv.gz").read_bytes()) < 1_400_000
    assert len(gene_index()) > 40_000


@pytest.mark.shared
@pytest.mark.skipif(
    not REFERENCE.exists(), reason="the shared reference is not beside the checkout"
)
def test_the_shipped_index_is_what_the_builder_makes_of_its_sources():
    import gzip

    packed = (files("nenuphar.terminology.genes") / "index.tsv.gz").read_bytes()
    assert gzip.decompress(packed).decode().splitlines() == index_lines(REFERENCE)
