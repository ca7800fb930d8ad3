"""Response and resistance on the pages of cases and cohorts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nenuphar as nn
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.job import run_job
from nenuphar.pipeline.resistance.definition_sets import SETS
from nenuphar.pipeline.response.visits import changes_of, traces_of, visits_of
from nenuphar.pipeline.sections import case_sections

LINE = """
    facts:
      line.disease: sclc
      line.regimen_class: ici_mono
      line.setting: advanced
      line.ici_start: "2020-01-05"
      line.ici_last_dose: "2020-09-20"
      line.cycles: "12"
      line.best_response: PR
      line.response_confirmed: "yes"
      line.pd_date: "2020-10-02"
"""

CASE = f"""
patient: P1
facts: {{response.reference_date: "2020-01-05"}}
treatments:
  - id: "1"
    start: "2020-01-05"
{LINE}
time_points:
  - id: baseline
    date: "2020-01-02"
    lesions:
      - {{id: T1, facts: {{lesion.role: target, lesion.organ: liver, lesion.diameter: 40 mm}}}}
  - id: week 8
    date: "2020-03-01"
    lesions:
      - {{id: T1, facts: {{lesion.role: target, lesion.organ: liver, lesion.diameter: 20 mm}}}}
  - id: week 16
    date: "2020-05-01"
    lesions:
      - {{id: T1, facts: {{lesion.role: target, lesion.organ: liver, lesion.diameter: 18 mm}}}}
  - id: week 40
    date: "2020-10-02"
    lesions:
      - {{id: T1, facts: {{lesion.role: target, lesion.organ: liver, lesion.diameter: 30 mm}}}}
      - {{id: N1, facts: {{lesion.role: new, lesion.organ: brain, lesion.diameter: 11 mm}}}}
