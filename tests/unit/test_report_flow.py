"""The flow figure keeps its counts, stays small and is safe for any name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nenuphar.domain.scope import Scope
from nenuphar.report.cohort_flow import reclassified
from nenuphar.report.figures.flow import Flow, flow_figure, gather

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
FLOWS = st.lists(st.builds(Flow, NAMES, NAMES, st.integers(0, 10_000)), max_size=30)


@given(FLOWS)
def test_gathering_loses_no_reading(flows: list[Flow]) -> None:
    gathered = gather(flows, most=4)
    assert sum(f.count for f in gathered) == sum(f.count for f in flows)
    assert len({f.source for f in gathered}) <= 5
    assert len({(f.source, f.target) for f in gathered}) == len(gathered)


@given(FLOWS)
def test_figure_is_well_formed_for_any_name(flows: list[Flow]) -> None:
    figure = flow_figure(gather(flows), "Reported", "Harmonised")
    if not any(f.count for f in flows):
        assert figure is None
        return
    assert figure is not None
    root = ET.fromstring(str(figure))  # noqa: S314 - written by us just now
    assert len(root.findall("path")) == len(gather(flows))
    assert len(str(figure)) < 60_000


def test_band_heights_are_in_proportion_to_counts() -> None:
    figure = str(flow_figure([Flow("NET", "NET", 30), Flow("NEC", "NET", 10)], "a", "b"))
    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', figure)]
    assert heights[0] / heights[1] == pytest.approx(3, abs=0.02)
    assert heights[2] == pytest.approx(heights[0] + heights[1], abs=0.2)
    assert "NEC → NET: 10" in figure


def test_same_flows_give_the_same_bytes_in_any_order() -> None:
    flows = [Flow("a", "x", 2), Flow("b", "x", 2), Flow("a", "y", 1)]
    assert flow_figure(gather(flows), "l", "r") == flow_figure(gather(flows[::-1]), "l", "r")


def _table() -> pl.DataFrame:
    rows = [("1", "net", "G1"), ("2", "net", "G1"), ("3", "", ""), ("4", "sclc", "high_grade")]
    return pl.DataFrame(
        [
            {"patient_id": p, "tumour_id": "1", "specimen_id": "s", "assessor": ""}
            | {"entity": entity, "grade": grade}
            for p, entity, grade in rows
        ]
    )


def test_reclassification_leaves_out_what_nobody_reported() -> None:
    specimens = pl.DataFrame(
        {
            "patient_id": ["1", "2", "3", "4"],
            "tumour_id": ["1"] * 4,
            "specimen_id": ["s"] * 4,
            "assessor": [""] * 4,
            "diagnosis.reported": ["nen", "nen", "nec", None],
        }
    )
    counted = reclassified(_table(), {Scope.SPECIMEN: specimens})
    assert counted == [("nen", "net", 2), ("nec", "", 1)]
