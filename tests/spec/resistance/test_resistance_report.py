"""The page of a cohort: every set, what is missing, agreement, cut-offs, survival, courses."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest
from tests_resistance_cases import MONO
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.pipeline.resistance.cohort import set_agreement
from nenuphar.pipeline.resistance.reading import read_timelines
from nenuphar.pipeline.resistance.side_by_side import side_by_side
from nenuphar.pipeline.resistance.survival import from_landmark, times_of

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


def cohort(path: Path) -> Path:
    """Write forty subjects of monotherapy, progressing after 50 to 440 days, every third dead."""
    start = dt.date(2020, 1, 1)
    rows = []
    for i in range(40):
        pd = start + dt.timedelta(days=50 + 10 * i)
        scan = pd + dt.timedelta(days=45)
        rows.append(
            {"subject": f"S{i:02}"}
            | MONO
            | {
                "best_response": "PD" if i < 10 else "SD",
                "ici_last_dose": str(pd - dt.timedelta(days=14)),
                "pd_date": str(pd),
                "pd_confirmed_date": str(scan),
                "last_assessment": str(scan),
                "death_date": str(scan + dt.timedelta(days=60)) if i % 3 == 0 else "",
            }
        )
    pl.DataFrame(rows).write_csv(path)
    return path


def test_the_page_holds_every_part_and_loads_nothing(tmp_path):
    source, page = cohort(tmp_path / "t.csv"), tmp_path / "page.html"
    command = ["resistance", str(source), "-o", str(tmp_path / "o.csv"), "--report", str(page)]
    assert CliRunner().invoke(app, command).exit_code == 0
    html = page.read_text("utf-8")
    for part in ("phenotypes", "set-agreement", "cutoffs", "phenotype-survival", "courses", "read"):
        assert f'id="{part}"' in html
    assert "Log-rank over all groups" in html
    assert "Landmark at 3 months" in html
    assert html.count("<svg") >= 8
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    first = page.read_bytes()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert page.read_bytes() == first


def test_agreement_of_two_sets_counts_the_subjects_whom_both_decide(tmp_path):
    table = side_by_side(read_timelines(cohort(tmp_path / "t.csv")).lines)
    found = set_agreement(table).filter(pl.col("one") == "sitc_mono")
    kluger = found.filter(pl.col("other") == "sitc_mono_kluger").row(0, named=True)
    assert kluger["subjects"] == 40
    # One subject's last dose lies before 6 months, though progression came later.
    assert kluger["agree"] == pytest.approx(39 / 40)
    assert 0.9 < kluger["kappa"] < 1


def test_the_landmark_groups_by_what_was_known_on_that_day(tmp_path):
    times = times_of(read_timelines(cohort(tmp_path / "t.csv")).lines)
    found = from_landmark(times, 3)
    assert found is not None
    groups = dict(found.summary.select("group", "patients").iter_rows())
    assert groups == {"Progression by the landmark": 5, "No progression by the landmark": 35}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_the_page_of_a_real_cohort(tmp_path):
    source = SHARED / "ici_riaz2017" / "data_bms038_clinical_data.csv"
    page = tmp_path / "page.html"
    command = ["resistance", str(source), "--mapping", "ici-riaz2017", "-o", "o.csv"]
    command = [*command[:-1], str(tmp_path / "o.csv"), "--report", str(page)]
    assert CliRunner().invoke(app, command).exit_code == 0
    html = page.read_text("utf-8")
    assert "pd_confirmed_date" in html
    assert "Log-rank over all groups" in html
