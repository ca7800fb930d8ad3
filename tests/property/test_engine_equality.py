"""Both evaluators give a knowledge base one meaning, whatever it says and whatever is known."""

from __future__ import annotations

from engine_bases import Base, bases, bases_over_calls
from engine_cohorts import cohorts, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from nenuphar.domain.conclusion import Stamp
from nenuphar.engine.cohort import SCHEMA, conclude_cohort
from nenuphar.engine.explain import explain
from nenuphar.engine.frames import frames_of, rows_of_frames
from nenuphar.engine.plan import make_plan
from nenuphar.engine.rows import PatientRows
from nenuphar.engine.tabulated import tabulate
from nenuphar.knowledge.check import check

STAMP = Stamp("", "", "")


@settings(max_examples=50)
@given(bases())
def test_generated_bases_fit_together(base: Base):
    assert [finding for finding in check(base.knowledge) if "has no case" not in finding] == []


@given(st.data())
def test_columns_say_what_explain_says(data: st.DataObject):
    base = data.draw(bases(), label="base")
    cohort = data.draw(cohorts(base.facts), label="cohort")
    assert in_columns(base, cohort) == one_by_one(base, cohort)


@settings(max_examples=80)
@given(st.data())
def test_columns_soften_what_rests_on_provisional_rows_as_explain_does(data: st.DataObject):
    base = data.draw(bases_over_calls(), label="base")
    cohort = data.draw(cohorts(base.facts), label="cohort")
    assert in_columns(base, cohort) == one_by_one(base, cohort)


@settings(max_examples=80)
@given(st.data())
def test_patients_one_by_one_make_the_table_of_the_cohort(data: st.DataObject):
    base = data.draw(st.one_of(bases(), bases_over_calls()), label="base")
    cohort = data.draw(cohorts(base.facts), label="cohort")
    plan = make_plan(base.knowledge)
    table = tabulate(plan, [(patient, explain(plan, patient, STAMP)) for patient in cohort])
    columns = conclude_cohort(plan, frames_of(cohort, base.knowledge))
    assert_frame_equal(table, columns, categorical_as_str=True)


def one_by_one(base: Base, cohort: list[PatientRows]) -> dict[str, list[dict]]:
    plan = make_plan(base.knowledge)
    found = [shown(c) for patient in cohort for c in explain(plan, patient, STAMP)]
    return _by_fact(found)


def in_columns(base: Base, cohort: list[PatientRows]) -> dict[str, list[dict]]:
    plan = make_plan(base.knowledge)
    table = conclude_cohort(plan, frames_of(cohort, base.knowledge))
    return _by_fact(table.select(NAMES).to_dicts())


NAMES = (
    *("fact", "patient_id", "assessor", "date", "value", "status"),
    *("alternatives", "missing", "cautions", "rule_id", "rule_version"),
)


def _by_fact(found: list[dict]) -> dict[str, list[dict]]:
    """Conclusions by fact, rows in the order in which they were given."""
    facts = sorted({conclusion["fact"] for conclusion in found})
    return {fact: [c for c in found if c["fact"] == fact] for fact in facts}


@given(st.data())
def test_frames_and_rows_hold_the_same(data: st.DataObject):
    base = data.draw(bases(1), label="base")
    cohort = data.draw(cohorts(base.facts), label="cohort")
    back = rows_of_frames(frames_of(cohort, base.knowledge), base.knowledge)
    for before, after in zip(cohort, back.values(), strict=True):
        for scope, rows in before.items():
            assert [(r.key, r.assessor, r.date, r.values) for r in after[scope]] == [
                (r.key, r.assessor, r.date, r.values) for r in rows
            ]
            for was, now in zip(rows, after[scope], strict=True):
                # A row of a frame knows where the row stands, not where each of its values does.
                place = ";".join(sorted({o.record for o in was.origins.values()}))
                assert all(origin.record == place for origin in now.origins.values())


@settings(max_examples=30)
@given(bases())
def test_an_empty_cohort_has_an_empty_table_of_conclusions(base: Base):
    table = conclude_cohort(make_plan(base.knowledge), frames_of([], base.knowledge))
    assert table.is_empty()
    assert dict(table.schema) == SCHEMA
