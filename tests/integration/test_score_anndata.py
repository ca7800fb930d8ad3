"""`nenuphar score` and `score` on AnnData: files, layers, names, backed and lazy matrices."""

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csc_matrix, csr_matrix
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.io.expression import read_expression
from nenuphar.methods.expression import ExpressionError, Scorer, as_signatures, score

anndata = pytest.importorskip("anndata")
h5py = pytest.importorskip("h5py")
pd = pytest.importorskip("pandas")

GENES = ["ASCL1", "NEUROD1", "POU2F3", "YAP1", "TP53", "RB1", "MKI67", "CHGA", "SYP", "INSM1"]
SETS = {"NE": ["ASCL1", "CHGA", "SYP", "INSM1"], "cycle": ["MKI67", "RB1", "TP53"]}
COUNTS = np.random.default_rng(2).poisson(1.0, (23, 10)).astype(np.float32)
CELLS = [f"c{i}" for i in range(23)]
EXPECTED = Scorer(GENES, as_signatures(SETS), "ucell").score(COUNTS).scores


def annotated(matrix, genes=GENES):
    names = pd.Index([f"c{i}" for i in range(matrix.shape[0])])
    return anndata.AnnData(
        matrix, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=pd.Index(genes))
    )


@pytest.fixture
def run(tmp_path):
    rows = "\n".join("\t".join([name, "made up", *genes]) for name, genes in SETS.items())
    (tmp_path / "sets.gmt").write_text(rows)

    def call(path, *options):
        wanted = ["--signatures", tmp_path / "sets.gmt", "-o", tmp_path / "out.parquet"]
        arguments = ["score", path, "--method", "ucell", *options, *wanted]
        return CliRunner().invoke(app, list(map(str, arguments)))

    return call


def scores(folder):
    out = pl.read_parquet(folder / "out.parquet")
    assert out["sample"].to_list() == CELLS
    return out.drop("sample").to_numpy()


@pytest.mark.parametrize("layout", [csr_matrix, csc_matrix, np.asarray])
@pytest.mark.parametrize("suffix", ["h5ad", "zarr"])
def test_files_are_scored_in_portions(tmp_path, run, suffix, layout):
    path = tmp_path / f"cells.{suffix}"
    getattr(annotated(layout(COUNTS)), f"write_{suffix}")(path)
    scorer = Scorer(GENES, as_signatures(SETS), "ucell")
    portions = [scorer.score(part).scores for _, part in read_expression(path).blocks(rows=7)]
    assert np.array_equal(np.concatenate(portions), EXPECTED)
    assert run(path).exit_code == 0
    assert np.array_equal(scores(tmp_path), EXPECTED)


def test_portions_of_dense_files_are_whole_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("nenuphar.io.expression_matrix.BLOCK_VALUES", 60)
    annotated(COUNTS).write_h5ad(tmp_path / "plain.h5ad")
    annotated(COUNTS).write_h5ad(tmp_path / "packed.h5ad", compression="gzip")
    with h5py.File(tmp_path / "packed.h5ad", "a") as file:
        del file["X"]
        file.create_dataset("X", data=COUNTS, chunks=(4, 5))
    for name, sizes in (("plain", [6, 6, 6, 5]), ("packed", [8, 8, 7])):
        blocks = list(read_expression(tmp_path / f"{name}.h5ad").blocks())
        assert [part.shape[0] for _, part in blocks] == sizes
        assert np.array_equal(np.concatenate([part for _, part in blocks]), COUNTS)


def test_a_layer_and_raw_are_scored_when_named(tmp_path, run):
    data = annotated(np.zeros_like(COUNTS))
    data.layers["counts"], data.raw = csr_matrix(COUNTS), annotated(COUNTS)
    data.write_h5ad(tmp_path / "cells.h5ad")
    for layer in ("counts", "raw"):
        assert run(tmp_path / "cells.h5ad", "--layer", layer).exit_code == 0
        assert np.array_equal(scores(tmp_path), EXPECTED)
        assert np.array_equal(score(data, SETS, "ucell", layer=layer).drop("sample"), EXPECTED)
    result = run(tmp_path / "cells.h5ad", "--layer", "log")
    assert result.exit_code == 3
    assert "no layer 'log'; choose --layer from those it has: counts, raw" in result.stderr
    with pytest.raises(ExpressionError, match=r"no layer 'log'; .* counts, raw"):
        score(data, SETS, "ucell", layer="log")


