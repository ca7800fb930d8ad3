"""What the cut-offs of the immune class are worth: docs/models/immune-class.md, measured again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nenuphar.knowledge.base import load_knowledge

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared cohorts are not beside the checkout"),
]


@cache
def readings():
    from nenuphar.methods.microenvironment.training.readings import read_readings

    return read_readings(DATA)


def cut(name: str) -> float:
    return load_knowledge().thresholds[f"immune.{name}"].value


def test_the_cut_offs_in_use_lie_at_the_places_that_their_records_name():
    from nenuphar.methods.microenvironment.training.agreement import PLACES, cuts_at

    shares = readings().shares
    hot, few, rich = cuts_at(shares["cd8"], shares["macrophage"])
    assert PLACES == (0.9, 0.75, 0.75)
    assert cut("cd8.hot_min") == pytest.approx(hot, abs=0.15)
    assert cut("cd8.low_max") == pytest.approx(few, abs=0.15)
    assert cut("macrophage.rich_min") == pytest.approx(rich, abs=0.15)


def test_classes_agree_with_second_methods_on_tumours_that_set_no_cut_off():
    from nenuphar.methods.microenvironment.training.agreement import agreement

    read = readings()
    ours = (read.shares["cd8"], read.shares["macrophage"])
    other = agreement(ours, read.second["MCP-counter"])
    assert other.kappa >= 0.55
    assert other.opposite <= 0.03
    assert agreement(ours, read.second["ABIS"]).kappa >= 0.35
    # The sums that were read before told the same tumours apart hardly better than chance.
    sums = agreement((read.t_cells(), read.myeloid()), read.second["MCP-counter"])
    assert sums.kappa <= 0.25


def test_the_shares_that_decide_nothing_have_no_support():
    from nenuphar.methods.microenvironment.training.agreement import rank_correlation

    read = readings()
    t_cells, myeloid = read.second["MCP-counter"]
    assert rank_correlation(read.shares["cd8"], t_cells) >= 0.7
    assert rank_correlation(read.shares["macrophage"], myeloid) >= 0.65
    for share, other in (("cd4", t_cells), ("treg", t_cells), ("monocyte", myeloid)):
        assert rank_correlation(read.shares[share], other) <= 0.1


def test_supra_carcinoids_are_not_cold():
    import polars as pl

    from nenuphar.methods.microenvironment.training.agreement import COLD, classes

    read = readings()
    cuts = (cut("cd8.hot_min"), cut("cd8.low_max"), cut("macrophage.rich_min"))
    told = classes(read.shares["cd8"], read.shares["macrophage"], cuts)
    samples = pl.read_csv(DATA / "lung_nen" / "samples_S1.csv", infer_schema=False)
    flagged = set(samples.drop_nulls("supra-carcinoid")["sample id"])
    supra = np.array([name in flagged for name in read.names])
    assert np.mean(told[supra] != COLD) >= 0.9
    assert np.mean(told[~supra] == COLD) >= 0.55


def test_the_cohort_that_ships_is_what_the_data_give():
    from nenuphar.methods.microenvironment.cohort import FILE
    from nenuphar.methods.microenvironment.training.fit import cohort_text

    assert cohort_text(readings()) == FILE.read_text("utf-8")
