"""Growth rate and hyperprogression: cautions that need a scan before baseline."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app

BASELINE = dt.date(2020, 1, 1)


def growth(folder: Path, *scans: tuple[int, str], assessors: tuple[str, ...] = ("",)) -> dict:
    """Growth of one subject with one target: (days from baseline, size)."""
    rows = [
        (reader, str(BASELINE + dt.timedelta(day)), "T1", "target", size, str(BASELINE))
        for reader in assessors
        for day, size in scans
    ]
    names = ("assessor", "date", "lesion", "role", "diameter_mm", "baseline_date")
    table = pl.DataFrame(rows, schema=names, orient="row").with_columns(subject=pl.lit("S1"))
    table.write_csv(folder / "m.csv")
    arguments = ["lesions", str(folder / "m.csv"), "--criteria", "recist1.1"]
    outputs = ["-o", str(folder / "t.csv"), "--growth", str(folder / "g.csv")]
    assert CliRunner().invoke(app, [*arguments, *outputs]).exit_code == 0
    return pl.read_csv(folder / "g.csv").row(0, named=True)


def test_the_rate_is_the_growth_of_a_sphere_in_percent_a_month(tmp_path):
    """From 40 to 44 mm the volume grows by 1.1 cubed; 61 days are 2.004 mean months."""
    found = growth(tmp_path, (-61, "40"), (0, "44"), (60, "60"))
    assert found["growth_before"] == pytest.approx(15.34)
    assert found["hyperprogression"] == "yes"
    assert (found["scan_before"], found["baseline"]) == ("2019-11-01", "2020-01-01")


def test_equal_rates_are_the_same_growth(tmp_path):
    found = growth(tmp_path, (-60, "40"), (0, "50"), (60, "62.5"))
    assert (found["ratio"], found["hyperprogression"]) == (1, "no")


@pytest.mark.parametrize(("size", "verdict"), [("61.9", "no"), ("62", "yes")])
def test_growth_twice_as_fast_is_hyperprogression(tmp_path, size, verdict):
    """40 to 44 mm is 15.6% a month over 60 days; twice as fast gives 61.95 mm in 115 days."""
    found = growth(tmp_path, (-60, "40"), (0, "44"), (115, size))
    assert found["hyperprogression"] == verdict


def test_without_a_scan_before_baseline_nobody_knows(tmp_path):
    found = growth(tmp_path, (0, "44"), (60, "60"))
    assert found["hyperprogression"] == "undetermined"
    assert "no scan before baseline" in found["reason"]
    assert found["growth_on_treatment"] is not None


def test_without_progression_at_the_first_evaluation_there_is_none(tmp_path):
    found = growth(tmp_path, (0, "44"), (60, "45"), (120, "90"))
    assert (found["hyperprogression"], found["reason"]) == ("no", "SD at the first evaluation")


def test_a_tumour_that_did_not_grow_before_gives_no_ratio(tmp_path):
    found = growth(tmp_path, (-60, "44"), (0, "44"), (60, "60"))
    assert (found["hyperprogression"], found["ratio"]) == ("undetermined", None)


def test_the_scan_before_baseline_plays_no_part_in_the_response(tmp_path):
    growth(tmp_path, (-60, "20"), (0, "44"), (60, "44"))
    points = pl.read_csv(tmp_path / "t.csv")
    assert points["overall"].to_list() == ["SD"]
    assert points["nadir_mm"].to_list() == [44]
