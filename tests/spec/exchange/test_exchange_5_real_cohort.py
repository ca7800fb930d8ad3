"""A real cohort read by six pathologists comes back from FHIR as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from nenuphar.domain.scope import Scope
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.convert import convert

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
READINGS = SHARED / "lung_net_readers" / "readings.csv"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="the shared cohorts are not beside the checkout"
    ),
]


def test_every_reading_of_every_specimen_comes_back(tmp_path: Path) -> None:
    knowledge = load_knowledge()
    done = convert(READINGS, tmp_path / "bundles", "fhir", "lung-net-readers")
    assert (done.cases, done.lost) == (162, 0)
    before = read_input(READINGS, knowledge, "lung-net-readers").frames
    after = read_input(tmp_path / "bundles", knowledge).frames
    for scope in (Scope.PATIENT, Scope.TUMOUR, Scope.SPECIMEN):
        known = [name for name in before[scope].columns if name != "record"]
        old, new = (frames[scope].select(known).sort(known) for frames in (before, after))
        assert old.equals(new)
    assert after[Scope.SPECIMEN].height == 972
