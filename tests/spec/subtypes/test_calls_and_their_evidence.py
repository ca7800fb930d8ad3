"""A molecular group is called from one tumour alone, with what it rests on, or not at all."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import typer
from scipy.sparse import csr_array
from typer.testing import CliRunner

from nenuphar.cli import subtype
from nenuphar.methods.expression.subtypes import (
    FITTED_PANELS,
    RecalibrationError,
    classify,
    classify_sclc,
    load_model,
    load_sclc,
    panel_values,
    recalibrate,
)


def tumours(panel, each=6, noise=0.06, seed=0):
    """Made-up expression: the rank profile of each part, with noise, on a scale of logarithms."""
    model, rng = load_model(panel), np.random.default_rng(seed)
    labels = [model.groups[group] for group in model.part_of for _ in range(each)]
    values = np.repeat(model.profiles, each, axis=0)
    return model, labels, 2 + 14 * (values + rng.normal(0, noise, values.shape))


def names(values):
    return [f"T{i}" for i in range(len(values))]


@pytest.fixture(name="run")
def _run():
    app = typer.Typer()
    app.callback()(lambda: None)
    subtype.register(app)
    return lambda *words: CliRunner().invoke(app, ["subtype", *map(str, words)])


def write_table(path, genes, values, *, turned=False, extra=None):
    rows = [["sample", *genes, *(extra or {})]]
    for i, row in enumerate(values):
        rows.append([f"T{i}", *row.tolist(), *(column[i] for column in (extra or {}).values())])
    if turned:
        rows = [list(column) for column in zip(*rows, strict=True)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("panel", FITTED_PANELS)
def test_a_tumour_like_its_group_gets_that_group(panel):
    model, labels, values = tumours(panel)
    calls = classify(model, names(values), model.genes, values)
    assert np.mean([one.call == label for one, label in zip(calls, labels, strict=True)]) >= 0.95
    assert all(len(one.probabilities) == len(model.groups) for one in calls)
    assert all(sum(one.probabilities) == pytest.approx(1, abs=1e-9) for one in calls)


@pytest.mark.parametrize("panel", FITTED_PANELS)
def test_permuted_gene_names_are_not_called(panel):
    model, _, values = tumours(panel, each=8)
    turned = np.random.default_rng(1).permuted(values, axis=1)
    calls = classify(model, names(values), model.genes, turned)
    assert np.mean([one.status == "abstained" for one in calls]) >= 0.95
    assert "--recalibrate with at least 12 labelled samples" in calls[0].evidence


def test_a_part_of_a_group_that_is_unlike_the_rest_gets_the_group():
    model = load_model("lung-nen")
    part = model.parts.index("sclc_lcnec_like")
    (call,) = classify(model, ["T"], model.genes, model.profiles[part : part + 1])
    assert call.call == "sclc"
    assert len(call.probabilities) == len(model.groups) == len(model.parts) - 1
    assert "lcnec_like" not in call.evidence


def test_recalibration_takes_the_part_of_a_group_that_a_sample_resembles():
    model, labels, values = tumours("lung-nen", each=4, noise=0.02)
    _, shift = recalibrate(model, values, labels)
    assert np.abs(shift).mean() < 0.02


def test_too_few_genes_are_said_and_not_called():
    model, _, values = tumours("lung-nen")
    kept = len(model.genes) // 2
    calls = classify(model, names(values), model.genes[:kept], values[:, :kept])
    assert {one.status for one in calls} == {"abstained"}
    assert "of the panel measured, 60% needed" in calls[0].evidence


def test_a_tumour_between_two_groups_is_equivocal_and_both_are_named():
    model = load_model("lung-nen")
    shares = np.linspace(0, 1, 201)[:, None]
    between = model.profiles[3] * shares + model.profiles[4] * (1 - shares)
    calls = classify(model, names(between), model.genes, between)
    tied = [one for one in calls if one.status == "equivocal"]
    assert tied
    assert all("lcnec_1" in one.evidence and "lcnec_2" in one.evidence for one in tied)
    assert calls[0].call == "lcnec_2"
    assert calls[-1].call == "lcnec_1"


def test_a_tumour_without_any_value_is_abstained_and_still_has_probabilities():
    model = load_model("pannet")
    empty = np.full((1, len(model.genes)), np.nan)
    (call,) = classify(model, ["empty"], model.genes, empty)
    assert call.status == "abstained"
    assert sum(call.probabilities) == pytest.approx(1)


def test_evidence_names_genes_views_and_the_90_percent_set():
    model, _, values = tumours("lung-net", each=1)
    (call, *_) = classify(model, names(values), model.genes, values)
    for part in ("90% set A1", "views linear=A1", "familiarity", "128 of 128 genes", "low "):
        assert part in call.evidence


def test_genes_are_found_by_their_previous_names():
    model, _, values = tumours("lung-nen", each=2)
    renamed = [{"NKX2-1": "TITF1"}.get(gene, gene) for gene in model.genes]
    found = panel_values(model.genes, renamed, values)
    assert np.isfinite(found[:, model.genes.index("NKX2-1")]).all()


def test_a_gene_that_stands_twice_counts_with_its_largest_value_in_either_order():
    model, _, values = tumours("lung-nen", each=2)
    genes, low = [*model.genes, model.genes[0]], np.zeros((len(values), 1))
    expected = classify(model, names(values), model.genes, values)
    for twice in (np.hstack([values, low]), np.hstack([low, values[:, 1:], values[:, :1]])):
        assert classify(model, names(values), genes, twice) == expected
        assert classify(model, names(values), genes, csr_array(twice)) == expected


def test_every_renamed_and_every_ambiguous_gene_is_listed(run, tmp_path):
    model, labels, values = tumours("lung-nen", each=1)
    old = {"ASCL1": "ENSG00000139352.4", "HNF1A": "TCF1"}
    table = write_table(tmp_path / "old.csv", [old.get(g, g) for g in model.genes], values)
    result = run(table, "--panel", "lung-nen", "-o", tmp_path / "out.csv", "--json")
    report = json.loads(result.stdout)
    assert [(one["wanted"], one["row"], one["via"]) for one in report["replaced"]] == [
        ("ASCL1", "ENSG00000139352.4", "ensembl")
    ]
    assert report["ambiguous"] == [{"name": "TCF1", "candidates": ["HNF1A", "TCF7"]}]
    assert [one["call"] for one in report["calls"]] == labels
    said = run(table, "--panel", "lung-nen", "-o", tmp_path / "out.csv").output
    assert "genes found under other names: 1 (ASCL1 as ENSG00000139352.4)" in said
    assert "TCF1 may be HNF1A or TCF7: not used" in said


def test_recalibration_brings_calls_back_on_another_platform():
    model, labels, values = tumours("lung-net", each=30, noise=0.08)
    moved = values + np.random.default_rng(3).normal(0, 5, values.shape[1])
    order = np.random.default_rng(4).permutation(len(labels))
    local, test = order[:60], order[60:]
    fitted, shift = recalibrate(model, moved[local], [labels[i] for i in local])
    before = classify(model, names(test), model.genes, moved[test])
    from nenuphar.methods.expression.subtypes import call_places, ranks

    after = call_places(fitted, names(test), ranks(moved[test]) - shift)

    def right(calls):
        return np.mean(
            [c.status == "called" and c.call == labels[i] for c, i in zip(calls, test, strict=True)]
        )

    assert right(after) >= 0.9
    assert right(after) > right(before)
    assert fitted.set_cut >= model.set_cut


def test_recalibration_refuses_labels_it_does_not_know_and_too_few():
    model, labels, values = tumours("lung-net")
    with pytest.raises(RecalibrationError, match="no groups of lung-net"):
        recalibrate(model, values, ["A9", *labels[1:]])
    with pytest.raises(RecalibrationError, match="at least 12"):
        recalibrate(model, values[:5], labels[:5])


def sclc(high, low=()):
    rule = load_sclc()
    profile = dict(zip(rule.profile_genes, rule.profiles.mean(axis=0), strict=True))
    values = np.array([[profile.get(gene, 0.4) for gene in rule.genes]])
    for genes, value in ((high, 0.99), (low, 0.01)):
        for gene in genes:
            values[0, rule.genes.index(gene)] = value
    return classify_sclc(rule, ["T"], rule.genes, values)[0]


def test_sclc_follows_its_lineage_factor_and_programme():
    rule = load_sclc()
    for group, factor in (("N", "NEUROD1"), ("P", "POU2F3"), ("Y", "YAP1")):
        programme = [gene for part in rule.programmes[group] for gene in part]
        lows = [f for g, f in rule.factors.items() if g != group]
        call = sclc([factor, *programme], lows)
        assert (call.call, call.status) == (group, "called")


def test_sclc_low_in_all_factors_and_inflamed_is_i():
    rule = load_sclc()
    call = sclc(rule.inflamed, rule.factors.values())
    assert call.call == "I"
    assert "I-NE" in call.evidence
    assert "not a calibrated model" in call.evidence


def test_sclc_without_a_lineage_factor_is_not_called():
    rule = load_sclc()
    kept = [gene for gene in rule.genes if gene != "NEUROD1"]
    call = classify_sclc(rule, ["T"], kept, np.linspace(0, 1, len(kept))[None, :])[0]
    assert call.status == "abstained"
    assert "not measured: NEUROD1" in call.evidence


def test_the_command_writes_every_probability_and_finds_the_orientation(run, tmp_path):
    model, labels, values = tumours("lung-nen")
    clinical = {"Age": [50] * len(values), "Histopathology": ["Typical"] * len(values)}
    rows = write_table(tmp_path / "rows.csv", model.genes, values, extra=clinical)
    columns = write_table(tmp_path / "columns.csv", model.genes, values, turned=True)
    outputs = []
    for table in (rows, columns):
        out = tmp_path / f"out_{table.name}"
        result = run(table, "--panel", "lung-nen", "-o", out)
        assert result.exit_code == 0, result.output
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]
    found = read(tmp_path / "out_rows.csv")
    assert [*found[0]] == [
        "sample", "call", "status", *(f"probability_{g}" for g in model.groups), "evidence",
    ]  # fmt: skip
    assert [one["sample"] for one in found] == names(values)
    assert np.mean([one["call"] == g for one, g in zip(found, labels, strict=True)]) >= 0.95
    total = [sum(float(one[f"probability_{g}"]) for g in model.groups) for one in found]
    assert total == pytest.approx([1.0] * len(found), abs=1e-6)


def test_the_panels_genes_alone_and_a_whole_transcriptome_give_the_same_calls(run, tmp_path):
    model, _, values = tumours("lung-nen")
    rng = np.random.default_rng(5)
    more = [f"NOTAGENE{i}" for i in range(500)]
    whole = np.hstack([rng.normal(8, 4, (len(values), 500)), values])
    write_table(tmp_path / "panel.csv", model.genes, values)
    write_table(tmp_path / "whole.csv", [*more, *model.genes], whole)
    for name in ("panel", "whole"):
        done = run(tmp_path / f"{name}.csv", "--panel", "lung-nen", "-o", tmp_path / f"{name}.tsv")
        assert done.exit_code == 0, done.output
    assert (tmp_path / "panel.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()


def test_counts_and_centred_genes_and_a_thin_panel_are_said(run, tmp_path):
    model, _, values = tumours("lung-nen")
    counts = np.rint(2**values)
    kept = len(model.genes) // 2
    for genes, cells, says in (
        (model.genes, counts, "the values are counts"),
        (model.genes, values - values.mean(axis=0), "centred over a cohort"),
        (model.genes[:kept], values[:, :kept], f"{kept} of the {len(model.genes)} genes"),
    ):
        table = write_table(tmp_path / "new.csv", genes, cells)
        result = run(table, "--panel", "lung-nen", "-o", tmp_path / "out.csv")
        assert (result.exit_code, says in result.output) == (0, True)


def test_a_file_of_another_panel_is_read_and_not_called(run, tmp_path):
    model, _, values = tumours("pannet", each=2)
    table = write_table(tmp_path / "pannet.csv", model.genes, values)
    out = tmp_path / "out.csv"
    for panel in ("lung-nen", "lung-net", "sclc"):
        result = run(table, "--panel", panel, "-o", out)
        assert result.exit_code == 0, result.output
        assert {one["status"] for one in read(out)} == {"abstained"}


def test_the_command_recalibrates_from_a_labelled_file(run, tmp_path):
    model, labels, values = tumours("lung-net", each=15)
    table = write_table(tmp_path / "new.csv", model.genes, values)
    known = write_table(tmp_path / "known.csv", model.genes, values, extra={"group": labels})
    out = tmp_path / "out.csv"
    result = run(table, "--panel", "lung-net", "--recalibrate", known, "-o", out)
    assert result.exit_code == 0, result.output
    assert "recalibrated on 60 labelled samples" in result.output
    for part in ("genes moved by 0.", "is in the 90% set from", "samples were called before"):
        assert part in result.output
    assert np.mean([o["call"] == g for o, g in zip(read(out), labels, strict=True)]) >= 0.95


def test_labels_alone_recalibrate_by_the_ids_of_the_input(run, tmp_path):
    model, labels, values = tumours("lung-net", each=15)
    table = write_table(tmp_path / "new.csv", model.genes, values)
    rows = [f"T{i},{group}" for i, group in enumerate(labels)] + ["elsewhere,A1", "T3b,"]
    known = tmp_path / "known.csv"
    known.write_text("\n".join(["id,group", *rows]))
    result = run(table, "--panel", "lung-net", "--recalibrate", known, "-o", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert "recalibrated on 60 labelled samples" in result.output
    assert "1 labelled samples of known.csv are not in the input" in result.output


def test_labels_that_lack_or_repeat_something_are_told_of(run, tmp_path):
    model, labels, values = tumours("lung-net", each=15)
    table = write_table(tmp_path / "new.csv", model.genes, values)
    known, out = tmp_path / "known.csv", tmp_path / "out.csv"
    rows = [f"T{i},{group}" for i, group in enumerate(labels) if group != "supra"]
    known.write_text("\n".join(["id,group", *rows, rows[0]]))
    result = run(table, "--panel", "lung-net", "--recalibrate", known, "-o", out)
    assert result.exit_code == 0, result.output
    for said in (
        "recalibrated on 45 labelled samples",
        "45 labelled samples are among those that are called",
        "no labelled sample is supra",
        "1 rows of known.csv repeat the group of a sample",
    ):
        assert said in result.output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["id,kind", "T0,A1"], "no column `group`"),
        (["id,group", "T0,A1", "T1,A1", "T0,A2"], "known.csv, line 4: a sample has two groups"),
        (["id,group", "T0,A1", "T1,"], "1 labelled samples; give at least 12"),
        (["id,group", "elsewhere,A1"], "none of its ids is in the input"),
    ],
)
def test_labels_that_cannot_recalibrate_say_why(run, tmp_path, rows, said):
    model, _, values = tumours("lung-net", each=1)
    table = write_table(tmp_path / "new.csv", model.genes, values)
    known, out = tmp_path / "known.csv", tmp_path / "out.csv"
    known.write_text("\n".join(rows))
    result = run(table, "--panel", "lung-net", "--recalibrate", known, "-o", out)
    assert result.exit_code == 3
    assert said in result.output
    assert not out.exists()


def test_a_file_of_strangers_is_told_how_a_platform_is_made_known(run, tmp_path):
    model, _, values = tumours("lung-net", each=3)
    table = write_table(tmp_path / "new.csv", model.genes, values[:, ::-1])
    result = run(table, "--panel", "lung-net", "-o", tmp_path / "out.csv")
    assert "12 of 12 samples resemble no group of lung-net" in result.output
    table = write_table(tmp_path / "own.csv", model.genes, values)
    assert "resemble" not in run(table, "--panel", "lung-net", "-o", tmp_path / "o.csv").output


def test_what_cannot_be_read_or_used_is_said_with_its_exit_code(run, tmp_path):
    out = tmp_path / "out.csv"
    missing = run(tmp_path / "none.csv", "--panel", "lung-net", "-o", out)
    assert (missing.exit_code, "no such file" in missing.output) == (3, True)
    words = tmp_path / "words.csv"
    words.write_text("sample,ASCL1\nT1,many\n")
    assert run(words, "--panel", "lung-net", "-o", out).exit_code == 3
    assert run(words, "--panel", "lung-net", "-o", tmp_path / "out.png").exit_code == 2
    rule = run(words, "--panel", "sclc", "--recalibrate", words, "-o", out)
    assert rule.exit_code == 2
    assert not out.exists()


def test_a_cell_that_is_no_number_is_listed_and_the_sample_called_on_the_rest(run, tmp_path):
    model, labels, values = tumours("lung-net", each=1)
    cells = values.astype(object)
    cells[0, 0] = "high"
    table = write_table(tmp_path / "new.csv", model.genes, cells)
    out = tmp_path / "out.csv"
    result = run(table, "--panel", "lung-net", "-o", out, "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [one["value"] for one in report["rejected"]] == ["high"]
    assert [one["call"] for one in report["calls"]] == labels
    assert "127 of 128 genes" in report["calls"][0]["evidence"]


def test_inference_needs_numpy_and_no_model_library():
    code = (
        "import sys, numpy as np\n"
        "from nenuphar.methods.expression.subtypes import classify, load_model\n"
        "m = load_model('lung-net')\n"
        "classify(m, ['T'], m.genes, m.profiles[:1])\n"
        "print(sorted({'sklearn', 'scipy', 'pandas', 'numba'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
