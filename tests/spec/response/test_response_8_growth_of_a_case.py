"""Growth inside a case: `assess` compares it before and on treatment, or says what is missing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import nenuphar as nn
from nenuphar.engine.frames import frames_of
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import Assessment, assess
from nenuphar.pipeline.cohort import conclude
from nenuphar.pipeline.response.sections import case_response_section
from nenuphar.pipeline.response.visits import lesion_traces, visits_of

START = "2020-01-05"
SCANS = {"2019-11-01": 40.0, "2020-01-01": 44.0, "2020-03-01": 60.0}


def case(
    folder: Path,
    scans: dict[str, float],
    start: str = START,
    readers: tuple[str, ...] = ("",),
) -> nn.Case:
    """Write a case with one target lesion of the sizes given, in mm."""
    points = []
    for date, size in scans.items():
        facts = f"facts: {{lesion.role: target, lesion.organ: liver, lesion.diameter: {size} mm}}"
        body = facts
        if readers != ("",):
            each = ", ".join(f"{{assessor: {reader}, {facts}}}" for reader in readers)
            body = f"readings: [{each}]"
        points.append(f'  - {{id: "{date}", date: "{date}", lesions: [{{id: T1, {body}}}]}}\n')
    known = f'facts: {{response.reference_date: "{start}"}}\n' if start else ""
    path = folder / "case.yaml"
    path.write_text(f"patient: P1\n{known}time_points:\n{''.join(points)}", encoding="utf-8")
    return nn.read_case(str(path))


def told(assessment: Assessment, fact: str) -> str | None:
    (conclusion,) = assessment.of(fact)
    return conclusion.value


def test_twice_the_growth_with_progression_is_hyperprogression(tmp_path: Path) -> None:
    found = assess(case(tmp_path, SCANS))
    assert told(found, "response.hyperprogression") == "yes"
    assert "times that before" in str(told(found, "response.growth_reason"))
    (before,) = found.of("response.growth_before")
    assert (before.value, before.rule_id) == ("15.34%", "method.tumour_growth")


def test_the_last_visit_before_treatment_is_the_baseline(tmp_path: Path) -> None:
    """Counted from the first scan ever, 50 mm would be progression; from the baseline it is not."""
    scans = {**SCANS, "2020-03-01": 50.0}
    responses = [c.value for c in assess(case(tmp_path, scans)).of("response.by_lesions")]
    assert responses == [None, None, "SD"]
    earliest = assess(case(tmp_path, scans, start=""))
    assert [c.value for c in earliest.of("response.by_lesions")] == [None, "SD", "PD"]


@pytest.mark.parametrize(
    ("scans", "start", "missing"),
    [
        ({"2020-01-01": 44.0, "2020-03-01": 60.0}, START, "no scan before baseline"),
        # nobody knows which scan was before treatment, so none of them is compared
        (SCANS, "", "which scan is the baseline is not known"),
        # the scan of 10 January lies before or after a start in January
        (
            {"2019-11-01": 40.0, "2020-01-10": 44.0, "2020-03-01": 60.0},
            "2020-01",
            "which scan is the baseline is not known",
        ),
        # every scan is later than the start
        (SCANS, "2019-10-01", "which scan is the baseline is not known"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, scans: dict[str, float], start: str, missing: str
) -> None:
    found = assess(case(tmp_path, scans, start))
    (verdict,) = found.of("response.hyperprogression")
    assert (verdict.value, verdict.status) == (None, "undetermined")
    assert "response.reference_date" in verdict.missing
    assert missing in str(told(found, "response.growth_reason"))


def test_several_assessors_leave_it_open(tmp_path: Path) -> None:
    found = assess(case(tmp_path, SCANS, readers=("A", "B")))
    assert told(found, "response.hyperprogression") is None
    assert told(found, "response.growth_reason") == "several assessors read the scans"


def test_a_case_without_lesions_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("patient: P1\n", encoding="utf-8")
    found = assess(nn.read_case(str(path)))
    assert not found.of("response.hyperprogression")


def test_a_cohort_says_the_same_as_a_case(tmp_path: Path) -> None:
    knowledge = load_knowledge()
    one = case(tmp_path, SCANS)
    table = conclude(frames_of([rows_of_case(one)], knowledge), knowledge)
    rows = table.filter(pl.col("rule_id") == "method.tumour_growth").select("fact", "value").rows()
    alone = assess(one)
    assert len(rows) == 5
    assert all(told(alone, fact) == value for fact, value in rows)


def test_the_page_says_it_and_draws_lesions_from_the_baseline(tmp_path: Path) -> None:
    knowledge = load_knowledge()
    found = assess(case(tmp_path, SCANS))
    part = case_response_section(found, knowledge)
    assert part is not None
    assert "a caution and not a response: <strong>yes</strong>" in str(part.body)
    visits = visits_of(frames_of([found.rows], knowledge), knowledge)
    assert visits is not None
    traces = lesion_traces(visits, "P1", "")
    assert {trace.points[0][1] for trace in traces} == {0.0}
    assert {len(trace.points) for trace in traces} == {2}
