"""Writes the card of the immune class: what its cut-offs are worth, and where they fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.model_selection import KFold

from nenuphar.methods.microenvironment.training.agreement import (
    COLD,
    FOLDS,
    HOT,
    PLACES,
    REPEATS,
    Cuts,
    agreement,
    classes,
    cuts_at,
    rank_correlation,
)
from nenuphar.methods.microenvironment.training.readings import (
    SECOND,
    Numbers,
    Readings,
    read_readings,
)

LIMITS = (
    "Every cut-off is a place in one cohort of lung tumours, which is a choice and no published "
    "cut. All methods read the same RNA, so that agreement between them shows that they see the "
    "same genes, not that the cells are there: no cohort here has both shares and stains. The "
    "second methods differ among themselves about as much as from quanTIseq. quanTIseq's CD4 T "
    "cells, regulatory T cells and monocytes have no support in a second method and decide "
    "nothing. Cut-offs for shares counted in tissue, for the T-effector and myeloid scores, and "
    "for type 1 dendritic cells are not calibrated: no cohort at hand has them with an independent "
    "label. The 81 tumours of Groves 2022 have ESTIMATE scores without shares, and the subtypes of "
    "the microenvironment of the Samsung cohort come without any measurement: neither can test a "
    "cut-off."
)


def card(data: Path, shipped: Cuts, counted: Cuts, stromal: float) -> str:
    """The card as Markdown, measured now.

    Args:
        data: The folder of the cohorts.
        shipped: Cut-offs in use for quanTIseq: CD8 T cells hot and few, macrophages rich (percent).
        counted: Cut-offs in use for other methods: T cells hot and few, myeloid cells (percent).
        stromal: Cut-off in use for fibroblasts (percent).
    """
    read = read_readings(data)
    ours = (read.shares["cd8"], read.shares["macrophage"])
    lines = [
        "# Immune class from shares of cells (`immune.class`)", "", "For research use only.", "",
        "## Set on", "",
        "lungNENomics, supplementary table 9: lung neuroendocrine neoplasms deconvolved by several "
        f"methods; {len(read.names)} of {read.offered} tumours have all readings used here. The "
        "source repository is under GPL-3; only quantiles ship.", "",
        f"By quanTIseq a tumour is hot from {shipped[0]:g}% CD8 T cells on, has few below "
        f"{shipped[1]:g}%, and is myeloid-rich from {shipped[2]:g}% macrophages on. The places "
        f"meant are the {PLACES[0]:.0%} and {PLACES[1]:.0%} quantiles of CD8 T cells and the "
        f"{PLACES[2]:.0%} quantile of macrophages, here "
        + ", ".join(f"{cut:.2f}" for cut in cuts_at(*ours)) + ".", "",
        "## Which shares a second method sees alike", "",
        "Spearman correlation with the counterpart in each method, and with the ESTIMATE immune "
        "score.", "", *_correlations(read), "",
        "The sums of all T cells and of all myeloid cells, from which classes were made before, "
        "agree with none of them; CD8 T cells and macrophages do, EPIC's T cells apart. Chosen "
        "again on four fifths by the mean correlation with MCP-counter and ABIS, CD8 T cells are "
        f"the T cells to read in {_chosen(read, 0)} of {FOLDS * REPEATS} folds, macrophages the "
        f"myeloid cells in {_chosen(read, 1)}.", "",
        "## Agreement of classes", "",
        "Linear-weighted kappa with 95% interval. Cut-offs of both methods at the same places, set "
        "on four fifths and used on the last (5 × 5 folds); opposite is hot by one and cold by the "
        "other.", "", *_agreements(read), "",
        "## Held against other readings of the same tumours", "",
        *_readouts(data, read, shipped), "",
        "## Shares counted in tissue", "", *_counted(data, counted), "",
        "## Fibroblasts", "",
        f"The cut-off of {stromal:g}% for the stromal archetype lies above "
        f"{np.mean(read.fibroblasts < stromal):.0%} of the tumours by EPIC (median "
        f"{np.median(read.fibroblasts):.1f}%, 90% quantile "
        f"{np.quantile(read.fibroblasts, 0.9):.1f}%). EPIC measures other shares than quanTIseq, "
        "which has no fibroblasts: this places the cut-off and does not calibrate it.", "",
        "## Limits", "", LIMITS, "",
    ]  # fmt: skip
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def _candidates(read: Readings) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    """Shares that could be read for T cells and for myeloid cells; those in use come first."""
    shares = read.shares
    t_cells = {
        "CD8 T cells": shares["cd8"],
        "CD4 and CD8 T cells": read.t_cells(),
        "CD4 T cells": shares["cd4"],
        "regulatory T cells": shares["treg"],
    }
    myeloid = {
        "macrophages": shares["macrophage"],
        "all myeloid cells": read.myeloid(),
        "monocytes": shares["monocyte"],
        "neutrophils": shares["neutrophil"],
    }
    return t_cells, myeloid


def _chosen(read: Readings, side: int) -> int:
    """In how many folds four fifths of the tumours would choose the share in use."""
    shares = list(_candidates(read)[side].values())
    others = [read.second[method][side] for method in ("MCP-counter", "ABIS")]
    best = []
    for seed in range(REPEATS):
        folds = KFold(FOLDS, shuffle=True, random_state=seed).split(shares[0])
        for train, _ in folds:
            means = [
                np.mean([rank_correlation(share[train], other[train]) for other in others])
                for share in shares
            ]
            best.append(int(np.argmax(means)))
    return best.count(0)


def _correlations(read: Readings) -> list[str]:
    rows = []
    for side, own in enumerate(_candidates(read)):
        for name, share in own.items():
            others = [rank_correlation(share, read.second[method][side]) for method in SECOND]
            whole = rank_correlation(share, read.whole)
            rows.append([name, *(f"{rho:.2f}" for rho in (*others, whole))])
    return _table(["quanTIseq", *SECOND, "ESTIMATE"], rows)


def _agreements(read: Readings) -> list[str]:
    ours = (read.shares["cd8"], read.shares["macrophage"])
    before = (read.t_cells(), read.myeloid())
    pairs = [(f"quanTIseq, {name}", ours, other) for name, other in read.second.items()]
    pairs += [(f"before (all T and myeloid cells), {n}", before, o) for n, o in read.second.items()]
    known = list(read.second.items())
    pairs += [
        (f"{a}, {b}", one, two) for i, (a, one) in enumerate(known) for b, two in known[i + 1 :]
    ]
    rows = []
    for name, one, other in pairs:
        found = agreement(one, other)
        interval = f"{found.low:.2f} to {found.high:.2f}"
        rows.append([name, f"{found.kappa:.2f}", interval, f"{found.opposite:.0%}"])
    return _table(["readings", "kappa", "interval", "opposite"], rows)


def _readouts(data: Path, read: Readings, shipped: Cuts) -> list[str]:
    told = classes(read.shares["cd8"], read.shares["macrophage"], shipped)
    own = pl.DataFrame({"name": read.names, "class": told, "whole": read.whole})
    genes = ("HLA-DRA", "CD86", "LAG3", "CD274")
    map_of = pl.read_csv(
        data / "lnen_alcala2019_maps" / "Attributes_fig13A.tsv", separator="\t", infer_schema=False
    ).select(pl.col("Sample_ID").alias("name"), *(pl.col(g).cast(pl.Float64) for g in genes))
    inflamed = pl.read_csv(data / "lung_nen" / "marker_expression_LNET.csv", infer_schema=False)
    inflamed = inflamed.select(
        pl.col("sample_id").alias("name"), pl.col("I_score_vst").cast(pl.Float64).alias("I-score")
    )
    every = own.join(map_of, on="name", how="left").join(inflamed, on="name", how="left")
    rows = []
    for value, name in ((COLD, "cold"), (1, "intermediate"), (HOT, "hot")):
        part = every.filter(pl.col("class") == value)
        medians = [part[column].median() for column in ("whole", *genes, "I-score")]
        rows.append([name, part.height, *(f"{m:.1f}" for m in medians)])  # type: ignore[str-bytes-safe]
    counts = every.select(pl.col(g).is_not_null().sum() for g in ("HLA-DRA", "I-score")).row(0)
    return [
        f"Medians by class; genes (log expression) in {counts[0]} tumours of Alcala 2019, I-score "
        f"in {counts[1]} carcinoids. They come from the same RNA.", "",
        *_table(["class", "n", "ESTIMATE", *genes, "I-score"], rows), "", *_supra(data, own),
    ]  # fmt: skip


def _supra(data: Path, own: pl.DataFrame) -> list[str]:
    samples = pl.read_csv(data / "lung_nen" / "samples_S1.csv", infer_schema=False)
    kinds = ("Typical", "Atypical", "Carcinoid", "NET G3")
    both = samples.join(own, left_on="sample id", right_on="name")
    flagged = pl.col("supra-carcinoid").is_not_null()
    warm = (pl.col("class") != COLD).mean()
    supra, rest = both.filter(flagged), both.filter(~flagged & pl.col("type").is_in(kinds))
    return [
        f"Not cold: {supra.select(warm).item():.0%} of {supra.height} supra-carcinoids, "
        f"{rest.select(warm).item():.0%} of {rest.height} other carcinoids."
    ]


def _counted(data: Path, cuts: Cuts) -> list[str]:
    folder = data / "htan_sclc_atlas"
    cells = pl.read_csv(
        folder / "out.MIBI.060121_MSKCC_SCLC_mibi_sample_table.csv", infer_schema_length=None
    )
    called = pl.read_csv(folder / "out.MIBI.060121_MSKCC_SCLC_mibi_tme_table.csv")
    both = cells.join(called.select("MIBI name", "Hot"), on="MIBI name")
    t_cells = 100 * (both["CD4+ T-cell %"] + both["CD8+ T-cell %"]).to_numpy()
    hot = both["Hot"].to_numpy() == "Hot"
    many, few = t_cells >= cuts[0], t_cells < cuts[1]
    return [
        f"{both.height} SCLC of Chan 2021 counted by MIBI, {hot.sum()} of them hot by the authors, "
        "whose call follows the share of all immune cells. The cut-offs for methods without their "
        f"own (T cells {cuts[1]:g} and {cuts[0]:g}%) would find {many.sum()} with many T cells, "
        f"{(many & hot).sum()} of them hot, and {few.sum()} with few, {(few & hot).sum()} of them "
        "hot: counted shares are far lower than deconvolved ones. Of counted shares, therefore, "
        "only many is concluded; few is left open until T cells are stained and their place is "
        "stated.",
    ]  # fmt: skip