"""


def sections(tmp_path: Path, text: str = CASE):
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    found = case_sections(nn.assess(nn.read_case(str(path))), load_knowledge())
    return {one.anchor: one for one in found}


def visits(tmp_path: Path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    kb = load_knowledge()
    found = visits_of(frames_of([rows_of_case(nn.read_case(str(path)))], kb), kb)
    assert found is not None
    return found


def test_a_case_shows_its_visits_with_sums_nadirs_and_reasons(tmp_path):
    response = sections(tmp_path)["response"]
    said = [(v["sum_mm"], v["nadir_mm"], v["by_lesions"]) for v in response.data["visits"]]
    assert said == [(40, None, None), (20, 40, "PR"), (18, 20, "PR"), (30, 18, "PD")]
    assert [v["irecist"] for v in response.data["visits"]] == [None, "iPR", "iPR", "iUPD"]
    assert "from nadir 18 mm" in response.body
    assert response.data["best"][0]["confirmed"] == "PR"
    assert response.data["best"][0]["first_pd_date"] == "2020-10-02"


def test_a_case_has_its_phenotype_under_every_set_that_applies(tmp_path):
    resistance = sections(tmp_path)["resistance"]
    (line,) = resistance.data["lines"]
    found = {one["definition_set"]: one for one in line["phenotypes"]}
    assert list(found)[:2] == ["sitc_mono", "sitc_mono_kluger"]
    assert "sitc_chemo_ici" not in found
    assert line["silent"] > 0
    text = found["sclc_es_mono_text"]["by_cutoff"]
    assert text.startswith("4 months: ")


def test_what_is_no_definition_set_stands_beside_the_phenotypes(tmp_path):
    chemo = CASE.replace("ici_mono", "chemo_ici").replace(
        'line.cycles: "12"', 'line.chemo_end: "2020-04-01"'
    )
    (line,) = sections(tmp_path, chemo)["resistance"].data["lines"]
    assert {one["definition_set"] for one in line["phenotypes"]} <= set(SETS)
    assert any(name == "Progression-free survival" for name, *_ in line["times"])


def test_an_open_phenotype_names_what_would_decide_it_in_words(tmp_path):
    resistance = sections(tmp_path)["resistance"]
    (line,) = resistance.data["lines"]
    kluger = next(p for p in line["phenotypes"] if p["definition_set"] == "sitc_mono_kluger")
    assert kluger["phenotype"] == "undetermined"
    assert "Look for a scan that confirmed the progression." in kluger["asks"]
    assert "pd_confirmed" not in re.sub(r"<[^>]*>", "", str(resistance.body))


def test_the_best_change_counts_up_to_progression(tmp_path):
    (change,) = changes_of(visits(tmp_path))
    assert (change.name, change.response) == ("P1", "PR")
    assert change.percent == pytest.approx(-55)


def test_a_trace_starts_at_the_baseline(tmp_path):
    (trace,) = traces_of(visits(tmp_path))
    assert trace.points[0] == (0, 0)
    assert [round(change) for _, change in trace.points] == [0, -50, -55, -25]
    assert [kind for kind, _, _ in trace.marks] == ["new lesion", "progression"]


def test_a_case_without_scans_and_lines_has_neither_section(tmp_path):
    assert not {"response", "resistance"} & set(sections(tmp_path, "patient: P1\n"))


def test_a_case_without_responses_loads_no_plotting_library(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("patient: P1\ntumours: [{id: T1, facts: {tumour.site: lung}}]\n", "utf-8")
    code = (
        "import sys, nenuphar as nn\n"
        "from nenuphar.knowledge.base import load_knowledge\n"
        "from nenuphar.pipeline.sections import case_sections\n"
        f"case_sections(nn.assess(nn.read_case({str(path)!r})), load_knowledge())\n"
        "print([m for m in ('altair', 'polars', 'lifelines', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_figures_of_a_case_stay_small(tmp_path):
    drawn = "".join(str(one.body) for one in sections(tmp_path).values())
    svg = sum(len(figure) for figure in re.findall(r"<svg.*?</svg>", drawn, re.DOTALL))
    assert 0 < svg < 20_000


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Twelve patients, each with a line, a response and a time to progression."""
    rows = [
        {
            "patient_id": f"S{i:02}",
            "line_id": "1",
            "line.disease": "sclc",
            "line.regimen_class": "ici_mono",
            "line.setting": "advanced",
            "line.best_response": "PD" if i < 6 else "SD",
            "line.pfs_days": str(40 + 20 * i),
            "line.pfs_event": "yes",
            "line.os_days": str(90 + 25 * i),
            "line.os_event": "yes" if i % 2 else "no",
        }
        for i in range(12)
    ]
    path = tmp_path / "lines.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def test_a_cohort_page_has_the_same_sections_as_the_page_of_resistance(cohort, tmp_path):
    run_job(cohort, tmp_path / "out")
    html = (tmp_path / "out" / "index.html").read_text("utf-8")
    anchors = ("response", "phenotypes", "cutoffs", "phenotype-survival", "courses")
    for anchor in anchors:
        assert f'<h2 id="{anchor}">' in html
    assert html.count("<h2 id=") == len(set(re.findall(r'<h2 id="([^"]+)"', html)))
    assert "No Cox model" in html
    data = json.loads((tmp_path / "out" / "cases" / "S00.json").read_text("utf-8"))
    assert "resistance" in json.dumps(data)


def test_scans_and_doses_alone_give_a_cohort_its_phenotypes(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    scans_only = re.sub(r"\n +line\.(best_response|response_confirmed|pd_date).*", "", CASE)
    scans_only += """
  - id: week 46
    date: "2020-11-10"
    lesions:
      - {id: T1, facts: {lesion.role: target, lesion.organ: liver, lesion.diameter: 42 mm}}
"""
    for number in (1, 2):
        text = scans_only.replace("patient: P1", f"patient: P{number}")
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    run_job(folder, tmp_path / "out")
    html = (tmp_path / "out" / "index.html").read_text("utf-8")
    row = re.search(r"<tr><th[^>]*>[^<]*<small class=\"code\">sitc_mono</small>.*?</tr>", html)
    assert row is not None
    assert "Acquired resistance" in html
    assert re.findall(r">(\d+)<", row[0]) == ["2", "2"]
    assert "P2: -55.0%, PR" in html
