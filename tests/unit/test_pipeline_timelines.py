"""One patient's timeline as rows comes to the same as a cohort's in columns, with a trace."""

from __future__ import annotations

from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.dates import parse_date
from nenuphar.domain.observation import Row
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.explain import explain
from nenuphar.engine.frames import frames_of
from nenuphar.engine.plan import make_plan
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.resistance.phenotypes import phenotypes
from nenuphar.pipeline.timelines.describe import describe_frames, describe_rows


def patient_rows(**changes: object) -> dict[Scope, list[Row]]:
    rows: dict[Scope, list[Row]] = {scope: [] for scope in Scope}
    rows[Scope.PATIENT].append(Row(Scope.PATIENT, ("P1",)))
    line = Row(Scope.TREATMENT_LINE, ("P1", "1"))
    line.values = {
        "line.regimen_class": "ici_mono",
        "line.setting": "advanced",
        "line.disease": "sclc",
        "line.best_response": "SD",
        "line.rapid_progression": False,
        "line.cycles": Interval.exactly(9, "count"),
        "line.ici_start": parse_date("2020-01-01"),
        "line.ici_last_dose": parse_date("2020-06-12"),
        "line.pd_date": parse_date("2020-07-01"),
        "line.pd_confirmed_date": parse_date("2020-08-01"),
        "line.last_assessment": parse_date("2020-08-01"),
        **changes,
    }
    rows[Scope.TREATMENT_LINE].append(line)
    return rows


def test_rows_and_columns_agree_and_the_trace_names_the_method():
    knowledge = load_knowledge()
    for pd in ("2020-06-30", "2020-07-01", "2020-07"):
        rows = patient_rows(**{"line.pd_date": parse_date(pd)})
        frames = describe_frames(frames_of([rows], knowledge), knowledge)
        columns = phenotypes(frames[Scope.TREATMENT_LINE], knowledge)
        in_columns = {
            f"resistance.{name}": (phenotype, status)
            for name, phenotype, status in columns.select(
                "definition_set", "phenotype", "status"
            ).iter_rows()
        }
        describe_rows(rows, knowledge)
        concluded = explain(make_plan(knowledge), rows, Stamp("", "", ""))
        in_rows = {c.fact: (c.value, c.status) for c in concluded if c.fact in in_columns}
        assert in_rows == in_columns
    kluger = next(c for c in concluded if c.fact == "resistance.sitc_mono_kluger")
    assert kluger.value is None
    months = next(i for i in kluger.inputs if i.fact == "timeline.pd_months")
    assert months.record == "method.timelines"


def test_patients_without_a_line_are_left_alone():
    knowledge = load_knowledge()
    rows: dict[Scope, list[Row]] = {scope: [] for scope in Scope}
    rows[Scope.PATIENT].append(Row(Scope.PATIENT, ("P1",)))
    describe_rows(rows, knowledge)
    assert rows[Scope.TREATMENT_LINE] == []
