"""A burden against the other samples of one's own cohort."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nenuphar.domain.scope import Scope
from nenuphar.io.case_file import read_case
from nenuphar.io.inputs import read_input
from nenuphar.knowledge.base import load_knowledge
from nenuphar.methods.genomics.cohort_burden import burden_in_cohort
from nenuphar.pipeline.case import assess
from nenuphar.pipeline.molecular.describe import describe_read


def burdens(rates, assay="P", material="tissue", site="lung", wide=0.0):
    return pl.DataFrame(
        {"rate": [float(rate) for rate in rates]},
    ).with_columns(
        assay=pl.lit(assay, pl.String), material=pl.lit(material), site=pl.lit(site, pl.String),
        lo=pl.col("rate") - wide, hi=pl.col("rate") + wide,
    )  # fmt: skip


def test_the_highest_fifth_is_high(cutoffs):
    found = burden_in_cohort(burdens(range(50)), cutoffs)
    assert found["tmb_cohort"].to_list() == ["not_high"] * 40 + ["high"] * 10
    assert (found["tmb_cohort_cut"][0], found["tmb_cohort_size"][0]) == (40, 50)


def test_ties_never_widen_the_share(cutoffs):
    found = burden_in_cohort(burdens([1] * 30 + [5] * 12 + [9] * 3), cutoffs)
    assert found["tmb_cohort"].to_list() == ["not_high"] * 42 + ["high"] * 3
    assert burden_in_cohort(burdens([7] * 40), cutoffs)["tmb_cohort"].null_count() == 40


def test_the_cut_equals_an_obvious_search(cutoffs):
    draw = np.random.default_rng(5)
    for _ in range(40):
        rates = draw.integers(0, 12, int(draw.integers(30, 60))).tolist()
        reached = [r for r in set(rates) if sum(x >= r for x in rates) <= 0.2 * len(rates)]
        found = burden_in_cohort(burdens(rates), cutoffs)
        assert found["tmb_cohort_cut"][0] == (min(reached) if reached else None)


def test_an_interval_that_holds_the_cut_is_open(cutoffs):
    found = burden_in_cohort(burdens(range(50), wide=2), cutoffs)
    assert found["tmb_cohort"][37:43].to_list() == ["not_high", None, None, None, None, "high"]


@pytest.mark.parametrize("other", [{"assay": "Q"}, {"material": "blood"}, {"site": "pancreas"}])
def test_assays_materials_and_organs_are_not_compared(cutoffs, other):
    both = pl.concat([burdens(range(29)), burdens(range(100, 150), **other)])
    found = burden_in_cohort(both, cutoffs)
    assert found["tmb_cohort"][:29].null_count() == 29  # too few of their own
    assert (found["tmb_cohort"] == "high").sum() == 10


def test_burdens_of_an_unnamed_assay_stay_open(cutoffs):
    found = burden_in_cohort(burdens(range(50), assay=None), cutoffs)
    assert found["tmb_cohort"].null_count() == 50


def write(folder, assay):
    rows = [f"P{i},lung,{i},{assay}" for i in range(50)]
    head = "patient_id,tumour.site,genomics.tmb_reported,genomics.tmb_assay"
    path = folder / "cohort.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_cohort_says_it_of_each_specimen_with_the_cut_and_its_origin(tmp_path):
    knowledge = load_knowledge()
    read = describe_read(read_input(write(tmp_path, "panel A"), knowledge), knowledge)
    frame = read.frames[Scope.SPECIMEN]
    assert (frame["genomics.tmb_cohort"] == "high").sum() == 10
    assert frame["genomics.tmb_cohort_basis"][0] == "cut at 40.00/Mb among 50 samples of panel A"
    unnamed = describe_read(read_input(write(tmp_path, ""), knowledge), knowledge)
    assert "genomics.tmb_cohort" not in unnamed.frames[Scope.SPECIMEN].columns


def test_one_case_is_no_cohort(tmp_path):
    case = "patient: P\ntumour.site: lung\ngenomics.tmb_reported: 60\ngenomics.tmb_assay: panel A\n"
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    (found,) = assess(read_case(tmp_path / "case.yaml")).of("genomics.tmb_cohort")
    assert (found.value, found.status) == (None, "undetermined")
