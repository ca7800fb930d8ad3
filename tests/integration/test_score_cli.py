"""`nenuphar score` from file to file, and the containers it reads."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from openpyxl import Workbook
from typer.testing import CliRunner

from nenuphar.cli.score import register
from nenuphar.io.expression import (
    UnreadableError,
    read_expression,
    write_wide,
)
from nenuphar.io.gene_sets import read_gmt
from nenuphar.methods.expression import ExpressionError, Options, Scorer, as_signatures, score

GENES = ["ASCL1", "NEUROD1", "POU2F3", "YAP1", "TP53", "RB1", "MKI67", "CHGA", "SYP", "INSM1"]
SAMPLES = ["T1", "T2", "T3"]
X = np.random.default_rng(0).normal(5, 2, (3, 10)).round(3)
SETS = {"NE": ["ASCL1", "CHGA", "SYP", "INSM1"], "cycle": ["MKI67", "RB1", "TP53"]}


@pytest.fixture
def files(tmp_path):
    frame = pl.DataFrame({"gene": GENES} | {s: X[i] for i, s in enumerate(SAMPLES)})
    frame.write_csv(tmp_path / "m.tsv", separator="\t")
    rows = "\n".join("\t".join([name, "made up", *genes]) for name, genes in SETS.items())
    (tmp_path / "sets.gmt").write_text(rows + "\n")
    return tmp_path


@pytest.fixture
def run(files):
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)

    def call(*arguments, signatures="sets.gmt", method="singscore", out="out.parquet"):
        chosen = signatures if signatures == "builtin" else str(files / signatures)
        wanted = ["--signatures", chosen, "--method", method, "-o", str(files / out)]
        return CliRunner().invoke(app, ["score", *map(str, arguments), *wanted])

    return call


def direct(method="singscore", **options):
    return Scorer(GENES, as_signatures(SETS), method, Options(**options)).score(X).scores


@pytest.mark.parametrize("method", ["ssgsea", "aucell", "ucell", "singscore", "zscore", "ulm"])
def test_out_is_wide_with_the_sample_first(run, files, method):
    result = run(files / "m.tsv", method=method)
    assert result.exit_code == 0, result.output
    out = pl.read_parquet(files / "out.parquet")
    assert out.columns == ["sample", "NE", "cycle"]
    assert out["sample"].to_list() == SAMPLES
    assert np.array_equal(out.drop("sample").to_numpy(), direct(method))


def test_the_same_input_gives_the_same_bytes_in_every_format(run, files):
    for out in ("a.parquet", "a.csv", "a.tsv"):
        assert run(files / "m.tsv", out=out).exit_code == 0
        first = (files / out).read_bytes()
        assert run(files / "m.tsv", out=out).exit_code == 0
        assert (files / out).read_bytes() == first
    assert (files / "a.csv").read_text().startswith("sample,NE,cycle\nT1,")
    assert not [p for p in files.iterdir() if p.name.startswith(".")]  # nothing half-written


def test_options_reach_the_method(run, files):
    arguments = ("--max-rank", "5")
    assert run(files / "m.tsv", *arguments, method="ucell").exit_code == 0
    out = pl.read_parquet(files / "out.parquet").drop("sample").to_numpy()
    assert np.array_equal(out, direct("ucell", max_rank=5))
    assert run(files / "m.tsv", "--normalise", "range", method="ssgsea").exit_code == 0
    out = pl.read_parquet(files / "out.parquet").drop("sample").to_numpy()
    assert out.max() - out.min() == pytest.approx(1)


def test_builtin_signatures_are_refused_one_by_one_where_too_little_is_measured(run, files):
    result = run(files / "m.tsv", "--coverage-min", "0.04", "--json", signatures="builtin")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    refused = {one["signature"] for one in report["signatures"] if one["refused"]}
    out = pl.read_parquet(files / "out.parquet")
    empty = {name for name in out.columns if out[name].null_count() == 3}
    assert refused == empty
    assert "hypoxia" in refused
    assert "ne50" not in refused


def test_genes_found_by_id_are_one_line_and_the_whole_list_in_json(run, files):
    ids = {"ASCL1": "ENSG00000139352.4", "CHGA": "ENSG00000100604.13", "SYP": "M6PBP1|6855"}
    frame = pl.read_csv(files / "m.tsv", separator="\t")
    frame = frame.with_columns(pl.col("gene").replace(ids | {"INSM1": "IA-1"}))
    frame.write_csv(files / "ids.csv")
    said = run(files / "ids.csv").output
    assert "Replaced: 2 genes were found by their Ensembl id; --json lists them." in said
    assert "Replaced: INSM1 was found as IA-1 (INSM1, alias)." in said
    report = json.loads(run(files / "ids.csv", "--json").stdout)
    assert {one["row"] for one in report["replaced"]} == {*ids.values(), "IA-1"}


def test_nothing_measured_is_unreadable_and_writes_nothing(run, files):
    result = run(files / "m.tsv", signatures="builtin")
    assert result.exit_code == 3
    assert "no signature is measured well enough" in result.stderr
    assert not (files / "out.parquet").exists()


def test_a_transposed_matrix_is_detected_and_read_when_told(run, files):
    wide = pl.DataFrame({"sample": SAMPLES} | {g: X[:, i] for i, g in enumerate(GENES)})
    wide.write_csv(files / "w.csv")
    result = run(files / "w.csv")
    assert result.exit_code == 3
    assert "transposed" in result.stderr
    assert run(files / "w.csv", "--samples-in-rows").exit_code == 0
    out = pl.read_parquet(files / "out.parquet").drop("sample").to_numpy()
    assert np.array_equal(out, direct())


def test_counts_mouse_symbols_and_duplicates_are_said(run, files):
    counts = np.random.default_rng(1).integers(0, 500, (10, 3))
    pl.DataFrame({"g": GENES} | dict(zip(SAMPLES, counts.T, strict=True))).write_csv(
        files / "c.csv"
    )
    assert "the values are counts" in run(files / "c.csv").stderr
    mouse = [gene.capitalize() for gene in GENES]
    pl.DataFrame({"g": mouse} | dict(zip(SAMPLES, X, strict=True))).write_csv(files / "mm.csv")
    result = run(files / "mm.csv")
    assert (result.exit_code, "mouse" in result.stderr) == (3, True)
    twice = [*GENES[:-1], "ASCL1"]
    pl.DataFrame({"g": twice} | dict(zip(SAMPLES, X, strict=True))).write_csv(files / "d.csv")
    result = run(files / "d.csv")
    assert (result.exit_code, "merged by the largest" in result.stderr) == (0, True)
    rows = "\n".join(",".join([s, *map(str, X[i])]) for i, s in enumerate(SAMPLES))
    (files / "e.csv").write_text(",".join(["sample", *twice]) + "\n" + rows + "\n\n")
    merged = run(files / "e.csv", "--samples-in-rows", out="e.parquet")
    assert (merged.exit_code, "merged by the largest" in merged.stderr) == (0, True)
    assert (files / "e.parquet").read_bytes() == (files / "out.parquet").read_bytes()


def test_bad_cells_are_rejected_one_by_one_and_their_sample_is_scored_on_the_rest(run, files):
    text = (files / "m.tsv").read_text().splitlines()
    cells = text[2].split("\t")
    text[2] = "\t".join([cells[0], "high", *cells[2:]])
    text[3] = text[3].replace("POU2F3", "")
    (files / "bad.tsv").write_text("\n".join(text))
    result = run(files / "bad.tsv", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [(r["line"], r["record"], r["column"], r["value"]) for r in report["rejected"]] == [
        (3, "NEUROD1", "T1", "high"),
        (4, "", "gene", ""),
    ]
    assert report["incomplete"] == [{"sample": "T1", "missing": 1}]
    assert report["genes"] == 9


def test_clinical_columns_beside_the_genes_are_left_out_and_listed(run, files):
    wide = pl.DataFrame({"Sample_ID": SAMPLES} | {g: X[:, i] for i, g in enumerate(GENES)})
    wide = wide.with_columns(Age=pl.lit(61), Histology=pl.lit("atypical"), C1orf54=pl.lit(3.5))
    wide.write_csv(files / "clinical.csv")
    result = run(files / "clinical.csv", "--samples-in-rows", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert sorted(report["left_out"]) == ["Age", "Histology"]
    assert report["genes"] == 11


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("gene\tS1\tS1\nA\t1\t2\n", "more than once"),
        ("gene\tS1\nA\tx\nB\ty\nC\t1\n", "most cells are no numbers"),
        ("gene\tS1\nA\tx\nB\ty\n", "no numbers"),
        ("gene\tS1\tS2\nA\t1\n\nB\t1\t2\t3\t4\n", "not a table"),
    ],
)
def test_unreadable_tables_say_what_is_wrong(run, files, text, says):
    (files / "u.tsv").write_text(text)
    result = run(files / "u.tsv")
    assert result.exit_code == 3
    assert says in result.stderr


def test_wrong_usage_is_told_from_unreadable_input(run, files):
    assert run(files / "absent.tsv").exit_code == 3
    assert run(files / "m.tsv", "--max-rank", "1").exit_code == 2
    assert run(files / "m.tsv", method="gsva").exit_code == 2
    assert run(files / "m.tsv", out="out.xml").exit_code == 2
    assert run(files / "m.tsv", "--layer", "raw").exit_code == 3
    (files / "e.gmt").write_text("only\n")
    result = run(files / "m.tsv", signatures="e.gmt")
    assert (result.exit_code, "line 1: no genes" in result.stderr) == (3, True)


def test_a_pandas_index_names_the_rows_though_parquet_puts_it_last(run, files):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X.T, index=GENES, columns=SAMPLES)
    frame.to_parquet(files / "genes.parquet")
    frame.T.rename_axis("sample").to_parquet(files / "samples.parquet")
    frame.set_axis(range(10)).to_parquet(files / "numbers.parquet")
    for name, options in (("genes", ()), ("samples", ("--samples-in-rows",))):
        assert run(files / f"{name}.parquet", *options).exit_code == 0
        out = pl.read_parquet(files / "out.parquet")
        assert out["sample"].to_list() == SAMPLES
        assert np.array_equal(out.drop("sample").to_numpy(), direct())
    assert read_expression(files / "numbers.parquet").samples == SAMPLES[1:]


def test_constant_samples_and_mouse_signatures_are_said(run, files):
    frame = pl.read_csv(files / "m.tsv", separator="\t")
    frame.with_columns(T2=pl.lit(3.5), T3=pl.lit(None)).write_csv(files / "c.csv")
    result = run(files / "c.csv")
    assert result.exit_code == 1
    assert "Constant: sample T2: every value is the same" in result.stderr
    assert "Unscored: sample T3." in result.stderr
    (files / "mouse.gmt").write_text("NE\t\tAscl1\tChga\tInsm1\n")
    result = run(files / "m.tsv", signatures="mouse.gmt")
    assert result.exit_code == 3
    assert "the signatures are spelt as mouse genes" in result.stderr


def test_a_set_too_large_for_the_method_is_said(run, files):
    (files / "all.gmt").write_text("all\t\t" + "\t".join(GENES) + "\nNE\t\tASCL1\tCHGA\n")
    result = run(files / "m.tsv", signatures="all.gmt", method="ssgsea")
    assert result.exit_code == 0
    assert "Empty: all: no sample has a score; the set is too large" in result.stderr
    assert pl.read_parquet(files / "out.parquet")["all"].null_count() == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sample\t\tASCL1\n", "named 'sample'"),
        ("NE\t\tASCL1+\tCHGA\tASCL1-\n", "line 1: ASCL1 has two weights or directions"),
    ],
)
def test_sets_that_contradict_themselves_or_the_output_are_refused(run, files, text, says):
    (files / "odd.gmt").write_text(text)
    result = run(files / "m.tsv", signatures="odd.gmt")
    assert (result.exit_code, says in result.stderr) == (3, True)
    assert not (files / "out.parquet").exists()


def workbook(path, frame):
    book = Workbook()
    for row in (frame.columns, *frame.iter_rows()):
        book.active.append(list(row))
    book.save(path)


def test_tables_are_read_whatever_their_marks_and_line_ends(files):
    base = (files / "m.tsv").read_text()
    header, *rows = base.splitlines()
    variants = {
        "semicolon.csv": base.replace("\t", ";"),
        "cr.txt": base.replace("\n", "\r"),
        "crlf.csv": base.replace("\t", ",").replace("\n", "\r\n"),
        "from_r.tsv": "\n".join([header.removeprefix("gene\t"), *rows]) + "\n",
        "annotated.txt": "\n".join(
            ["Hugo_Symbol\tEntrez_Gene_Id\t" + header.removeprefix("gene\t")]
            + [row.replace("\t", "\t1\t", 1) for row in rows]
        ),
        "m.gct": "#1.2\n10\t3\nName\tDescription\tT1\tT2\tT3\n"
        + "\n".join(row.replace("\t", "\tnote\t", 1) for row in rows),
        "m3.gct": "#1.3\n10\t3\t1\t1\nid\tDescription\tT1\tT2\tT3\nage\tna\t1\t2\t3\n"
        + "\n".join(row.replace("\t", "\tnote\t", 1) for row in rows),
    }
    for name, text in variants.items():
        (files / name).write_bytes(text.encode())
    (files / "m.csv.gz").write_bytes(gzip.compress(base.replace("\t", ",").encode()))
    (files / "bom.tsv").write_bytes(b"\xef\xbb\xbf" + base.encode())
    frame = pl.read_csv(files / "m.tsv", separator="\t")
    frame.write_parquet(files / "m.parquet")
    workbook(files / "m.xlsx", frame)
    for name in [*variants, "m.csv.gz", "bom.tsv", "m.parquet", "m.xlsx"]:
        matrix = read_expression(files / name)
        assert (matrix.genes, matrix.samples) == (GENES, SAMPLES), name
        assert np.array_equal(matrix.values, X), name


def test_gmt_directions_weights_and_faults_are_read(tmp_path):
    (tmp_path / "s.gmt").write_text(
        "a\t\tASCL1\tYAP1-\tCHGA+\nb\t\tASCL1,2.5\tYAP1,-1\tASCL1,2.5\n"
    )
    assert read_gmt(tmp_path / "s.gmt") == {
        "a": {"ASCL1": 1.0, "YAP1": -1.0, "CHGA": 1.0},
        "b": {"ASCL1": 2.5, "YAP1": -1.0},
    }
    (tmp_path / "t.gmt").write_text("a\t\tASCL1,x\nb\t\nc\t\tTP53\nc\t\tRB1\n")
    with pytest.raises(
        UnreadableError, match=r"line 1: 'x' is no weight.*line 2.*line 4: c occurs"
    ):
        read_gmt(tmp_path / "t.gmt")


def test_frames_of_polars_and_pandas_score_alike():
    pd = pytest.importorskip("pandas")
    polars = pl.DataFrame({"gene": GENES} | {s: X[i] for i, s in enumerate(SAMPLES)})
    pandas = pd.DataFrame(X.T, index=GENES, columns=SAMPLES)
    for frame in (polars, pandas):
        out = score(frame, SETS, "singscore")
        assert out["sample"].to_list() == SAMPLES
        assert np.array_equal(out.drop("sample").to_numpy(), direct())


def test_a_frame_is_scored_in_portions_of_samples(monkeypatch):
    monkeypatch.setattr("nenuphar.methods.expression.frames.PORTION", 2 * len(GENES))
    frame = pl.DataFrame({"gene": GENES} | {s: X[i] for i, s in enumerate(SAMPLES)})
    assert np.array_equal(score(frame, SETS, "singscore").drop("sample").to_numpy(), direct())


def test_in_python_oddities_warn_and_what_cannot_be_scored_raises():
    counts = pl.DataFrame({"gene": GENES} | {s: range(i, i + 10) for i, s in enumerate(SAMPLES)})
    with pytest.warns(UserWarning, match="the values are counts"):
        score(counts, SETS, "zscore")
    frame = pl.DataFrame({"gene": GENES} | {s: X[i] for i, s in enumerate(SAMPLES)})
    with pytest.warns(UserWarning, match=r"1 of 1 signatures .* none \(0 of 2\)"):
        score(frame, {"none": ["XX1", "XX2"]}, "singscore")
    mouse = frame.with_columns(pl.col("gene").str.to_titlecase())
    with pytest.raises(ExpressionError, match="mouse"):
        score(mouse, SETS, "singscore")
    turned = pl.DataFrame({"sample": SAMPLES} | {g: X[:, i] for i, g in enumerate(GENES)})
    with pytest.raises(ExpressionError, match="transposed"):
        score(turned, SETS, "singscore")
    pandas = pytest.importorskip("pandas").DataFrame({"T1": ["high"] * 10}, index=GENES)
    for text in (frame.with_columns(T1=pl.lit("high")), pandas):
        with pytest.raises(ExpressionError, match="no numbers"):
            score(text, SETS, "singscore")


BAD = {
    "cut.csv.gz": gzip.compress(b"gene,T1\nASCL1,2.5\n" * 50)[:40],
    "bad.parquet": b"not a parquet file" * 9,
    "bad.xlsx": b"not a workbook" * 9,
    "bad.h5ad": b"not an HDF5 file" * 9,
    "binary.csv": bytes(range(256)),
    "comment.csv": b"# nothing else\n",
    "page.csv": b"<html><body>Not found</body></html>",
    "short.gct": b"hello\n",
    "sized.gct": b"#1.2\nten\t3\nNAME\tDescription\tT1\n",
    "ragged.csv": b"gene,T1,T2\nASCL1,1.5,2.5\nCHGA,2.5,1.5,7,8\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_what_it_seems_is_one_error_with_a_remedy(run, files, name):
    (files / name).write_bytes(BAD[name])
    result = run(files / name)
    assert result.exit_code == 3
    assert result.output.startswith(f"Error: {name}: ")
    assert not (files / "out.parquet").exists()
    if name == "ragged.csv":
        assert "line 3 has 5" in result.output


@pytest.mark.parametrize(
    ("head", "mark", "point"), [("# made by hand\n\n", ",", "."), ("", ";", ","), ("", " ", ".")]
)
def test_comments_decimal_commas_and_blanks_between_columns_are_read(files, head, mark, point):
    rows = [[g, *(f"{v:.3f}".replace(".", point) for v in X[:, i])] for i, g in enumerate(GENES)]
    rows[3][1] = "high"
    text = head + "\n".join(mark.join(row) for row in [["gene", *SAMPLES], *rows])
    (files / "x.csv").write_text(text)
    matrix = read_expression(files / "x.csv")
    (wrong,) = matrix.rejected
    assert (wrong.line, wrong.record, wrong.value) == (5 + head.count("\n"), "YAP1", "high")
    assert np.array_equal(matrix.values[1], X[1])


def test_genes_with_small_letters_are_no_clinical_columns(files):
    names = [*GENES, "C10orf99", "HLA.DRA", "ProSAPiP1", "Age"]
    rows = np.hstack([X, np.ones((3, 4))])
    text = ",".join(["sample", *names])
    for sample, row in zip(SAMPLES, rows, strict=True):
        text += "\n" + ",".join([sample, *map(str, row)])
    (files / "rows.csv").write_text(text)
    matrix = read_expression(files / "rows.csv", samples_in_rows=True)
    assert matrix.left_out == ["Age"]
    assert matrix.genes == names[:-1]


def test_output_and_signatures_are_checked_before_the_work(run, files):
    assert run(files / "m.tsv", out="absent/out.csv").exit_code == 2
    assert run(files / "m.tsv", out="out.png").exit_code == 2
    absent = run(files / "m.tsv", signatures="absent.gmt")
    assert (absent.exit_code, "no such file" in absent.output) == (3, True)


def test_scores_that_do_not_exist_are_written_as_missing(tmp_path):
    write_wide(tmp_path / "o.csv", ["a"], ["x", "y"], np.array([[1.5, np.nan]]))
    assert (tmp_path / "o.csv").read_text() == "sample,x,y\na,1.5,\n"


SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "pannet_expression"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared cohorts are not beside the checkout")
def test_a_real_cohort_is_scored_through_old_gene_names(run, files):
    result = run(
        SHARED / "expression.csv", "--samples-in-rows", "--coverage-min", "0.3", "--json",
        signatures="builtin",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    replaced = {one["wanted"]: one["row"] for one in json.loads(result.stdout)["replaced"]}
    assert replaced["CXCL8"] == "IL8"
    out = pl.read_parquet(files / "out.parquet")
    assert out["proliferation"].null_count() == 0
