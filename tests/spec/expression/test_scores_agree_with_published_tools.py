"""The same numbers as gseapy, decoupler and pyucell, up to the differences stated here."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nenuphar.methods.expression import Options, Scorer, as_signatures, by_range

N = 4000
GENES = [f"G{i}" for i in range(N)]


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(1)
    return {f"s{i}": list(rng.choice(GENES, n, replace=False)) for i, n in enumerate((15, 60, 150))}


@pytest.fixture(scope="module")
def bulk():
    return np.random.default_rng(2).normal(6, 2, (8, N))


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(3)
    return rng.poisson(rng.gamma(0.3, 1.0, (12, N))).astype(np.float64)


def scored(method, sets, x, **options):
    return Scorer(GENES, as_signatures(sets), method, Options(**options)).score(x).scores


def annotated(x):
    anndata = pytest.importorskip("anndata")
    pd = pytest.importorskip("pandas")
    names = pd.Index([f"c{i}" for i in range(x.shape[0])])
    return anndata.AnnData(x, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=GENES))


def network(sets):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(
        [(name, gene, w) for name, genes in sets.items() for gene, w in weighted(genes)],
        columns=["source", "target", "weight"],
    )


def weighted(genes):
    return genes.items() if isinstance(genes, dict) else ((gene, 1.0) for gene in genes)


def by_gseapy(sets, x, column="ES", genes=GENES):
    gseapy = pytest.importorskip("gseapy")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(x.T, index=genes, columns=[f"c{i}" for i in range(len(x))])
    peer = gseapy.ssgsea(frame, sets, outdir=None, min_size=1, max_size=1000, threads=1).res2d
    wide = peer.pivot(index="Name", columns="Term", values=column).astype(float)
    return wide.loc[frame.columns, list(sets)].to_numpy()


def by_decoupler(method, sets, x, **options):
    decoupler = pytest.importorskip("decoupler")
    data = annotated(x)
    getattr(decoupler.mt, method)(data, network(sets), tmin=1, empty=False, **options)
    return data.obsm[f"score_{method}"][list(sets)].to_numpy()


def by_pyucell(sets, x, **options):
    pyucell = pytest.importorskip("pyucell")
    data = annotated(csr_matrix(x))
    pyucell.compute_ucell_scores(data, sets, n_jobs=1, **options)
    return data.obs[[f"{name}_UCell" for name in sets]].to_numpy()


@pytest.fixture(scope="module")
def halved(sets):
    """Sets of which a third of the genes is not measured."""
    return {name: genes[::2] + [f"{name}-{i}" for i in range(len(genes) // 4)]
            for name, genes in sets.items()}  # fmt: skip


@pytest.fixture(scope="module")
def signed(sets):
    """Sets with genes expected low and with weights."""
    rng = np.random.default_rng(6)
    return {name: dict(zip(genes, rng.normal(0, 1, len(genes)), strict=True))
            for name, genes in sets.items()}  # fmt: skip


def test_ssgsea_equals_gseapy_where_nothing_is_tied(sets, bulk, halved):
    np.testing.assert_allclose(scored("ssgsea", sets, bulk), by_gseapy(sets, bulk), rtol=1e-9)
    np.testing.assert_allclose(scored("ssgsea", halved, bulk), by_gseapy(halved, bulk), rtol=1e-9)
    ranged = by_range(scored("ssgsea", sets, bulk, normalise="range"))
    np.testing.assert_allclose(ranged, by_gseapy(sets, bulk, "NES"), rtol=1e-9)


def test_ssgsea_of_counts_is_the_mean_of_gseapy_over_orders_of_the_genes(sets, counts):
    """Gseapy ranks tied genes by their row: two orders of the same genes hardly agree on counts."""
    rng = np.random.default_rng(5)
    x, runs = counts[:3], []
    for _ in range(40):
        order = rng.permutation(N)
        runs.append(by_gseapy(sets, x[:, order], genes=[GENES[i] for i in order]))
    runs = np.array(runs)
    error = runs.std(axis=0) / np.sqrt(len(runs))
    ours = scored("ssgsea", sets, x)
    assert (np.abs(ours - runs.mean(axis=0)) <= 4 * error).all()
    assert np.corrcoef(ours.ravel(), runs.mean(axis=0).ravel())[0, 1] > 0.99
    assert np.corrcoef(runs[0].ravel(), runs[1].ravel())[0, 1] < 0.9


def test_aucell_equals_decoupler_where_nothing_is_tied(sets, bulk, halved):
    for chosen, options in ((sets, {}), (halved, {}), (sets, {"n_up": 100})):
        peer = by_decoupler("aucell", chosen, bulk, **options)
        np.testing.assert_allclose(scored("aucell", chosen, bulk, **options), peer, atol=1e-12)


def test_aucell_of_counts_is_the_mean_of_decoupler_over_orders_of_the_genes(sets, counts):
    """Decoupler ranks tied genes by their column: its score changes when genes are reordered.

    Left alone it also drops genes without counts, and with them the meaning of "top 5%";
    `empty=False` keeps them.
    """
    decoupler = pytest.importorskip("decoupler")
    rng = np.random.default_rng(5)
    x, runs = counts[:2], []
    for _ in range(60):
        data = annotated(x)[:, rng.permutation(N)].copy()
        decoupler.mt.aucell(data, network(sets), tmin=1, empty=False)
        runs.append(data.obsm["score_aucell"][list(sets)].to_numpy())
    runs = np.array(runs)
    error = runs.std(axis=0) / np.sqrt(len(runs))
    assert runs.std(axis=0).max() > 0  # the peer does depend on the order
    assert (np.abs(scored("aucell", sets, x) - runs.mean(axis=0)) <= 5 * error + 1e-12).all()


@pytest.mark.parametrize("method", ["ulm", "zscore"])
@pytest.mark.parametrize("matrix", ["bulk", "counts"])
def test_ulm_and_zscore_equal_decoupler(method, matrix, sets, halved, request):
    x = request.getfixturevalue(matrix)
    for chosen in (sets, halved):
        peer = by_decoupler(method, chosen, x)
        np.testing.assert_allclose(scored(method, chosen, x), peer, rtol=1e-7, atol=1e-9)


def test_ulm_with_weights_equals_decoupler(signed, bulk):
    for slope in (False, True):
        peer = by_decoupler("ulm", signed, bulk, tval=not slope)
        ours = scored("ulm", signed, bulk, slope=slope)
        np.testing.assert_allclose(ours, peer, rtol=1e-6, atol=1e-9)


def test_zscore_with_weights_takes_the_mean_off_every_gene(signed, bulk):
    """Decoupler takes it off the weighted mean: a gene expected low then counts it twice.

    What both compute without taking the mean off (decoupler: KSEA) is the same.
    """
    plain = by_decoupler("zscore", signed, bulk, flavor="KSEA")
    kept = scored("zscore", signed, bulk, subtract_mean=False)
    np.testing.assert_allclose(kept, plain, rtol=1e-7, atol=1e-9)
    weights = [np.array(list(one.values())) for one in signed.values()]
    share = [w.sum() / np.abs(w).sum() * np.sqrt(w.size) for w in weights]
    units = (bulk.mean(axis=1) / bulk.std(axis=1, ddof=1))[:, None]
    np.testing.assert_allclose(scored("zscore", signed, bulk), plain - units * share, atol=1e-9)


@pytest.mark.parametrize("decimals", [9, 0])
def test_ucell_equals_pyucell_whatever_is_tied(sets, bulk, counts, decimals):
    """Zeros are cut off in both; pyucell works in single precision."""
    for x in (bulk.round(decimals), counts):
        for max_rank in (500, 1500):
            peer = by_pyucell(sets, x, max_rank=max_rank)
            ours = scored("ucell", sets, x, max_rank=max_rank)
            np.testing.assert_allclose(ours, peer, atol=2e-5)


@pytest.mark.parametrize("w_neg", [1.0, 0.5])
def test_ucell_with_genes_expected_low_equals_pyucell(sets, counts, w_neg):
    marked = {
        name: [gene + ("-" if i % 3 == 0 else "+") for i, gene in enumerate(genes)]
        for name, genes in sets.items()
    }
    peer = by_pyucell(marked, counts, max_rank=500, w_neg=w_neg)
    ours = scored("ucell", marked, counts, max_rank=500, w_neg=w_neg)
    np.testing.assert_allclose(ours, peer, atol=2e-5)


def test_ucell_counts_unmeasured_genes_as_pyucell_only_when_asked(halved, counts):
    for missing, ours in (("impute", {"missing_last": True}), ("skip", {})):
        peer = by_pyucell(halved, counts, max_rank=500, missing_genes=missing)
        asked = scored("ucell", halved, counts, max_rank=500, **ours)
        np.testing.assert_allclose(asked, peer, atol=2e-5)


def test_ucell_of_a_set_twice_as_large_as_the_cut_off_does_not_exist(counts):
    """Pyucell gives 0, as for a set of which no gene is high."""
    large = {"large": GENES[:1000]}
    assert (by_pyucell(large, counts, max_rank=500) == 0).all()
    assert np.isnan(scored("ucell", large, counts, max_rank=500)).all()
