"""Laws that hold for every knowledge base and every patient."""

from __future__ import annotations

from typing import Any

from engine_bases import ENTITY, OBSERVED, SCOPES, Base, Known, base_of, bases, overs, trees
from engine_cohorts import cohorts, copy_rows, patients, shown
from engine_refinement import refinements
from hypothesis import given
from hypothesis import strategies as st

from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.engine.explain import explain
from nenuphar.engine.plan import make_plan, reads_of
from nenuphar.engine.rows import PatientRows, belongs
from nenuphar.knowledge.base import knowledge_base

STAMP = Stamp("", "", "")


def truths(scope: str, patient: PatientRows, *criteria: dict[str, Any]) -> list[list[Truth]]:
    """Return how criteria come out, for every row of a scope."""
    plan = make_plan(base_of(scope, *criteria).knowledge)
    found = [c for c in explain(plan, patient, STAMP) if c.fact == f"{scope}.asked"]
    return [[rule.when.truth for rule in conclusion.rules] for conclusion in found]


@given(st.data())
def test_knowing_more_never_reverses_what_is_determined(data: st.DataObject):
    scope = data.draw(st.sampled_from(SCOPES), label="scope")
    tree = data.draw(trees(scope, OBSERVED), label="criterion")
    before = data.draw(patients("p", OBSERVED), label="patient")
    after = data.draw(refinements(before, OBSERVED), label="refined")
    for [was], [now] in zip(truths(scope, before, tree), truths(scope, after, tree), strict=True):
        assert was in (Truth.UNDETERMINED, now)


@given(st.data())
def test_replaying_only_the_cited_inputs_gives_the_same_conclusion(data: st.DataObject):
    base = data.draw(bases(), label="base")
    patient = data.draw(patients("p", base.facts), label="patient")
    plan = make_plan(base.knowledge)
    concluded = explain(plan, patient, STAMP)
    ruled = [c for c in concluded if c.fact not in plan.measured]  # methods are not run here
    if not ruled:
        return
    chosen = data.draw(st.sampled_from(ruled), label="conclusion")
    cited = _cited(chosen.fact, concluded)
    replayed = copy_rows(patient)
    for row in (row for rows in replayed.values() for row in rows):
        record = "/".join((*row.key, row.assessor))
        origin = {name: row.origins[name].record for name in row.values}
        row.values = {n: v for n, v in row.values.items() if (n, origin[n] or record) in cited}
    again = explain(plan, replayed, STAMP)
    assert [shown(c) for c in again if _same(c, chosen)] == [shown(chosen)]


def _same(one: Conclusion, other: Conclusion) -> bool:
    return (one.fact, one.key, one.assessor) == (other.fact, other.key, other.assessor)


def _cited(fact: str, concluded: list[Conclusion]) -> set[tuple[str, str]]:
    """Facts and records that conclusions about a fact cite, through the derived facts they read."""
    cited: set[tuple[str, str]] = set()
    seen, todo = set(), [fact]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for source in (i for c in concluded if c.fact == name for i in c.inputs):
            if source.derived:
                todo.append(source.fact)
            else:
                cited.add((source.fact, source.record))
    return cited


@given(st.data())
def test_what_is_undetermined_names_what_is_not_known(data: st.DataObject):
    base = data.draw(bases(), label="base")
    patient = data.draw(patients("p", base.facts), label="patient")
    plan = make_plan(base.knowledge)
    for conclusion in explain(plan, patient, STAMP):
        if conclusion.fact in plan.measured:
            continue  # no method runs here, so its inputs may be known
        if conclusion.status == "undetermined":
            unfit = "no_rule_applies" in [caution.id for caution in conclusion.cautions]
            assert conclusion.missing or unfit, conclusion
        rules = base.knowledge.rules.values()
        held = {name for rule in rules for name in rule.names}
        held |= reads_of(rule for rule in rules if rule.basis == "reported")  # reports at odds
        derived = {fact.name for fact in base.facts if fact.derived}
        for name in set(conclusion.missing) - held - derived:
            assert _is_open(name, patient), (name, conclusion)


