"""The vectorised best response agrees with a slow, obvious one on every history."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nenuphar.methods.response.best_response import best_response
from nenuphar.methods.response.confirmation import BestResponseRules
from nenuphar.methods.response.endpoints import clinical_benefit, objective_response

REFERENCE = dt.date(2020, 1, 1)
TERMS = {
    "recist1.1": ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND"],
    "irecist": ["iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iUPD", "iCPD", "NE", "ND"],
}
RULES = [
    BestResponseRules(
        criteria=criteria,
        confirm_days=confirm,
        start_window=window,
        max_ne=max_ne,
        accept_sd=accept_sd,
        missing_as_ne=missing_as_ne,
        stop_at_pd=stop_at_pd,
    )
    for criteria, confirm, window, max_ne, accept_sd, missing_as_ne, stop_at_pd in (
        itertools.product(
            TERMS, [None, 0, 28, 56], [0, 42], [0, 1, 2],
            [False, True], [False, True], [False, True],
        )
    )
]  # fmt: skip


@dataclass
class Scan:
    """One assessment of the reference implementation, in RECIST letters."""

    date: dt.date
    value: str


def plain(term: str) -> str:
    """Strip the i of iRECIST; iUPD and iCPD keep their names."""
    if term in ("iUPD", "iCPD"):
        return term
    return {"NON-iCR/NON-iUPD": "NON-CR/NON-PD"}.get(term, term.removeprefix("i"))


def is_confirmed(scans: list[Scan], index: int, rules: BestResponseRules) -> bool:
    """Walk forward to the first scan that is late enough and qualifies, then judge the way."""
    wanted = ["CR"] if scans[index].value == "CR" else ["CR", "PR"]
    for end in range(index + 1, len(scans)):
        late = (scans[end].date - scans[index].date).days >= rules.confirm_days
        if late and scans[end].value in wanted:
            way = [scan.value for scan in scans[index + 1 : end + 1]]
            break
    else:
        return False
    if way.count("NE") > rules.max_ne:
        return False
    if scans[index].value == "CR":
        return all(value in ("CR", "NE") for value in way)
    if way.count("SD") > (1 if rules.accept_sd else 0):
        return False
    if "CR" in way and "PR" in way[way.index("CR") :]:
        return False
    return all(value in ("CR", "PR", "SD", "NE") for value in way)


def first_progression(scans: list[Scan], criteria: str) -> dt.date | None:
    if criteria == "recist1.1":
        return min((scan.date for scan in scans if scan.value == "PD"), default=None)
    opened = None
    for scan in scans:
        if scan.value == "iUPD":
            opened = opened or scan.date
        elif scan.value == "iCPD":
            return opened or scan.date
        elif scan.value not in ("NE", "ND"):
            opened = None
    return opened


def last_other(scans: list[Scan], index: int) -> int:
    """Where the run of iUPD, NE and ND that leads to a scan begins."""
    start = index
    while start > 0 and scans[start - 1].value in ("iUPD", "NE", "ND"):
        start -= 1
    return start


def reference_best(
    history: list[tuple[dt.date, str]], rules: BestResponseRules, reference: dt.date | None
) -> tuple[str, dt.date | None, dt.date | None]:
    """Best response, its date and the first progression of one subject, step by step."""
    scans = [Scan(date, plain(term)) for date, term in sorted(history)]
    progression = first_progression(scans, rules.criteria)
    if rules.stop_at_pd:
        final = "PD" if rules.criteria == "recist1.1" else "iCPD"
        ends = [scan.date for scan in scans if scan.value == final]
        if ends:
            scans = [scan for scan in scans if scan.date <= min(ends)]
    order = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "iCPD", "iUPD", "NE", "ND", "MISSING"]
    candidates: list[tuple[int, dt.date | None, str]] = []
    for index, scan in enumerate(scans):
        date, value = scan.date, scan.value
        late = reference is not None and (date - reference).days >= rules.start_window
        if value in ("CR", "PR"):
            stands = rules.confirm_days is None or is_confirmed(scans, index, rules)
            value = value if stands else "SD" if late else "NE"
        elif value in ("SD", "NON-CR/NON-PD") and not late:
            value = "NE"
        elif value == "iCPD":
            # an iCPD is dated at the iUPD that it confirms
            date = first_progression(scans[: index + 1][last_other(scans, index) :], "irecist")
        candidates.append((order.index(value), date, value))
    if not candidates:
        return ("NE" if rules.missing_as_ne else "MISSING"), None, progression
    _, date, value = min(candidates)
    if rules.criteria == "irecist":
        value = {
            "CR": "iCR",
            "PR": "iPR",
            "SD": "iSD",
            "NON-CR/NON-PD": "NON-iCR/NON-iUPD",
        }.get(value, value)
    return value, date, progression


def as_frame(
    histories: list[list[tuple[dt.date, str]]], reference: dt.date | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Histories as time points in a scrambled order, and the list of subjects."""
    rows = [
        (f"S{number:05d}", date, term, reference)
        for number, history in enumerate(histories)
        for date, term in history
    ]
    random.Random(len(rows)).shuffle(rows)  # noqa: S311 - only mixes the order
    frame = pl.DataFrame(
        rows,
        schema={
            "subject": pl.String,
            "date": pl.Date,
            "response": pl.String,
            "reference_date": pl.Date,
        },
        orient="row",
    )
    names = pl.DataFrame({"subject": [f"S{number:05d}" for number in range(len(histories))]})
    return frame, names


