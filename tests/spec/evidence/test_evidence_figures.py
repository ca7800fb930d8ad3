"""Forest plots and small-study plots."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.hazard import HazardRatio, pool_hazards
from nenuphar.methods.evidence.pool import pool
from nenuphar.methods.evidence.subgroups import compare_subgroups
from nenuphar.report.figures.forest import (
    FigureFormatError,
    forest_plot,
    forest_rows,
    small_study_plot,
    write_chart,
)

COUNTS = [
    StudyCounts("Alpha", 2, 30, "NET"),
    StudyCounts("Beta", 9, 41, "NEC"),
    StudyCounts("Gamma", 0, 27, "NET"),
    StudyCounts("Delta", 4, 18, "NEC"),
]
RATIOS = [HazardRatio("Alpha", 0.7, 0.5, 0.98), HazardRatio("Beta", 0.9, 0.7, 1.2)]


def pooled() -> dict[str, Any]:
    return asdict(pool(COUNTS))


def test_rows_stand_from_top_to_bottom_with_subgroups_below_their_heading() -> None:
    parts = [(name, asdict(part)) for name, part in compare_subgroups(COUNTS).subgroups]
    labels = [row["label"] for row in forest_rows(pooled(), parts)]
    assert labels == [
        "NET",
        "Alpha",
        "Gamma",
        "NET: pooled",
        "NEC",
        "Beta",
        "Delta",
        "NEC: pooled",
        "All: pooled",
    ]


def test_a_row_shows_counts_and_the_exact_interval() -> None:
    gamma = forest_rows(pooled())[2]
    assert gamma["counts"] == "0/27"
    assert gamma["interval"] == "0.0% (0.0-12.8)"


def test_what_was_not_pooled_is_not_called_pooled() -> None:
    rows = forest_rows(asdict(pool(COUNTS[:1])))
    assert rows[-1]["label"] == "Not pooled"
    assert rows[-1]["prediction_low"] is None


@pytest.mark.parametrize("suffix", [".svg", ".png", ".html"])
def test_figures_are_written_the_same_each_time_and_need_no_network(
    tmp_path: Path, suffix: str
) -> None:
    paths = [tmp_path / f"{place}{suffix}" for place in (1, 2)]
    for path in paths:
        write_chart(forest_plot(pooled(), title="ORR"), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert sorted(tmp_path.iterdir()) == paths
    if suffix == ".svg":
        assert b"Gamma" in first
        assert len(first) < 150_000
    if suffix == ".html":
        assert b'<script src="http' not in first


def test_a_forest_of_hazard_ratios_has_a_line_at_one(tmp_path: Path) -> None:
    chart = forest_plot(asdict(pool_hazards(RATIOS)))
    assert '"one"' in chart.to_json()
    write_chart(chart, tmp_path / "ratios.svg")
    assert b"Hazard ratio (log scale)" in (tmp_path / "ratios.svg").read_bytes()


def test_small_studies_stand_below_large_ones() -> None:
    counts = small_study_plot(pooled())
    values = counts.layer[1].data.values
    assert [row["precision"] for row in values] == [30, 41, 27, 18]
    ratios = small_study_plot(asdict(pool_hazards(RATIOS))).to_dict()
    assert ratios["layer"][1]["encoding"]["y"]["scale"]["reverse"] is True


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FigureFormatError, match="ends in"):
        write_chart(forest_plot(pooled()), tmp_path / "figure.gif")
    assert list(tmp_path.iterdir()) == []
