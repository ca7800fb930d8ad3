"""Lesion-level RECIST 1.1 agrees with a slow, obvious reading of the rules; and its invariants."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.methods.response.lesions import time_point_responses
from nenuphar.methods.response.measurements import read_measurements

START = dt.date(2024, 1, 1)
Course = tuple[list[int], list[bool], list[list[int | None]], list[list[str]], list[int]]


def course_rows(course: Course) -> pl.DataFrame:
    """Baseline sizes, which are nodes, sizes per visit, non-target states per visit, days."""
    baseline, nodes, visits, states, days = course
    rows = []
    for index, sizes in enumerate([baseline, *visits]):
        date = START + dt.timedelta(days[index])
        for target, size in enumerate(sizes):
            rows.append(
                (
                    date,
                    f"T{target}",
                    "target",
                    nodes[target],
                    size,
                    None if size is not None else "NE",
                )
            )
        shown = ["present"] * len(states[0]) if index == 0 else states[index - 1]
        rows.extend((date, f"NT{n}", "non-target", False, None, s) for n, s in enumerate(shown))
    return pl.DataFrame(
        [
            ("1", str(date), lesion, role, "yes" if node else "no",
             None if size is None else str(size), state)
            for date, lesion, role, node, size, state in rows
        ],
        schema=dict.fromkeys(
            ("subject", "date", "lesion", "role", "node", "diameter_mm", "status"), pl.String
        ),
        orient="row",
    )  # fmt: skip


def slow_target(
    sizes: list[int | None],
    still: list[int],
    total: int,
    nadir: int,
    history: list[tuple[int, str]],
) -> str:
    seen = [size for size in sizes if size is not None]
    now = sum(seen)
    rises = now - nadir >= 5 and now >= Fraction(6, 5) * nadir
    if len(seen) < len(sizes):
        return "PD" if seen and rises else "NE"
    if not still:
        return "CR"
    if rises:
        return "PD"
    return "PR" if now <= Fraction(7, 10) * total or lasting_pr(history) else "SD"


def slow_non_target(states: list[str]) -> str | None:
    if not states:
        return None
    for state, category in (("progression", "PD"), ("NE", "NE"), ("present", "NON-CR/NON-PD")):
        if state in states:
            return category
    return "CR"


def slow(course: Course) -> list[str]:
    """Overall responses, with fractions and without cleverness."""
    baseline, nodes, visits, states, days = course
    total, nadir = sum(baseline), sum(baseline)
    history: list[tuple[int, str]] = []
    overalls: list[tuple[int, str]] = []
    for index, sizes in enumerate(visits):
        day = days[index + 1]
        still = [
            size
            for size, node in zip(sizes, nodes, strict=True)
            if size is not None and (size >= 10 if node else size > 0)
        ]
        target = slow_target(sizes, still, total, nadir, history)
        non_target = slow_non_target(states[index])
        if definite_cr(overalls):
            if still and target not in ("PD", "CR"):
                target = "PD"
            elif non_target != "PD" and {"present"} & set(states[index]):
                non_target = "PD"
        if "PD" in (target, non_target):
            overall = "PD"
        elif target == "CR" and non_target not in (None, "CR"):
            overall = "PR"
        else:
            overall = target
        history.append((day, target))
        overalls.append((day, overall))
        if None not in sizes:
            nadir = min(nadir, sum(sizes))
    return [overall for _, overall in overalls]


def lasting_pr(history: list[tuple[int, str]]) -> bool:
    """Whether a CR or PR was seen twice, 28 days apart, in one run since the last PD."""
    lasts, first = False, None
    for day, target in history:
        if target in ("CR", "PR"):
            first = day if first is None else first
            lasts = lasts or day - first >= 28
        elif target == "SD":
            first = None
        elif target == "PD":
            lasts, first = False, None
    return lasts


def definite_cr(overalls: list[tuple[int, str]]) -> bool:
    """Whether the overall CR that still holds was seen twice, 28 days apart."""
    days = []
    for day, overall in overalls:
        if overall == "CR":
            days.append(day)
        elif overall != "NE":
            days = []
    return bool(days) and days[-1] - days[0] >= 28


@st.composite
def courses(draw: st.DrawFn) -> Course:
    targets = draw(st.integers(1, 3))
    visits = draw(st.integers(1, 6))
    size = st.one_of(st.none(), st.just(0), st.integers(1, 12), st.integers(0, 60))
    state = st.sampled_from(["absent", "absent", "present", "NE", "progression"])
    others = draw(st.integers(0, 2))
    gaps = draw(st.lists(st.sampled_from([21, 28, 56]), min_size=visits, max_size=visits))
    days = [sum(gaps[:index]) for index in range(visits + 1)]
    fixed = lambda of, count: st.lists(of, min_size=count, max_size=count)  # noqa: E731
    return (
        draw(fixed(st.integers(15, 60), targets)),
        draw(fixed(st.booleans(), targets)),
        draw(fixed(fixed(size, targets), visits)),
        draw(fixed(fixed(state, others), visits)),
        days,
    )


@settings(max_examples=300, deadline=None)
@given(courses())
def test_the_fast_and_the_slow_way_agree(course: Course) -> None:
    found, _ = time_point_responses(read_measurements(course_rows(course)).rows, "recist1.1")
    assert found["overall"].to_list() == slow(course)


@settings(max_examples=100, deadline=None)
@given(courses())
def test_criteria_agree_until_the_first_progression(course: Course) -> None:
    """Without new lesions iRECIST and RECIST 1.1 differ only from the first PD on."""
    rows = read_measurements(course_rows(course)).rows
    recist = time_point_responses(rows, "recist1.1")[0]["overall"].to_list()
    immune = time_point_responses(rows, "irecist")[0]["overall"].to_list()
    end = recist.index("PD") if "PD" in recist else len(recist)
    assert [value.removeprefix("i") for value in immune[:end]] == recist[:end]
    if "PD" in recist:
        assert immune[end] == "iUPD"
        assert "iCPD" not in immune[: end + 1]


@settings(max_examples=100, deadline=None)
@given(courses(), st.randoms())
def test_the_order_of_the_rows_does_not_matter(course: Course, random) -> None:
    table = course_rows(course)
    order = list(range(table.height))
    random.shuffle(order)
    straight = time_point_responses(read_measurements(table).rows, "irrecist")[0]
    mixed = time_point_responses(read_measurements(table[order]).rows, "irrecist")[0]
    kept = ["date", "sum_mm", "overall"]
    assert straight.select(kept).rows() == mixed.select(kept).rows()
