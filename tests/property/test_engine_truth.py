"""Kleene's three values and comparisons of intervals, against brute force."""

from __future__ import annotations

import operator
from itertools import product

import polars as pl
from engine_cohorts import NUMBERS, intervals
from engine_refinement import contains
from hypothesis import given
from hypothesis import strategies as st

from nenuphar.domain.truth import Truth, all_of, any_of, at_least, consensus
from nenuphar.engine.block import count_at_least
from nenuphar.engine.densify import densify

TRUTHS = list(Truth)
RESOLVED = {
    Truth.MET: (True,),
    Truth.NOT_MET: (False,),
    Truth.UNDETERMINED: (True, False),
}
TUPLES = [t for n in range(4) for t in product(TRUTHS, repeat=n)]


def settled(values: tuple[Truth, ...], question) -> Truth:
    """Answer a question under every way in which the open values may turn out."""
    answers = {question(way) for way in product(*(RESOLVED[value] for value in values))}
    return Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNDETERMINED


def test_all_any_and_at_least_are_what_every_way_of_settling_agrees_on():
    for values in TUPLES:
        assert all_of(values) is settled(values, all)
        assert any_of(values) is settled(values, any)
        for k in range(1, 5):
            assert at_least(k, values) is settled(values, lambda way, k=k: sum(way) >= k)


def test_de_morgan():
    for values in TUPLES:
        assert ~all_of(values) is any_of(~v for v in values)
        assert ~any_of(values) is all_of(~v for v in values)


def test_settling_a_value_never_reverses_an_answer():
    for values in TUPLES:
        for i, value in enumerate(values):
            if value is not Truth.UNDETERMINED:
                continue
            for now in (Truth.MET, Truth.NOT_MET):
                later = (*values[:i], now, *values[i + 1 :])
                for ask in (all_of, any_of, lambda v: at_least(2, v)):
                    assert ask(values) in (Truth.UNDETERMINED, ask(later))


def test_consensus_needs_everybody():
    for values in TUPLES:
        assert consensus(values) is (values[0] if len(set(values)) == 1 else Truth.UNDETERMINED)


@given(st.lists(st.lists(st.sampled_from((True, False, None)), min_size=4, max_size=4), min_size=1))
def test_at_least_means_the_same_in_columns(columns: list[list[bool | None]]):
    series = [pl.Series(column, dtype=pl.Boolean) for column in columns]
    for k in range(1, len(columns) + 1):
        found = [Truth.of(answer) for answer in count_at_least(k, series)]
        rows = zip(*columns, strict=True)
        assert found == [at_least(k, [Truth.of(cell) for cell in row]) for row in rows]


POINTS = sorted({point + step for point in NUMBERS for step in (-0.25, 0.0, 0.25)} | {1e9, -1e9})


@given(intervals(), st.sampled_from(NUMBERS), st.sampled_from(("lt", "le", "gt", "ge")))
def test_a_comparison_is_what_all_numbers_of_an_interval_agree_on(interval, limit, op):
    inside = [point for point in POINTS if contains(interval, point)]
    answers = {getattr(operator, op)(point, limit) for point in inside}
    expected = Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNDETERMINED
    assert interval.compare(op, limit) is expected


@given(st.data())
def test_classes_partition_rows_by_what_their_columns_hold(data: st.DataObject):
    height = data.draw(st.integers(0, 12))
    truth = st.sampled_from((True, False, None))
    flags = data.draw(st.lists(st.lists(truth, min_size=height, max_size=height), max_size=70))
    ids = data.draw(
        st.lists(
            st.lists(st.sampled_from((0, 1, 2**20, 2**31)), min_size=height, max_size=height),
            max_size=4,
        )
    )
    columns = [pl.Series(flag, dtype=pl.Boolean) for flag in flags]
    columns += [pl.Series(number, dtype=pl.UInt32) for number in ids]
    classes = densify(columns, height)
    rows = [tuple(column[i] for column in columns) for i in range(height)]
    assert len(classes) == len(set(rows))
    assert [rows[classes.representatives[c]] for c in classes.ids] == rows