def agree(
    histories: list[list[tuple[dt.date, str]]],
    rules: BestResponseRules,
    reference: dt.date | None,
) -> None:
    frame, names = as_frame(histories, reference)
    found = best_response(frame, rules, subjects=names)
    expected = [reference_best(history, rules, reference) for history in histories]
    assert found["subject"].to_list() == names["subject"].to_list()
    assert [row[1:] for row in found.rows()] == expected


def bulk(criteria: str, count: int, seed: int) -> list[list[tuple[dt.date, str]]]:
    """Histories that keep to the middle of the rules: many CR, PR and NE, some dense scans."""
    generator = random.Random(seed)  # noqa: S311 - reproducible test data
    terms = TERMS[criteria]
    weights = [4, 5, 3, 1, 2, 3, 1] if criteria == "recist1.1" else [4, 5, 3, 1, 3, 1, 3, 1]
    histories = []
    for _ in range(count):
        day, history = generator.randint(-10, 60), []
        for _ in range(generator.randint(0, 9)):
            history.append((REFERENCE + dt.timedelta(day), generator.choices(terms, weights)[0]))
            day += generator.choice([1, 7, 14, 21, 27, 28, 29, 42, 56])
        histories.append(history)
    histories[0] = [(REFERENCE, terms[0])]
    return histories


@pytest.mark.parametrize("criteria", TERMS)
def test_the_fast_and_the_slow_way_agree_on_12_000_histories(criteria: str) -> None:
    histories = bulk(criteria, 12_000, seed=11)
    rules = BestResponseRules(criteria=criteria, confirm_days=28)
    agree(histories, rules, REFERENCE)


@pytest.mark.parametrize("criteria", TERMS)
def test_they_agree_for_every_combination_of_parameters(criteria: str) -> None:
    histories = bulk(criteria, 250, seed=5)
    chosen = [rules for rules in RULES if rules.criteria == criteria]
    assert len(chosen) == 192
    for rules in chosen:
        agree(histories, rules, REFERENCE)


history = st.lists(
    st.tuples(st.integers(-30, 300), st.integers(0, 6)), max_size=9, unique_by=lambda scan: scan[0]
)


@settings(max_examples=150, deadline=None)
@given(
    cohort=st.lists(history, min_size=1, max_size=12).filter(any),
    rules=st.sampled_from(RULES),
    known=st.booleans(),
)
def test_they_agree_on_whatever_hypothesis_invents(
    cohort: list[list[tuple[int, int]]], rules: BestResponseRules, known: bool
) -> None:
    histories = [
        [(REFERENCE + dt.timedelta(day), TERMS[rules.criteria][term]) for day, term in scans]
        for scans in cohort
    ]
    agree(histories, rules, REFERENCE if known else None)


@pytest.mark.parametrize("confirm_days", [None, 28])
def test_a_subject_responds_on_the_day_of_the_first_response_that_counts(
    confirm_days: int | None,
) -> None:
    histories = bulk("recist1.1", 2_000, seed=3)
    rules = BestResponseRules(confirm_days=confirm_days)
    frame, names = as_frame(histories, REFERENCE)
    found = objective_response(frame, rules, subjects=names)
    for given_history, (_, yes, date) in zip(histories, found.rows(), strict=True):
        scans = [Scan(day, term) for day, term in sorted(given_history)]
        ends = [scan.date for scan in scans if scan.value == "PD"]
        scans = [scan for scan in scans if not ends or scan.date <= min(ends)]
        dates = [
            scan.date
            for index, scan in enumerate(scans)
            if scan.value in ("CR", "PR")
            and (confirm_days is None or is_confirmed(scans, index, rules))
        ]
        assert (yes, date) == (bool(dates), min(dates, default=None))


def test_benefit_is_a_response_or_stability_beyond_the_window() -> None:
    histories = bulk("recist1.1", 2_000, seed=4)
    frame, names = as_frame(histories, REFERENCE)
    found = clinical_benefit(frame, BestResponseRules(), non_cr_non_pd=False, subjects=names)
    for given_history, (_, yes, date) in zip(histories, found.rows(), strict=True):
        ends = [day for day, term in given_history if term == "PD"]
        dates = [
            day
            for day, term in given_history
            if (not ends or day <= min(ends))
            and (term in ("CR", "PR") or (term == "SD" and (day - REFERENCE).days >= 42))
        ]
        assert (yes, date) == (bool(dates), min(dates, default=None))
