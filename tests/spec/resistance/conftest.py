"""Helpers for the chapter on resistance: one subject in, its phenotypes out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from nenuphar.pipeline.resistance.reading import read_timelines
from nenuphar.pipeline.resistance.side_by_side import side_by_side

Classify = Callable[..., dict[str, str]]


@pytest.fixture
def classify(tmp_path: Path) -> Classify:
    """Return a function that classifies one subject by one set, from the columns of the manual."""

    def run(definition_set: str, base: dict[str, str], **changes: str) -> dict[str, str]:
        subject = {"subject": "S1", **base, **changes}
        path = tmp_path / "timelines.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, subject)
            writer.writeheader()
            writer.writerow(subject)
        read = read_timelines(path)
        assert read.rejected == 0, read.problems
        rows = side_by_side(read.lines, sets=(definition_set,)).to_dicts()
        found = [row for row in rows if row["definition_set"] == definition_set]
        assert len(found) == 1, [row["definition_set"] for row in rows]
        return found[0]

    return run