def _is_open(name: str, patient: PatientRows) -> bool:
    """Whether a fact is somewhere absent or imprecise, or rows disagree about which is meant."""
    scope = Scope.SPECIMEN if name.startswith("variant(") else Scope(name.split(".", maxsplit=1)[0])
    rows = patient[scope]
    wider = [row for s in Scope if s is not scope and scope.within(s) for row in patient[s]]
    unrecorded = any(not any(belongs(row, other) for row in rows) for other in wider)
    if name.endswith(".record"):
        return unrecorded
    if name.endswith(".date"):
        return len(rows) > 1
    if name.endswith(".is_index") and len(rows) > 1:
        return True
    above = {parent for parents in ENTITY.values() for parent in parents}
    return unrecorded or any(_vague(row.values.get(name), above) for row in rows)


def _vague(value: object, above: set[str]) -> bool:
    return value is None or value in above or (isinstance(value, Interval) and not value.is_exact)


@given(st.data())
def test_a_met_conclusion_has_nothing_missing_and_no_rival(data: st.DataObject):
    base = data.draw(bases(), label="base")
    patient = data.draw(patients("p", base.facts), label="patient")
    for conclusion in explain(make_plan(base.knowledge), patient, STAMP):
        if conclusion.status == "met":
            assert conclusion.value is not None
            assert (conclusion.missing, conclusion.alternatives) == ((), ())
        if conclusion.status == "provisional":
            listing = conclusion.fact.split(".")[1].startswith("crosswalk")
            reported = "as_reported" in [caution.id for caution in conclusion.cautions]
            assert conclusion.missing or listing or reported


@given(st.data())
def test_the_order_of_rows_and_records_does_not_matter(data: st.DataObject):
    base = data.draw(bases(), label="base")
    cohort = data.draw(cohorts(base.facts, 2), label="cohort")
    shuffle = data.draw(st.randoms(use_true_random=False), label="order").shuffle
    records = list(base.records)
    shuffle(records)
    shuffled = knowledge_base(records)
    for patient in cohort:
        moved = copy_rows(patient)
        for rows in moved.values():
            shuffle(rows)
        before = explain(make_plan(base.knowledge), patient, STAMP)
        after = explain(make_plan(shuffled), moved, STAMP)
        assert sorted(map(_line, before)) == sorted(map(_line, after))


def _line(conclusion: Conclusion) -> str:
    return f"{conclusion.key} {sorted(shown(conclusion).items(), key=str)}"


@st.composite
def _children(draw: st.DrawFn, scope: str) -> list[dict[str, Any]]:
    return draw(st.lists(trees(scope, OBSERVED, 1), min_size=1, max_size=3))


@given(st.data())
def test_all_any_not_and_at_least_say_the_same_in_several_ways(data: st.DataObject):
    scope = data.draw(st.sampled_from(SCOPES), label="scope")
    children = data.draw(_children(scope), label="children")
    patient = data.draw(patients("p", OBSERVED), label="patient")
    denied = [{"not": child} for child in children]
    asked = (
        {"all": children},
        {"at_least": {"k": len(children), "of": children}},
        {"not": {"any": denied}},
        {"any": children},
        {"at_least": {"k": 1, "of": children}},
        {"not": {"all": denied}},
    )
    for every, as_count, as_denied, some, as_one, not_all in truths(scope, patient, *asked):
        assert every == as_count == as_denied
        assert some == as_one == not_all


@given(st.data())
def test_quantifiers_say_the_same_in_several_ways(data: st.DataObject):
    scope = data.draw(st.sampled_from(("patient", "tumour", "specimen")), label="scope")
    drawn = data.draw(overs(scope, OBSERVED), label="quantified")
    patient = data.draw(patients("p", OBSERVED), label="patient")
    [body] = drawn.values()
    body = {key: part for key, part in body.items() if key in ("over", "that", "where")}
    denied = {**body, "that": {"not": body["that"]}}
    asked = (
        {"exists": body},
        {"count": {**body, "at_least": 1}},
        {"not": {"every": denied}},
        {"count": {**body, "at_least": 2}},
    )
    for exists, one, not_every, two in truths(scope, patient, *asked):
        assert exists == one == not_every
        assert two is not Truth.MET or exists is Truth.MET
        assert exists is not Truth.NOT_MET or two is Truth.NOT_MET


def test_the_base_of_a_question_asks_nothing_else():
    base = base_of("tumour", {"fact": "tumour.size", "lt": "mm.small"})
    assert isinstance(base, Base)
    assert [fact for fact in base.facts if fact.derived] == [
        Known("tumour.asked", "tumour", "grades", derived=True)
    ]
