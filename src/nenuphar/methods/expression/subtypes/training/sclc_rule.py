"""Builds the SCLC rule: its genes from signature records, its archetype profiles from Groves."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from nenuphar.methods.expression.signatures import builtin_signatures
from nenuphar.methods.expression.subtypes.views import ranks

FACTORS = {"A": "ASCL1", "N": "NEUROD1", "P": "POU2F3", "Y": "YAP1"}
PROGRAMMES = {
    "A": ("sclc_a", "sclc_a2"), "N": ("sclc_n",), "P": ("sclc_p",), "Y": ("sclc_y",),
}  # fmt: skip
NE_MARKERS = ("CHGA", "INSM1", "SYP", "UCHL1", "SCG3", "CHGB", "NCAM1", "SCG2", "SCN3A", "BEX1")


def sclc_record(data: Path) -> dict[str, Any]:
    """The parameters of the rule as a JSON record."""
    sets = {name.removeprefix("signature."): one for name, one in builtin_signatures().items()}
    programmes = {
        group: [sorted(sets[name].genes) for name in names] for group, names in PROGRAMMES.items()
    }
    inflamed = sorted(gene for gene, weight in sets["t_cell_inflamed"].genes.items() if weight > 0)
    genes = {gene for parts in programmes.values() for part in parts for gene in part}
    effector, macrophage = (sorted(sets[n].genes) for n in ("t_effector", "archetype_macrophage"))
    genes |= {*FACTORS.values(), *inflamed, *NE_MARKERS, *effector, *macrophage}
    file = data / "groves_sclc" / "data_bulk-rna-seq_sig_matrix_ParTI.csv"
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.reader(text))[1:]
    rows = [row for row in rows if row[0] in genes]
    matrix = np.array([[float(cell) for cell in row[1:6]] for row in rows]).T
    return {
        "panel": "sclc", "version": 1, "groups": ["A", "N", "P", "I", "Y"],
        "genes": sorted(genes), "factors": FACTORS, "programmes": programmes,
        "inflamed": inflamed, "neuroendocrine": list(NE_MARKERS),
        "t_effector": effector, "macrophage": macrophage,
        "profile_genes": [row[0] for row in rows],
        "profiles": np.round(ranks(matrix), 4).tolist(),
        "steepness": 12.0, "inflamed_offset": -0.05, "unfamiliar": 0.35, "call_at": 0.6,
        "tie_within": 0.2, "coverage_min": 0.6,
    }  # fmt: skip