def test_without_x_the_layers_are_offered(tmp_path, run):
    data = anndata.AnnData(obs=pd.DataFrame(index=CELLS), var=pd.DataFrame(index=GENES))
    data.layers["log"] = COUNTS
    data.write_h5ad(tmp_path / "cells.h5ad")
    result = run(tmp_path / "cells.h5ad")
    assert result.exit_code == 3
    assert "X is empty; choose --layer from those it has: log" in result.stderr
    with pytest.raises(ExpressionError, match="no X; give as layer one of those it has: log"):
        score(data, SETS, "ucell")


@pytest.mark.parametrize("kind", ["str", "category"])
def test_genes_are_named_by_a_column_when_told(tmp_path, run, kind):
    data = annotated(COUNTS, [f"probe{i}" for i in range(10)])
    data.var["symbol"] = pd.Series(GENES, index=data.var_names).astype(kind)
    data.write_h5ad(tmp_path / "cells.h5ad")
    assert run(tmp_path / "cells.h5ad").exit_code == 3
    assert run(tmp_path / "cells.h5ad", "--gene-names", "symbol").exit_code == 0
    assert np.array_equal(scores(tmp_path), EXPECTED)
    result = run(tmp_path / "cells.h5ad", "--gene-names", "gene")
    assert "var has no column 'gene'; choose --gene-names from: symbol" in result.stderr


def test_names_of_the_nullable_kind_are_read(tmp_path, run):
    data = annotated(COUNTS)
    data.obs.index = pd.Index(pd.array(CELLS, dtype="string"))
    data.var.index = pd.Index(pd.array(GENES, dtype="string"))
    with anndata.settings.override(allow_write_nullable_strings=True):
        data.write_h5ad(tmp_path / "cells.h5ad")
    assert run(tmp_path / "cells.h5ad").exit_code == 0
    assert np.array_equal(scores(tmp_path), EXPECTED)


def test_cells_of_one_name_and_empty_cells_are_said(tmp_path, run):
    counts = COUNTS.copy()
    counts[1] = 0
    for layout in (csr_matrix, csc_matrix, np.asarray):
        data = annotated(layout(counts))
        data.obs_names = [*CELLS[:-1], "c0"]
        path = tmp_path / f"{layout.__name__}.h5ad"
        data.write_h5ad(path)
        result = run(path)
        assert result.exit_code == 0
        assert "several samples bear one name (c0)" in result.stderr
        assert result.stderr.count("Constant: sample c1:") == 1
        assert result.stderr.count("Constant") == 1
        with (
            pytest.warns(UserWarning, match="bear one name"),
            pytest.warns(UserWarning, match=r"the same in 1 samples \(c1\)"),
        ):
            score(data, SETS, "ucell")


class Lazy:
    """Stands for a Dask array: slices are lazy and have to be computed."""

    def __init__(self, values):
        self.held, self.shape = values, values.shape

    def __getitem__(self, rows):
        return Lazy(self.held[rows])

    def compute(self):
        return self.held


def test_matrices_in_memory_backed_and_lazy_score_alike(tmp_path):
    counts = np.random.default_rng(2).poisson(2.0, (5000, 10)).astype(np.float64)
    data = annotated(csr_matrix(counts))
    expected = Scorer(GENES, as_signatures(SETS), "aucell").score(counts).scores
    frame = score(data, SETS, "aucell")
    assert np.array_equal(frame.drop("sample").to_numpy(), expected)
    assert np.array_equal(data.obsm["score_aucell"], expected)
    assert list(data.uns["score_aucell"]) == ["NE", "cycle"]

    for layout in (csr_matrix, csc_matrix, np.asarray):
        path = tmp_path / f"{layout.__name__}.h5ad"
        annotated(layout(counts)).write_h5ad(path)
        backed = anndata.read_h5ad(path, backed="r")
        assert np.array_equal(score(backed, SETS, "aucell").drop("sample").to_numpy(), expected)

    class Holder:
        var_names, obs_names, obsm, uns = GENES, list(data.obs_names), {}, {}

    for held in (counts, csr_matrix(counts)):
        Holder.X = Lazy(held)
        assert np.array_equal(score(Holder, SETS, "aucell").drop("sample").to_numpy(), expected)


def test_dask_arrays_score_as_what_they_hold():
    array = pytest.importorskip("dask.array")
    for chunks in ((7, 10), (23, 3)):
        data = annotated(array.from_array(COUNTS, chunks=chunks))
        assert np.array_equal(score(data, SETS, "ucell").drop("sample").to_numpy(), EXPECTED)
    sparse = array.from_array(COUNTS, chunks=(7, 10)).map_blocks(csr_matrix)
    frame = score(annotated(sparse), SETS, "ucell")
    assert np.array_equal(frame.drop("sample").to_numpy(), EXPECTED)
