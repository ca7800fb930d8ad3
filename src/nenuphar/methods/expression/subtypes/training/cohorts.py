"""The cohorts that panels are fitted on, read from the shared data folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nenuphar.methods.expression.subtypes.model import Numbers
from nenuphar.methods.expression.subtypes.training.fitting import Labels, kin_of

PANEL_SIZE = {"lung-net": 500, "lung-nen": 500, "pannet": 400}
GROUPS = {
    "lung-net": ("A1", "A2", "B", "supra"),
    "lung-nen": ("A1", "A2", "B", "lcnec_1", "lcnec_2", "sclc"),
    "pannet": ("insulinoma_like", "intermediate", "mlp1", "mlp2", "islet_like"),
}
LUNG_NET = {"Ca A1": "A1", "Ca A2": "A2", "Ca B": "B", "sc-enriched": "supra"}
LUNG_NEN = {
    "Carcinoid-A1": "A1", "LC1": "A1", "Carcinoid-A2": "A2", "LC3": "A2", "Carcinoid-B": "B",
    "LC2": "B", "LCNEC/TypeI": "lcnec_1", "LCNEC/TypeII": "lcnec_2", "SCLC/SCLC-like": "sclc",
    "LCNEC/SCLC-like": "sclc", "SCLC/LCNEC-like": "sclc",
}  # fmt: skip
PANNET = {
    "Insulinoma-like": "insulinoma_like", "Intermediate": "intermediate", "MLP-1": "mlp1",
    "MLP-2": "mlp2", "unlabelled (normal-islet-like?)": "islet_like",
}  # fmt: skip
PARTS = {"SCLC/LCNEC-like": "sclc_lcnec_like"}  # clusters of a group unlike the rest of it
NO_GENES = ("HLA_D", "S100")  # columns of the lung NEN map that name families of genes
MAP_CLINICAL = 9


@dataclass(frozen=True, slots=True)
class Cohort:
    """Labelled expression: values are samples × genes (logarithms), labels index `groups`.

    `parts` names what is fitted: the groups, and clusters of a group that are fitted apart;
    `part` indexes it for every sample, `part_of` gives the group of every part.
    """

    panel: str
    groups: tuple[str, ...]
    parts: tuple[str, ...]
    part_of: tuple[int, ...]
    genes: tuple[str, ...]
    samples: tuple[str, ...]
    values: Numbers
    labels: Labels
    part: Labels
    kin: Labels

    def take(self, rows: Labels) -> Cohort:
        """Some of the samples."""
        return replace(
            self, samples=tuple(self.samples[i] for i in rows), values=self.values[rows],
            labels=self.labels[rows], part=self.part[rows], kin=self.kin[rows],
        )  # fmt: skip

    def on(self, columns: Labels) -> Cohort:
        """Some of the genes."""
        genes = tuple(self.genes[i] for i in columns)
        return replace(self, genes=genes, values=self.values[:, columns])


def read_cohort(panel: str, data: Path) -> Cohort:
    """The labelled samples of a panel; rows without one of its labels are left out."""
    import polars as pl

    folder, apart = data, []
    if panel == "pannet":
        frame = pl.read_csv(folder / "pannet_expression" / "expression.csv")
        known = pl.read_csv(folder / "pannet_expression" / "labels.csv")
        names = dict(zip(known["Name"], known["cluster_majority_name"], strict=True))
        raw = [PANNET.get(names.get(sample, "")) for sample in frame["sample"]]
        genes = frame.columns[1:]
    elif panel == "lung-nen":
        frame = pl.read_csv(folder / "lung_nen" / "LNEN_map_expression_238.csv")
        raw = [LUNG_NEN.get(one) for one in frame["Molecular_clusters"]]
        apart = [PARTS.get(one) for one in frame["Molecular_clusters"]]
        genes = [one for one in frame.columns[MAP_CLINICAL:] if one not in NO_GENES]
    else:
        frame = pl.read_csv(folder / "lung_nen" / "NE_genes_vst_LNET.csv")
        raw = [LUNG_NET.get(one) for one in frame["molecular_group"]]
        genes = frame.columns[1:-1]
    kept = np.array([one is not None for one in raw])
    values = frame.select(genes).cast(pl.Float64).to_numpy()[kept]
    labels = np.array([GROUPS[panel].index(one) for one in raw if one is not None])
    parts, part, part_of = _parts(GROUPS[panel], labels, list(compress(apart, kept)))
    samples = tuple(str(one) for one in frame[:, 0].filter(pl.Series(kept)))
    return Cohort(
        panel, GROUPS[panel], parts, part_of, tuple(genes), samples, values, labels, part,
        kin_of(values),
    )  # fmt: skip


def _parts(
    groups: tuple[str, ...], labels: Labels, apart: list[str | None]
) -> tuple[tuple[str, ...], Labels, tuple[int, ...]]:
    """What is fitted: its names, the part of every sample, the group of every part."""
    names = (*groups, *sorted({name for name in apart if name}))
    part, part_of = labels.copy(), list(range(len(names)))
    for row, name in enumerate(apart):
        if name:
            part[row] = names.index(name)
            part_of[part[row]] = int(labels[row])
    return names, part, tuple(part_of)


def read_stains(panel: str, data: Path) -> tuple[NDArray[np.float64], list[str]]:
    """H-scores (samples × markers of the panel) and the published groups of those that have one."""
    import polars as pl

    if panel == "sclc-ihc":
        frame = pl.read_csv(data / "sclc_smc" / "patients.csv", infer_schema_length=None)
        columns = [f"{marker}_H_Score" for marker in ("ASCL1", "NEUROD1", "POU2F3")]
        frame = frame.filter(pl.col("SCLC_subtype").is_not_null())
        labels = frame["SCLC_subtype"].to_list()
    else:
        file = data / "lung_nen" / "Supplementary_Table_S37.csv"
        frame = pl.read_csv(file, infer_schema_length=None)
        columns = [f"H_score_{marker}" for marker in ("OTP", "ASCL1", "HNF1A")]
        labels = [LUNG_NET[one] for one in frame["Molecular_group"]]
    return frame.select(pl.col(columns).cast(pl.Float64)).to_numpy(), labels
