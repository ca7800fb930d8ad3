"""Missing genes, missing values, renamed and repeated genes, and matrices that mislead."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from nenuphar.methods.expression import (
    METHODS,
    ExpressionError,
    OptionError,
    Options,
    Scorer,
    Signature,
    SignatureError,
    as_signatures,
    builtin_signatures,
    inspect_names,
    inspect_values,
)
from nenuphar.terminology.genes import gene_index

GENES = [f"G{i}" for i in range(50)]
X = np.random.default_rng(0).normal(5, 1, (4, 50))


def test_coverage_is_reported_and_a_signature_below_it_has_no_score():
    wanted = as_signatures(
        {"whole": GENES[:10], "half": [*GENES[:4], "X1", "X2", "X3", "X4", "X5"]}
    )
    scorer = Scorer(GENES, wanted, "singscore")
    whole, half = scorer.match.coverage
    assert (whole.found, whole.genes, whole.refused) == (10, 10, False)
    assert (half.found, half.genes, half.refused) == (4, 9, True)
    assert half.missing == ("X1", "X2", "X3", "X4", "X5")
    scores = scorer.score(X).scores
    assert np.isfinite(scores[:, 0]).all()
    assert np.isnan(scores[:, 1]).all()
    lowered = as_signatures({"half": dict.fromkeys(wanted[1].genes, 1.0)}, coverage_min=0.4)
    assert np.isfinite(Scorer(GENES, lowered, "singscore").score(X).scores).all()


def test_a_signature_without_any_measured_gene_is_refused_even_at_no_required_coverage():
    wanted = as_signatures({"absent": ["X1", "X2"]}, coverage_min=0.0)
    assert np.isnan(Scorer(GENES, wanted, "ssgsea").score(X).scores).all()


def test_genes_are_found_under_their_other_names_and_listed():
    rows = ["CYR61", "ENSG00000141510.17", "NKX2-1", "ASCL1", "2-Sep"]
    scorer = Scorer(
        rows, as_signatures({"s": ["CCN1", "TP53", "TITF1", "ASCL1", "SEPTIN2"]}), "zscore"
    )
    found = {(one.wanted, one.row, one.via) for one in scorer.match.replaced}
    assert scorer.match.coverage[0].found == 5
    assert found == {
        ("CCN1", "CYR61", "previous"),
        ("TP53", "ENSG00000141510.17", "ensembl"),
        ("TITF1", "NKX2-1", "alias"),
        ("SEPTIN2", "2-Sep", "spreadsheet"),
    }


def test_ambiguous_names_are_listed_and_two_names_of_a_gene_count_once():
    rows = ["KMT2B", "KMT2D", "CCN1"]
    scorer = Scorer(rows, as_signatures({"s": ["MLL2", "CCN1", "CYR61"]}), "zscore")
    assert [one.name for one in scorer.match.ambiguous] == ["MLL2"]
    cover = scorer.match.coverage[0]
    assert (cover.found, cover.genes, cover.missing) == (1, 2, ("MLL2",))
    measured = Scorer(["MLL2", "CCN1"], as_signatures({"s": ["KMT2D", "KMT2B", "CCN1"]}), "zscore")
    assert [one.name for one in measured.match.ambiguous] == ["MLL2"]
    assert measured.match.coverage[0].found == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_value_is_missing_in_its_own_sample_only(method):
    wanted = as_signatures({"s": GENES[:6], "t": GENES[20:40]})
    holed = X.copy()
    holed[1, [0, 30]] = np.nan
    holed[2, :] = np.nan
    holed[3, 5] = -np.inf
    whole = Scorer(GENES, wanted, method).score(X).scores
    for engine in ("plain", "compiled"):
        batch = Scorer(GENES, wanted, method, engine=engine).score(holed)
        assert batch.incomplete == {1: 2, 2: 50, 3: 1}
        assert np.array_equal(batch.scores[0], whole[0])
        kept = np.isfinite(holed[1])
        alone = Scorer([g for g, k in zip(GENES, kept, strict=True) if k], wanted, method)
        assert np.array_equal(batch.scores[1], alone.score(holed[1:2, kept]).scores[0])
        assert np.isnan(batch.scores[2]).all()


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_repeated_genes_are_merged_by_their_largest_value_whatever_the_storage(engine):
    rng = np.random.default_rng(1)
    x = rng.poisson(1.0, (5, 60)).astype(float) - (rng.random((5, 60)) < 0.1)
    names = [f"G{i % 50}" for i in range(60)]
    merged = np.array(
        [[row[[i for i, n in enumerate(names) if n == g]].max() for g in GENES] for row in x]
    )
    wanted = as_signatures({"s": GENES[:12]})
    for method in METHODS:
        scorer = Scorer(names, wanted, method, engine=engine)
        assert scorer.duplicated == GENES[:10]
        expected = Scorer(GENES, wanted, method).score(merged).scores
        assert np.array_equal(scorer.score(x).scores, expected)
        assert np.array_equal(scorer.score(csr_array(x)).scores, expected)


def test_counts_linear_and_centred_values_are_noticed():
    rng = np.random.default_rng(0)
    counts = rng.negative_binomial(1, 0.01, (5, 50)).astype(float)
    assert [f.code for f in inspect_values(counts, "zscore")] == ["counts"]
    assert inspect_values(counts, "zscore")[0].severity == "caution"
    assert inspect_values(counts, "ssgsea")[0].severity == "note"
    assert inspect_values(csr_array(counts), "ulm")[0].code == "counts"
    assert [f.code for f in inspect_values(counts * 1.01, "zscore")] == ["linear_values"]
    assert inspect_values(np.log2(counts + 1), "zscore") == []
    assert [f.code for f in inspect_values(X - X.mean(axis=0), "ssgsea")] == ["centred"]
    assert [f.code for f in inspect_values(X - 4, "ssgsea")] == ["negative_values"]
    assert inspect_values(np.full((2, 3), np.nan), "ssgsea") == []
    assert inspect_values(np.eye(3), "zscore") == []  # yes and no are no counts


def test_transposed_matrices_and_mouse_symbols_are_noticed():
    wanted = as_signatures({"s": ["ASCL1", "NEUROD1", "POU2F3", "YAP1"]})
    human, samples = ["ASCL1", "NEUROD1", "TP53"], ["S1", "S2"]
    assert inspect_names(human, samples, wanted) == []
    assert [f.code for f in inspect_names(samples, human, wanted)] == ["transposed"]
    by_id = ["ENSG00000139352", "ENSG00000141510"]  # ASCL1 and TP53
    assert [f.code for f in inspect_names(samples, by_id, wanted)] == ["transposed"]
    mouse = ["Ascl1", "Neurod1", "Trp53"]
    assert [f.code for f in inspect_names(mouse, samples, wanted)] == ["mouse_symbols"]
    assert inspect_names(mouse, samples, as_signatures({"s": mouse})) == []
    assert [f.code for f in inspect_names([*human, "TP53"], samples, wanted)] == [
        "duplicated_genes"
    ]


def test_what_cannot_be_scored_says_why_and_what_to_do():
    wanted = as_signatures({"s": GENES[:3]})
    with pytest.raises(ExpressionError, match="50 genes are named"):
        Scorer(GENES, wanted, "ssgsea").score(X[:, :10])
    with pytest.raises(OptionError, match="choose one of ssgsea"):
        Scorer(GENES, wanted, "gsva")
    with pytest.raises(OptionError, match="at least 2 genes"):
        Options(n_up=1)
    with pytest.raises(SignatureError, match="no genes"):
        as_signatures({"s": []})
    with pytest.raises(SignatureError, match="not a number"):
        Signature("s", {"A": float("nan")})


def test_the_shipped_signatures_name_approved_genes_and_their_sources():
    signatures = builtin_signatures()
    assert {"ne50", "t_effector", "t_cell_inflamed", "antigen_presentation", "hypoxia"} <= set(
        signatures
    )
    index = gene_index()
    for signature in signatures.values():
        assert all(gene in index for gene in signature.genes), signature.name
        assert signature.sources
        assert all(source.startswith("10.") for source in signature.sources)
        assert 0 < signature.coverage_min <= 1
        assert signature.id == f"signature.{signature.name}"
    weights = signatures["ne50"].genes
    assert (weights["ASCL1"], weights["YAP1"], len(weights)) == (1, -1, 50)


def test_genes_centred_over_a_cohort_are_told_from_values_that_are_only_shifted():
    spread = np.random.default_rng(2).normal(0, 3, 50)
    shifted = X - 5 + spread
    assert [f.code for f in inspect_values(shifted, "ssgsea")] == ["negative_values"]
    assert [f.code for f in inspect_values(shifted - shifted.mean(axis=0), "ssgsea")] == ["centred"]


def test_many_samples_with_gaps_are_scored_as_each_alone():
    rng = np.random.default_rng(3)
    genes = ["CCN1", "MS4A1", "TP53", *GENES]
    rows = ["CYR61", "CD20", "TP53", *GENES]
    holed = rng.normal(5, 1, (6, 53))
    holed[rng.random(holed.shape) < 0.2] = np.nan
    wanted = as_signatures({"s": genes[:9], "t": [f"{g}-" for g in genes[5:30]]})
    for options in (Options(), Options(missing_last=True)):
        together = Scorer(rows, wanted, "ucell", options).score(holed).scores
        for row, values in zip(together, holed, strict=True):
            kept = np.flatnonzero(np.isfinite(values))
            alone = Scorer([rows[i] for i in kept], wanted, "ucell", options)
            assert np.array_equal(alone.score(values[kept][None]).scores[0], row, equal_nan=True)


def test_a_repeated_gene_lacks_a_value_only_where_every_copy_does():
    wanted = as_signatures({"s": GENES[:5]})
    twice = np.hstack([X, X[:, :1]])
    twice[0, 0] = twice[1, 50] = np.nan
    batch = Scorer([*GENES, "G0"], wanted, "singscore").score(twice)
    assert batch.incomplete == {}
    assert np.array_equal(batch.scores, Scorer(GENES, wanted, "singscore").score(X).scores)
