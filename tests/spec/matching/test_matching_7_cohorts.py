"""The other way round: which patients of a cohort fit a trial, and criteria over time."""

from __future__ import annotations

import pytest

from nenuphar.io.case_file import collect_cases, read_cases
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import assess
from nenuphar.pipeline.matching.cohort import match_cohort, trials_by_count, what_would_decide
from nenuphar.pipeline.matching.trials import Question, criteria_of, match_case, questions_of_trials

KB = load_knowledge()

LINES = """
treatments:
  - id: "1"
    facts:
      treatment.regimen: cisplatin_etoposide
      treatment.progressed: "yes"
"""
HEAD = """
tumour.site: {site}
disease.extent: metastatic
pathology.morphology: {shape}
pathology.mitoses: "30/2mm2"
pathology.ki67: "{ki67}"
"""
# patient: site, morphology, Ki-67, lines of treatment
PATIENTS = {
    "net": ("pancreas", "well_differentiated", "35", LINES),
    "nec": ("colon", "large_cell", "80", LINES),
    "bound": ("pancreas", "well_differentiated", ">15", LINES),
    "untreated": ("pancreas", "well_differentiated", "35", ""),
    "lung": ("lung", "large_cell", "80", LINES),
    "small": ("lung", "small_cell", "90", LINES),
}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    for name, (site, shape, ki67, lines) in PATIENTS.items():
        head = HEAD.format(site=site, shape=shape, ki67=ki67)
        (folder / f"{name}.yaml").write_text(f"patient: {name}{head}{lines}", "utf-8")
    return read_cases(folder, KB, questions_of_trials(KB)).frames


def eligible(frames, trial: str) -> dict[str, set[str]]:
    """Return the patients by how they fit a trial."""
    pairs = match_cohort(frames, KB).pairs()
    found: dict[str, set[str]] = {}
    for cells in pairs.iter_rows(named=True):
        if f".{trial}." in cells["trial_id"]:
            found.setdefault(cells["eligibility"], set()).add(cells["patient_id"])
    return found


@pytest.mark.parametrize(
    ("trial", "met", "undetermined", "not_met"),
    [
        # Ki-67 >20% and platinum; large- and small-cell carcinoma of the lung excluded
        ("nct02939651", {"net", "nec"}, {"bound", "untreated"}, {"lung", "small"}),
        # NIPINEC: poorly differentiated, lung or digestive, progressed, no SCLC
        ("nct03591731", {"nec", "lung"}, set(), {"net", "bound", "untreated", "small"}),
        # DUNE cohort 4: high-grade outside the lung, progressed
        ("nct03095274", {"net", "nec", "bound"}, {"untreated"}, {"lung", "small"}),
    ],
)
def test_patients_of_a_cohort_are_found_for_a_trial(frames, trial, met, undetermined, not_met):
    found = eligible(frames, trial)
    assert found.get("met", set()) == met
    assert found.get("undetermined", set()) == undetermined
    assert found.get("not_met", set()) == not_met


def test_counts_by_trial_add_up_to_the_cohort(frames):
    pairs = match_cohort(frames, KB).pairs()
    counts = trials_by_count(pairs)
    totals = counts.select(total=counts["met"] + counts["undetermined"] + counts["not_met"])
    assert set(totals["total"]) == {len(PATIENTS)}
    assert all(len(names) == n for names, n in counts.select("fitting", "met").iter_rows())


def test_what_would_decide_most_is_counted_over_open_pairs(frames):
    pairs = match_cohort(frames, KB).pairs()
    (first, *_) = what_would_decide(pairs)
    fact, lacking, alone, people = first
    expected = [
        m.split(";") for m in pairs.filter(pairs["eligibility"] == "undetermined")["missing"]
    ]
    assert lacking == sum(fact in missing for missing in expected)
    assert alone == sum(missing == [fact] for missing in expected)
    assert 1 <= people <= len(PATIENTS)


WITHIN = {
    "exists": {
        "over": "treatment_line",
        "that": {
            "fact": "timeline.pd_after_chemotherapy_months",
            "le": {"value": "6", "unit": "months"},
        },
    }
}


@pytest.mark.parametrize(
    ("ended", "progressed", "expected"),
    [
        ("2020-01-31", "2020-07-31", "met"),  # exactly six calendar months
        ("2020-01-31", "2020-08-01", "not_met"),
        ("2020-01-31", "2020-07", "met"),  # some day of July
        ("2020-01-15", "2020-07", "undetermined"),
    ],
)
def test_progression_within_months_of_a_line_is_asked_in_rows_and_columns(
    tmp_path, ended, progressed, expected
):
    (tmp_path / "P.yaml").write_text(
        "patient: P\ntumour.site: lung\npathology.morphology: small_cell\ntreatments:\n"
        "  - id: '1'\n    facts:\n      line.regimen_class: chemo_ici\n"
        f"      line.ici_start: '2019-10-01'\n      line.chemo_end: '{ended}'\n"
        f"      line.pd_date: '{progressed}'\n",
        "utf-8",
    )
    record = {**KB.raw["trial.caspian.nie_2024"], "criteria": WITHIN}
    asked = [Question(record, criteria_of(WITHIN))]
    read = read_cases(tmp_path, KB)
    (pair,) = match_cohort(read.frames, KB, asked).pairs().iter_rows(named=True)
    assert pair["eligibility"] == expected
    (case,) = collect_cases(tmp_path, KB).cases
    (found,) = match_case(assess(case, KB), KB, asked)
    assert found.eligibility.value == expected
