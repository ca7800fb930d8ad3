"""The command line as a whole process: what is loaded, what is printed, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

CASE = """
patient: P1
tumours:
  - id: T1
    facts: {tumour.site: lung, lesion.size: 20}
    specimens:
      - id: S1
        facts:
          specimen.procedure: resection
          specimen.site_type: primary
          pathology.morphology: carcinoid
          pathology.mitoses: 1
          pathology.necrosis: absent
          pathology.ki67: "3"
"""


def nenuphar(*arguments: str | Path, check: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nenuphar", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert done.returncode == check, done.stdout + done.stderr
    return done


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_a_command_that_went_well_complains_of_nothing(case, tmp_path):
    assert not nenuphar("assess", case, "--out", tmp_path / "out").stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["kb", "--help"], ["kb", "search", "carcinoid"], ["explain", "CASE"]]
)
def test_no_table_or_plotting_library_is_loaded_before_it_is_needed(arguments, case):
    arguments = [str(case) if part == "CASE" else part for part in arguments]
    program = (
        "import sys\n"
        "from nenuphar.cli.main import run\n"
        f"sys.argv = ['nenuphar', *{arguments!r}]\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "heavy = {'polars', 'altair', 'duckdb', 'pandas', 'numpy', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_explain_tells_the_rule_the_values_and_the_source(case):
    told = nenuphar("explain", case, "--fact", "tumour.entity").stdout
    assert "tumour.entity: typical_carcinoid (met)" in told
    assert "✓ pathology.mitoses < 2/2 mm² (seen: 1/2 mm²)" in told
    assert "Table 1" in told


def test_explain_prints_the_whole_trace_as_json(case):
    conclusions = json.loads(nenuphar("explain", case, "--json").stdout)
    entity = next(c for c in conclusions if c["fact"] == "tumour.entity")
    assert entity["value"] == "typical_carcinoid"
    assert {rule["status"] for rule in entity["rules"]} >= {"met", "not_met"}
    assert entity["stamp"]["knowledge_release"]


def test_an_unknown_fact_is_wrong_usage_with_the_nearest_name(case):
    told = nenuphar("explain", case, "--fact", "tumor.entity", check=2).stderr
    assert "did you mean 'tumour.entity'?" in told


def test_a_missing_file_is_unreadable_input(tmp_path):
    told = nenuphar("explain", tmp_path / "absent.yaml", check=3).stderr
    assert "absent.yaml" in told
    assert "Traceback" not in told


def test_a_broken_record_is_an_invalid_knowledge_base(tmp_path):
    (tmp_path / "broken.yaml").write_text("- kind: fact\n  id: x\n", encoding="utf-8")
    (tmp_path / "RELEASE").write_text("0\n", encoding="utf-8")
    told = nenuphar("kb", "check", "--records", tmp_path, check=4).stderr
    assert "broken.yaml:1: x: sources" in told


def test_the_shipped_knowledge_base_is_valid():
    assert "records fit together" in nenuphar("kb", "check").stdout


def test_a_record_shows_what_it_says_and_who_uses_it():
    told = nenuphar("kb", "show", "lung.mitoses.atypical_min").stdout
    assert "value: 2.0" in told
    assert "lung.typical_carcinoid" in told


def test_a_new_record_is_a_skeleton_that_yaml_reads(tmp_path):
    nenuphar("kb", "new", "rule", "--id", "gep.net.g3", "-o", tmp_path / "new.yaml")
    assert "id: gep.net.g3" in (tmp_path / "new.yaml").read_text("utf-8")
    nenuphar("kb", "new", "rule", "--id", "gep.net.g3", "-o", tmp_path / "new.yaml", check=2)


def test_every_record_is_exported_as_a_json_list(tmp_path):
    nenuphar("kb", "export", "--format", "json", "-o", tmp_path / "all.json")
    records = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert all({"kind", "id", "version", "status", "sources"} <= set(r) for r in records)
    assert all(r["sources"][0]["source"] for r in records)
    named = {"source", "locator", "reference"}
    assert all(named <= set(source) for r in records for source in r["sources"])
    outcomes = [r for r in records if r["kind"] == "outcome"]
    assert all({"study", "value", "ci_low", "events", "n", "repaired"} <= set(r) for r in outcomes)
    assert any(r["n"] is None for r in outcomes)


def test_a_changed_threshold_changes_named_golden_cases(tmp_path):
    nenuphar("kb", "export", "-o", tmp_path / "old.json")
    records = json.loads((tmp_path / "old.json").read_text("utf-8"))
    for record in records:
        if record["id"] == "lung.mitoses.atypical_min":
            record["value"] = 3
    (tmp_path / "old.json").write_text(json.dumps(records), encoding="utf-8")
    difference = json.loads(nenuphar("kb", "diff", tmp_path / "old.json", "--json").stdout)
    assert difference["changed"] == ["lung.mitoses.atypical_min"]
    assert difference["removed"] == difference["added"] == []
    assert {c["rule"] for c in difference["cases"]} >= {"lung.atypical_carcinoid"}


def test_a_case_is_assessed_into_a_folder(case, tmp_path):
    out = tmp_path / "out"
    nenuphar("assess", case, "--out", out)
    assert {path.name for path in out.iterdir()} == {
        "cases",
        "conclusions.parquet",
        "conclusions.tsv",
        "index.html",
        "manifest.json",
        "rejected.tsv",
        "results.duckdb",
    }
    entity = pl.read_parquet(out / "conclusions.parquet").filter(pl.col("fact") == "tumour.entity")
    assert entity.select("patient_id", "value", "status").rows() == [
        ("P1", "typical_carcinoid", "met")
    ]
    assert "Typical carcinoid" in (out / "cases" / "P1.html").read_text("utf-8")


def test_the_same_input_gives_the_same_bytes(case, tmp_path):
    for name in ("one", "two"):
        nenuphar("assess", case, "--out", tmp_path / name)
    for path in sorted((tmp_path / "one").rglob("*")):
        if path.is_file() and path.name != "results.duckdb":
            again = tmp_path / "two" / path.relative_to(tmp_path / "one")
            assert path.read_bytes() == again.read_bytes(), path.name


def test_a_folder_that_is_not_ours_is_never_replaced(case, tmp_path):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("do not lose this", encoding="utf-8")
    nenuphar("assess", case, "--out", out, check=2)
    assert (out / "thesis.txt").read_text("utf-8") == "do not lose this"


def test_rejected_records_are_listed_and_counted(tmp_path):
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,site,size_mm,morphology,mitoses,ki67,necrosis,procedure,sample,diagnosis,"
        "os_months,status\n"
        "A,lung,20,carcinoid,1,2,absent,resection,primary,,,\n"
        "A,lung,20,carcinoid,1,2,absent,resection,primary,,,\n"
        ",lung,20,carcinoid,1,2,absent,resection,primary,,,\n"
        "B,lung,20,carcinoid,many,2,absent,resection,primary,,,\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    nenuphar("assess", table, "--mapping", "simulated", "--out", out, check=1)
    counts = json.loads((out / "manifest.json").read_text("utf-8"))["counts"]
    assert counts["read"] == counts["accepted"] + counts["rejected"] == 4
    assert counts["accepted"] == 2
    rejected = pl.read_csv(out / "rejected.tsv", separator="\t", infer_schema=False)
    assert set(rejected["line"]) == {"3", "4", "5"}
    assert "many" in rejected["value"].to_list()


def test_several_processes_conclude_the_same(tmp_path):
    nenuphar("simulate", "--patients", "60", "--seed", "3", "--out", tmp_path)
    for workers in ("1", "2"):
        nenuphar(
            *("assess", tmp_path / "cohort.csv", "--mapping", "simulated", "--reports", "none"),
            *("--workers", workers, "--out", tmp_path / workers),
        )
    one, two = (pl.read_parquet(tmp_path / w / "conclusions.parquet") for w in ("1", "2"))
    assert one.equals(two)


def test_the_page_of_one_patient_is_rendered_later_as_it_would_have_been(tmp_path):
    nenuphar("simulate", "--patients", "5", "--out", tmp_path)
    table = tmp_path / "cohort.csv"
    for reports in ("all", "none"):
        options = ("--mapping", "simulated", "--as-of", "2026-06-30", "--reports", reports)
        nenuphar("assess", table, *options, "--out", tmp_path / reports)
    nenuphar("report", tmp_path / "none", "--patient", "SIM-3")
    first, later = (tmp_path / name / "cases" / "SIM-3.html" for name in ("all", "none"))
    assert later.read_text("utf-8") == first.read_text("utf-8")
    nenuphar("report", tmp_path / "none", "--patient", "nobody", check=2)


def test_the_demonstration_ends_by_naming_the_report(tmp_path):
    told = nenuphar("demo", "--out", tmp_path / "demo", "--patients", "30").stdout
    assert told.rstrip().endswith("index.html")
    assert (tmp_path / "demo" / "index.html").exists()
