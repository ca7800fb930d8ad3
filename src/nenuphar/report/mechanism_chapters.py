"""The chapters of the mechanism map, after Nie 2024, Figure 5: what each category belongs to.

The figure names immunogenicity, antigen presentation, checkpoints and epigenetics inside the tumour
cell, and immune cells, checkpoints, vessels and the microbiome around it; genes, evolution and the
sites of spread are chapters of the text.
"""

from __future__ import annotations

from collections.abc import Mapping

CHAPTERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "intrinsic": {
        "Tumour immunogenicity": ("antigenicity", "immunogenicity", "radiotherapy", "dna_repair"),
        "Antigen presentation": (
            "antigen_presentation", "interferon_signalling", "sting", "metabolism",
        ),
        "Immune checkpoints of the tumour": ("checkpoint", "alternate_checkpoint"),
        "Epigenetic regulation": ("epigenetic",),
        "Genes and signalling": ("driver_gene", "signalling"),
        "Heterogeneity and plasticity": (
            "heterogeneity", "clonal_evolution", "subtype", "subtype_plasticity", "metastatic_site",
            "microenvironment",
        ),
    },
    "extrinsic": {
        "T cells: activation and entry": (
            "t_cell_activation", "t_cell_exclusion", "t_cell_infiltration", "t_cell_scarcity",
            "treg", "immune_cells", "antigen_presentation",
        ),
        "Immune checkpoints of T cells": ("checkpoint", "alternate_checkpoint"),
        "Myeloid cells and metabolites": ("myeloid", "tam", "metabolism"),
        "Chemokines and cytokines": ("chemokine", "cytokine", "epigenetic"),
        "Vessels and hypoxia": ("vasculature_hypoxia",),
        "Stroma and sites of spread": ("microenvironment", "metastatic_site"),
        "Microbiome": ("microbiome",),
    },
}  # fmt: skip
"""Chapters of each side in the order of the map, with the categories of the records."""

OTHER = "Other"
"""Chapter of categories that none names; last on its side."""


def chapter_of(side: str, category: str) -> str:
    """Return the chapter that a category of a side belongs to."""
    for title, categories in CHAPTERS[side].items():
        if category in categories:
            return title
    return OTHER


def place_of(side: str, title: str) -> tuple[int, int]:
    """Return where a chapter stands on the map, for sorting."""
    titles = [*CHAPTERS[side], OTHER]
    return list(CHAPTERS).index(side), titles.index(title)
