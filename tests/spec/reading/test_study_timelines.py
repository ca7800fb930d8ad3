"""Timelines of a study: drugs become lines of treatment, days become intervals and never dates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.domain.scope import Scope
from nenuphar.engine.frames import rows_of_frames
from nenuphar.io.inputs import read_input
from nenuphar.io.result import ReadResult
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.timelines.describe import describe_rows

KNOWLEDGE = load_knowledge()
HEAD = "PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tTREATMENT_TYPE\tSUBTYPE\tAGENT\tSETTING\n"
ADVANCED = "TREATMENT\tMedical Therapy\t\t{}\tMetastatic"


def _study(folder: Path, treatments: str = "", status: str = "", name: str = "treatment") -> Path:
    (folder / "data_clinical_sample.txt").write_text(
        "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tPRIMARY_SITE\n"
        "P1\tS1\tPANEC\tPancreas\nP2\tS2\tPANEC\tPancreas\n"
    )
    if treatments:
        (folder / f"data_timeline_{name}.txt").write_text(HEAD + treatments)
    if status:
        head = "PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tSTATUS\n"
        (folder / "data_timeline_status.txt").write_text(head + status)
    return folder


def _given(*courses: tuple[object, object, str]) -> str:
    return "".join(f"P1\t{a}\t{b}\t{ADVANCED.format(drug)}\n" for a, b, drug in courses)


def _lines(read: ReadResult, *facts: str) -> list[tuple[Any, ...]]:
    lines = read.frames[Scope.TREATMENT_LINE]
    missing = [None] * lines.height
    columns = [lines[f].to_list() if f in lines.columns else missing for f in facts]
    return list(zip(*columns, strict=True))


def _read(folder: Path) -> ReadResult:
    return read_input(folder, KNOWLEDGE, variant_columns={})


def test_drugs_given_together_are_one_line_with_one_regimen(tmp_path: Path) -> None:
    given = _given((-30, 60, "CISPLATIN"), (-30, 62, "Etoposide"), (90, "", "Everolimus"))
    read = _read(_study(tmp_path, given))
    assert _lines(read, "line_id", "treatment.regimen") == [
        ("1", "cisplatin_etoposide"),
        ("2", "everolimus"),
    ]
    days = _lines(read, "treatment.start_day.lo", "treatment.stop_day.lo", "date")
    assert days == [(-30, 62, ""), (90, None, "")]
    assert (read.read, read.accepted, read.values_rejected) == (2, 2, 0)


def test_drugs_that_no_regimen_names_stand_side_by_side(tmp_path: Path) -> None:
    read = _read(_study(tmp_path, _given((0, 60, "Carboplatin + Gemcitabine"))))
    assert _lines(read, "line_id", "treatment.regimen") == [
        ("1.carboplatin", "carboplatin"),
        ("1.gemcitabine", "gemcitabine"),
    ]


def test_cycles_and_maintenance_stay_in_their_line_until_a_progression(tmp_path: Path) -> None:
    first = [(0, 2, "Carboplatin"), (0, 2, "Etoposide"), (21, 23, "Etoposide")]
    again = (300, 302, "Carboplatin and etoposide")
    read = _read(_study(tmp_path, _given(*first, again), "P1\t250\t\tSTATUS\tProgression\n"))
    assert _lines(read, "treatment.regimen", "treatment.start_day.lo") == [
        ("carboplatin_etoposide", 0),
        ("carboplatin_etoposide", 300),
    ]
    # a line of which no progression is listed may have been followed by one all the same
    assert _lines(read, "treatment.progressed") == [(True,), (None,)]


def test_the_number_of_lines_for_advanced_disease_stays_open(tmp_path: Path) -> None:
    rows = _given((0, 9, "Cisplatin"), (20, 40, "Everolimus"))
    rows += "P2\t0\t9\tTREATMENT\tMedical Therapy\t\tCisplatin\t\n"
    patients = _read(_study(tmp_path, rows)).frames[Scope.PATIENT]
    count = patients.select("treatment.line_count.lo", "treatment.line_count.hi").rows()
    # one is stated to be for metastatic disease; of the other nobody knows
    assert count == [(1.0, float("inf")), (0.0, float("inf"))]


def test_a_checkpoint_inhibitor_carries_what_followed_its_first_dose(tmp_path: Path) -> None:
    given = _given((10, 70, "Carboplatin"), (10, 70, "Etoposide"), (11, 130, "Atezolizumab"))
    status = "P1\t60\t\tSTATUS\tPartial Response\nP1\t131\t\tSTATUS\tProgressive Disease\n"
    status += "P1\t311\t\tSTATUS\tDeceased\n"
    read = _read(_study(tmp_path, given, status))
    facts = ("line.regimen_class", "line.setting", "line.pfs_days.lo", "line.pfs_event")
    more = ("line.os_days.lo", "line.os_event", "line.best_response", "treatment.regimen")
    assert _lines(read, *facts) == [("chemo_ici", "advanced", 120, True)]
    assert _lines(read, *more) == [(300, True, "PR", "atezolizumab_carboplatin_etoposide")]


@pytest.mark.parametrize(
    ("courses", "status"),
    [
        # the inhibitor was given before: its first dose is not that of the line
        ([(0, 20, "Nivolumab"), (30, 50, "Cisplatin"), (60, 90, "Nivolumab")], "Progression"),
        # the class may be one of checkpoint inhibitors
        ([(0, 20, "Nivolumab"), (60, 90, "Immunotherapy")], "Progression"),
        # one course has no day: nobody knows which line the progression follows
        ([(0, 20, "Nivolumab"), ("", "", "Cisplatin")], "Progression"),
        # a line without a progression on record is not censored: nobody says that it was looked for
        ([(0, 20, "Nivolumab")], "Stable Disease"),
    ],
)
def test_no_time_to_progression_where_the_days_do_not_decide_it(
    tmp_path: Path, courses: list[tuple[object, object, str]], status: str
) -> None:
    read = _read(_study(tmp_path, _given(*courses), f"P1\t95\t\tSTATUS\t{status}\n"))
    assert {days for (days,) in _lines(read, "line.pfs_days.lo")} == {None}


def test_a_single_inhibitor_is_no_monotherapy_where_the_setting_is_not_stated(
    tmp_path: Path,
) -> None:
    row = "P1\t0\t90\tTREATMENT\tMedical Therapy\tImmunotherapy\tNivolumab\t{}\n"
    assert _lines(_read(_study(tmp_path, row.format(""))), "line.regimen_class") == [(None,)]
    stated = [("Adjuvant", "adjuvant_ici"), ("Metastatic", "ici_mono")]
    for setting, regimen in stated:
        read = _read(_study(tmp_path, row.format(setting)))
        assert _lines(read, "line.regimen_class") == [(regimen,)]


def test_what_cannot_be_read_is_listed_with_its_line_and_the_rows_reconcile(
    tmp_path: Path,
) -> None:
    rows = (
        "P1\t0\t60\tTREATMENT\tMedical Therapy\tChemotherapy\tWonderdrug\t\n"
        "P1\t90\t80\tTREATMENT\tMedical Therapy\t\tCisplatin\t\n"
        "P1\tMarch\t\tTREATMENT\tRadiation Therapy\tWPRT\t50 Gy\t\n"
        "P7\t0\t\tTREATMENT\t\t\tCisplatin\t\n"
        "P2\t0\t\tHOROSCOPE\t\t\t\t\n"
        "P2\t0\t\tLAB_TEST\t\t\t\t\n"
        "\t0\t\tTREATMENT\t\t\tCisplatin\t\n"
        "P2\t0\t\t\t\t\tCisplatin\t\n"
    )
    read = _read(_study(tmp_path, rows))
    listed = {(p.line, p.column, p.value) for p in read.problems if p.line}
    assert listed == {
        (2, "AGENT", "Wonderdrug"),
        (3, "STOP_DATE", "80"),
        (4, "START_DATE", "March"),
        (5, "PATIENT_ID", "P7"),
        (6, "EVENT_TYPE", "HOROSCOPE"),
        (8, "PATIENT_ID", ""),
        (9, "EVENT_TYPE", ""),
    }
    assert all(p.file == "data_timeline_treatment.txt" for p in read.problems)
    assert all(p.reason and p.fix for p in read.problems)
    assert read.values_rejected == 7
    (sums,) = (p.reason for p in read.problems if not p.line)
    assert sums.startswith("8 row(s)")
    assert "3 used + 1 that say nothing of it + 1 not understood + 3 rejected" in sums
    # what was given stands, without the days that contradict each other
    told = _lines(read, "treatment.regimen", "treatment.start_day.lo")
    assert told == [("chemotherapy", 0), ("cisplatin", None), ("radiotherapy", None)]


def test_an_outcome_of_unknown_words_or_without_a_day_is_listed(tmp_path: Path) -> None:
    status = "P1\t5\t\tSTATUS\tgreen\nP1\t6\t\tSTATUS\tgreen\nP1\t\t\tSTATUS\tProgression\n"
    status += "P1\t7\t\tSTATUS\tAlive\n"
    read = _read(_study(tmp_path, _given((0, 4, "Cisplatin")), status))
    listed = [(p.line, p.column, p.value) for p in read.problems if p.line]
    assert listed == [(2, "STATUS", "green"), (4, "START_DATE", "")]
    assert "2 row(s)" in read.problems[1].reason or "2 row(s)" in read.problems[2].reason
    assert _lines(read, "treatment.progressed") == [(None,)]


def test_a_meta_file_names_a_timeline_of_another_name(tmp_path: Path) -> None:
    folder = _study(tmp_path, _given((0, 4, "Cisplatin")))
    (folder / "data_timeline_treatment.txt").rename(folder / "courses.txt")
    meta = "datatype: TIMELINE\ndata_filename: {}\n"
    (folder / "meta_timeline_a.txt").write_text(meta.format("courses.txt"))
    (folder / "meta_timeline_b.txt").write_text(meta.format("../elsewhere.txt"))
    read = _read(folder)
    assert _lines(read, "treatment.regimen") == [("cisplatin",)]
    assert any("names a timeline file that is not in the folder" in p.reason for p in read.problems)


def test_a_damaged_timeline_costs_only_itself(tmp_path: Path) -> None:
    folder = _study(tmp_path, _given((0, 4, "Cisplatin")), "P1\t9\t\tSTATUS\tProgression\n")
    (folder / "data_timeline_status.txt").write_bytes(b"\x00\x01" * 90)
    read = _read(folder)
    assert _lines(read, "treatment.regimen", "treatment.progressed") == [("cisplatin", None)]
    assert any("data_timeline_status.txt" in p.reason for p in read.problems)


def test_trials_and_the_case_see_the_treatments_of_a_study(tmp_path: Path) -> None:
    given = _given((0, 90, "Cisplatin"), (0, 90, "Etoposide"))
    given += "P2\t0\t9\tTREATMENT\tMedical Therapy\t\tEverolimus\t\n"
    folder = _study(tmp_path, given, "P1\t120\t\tSTATUS\tProgressive Disease\n")
    asked = ["trials", "match", str(folder), "--trial", "NCT02955069", "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    pairs = {pair["patient_id"]: pair for pair in json.loads(result.stdout)["pairs"]}
    # progressed on chemotherapy: only the extent of the disease is open; everolimus is none
    assert (pairs["P1"]["eligibility"], pairs["P1"]["missing"]) == (
        "undetermined",
        "disease.extent",
    )
    assert pairs["P2"]["eligibility"] == "not_met"


def test_what_the_study_states_keeps_its_place_in_the_file(tmp_path: Path) -> None:
    folder = _study(tmp_path, _given((10, 60, "Nivolumab")), "P1\t60\t\tSTATUS\tPD\n")
    rows = rows_of_frames(_read(folder).frames, KNOWLEDGE)["P1"]
    describe_rows(rows, KNOWLEDGE)
    (line,) = rows[Scope.TREATMENT_LINE]
    assert line.origins["line.pfs_days"].record == "data_timeline_treatment.txt:2"
    assert line.origins["timeline.pd_days"].record == "method.timelines"
