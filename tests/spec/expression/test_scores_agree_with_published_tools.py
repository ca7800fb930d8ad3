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
        [(name, gene, 1.0) for name, genes in sets.items() for gene in genes],
        columns=["source", "target", "weight"],
    )


def test_ssgsea_equals_gseapy_where_nothing_is_tied(sets, bulk):
    gseapy = pytest.importorskip("gseapy")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(bulk.T, index=GENES, columns=[f"c{i}" for i in range(len(bulk))])
    peer = gseapy.ssgsea(frame, sets, outdir=None, min_size=1, max_size=1000, threads=1).res2d
    for column, options in (("ES", {}), ("NES", {"normalise": "range"})):
        wide = peer.pivot(index="Name", columns="Term", values=column).astype(float)
        wide = wide.loc[frame.columns, list(sets)].to_numpy()
        ours = scored("ssgsea", sets, bulk, **options)
        ours = by_range(ours) if column == "NES" else ours
        np.testing.assert_allclose(ours, wide, rtol=1e-9)


def test_aucell_equals_decoupler_where_nothing_is_tied(sets, bulk):
    decoupler = pytest.importorskip("decoupler")
    data = annotated(bulk)
    decoupler.mt.aucell(data, network(sets), tmin=1, empty=False)
    peer = data.obsm["score_aucell"][list(sets)].to_numpy()
    np.testing.assert_allclose(scored("aucell", sets, bulk), peer, atol=1e-12)


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
def test_ulm_and_zscore_equal_decoupler(method, sets, bulk):
    decoupler = pytest.importorskip("decoupler")
    data = annotated(bulk)
    getattr(decoupler.mt, method)(data, network(sets), tmin=1)
    peer = data.obsm[f"score_{method}"][list(sets)].to_numpy()
    np.testing.assert_allclose(scored(method, sets, bulk), peer, rtol=1e-7, atol=1e-9)


def test_ucell_equals_pyucell_on_counts(sets, counts):
    """Zeros are cut off in both; pyucell works in single precision."""
    pyucell = pytest.importorskip("pyucell")
    data = annotated(csr_matrix(counts))
    pyucell.compute_ucell_scores(data, sets, max_rank=500, n_jobs=1)
    peer = data.obs[[f"{name}_UCell" for name in sets]].to_numpy()
    np.testing.assert_allclose(scored("ucell", sets, counts, max_rank=500), peer, atol=2e-5)


def test_ucell_counts_unmeasured_genes_as_pyucell_only_when_asked(sets, counts):
    pyucell = pytest.importorskip("pyucell")
    wider = {name: [*genes, "ABSENT1", "ABSENT2"] for name, genes in sets.items()}
    data = annotated(csr_matrix(counts))
    pyucell.compute_ucell_scores(data, wider, max_rank=500, n_jobs=1)
    peer = data.obs[[f"{name}_UCell" for name in sets]].to_numpy()
    asked = scored("ucell", wider, counts, max_rank=500, missing_last=True)
    np.testing.assert_allclose(asked, peer, atol=2e-5)
    left_out = scored("ucell", wider, counts, max_rank=500)
    assert np.array_equal(left_out, scored("ucell", sets, counts, max_rank=500))
