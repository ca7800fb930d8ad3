"""The definition sets of resistance by name; loads no table library."""

from __future__ import annotations

SETS = (
    "sitc_mono",
    "sitc_mono_kluger",
    "sitc_combination",
    "sitc_chemo_ici",
    "sitc_adjuvant",
    "sclc_es_mono_figure1",
    "sclc_es_mono_text",
    "sclc_es_combination",
    "sclc_es_chemo_ici",
    "sclc_ls_consolidation",
)
"""The definition sets, in the order in which results list them."""

RANGE_SET, RANGE = "sclc_es_mono_text", (4, 5, 6)
"""The set whose cut-off is a range, and the cut-offs (months) at which it is run on its own."""
