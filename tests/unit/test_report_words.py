"""Labels keep the case that names and abbreviations have in the field."""

from __future__ import annotations

import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.report.words import Words

WORDS = Words(load_knowledge())


@pytest.mark.parametrize(
    ("fact", "label", "inline"),
    [
        ("variant(ATRX,any,any)", "ATRX variant", "ATRX variant"),
        ("ihc.p53", "p53 (IHC)", "p53 (IHC)"),
        ("ihc.rb1", "RB1 (IHC)", "RB1 (IHC)"),
        ("ihc.chromogranin_a", "Chromogranin A (IHC)", "chromogranin A (IHC)"),
        ("ihc.mhc_i", "MHC class I (IHC)", "MHC class I (IHC)"),
        ("microenvironment.t_cells", "T cells", "T cells"),
        ("finding.net_or_nec_markers", "NET or NEC markers", "NET or NEC markers"),
        ("pathology.ki67", "Ki-67", "Ki-67"),
        ("pathology.mitoses", "Mitoses", "mitoses"),
        ("diagnosis.reported", "Reported diagnosis", "reported diagnosis"),
    ],
)
def test_names_and_abbreviations_keep_their_case(fact: str, label: str, inline: str) -> None:
    assert (WORDS.fact(fact), WORDS.inline(fact)) == (label, inline)
