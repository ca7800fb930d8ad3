"""Writes the model cards: what a panel was fitted on, what it is worth, where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nenuphar.methods.expression.subtypes.model import load_record
from nenuphar.methods.expression.subtypes.training.cohorts import GROUPS, read_cohort, read_stains
from nenuphar.methods.expression.subtypes.training.foreign import foreign_samples
from nenuphar.methods.expression.subtypes.training.intervals import exact_interval, samples_behind
from nenuphar.methods.expression.subtypes.training.measure import LOCAL, SEEDS, measure
from nenuphar.methods.expression.subtypes.training.platforms import STRONG
from nenuphar.methods.expression.subtypes.training.stains import FIXED, measure_stains

TITLE = {
    "lung-net": "Lung NET groups from RNA",
    "lung-nen": "The lung NEN map from RNA",
    "pannet": "Pancreatic NET expression subtypes",
    "sclc-ihc": "SCLC groups from H-scores",
    "lung-net-ihc": "Lung NET groups from H-scores",
    "sclc": "SCLC groups from RNA",
}
TRAINED_ON = {
    "lung-net": "lungNENomics (Sexton-Oates 2025): {n} lung NET, {g} neuroendocrine genes (VST of "
    "RNA-seq), molecular groups as published. The source repository is under GPL-3; only numbers "
    "fitted here ship, no row and no code of it.",
    "lung-nen": "The lung NEN map (Gabriel 2020, joining Alcala 2019, George 2015 and 2018, "
    "Fernandez-Cuesta 2014, Laddha 2019): {n} tumours, {g} genes (VST). LC1, LC2, LC3 count as A1, "
    "B, A2; every SCLC cluster, SCLC-like LCNEC and LCNEC-like SCLC count as `sclc`; supra-"
    "carcinoids and unassigned LCNEC took no part. SCLC that the map calls LCNEC-like (7) are "
    "fitted apart, and count as `sclc`. The source repository is under GPL-3.",
    "pannet": "PanNETassigner (Sadanandam 2015): {n} pancreatic NET on a microarray; {g} genes "
    "were offered, 400 chosen inside every fold. 25 labels are published; the others, and the name "
    "`islet_like`, were inferred from the published clusters. The source is under GPL (>= 2).",
    "sclc-ihc": "Samsung Medical Center (Park 2024): {n} SCLC with H-scores and the authors' "
    "groups. No licence is stated; only cut-offs ship.",
    "lung-net-ihc": "lungNENomics, supplementary table 37: {n} lung NET with H-scores and "
    "molecular group. The source repository is under GPL-3; only cut-offs ship.",
    "sclc": "No tumours: no cohort of SCLC with both expression and labels was at hand. The genes "
    "come from the signature records, the five profiles (ranks) from the archetypes of Groves 2022 "
    "(no licence stated), the cut-offs are set by hand.",
}
LIMITS = {
    "lung-net": "Few supra-carcinoid-enriched tumours: about a third of them is missed. All RNA "
    "came through one pipeline; other platforms were only "
    "simulated, and a strongly shifted one is abstained almost whole until `--recalibrate`.",
    "lung-nen": "LCNEC type II and SCLC overlap. That LCNEC-like SCLC is fitted apart was settled "
    "on these same folds, which flatters the figures a little. A supra-carcinoid has no group: it "
    "is called by its likeness or not at all.",
    "pannet": "56 tumours, one microarray: every figure has a wide interval. MLP-2 and islet-like "
    "have fewer than ten each, and most of their labels are inferred. The number of genes was "
    "settled on these same folds, which flatters the figures a little.",
    "sclc-ihc": "The authors' groups were made from these very scores: agreement shows that the "
    "rule is the same, not that it is right. Triple-negative is not the inflamed group.",
    "lung-net-ihc": "One laboratory, 58 tumours without supra-carcinoids. A tumour that stains for "
    "nothing is left open.",
    "sclc": "Not validated on tumours; cell lines have no I, and the archetypes come from the same "
    "lines as their clusters. Probabilities are a fixed transformation of ranks and not "
    "calibrated. I needs inflammatory genes in the file; a file of a few lineage factors abstains.",
}

INTERVALS = (
    "Intervals (Clopper-Pearson) count every sample once: a figure that is a mean over repeats has "
    "no more samples for them. They speak of samples like these, not of other laboratories."
)


def card(panel: str, data: Path) -> str:
    """The model card of a panel as Markdown, measured now."""
    lines = [f"# {TITLE[panel]} (`{panel}`)", "", "For research use only.", ""]
    if panel == "sclc":
        lines += ["## Made from", "", TRAINED_ON[panel], "", *_cell_lines(data)]
    elif panel in FIXED:
        lines += _stain_part(panel, data)
    else:
        lines += _expression_part(panel, data)
    return "\n".join([*lines, "## Limits", "", LIMITS[panel], ""])


def _expression_part(panel: str, data: Path) -> list[str]:
    cohort = read_cohort(panel, data)
    found = measure(cohort)
    made = TRAINED_ON[panel].format(n=len(cohort.labels), g=len(cohort.genes))
    model = load_record(panel)
    return [
        "## Fitted on", "", made, "",
        f"Views of the ranks among {len(model['genes'])} genes: a ridge fitted on simulated "
        "platforms, correlation with rank profiles, gene pairs, programmes. A logistic joins them, "
        "fitted on folds that the views did not see.", "",
        "## Measured", "",
        f"Nested cross-validation (5 × 5 folds, {len(SEEDS)} repeats, near-identical profiles "
        f"never parted). The shift gives every gene an offset of {STRONG:g} times the spread "
        f"between genes, a gain and noise; recalibration uses {LOCAL} shifted samples (fewer where "
        "four fifths are fewer), which the views had seen unshifted.",
        "", *_figures(found.figures, len(cohort.labels)), "",
        *_recall(found.recall, [int((cohort.labels == g).sum()) for g in range(len(found.recall))]),
        "",
        "Confusion over the repeats (rows: published; columns: called, whatever the status).",
        "", *_table(GROUPS[panel], found.confusion), "", *_calibration(found.calibration), "",
        *_foreign(panel, data),
    ]  # fmt: skip


def _foreign(panel: str, data: Path) -> list[str]:
    """What the panel says of tumours that it is not for."""
    lines = [
        "## Tumours of other kinds", "",
        "None had a part in the fit. A sample is abstained where too few of the panel's genes are "
        "measured, or where it resembles a group less than 95% of the cohort's own tumours do, "
        "held out; the last column leaves out the first reason. Cell lines are mixtures of "
        "archetypes (see the card of `sclc`), smoother than the lines themselves.", "",
        "| samples | n | genes measured | abstained | 95% interval | by likeness alone |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for one in foreign_samples(panel, data):
        interval = _counted(one.abstained, one.samples)[1]
        lines.append(
            f"| {one.name} | {one.samples} | {one.measured:.0%} | {one.abstained:.3f} | {interval} "
            f"| {one.abstained_by_likeness:.3f} |"
        )
    return [*lines, ""]


def _stain_part(panel: str, data: Path) -> list[str]:
    scores, labels = read_stains(panel, data)
    figures, confusion, calibration = measure_stains(panel, scores, labels)
    groups = FIXED[panel]["groups"]
    cuts = ", ".join(f"{name} {value:g}" for name, value in load_record(panel)["cuts"].items())
    return [
        "## Fitted on", "", TRAINED_ON[panel].format(n=len(labels)), "",
        f"Cut-offs (H-score points; `share` is a fraction): {cuts}. The probability of a group is "
        "the share of plausible second readings "
        f"(± {FIXED[panel]['reading_sd']:g} points) that give it.", "",
        "## Measured", "", "Cut-offs chosen on four fifths, measured on the last.", "",
        *_figures(figures, len(labels)), "", *_recall(
            dict(zip(groups, confusion.diagonal() / confusion.sum(axis=1), strict=True)),
            confusion.sum(axis=1).tolist(),
        ), "", "Confusion (rows: published; columns: called).",
        "", *_table(groups, confusion), "", *_calibration(calibration), "",
        *_rna_agreement(panel, data),
    ]  # fmt: skip


def _rna_agreement(panel: str, data: Path) -> list[str]:
    """How the groups of SCLC by stain stand to those of RNA and of its factorisation."""
    if panel != "sclc-ihc":
        return []
    import numpy as np
    import polars as pl

    from nenuphar.methods.expression.subtypes import classify_stains, load_stains

    scores, _ = read_stains(panel, data)
    calls = [one.call for one in classify_stains(load_stains(panel), [""] * len(scores), scores)]
    frame = pl.read_csv(data / "sclc_smc" / "patients.csv", infer_schema_length=None)
    frame = frame.filter(pl.col("SCLC_subtype").is_not_null())
    lines = []
    for column, name in (("WTS_subtype", "RNA by factor"), ("NMF_subtype", "RNA by NMF")):
        other = frame[column].to_list()
        kept = [i for i, one in enumerate(other) if one is not None]
        rows = sorted({other[i] for i in kept})
        groups = FIXED[panel]["groups"]
        table = np.zeros((len(rows), len(groups)), dtype=np.int64)
        for i in kept:
            table[rows.index(other[i]), groups.index(calls[i])] += 1
        same = sum(other[i] == calls[i] for i in kept)
        lines += [
            f"Against {name} (rows): the same name in {same} of {len(kept)}.", "",
            *_table(groups, table, rows), "",
        ]  # fmt: skip
    return lines


def _cell_lines(data: Path) -> list[str]:
    """The SCLC rule on cell lines."""
    from nenuphar.methods.expression.subtypes.training.sclc_check import (
        GROUPS as LINE_GROUPS,
    )
    from nenuphar.methods.expression.subtypes.training.sclc_check import check_sclc, read_lines

    found = read_lines(data)
    figures, confusion = check_sclc(found)
    return [
        "## Held against", "",
        f"{len(found.labels)} SCLC cell lines of Groves 2022 by their published clusters (A2 as "
        "A); no cut-off of the rule was set on them. Their expression is not published with the "
        "labels: each line stands for the mixture of the five archetypes at its place, which keeps "
        f"{found.share:.0%} of the variance, so that the figures are those of the mixtures.", "",
        *_figures(figures, len(found.labels)), "", "Confusion (rows: published; columns: called, "
        "whatever the status).", "", *_table(LINE_GROUPS, confusion), "",
    ]  # fmt: skip


def _figures(figures: dict[str, float], n: int) -> list[str]:
    """One row for each figure; n: distinct samples."""
    lines = ["| figure | value | samples | 95% interval |", "|---|---|---|---|"]
    for name, value in figures.items():
        behind = samples_behind(name, figures, n)
        counted = " | ".join(("", "") if behind is None else _counted(value, behind))
        lines.append(f"| {name.replace('_', ' ')} | {value:.3f} | {counted} |")
    return [*lines, "", INTERVALS]


def _recall(recall: dict[str, float], samples: Sequence[int]) -> list[str]:
    """Recall of every group, with the number of its samples."""
    lines = ["| recall of | value | samples | 95% interval |", "|---|---|---|---|"]
    for (group, value), n in zip(recall.items(), samples, strict=True):
        lines.append(f"| {group} | {value:.3f} | {' | '.join(_counted(value, n))} |")
    return lines


def _counted(share: float, n: float) -> tuple[str, str]:
    low, high = exact_interval(share, n)
    return f"{n:.0f}", f"{low:.3f} to {high:.3f}"


def _table(groups: Sequence[str], counts: Any, rows: Sequence[str] | None = None) -> list[str]:
    lines = ["| | " + " | ".join(groups) + " |", "|---|" + "---|" * len(groups)]
    for name, row in zip(rows or groups, counts, strict=True):
        lines.append(f"| {name} | " + " | ".join(str(int(n)) for n in row) + " |")
    return lines


def _calibration(bins: Sequence[tuple[float, float, int]]) -> list[str]:
    lines = ["Calibration (`#` is 2% right, `|` what was said).", "", "```"]
    for said, right, count in bins:
        bar = list("#" * round(right * 50) + " " * (51 - round(right * 50)))
        bar[round(said * 50)] = "|"
        lines.append(f"said {said:.2f}  right {right:.2f}  n {count:4d}  {''.join(bar).rstrip()}")
    return [*lines, "```"]
