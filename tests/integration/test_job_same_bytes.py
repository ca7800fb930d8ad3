"""The files of a run do not depend on how its work was shared out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from nenuphar.pipeline import job, pages
from nenuphar.pipeline.job import render_patient, run_job
from nenuphar.pipeline.simulated import write_simulated
from nenuphar.report.case_page import MOST_BYTES

CASE = """
patient: {patient}
facts: {{patient.age: 58, patient.ecog: 1}}
tumours:
  - id: T1
    facts: {{tumour.site: {site}, disease.extent: metastatic, lesion.size: 45}}
    specimens:
      - id: S1
        date: 2022-03
        facts:
          pathology.morphology: carcinoid
          pathology.mitoses: {mitoses}
          pathology.ki67: {ki67}
          specimen.site_type: primary
          genomics.mutation_count: 40
          genomics.territory: 30
          genomics.tmb_material: tissue
          immune.fraction.cd8: 2
          immune.fraction.macrophage: 8-12
        readings:
          - {{assessor: A, facts: {{pathology.necrosis: absent}}}}
          - {{assessor: B, facts: {{pathology.necrosis: focal, pathology.ki67: ">20"}}}}
treatments:
  - id: L1
    start: 2022-06-01
    facts:
      treatment.regimen: anti_pd1
      line.regimen_class: ici_mono
      line.ici_start: 2022-06-01
      line.best_response: SD
      line.pd_date: 2022-11-05
      line.setting: advanced
time_points:
  - {{id: V1, date: 2022-08-01, facts: {{response.overall: SD}}}}
  - {{id: V2, date: 2022-11-05, facts: {{response.overall: PD}}}}
"""
PATIENTS = (("P1", "pancreas", "12/2mm2", "30-40"), ("P2", "lung", "1/2mm2", "2"))


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    folder.mkdir()
    for patient, site, mitoses, ki67 in PATIENTS:
        text = CASE.format(patient=patient, site=site, mitoses=mitoses, ki67=ki67)
        (folder / f"{patient}.yaml").write_text(text)
    return folder


def digests(out: Path) -> dict[str, str]:
    """Hash every file but the database, whose ordered tables are hashed in the manifest."""
    files = (path for path in out.rglob("*") if path.is_file() and path.suffix != ".duckdb")
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def pages_of(folder: Path) -> list[Path]:
    return [path for path in (folder / "out/cases").rglob("*") if path.is_file()]


def test_few_patients_one_by_one_give_what_columns_give(cases, tmp_path, monkeypatch):
    one_by_one, in_columns = tmp_path / "rows", tmp_path / "columns"
    run_job(cases, one_by_one)
    monkeypatch.setattr(job, "ONE_BY_ONE_UP_TO", 0)
    run_job(cases, in_columns)
    assert digests(one_by_one) == digests(in_columns)
    assert {"cases/P1.html", "conclusions.tsv", "index.html"} <= digests(one_by_one).keys()
    pages = list((one_by_one / "cases").rglob("*.html"))
    assert all(page.stat().st_size <= MOST_BYTES for page in pages)
    assert len(pages) > len(PATIENTS), "their reasons are long, and stand on pages of their own"


def test_workers_give_what_one_process_gives(tmp_path):
    cohort, mapping = write_simulated(14, 3, tmp_path / "in")
    steps: list[tuple[str, int, int]] = []
    run_job(cohort, tmp_path / "one", mapping=mapping)
    told = run_job(
        cohort,
        tmp_path / "two",
        mapping=mapping,
        workers=2,
        progress=lambda *step: steps.append(step),
    )
    assert told.lost_pages == ()
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    pages_done = [done for what, done, of in steps if what == "Writing case pages" and of == 14]
    assert pages_done == list(range(1, 15))


def test_a_dask_scheduler_gives_what_one_process_gives(tmp_path):
    distributed = pytest.importorskip("distributed")
    cohort, mapping = write_simulated(14, 3, tmp_path / "in")
    run_job(cohort, tmp_path / "one", mapping=mapping)
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        dashboard_address=None,
    ) as cluster:
        address = cluster.scheduler_address
        run_job(cohort, tmp_path / "dask", mapping=mapping, scheduler=address)
    assert digests(tmp_path / "one") == digests(tmp_path / "dask")


def test_a_page_that_cannot_be_drawn_is_named_and_costs_no_other(cases, tmp_path, monkeypatch):
    def broken(name, *rest, **named):
        if name == "P1":
            raise ZeroDivisionError("secret of P1")
        return drawn(name, *rest, **named)

    drawn = pages.case_pages
    with monkeypatch.context() as patched:
        patched.setattr(pages, "case_pages", broken)
        finished = run_job(cases, tmp_path / "out")
    assert [problem.record for problem in finished.lost_pages] == ["P1"]
    assert "secret" not in finished.lost_pages[0].reason
    assert "ZeroDivisionError in test_job_same_bytes.py" in finished.lost_pages[0].reason
    written = {path.relative_to(tmp_path / "out/cases").as_posix() for path in pages_of(tmp_path)}
    assert {"P2.html", "P2.json"} <= written
    assert not any("P1" in path for path in written)
    assert "P1" in (tmp_path / "out/rejected.tsv").read_text()
    assert "cases/P1.html" not in (tmp_path / "out/index.html").read_text()
    counts = json.loads((tmp_path / "out/manifest.json").read_text())["counts"]
    assert (counts["read"], counts["accepted"]) == (2, 2)
    assert render_patient(tmp_path / "out", "P1").is_file()


def test_a_patient_without_a_specimen_has_no_call_and_that_is_said(tmp_path):
    (tmp_path / "case.yaml").write_text("patient: P9\nfacts: {patient.age: 58}\n")
    run_job(tmp_path / "case.yaml", tmp_path / "out")
    assert "tumour.entity" not in (tmp_path / "out/conclusions.tsv").read_text()
    remark = (tmp_path / "out/rejected.tsv").read_text().splitlines()[1]
    assert "1 of 1 patient(s) have no specimen" in remark
    assert "P9" in remark
    page = (tmp_path / "out/cases/P9.html").read_text()
    assert "No specimen of this patient is on record" in page
