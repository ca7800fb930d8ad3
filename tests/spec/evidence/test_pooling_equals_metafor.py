"""Pooling equals R metafor and lme4, on made-up tables whose reference values are committed.

With R and the packages metafor and lme4 installed, the script that made the values is run again,
also on the tables of R's metadat (`dat.debruin2009`, `dat.pritz1997`, `dat.bcg`).
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nenuphar.methods.evidence import effects
from nenuphar.methods.evidence.counts import StudyCounts, read_counts
from nenuphar.methods.evidence.estimate import PoolingPlan
from nenuphar.methods.evidence.hazard import HazardRatio, log_effects, pool_hazards
from nenuphar.methods.evidence.moderators import regress_effects, regress_proportions
from nenuphar.methods.evidence.pool import leave_one_out, pool
from nenuphar.methods.evidence.subgroups import compare_subgroups

GOLDEN = Path(__file__).parents[2] / "golden" / "evidence"
CLOSED, QUADRATURE = 1e-6, 1e-4
TABLES = ("plain", "sparse", "zeros", "alike", "two", "full", "wide")
LARGER = tuple(name for name in TABLES if name != "two")
METADAT = ("debruin2009", "pritz1997", "bcg")
INTERVALS = {"z": ("z", True), "knha": ("hk", False), "adhoc": ("hk", True)}
POOLED = (
    "estimate",
    "ci_low",
    "ci_high",
    "prediction_low",
    "prediction_high",
    "model_estimate",
    "standard_error",
    "tau2",
    "i2",
    "h2",
    "q",
    "q_p",
)


class Golden:
    """Tables and reference values of one folder."""

    def __init__(self, folder: Path) -> None:
        self.rows = self._rows(folder / "tables.csv", "table")
        self.hazards = self._rows(folder / "hazards.csv", "table")
        self.values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for row in csv.DictReader((folder / "reference.csv").open()):
            value = float("nan") if row["value"] == "NA" else float(row["value"])
            self.values[row["table"], row["analysis"]][row["quantity"]] = value

    @staticmethod
    def _rows(path: Path, key: str) -> dict[str, list[dict[str, str]]]:
        tables: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in csv.DictReader(path.open()):
            tables[row[key]].append(row)
        return tables

    def counts(self, table: str) -> list[StudyCounts]:
        rows = [{**row, "subgroup": row["group"]} for row in self.rows[table]]
        return list(read_counts(rows, "moderator").accepted)


@cache
def committed() -> Golden:
    return Golden(GOLDEN)


def has_r() -> bool:
    if not shutil.which("Rscript"):
        return False
    probe = (
        "quit(status = !all(c('metafor', 'lme4', 'metadat') %in% rownames(installed.packages())))"
    )
    return subprocess.run(["Rscript", "-e", probe], check=False).returncode == 0  # noqa: S603, S607


@pytest.fixture(scope="module")
def metadat(tmp_path_factory: pytest.TempPathFactory) -> Golden:
    if not has_r():
        pytest.skip("R with metafor, lme4 and metadat is not installed")
    folder = tmp_path_factory.mktemp("metadat")
    run_script("--metadat", str(folder))
    return Golden(folder)


def run_script(*arguments: str) -> None:
    command = ["Rscript", str(GOLDEN / "reference.R"), *arguments]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def same(ours: float | None, theirs: float, tolerance: float) -> bool:
    return ours == pytest.approx(theirs, rel=tolerance, abs=tolerance)


def compare_inverse_variance(golden: Golden, table: str) -> None:
    for method in ("logit", "freeman-tukey"):
        for tau in ("dl", "reml", "pm"):
            for name, (ci, floor) in INTERVALS.items():
                result = pool(golden.counts(table), PoolingPlan(method, tau, ci, floor))
                reference = golden.values[table, f"{method}/{tau}/{name}"]
                for field in POOLED:
                    seen = getattr(result, field)
                    assert same(seen, reference[field], CLOSED), (method, tau, name, field)


def compare_glmm(golden: Golden, table: str) -> None:
    result = pool(golden.counts(table))
    reference = golden.values[table, "glmm-metafor"]
    for field in POOLED:
        assert same(getattr(result, field), reference[field], QUADRATURE), field
    sharper = golden.values[table, "glmm-lme4"]
    for field in ("model_estimate", "standard_error", "tau2"):
        assert same(getattr(result, field), sharper[field], QUADRATURE), field


@pytest.mark.parametrize("table", TABLES)
def test_single_study_effects_and_their_variances(table: str) -> None:
    rows = committed().counts(table)
    events, n = [row.events for row in rows], [row.n for row in rows]
    transforms = {
        "PR": effects.raw_proportion,
        "PLN": effects.log_proportion,
        "PLO": effects.logit,
        "PFT": effects.freeman_tukey,
    }
    for name, transform in transforms.items():
        y, v = transform(events, n)
        reference = committed().values[table, f"escalc-{name}"]
        np.testing.assert_allclose(y, [reference[f"y{i + 1}"] for i in range(len(n))], atol=1e-12)
        np.testing.assert_allclose(v, [reference[f"v{i + 1}"] for i in range(len(n))], atol=1e-12)


@pytest.mark.parametrize("table", TABLES)
def test_logit_and_freeman_tukey_with_every_tau_and_interval(table: str) -> None:
    compare_inverse_variance(committed(), table)


@pytest.mark.parametrize("table", TABLES)
def test_glmm_with_studies_that_have_no_events(table: str) -> None:
    compare_glmm(committed(), table)


@pytest.mark.parametrize("table", LARGER)
def test_leaving_each_study_out(table: str) -> None:
    plan = PoolingPlan("logit", "reml")
    for place, (_, result) in enumerate(leave_one_out(committed().counts(table), plan), start=1):
        if result.pooled:
            reference = committed().values[table, f"logit/without-{place}"]
            for field, value in reference.items():
                assert same(getattr(result, field), value, CLOSED), (place, field)


@pytest.mark.parametrize("table", LARGER)
def test_subgroups_by_inverse_variance(table: str) -> None:
    result = compare_subgroups(committed().counts(table), PoolingPlan("logit", "reml"))
    reference = committed().values[table, "logit/subgroups"]
    assert same(result.statistic, reference["q"], CLOSED)
    assert same(result.p_value, reference["q_p"], CLOSED)


@pytest.mark.parametrize("table", LARGER)
def test_subgroups_by_the_likelihood_ratio_of_the_glmm(table: str) -> None:
    result = compare_subgroups(committed().counts(table))
    reference = committed().values[table, "glmm-lme4/subgroups"]
    assert same(result.statistic, reference["q"], QUADRATURE)
    assert same(result.p_value, reference["q_p"], QUADRATURE)


@pytest.mark.parametrize("table", LARGER)
def test_meta_regression_on_a_number(table: str) -> None:
    for tau in ("dl", "reml", "pm"):
        for name, (ci, floor) in INTERVALS.items():
            plan = PoolingPlan("logit", tau, ci, floor)
            fit = regress_proportions(committed().counts(table), ["moderator"], plan)
            reference = committed().values[table, f"logit/regression/{tau}/{name}"]
            compare_regression(fit, reference, CLOSED)
    fit = regress_proportions(committed().counts(table), ["moderator"])
    reference = committed().values[table, "glmm-lme4/regression"]
    compare_regression(fit, reference, QUADRATURE)


def compare_regression(fit: object, reference: dict[str, float], tolerance: float) -> None:
    intercept, slope = fit.coefficients  # type: ignore[attr-defined]
    seen = {
        "intercept": intercept.estimate,
        "slope": slope.estimate,
        "intercept_se": intercept.standard_error,
        "slope_se": slope.standard_error,
        "slope_p": slope.p_value,
    }
    for field, value in reference.items():
        ours = seen[field] if field in seen else getattr(fit, field)
        assert same(ours, value, tolerance), field


def compare_ratios(golden: Golden, table: str) -> None:
    rows = golden.hazards[table]
    ratios = [
        HazardRatio(row["study"], *(float(row[name]) for name in ("hr", "ci_low", "ci_high")))
        for row in rows
    ]
    moderator = np.array([float(row["moderator"]) for row in rows])
    for tau in ("dl", "reml", "pm"):
        for name, (ci, floor) in INTERVALS.items():
            plan = PoolingPlan(tau=tau, ci=ci, floor=floor)
            result = pool_hazards(ratios, plan)
            reference = golden.values[table, f"log-ratio/{tau}/{name}"]
            for field in POOLED:
                assert same(getattr(result, field), reference[field], CLOSED), (tau, name, field)
            fit = regress_effects(*log_effects(ratios), {"moderator": moderator}, plan)
            reference = golden.values[table, f"log-ratio/regression/{tau}/{name}"]
            compare_regression(fit, reference, CLOSED)


def test_hazard_ratios_from_their_printed_intervals() -> None:
    compare_ratios(committed(), "ratios")


def test_the_committed_values_come_from_the_committed_script(tmp_path: Path) -> None:
    if not has_r():
        pytest.skip("R with metafor, lme4 and metadat is not installed")
    fresh = tmp_path / "reference.csv"
    run_script(str(GOLDEN / "tables.csv"), str(GOLDEN / "hazards.csv"), str(fresh))
    again = list(csv.DictReader(fresh.open()))
    before = list(csv.DictReader((GOLDEN / "reference.csv").open()))
    assert len(again) == len(before)
    for new, old in zip(again, before, strict=True):
        key = ("table", "analysis", "quantity")
        assert [new[name] for name in key] == [old[name] for name in key]
        if "NA" not in (new["value"], old["value"]):
            assert same(float(new["value"]), float(old["value"]), 1e-5), new


@pytest.mark.parametrize("table", METADAT)
def test_the_tables_of_metadat(metadat: Golden, table: str) -> None:
    compare_inverse_variance(metadat, table)
    compare_glmm(metadat, table)
    fit = regress_proportions(metadat.counts(table), ["moderator"])
    compare_regression(fit, metadat.values[table, "glmm-lme4/regression"], QUADRATURE)


def test_the_risk_ratios_of_bcg(metadat: Golden) -> None:
    compare_ratios(metadat, "bcg-ratios")
