"""Best response: which time points count, what confirms what, and the order of preference."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from nenuphar.methods.response.best_response import (
    DuplicateAssessmentError,
    best_response,
)
from nenuphar.methods.response.confirmation import BestResponseRules
from nenuphar.methods.response.findings import NoAssessmentsError

REFERENCE = dt.date(2024, 1, 1)


def best(scans: str, known: bool = True, **rules) -> tuple[str, int | None, int | None]:
    """Best response of scans like ``PR@50 CR@80``; days are counted from the reference date."""
    pairs = [scan.split("@") for scan in scans.split()]
    frame = pl.DataFrame(
        {
            "subject": "001",
            "date": [REFERENCE + dt.timedelta(int(day)) for _, day in pairs],
            "response": [term for term, _ in pairs],
            "reference_date": REFERENCE if known else None,
        },
        schema_overrides={"reference_date": pl.Date},
    )
    _, value, *dates = best_response(frame, BestResponseRules(**rules)).row(0)
    return (value, *(None if date is None else (date - REFERENCE).days for date in dates))


def confirmed(scans: str, **rules) -> str:
    return best(scans, **({"confirm_days": 28} | rules))[0]


def test_the_order_of_preference():
    order = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND"]
    for index, better in enumerate(order):
        for worse in order[index:]:
            assert best(f"{worse}@50 {better}@90", stop_at_pd=False)[0] == better


def test_of_equal_responses_the_earliest_dates_it():
    assert best("SD@50 PR@90 PR@130") == ("PR", 90, None)


def test_sd_must_last_until_the_start_window():
    assert best("SD@41") == ("NE", 41, None)
    assert best("SD@42") == ("SD", 42, None)
    assert best("NON-CR/NON-PD@41")[0] == "NE"
    assert best("SD@28", start_window=28)[0] == "SD"


def test_unconfirmed_cr_and_pr_always_count():
    assert best("CR@10")[0] == "CR"
    assert best("PR@10")[0] == "PR"


def test_without_a_reference_date_stability_cannot_be_shown():
    assert best("SD@90", known=False)[0] == "NE"
    assert best("PR@90", known=False)[0] == "PR"


def test_assessments_after_progression_do_not_count():
    assert best("SD@50 PD@90 PR@130") == ("SD", 50, 90)
    assert best("SD@50 PD@90 PR@130", stop_at_pd=False) == ("PR", 130, 90)


@pytest.mark.parametrize(("day", "response"), [(77, "SD"), (78, "CR")])
def test_confirmation_takes_28_days(day, response):
    assert confirmed(f"CR@50 CR@{day}") == response
    assert confirmed(f"PR@50 PR@{day}") == response.replace("CR", "PR")


def test_the_response_is_dated_at_the_first_of_the_two():
    assert best("SD@45 PR@50 PR@90", confirm_days=28) == ("PR", 50, None)


def test_cr_is_confirmed_by_cr_only_and_with_nothing_but_ne_between():
    assert confirmed("CR@50 PR@90") == "SD"
    assert confirmed("CR@50 NE@70 CR@90") == "CR"
    assert confirmed("CR@50 SD@70 CR@90") == "SD"


def test_pr_is_confirmed_by_pr_or_cr():
    assert confirmed("PR@50 CR@90") == "PR"
    assert confirmed("PR@50 NE@70 PR@90") == "PR"


def test_a_pr_after_a_cr_confirms_nothing():
    assert confirmed("PR@50 CR@60 PR@90") == "SD"


def test_at_most_max_ne_between():
    assert confirmed("PR@50 NE@60 NE@70 PR@90") == "SD"
    assert confirmed("PR@50 NE@60 NE@70 PR@90", max_ne=2) == "PR"
    assert confirmed("PR@50 NE@70 PR@90", max_ne=0) == "SD"


def test_one_sd_before_the_confirmation_of_a_pr_is_a_choice():
    assert confirmed("PR@50 SD@70 PR@90") == "SD"
    assert confirmed("PR@50 SD@70 PR@90", accept_sd=True) == "PR"
    assert confirmed("PR@50 SD@60 SD@70 PR@90", accept_sd=True) == "SD"
    assert confirmed("CR@50 SD@70 CR@90", accept_sd=True) == "SD"


def test_the_first_qualifying_scan_decides_even_if_a_later_one_would_do_better():
    # the scan at 90 confirms; the NEs before it are too many, and 130 is not looked at
    assert confirmed("PR@50 NE@60 NE@70 PR@90 PR@95") == "SD"


def test_an_unconfirmed_response_is_sd_if_late_enough_else_ne():
    assert confirmed("PR@50") == "SD"
    assert confirmed("PR@41") == "NE"
    assert best("PR@41 PD@60", confirm_days=28)[0] == "PD"


def test_subjects_without_assessments_are_missing_or_ne():
    frame = pl.DataFrame(
        {"subject": ["1"], "date": [REFERENCE], "response": ["PD"], "reference_date": [REFERENCE]}
    )
    everyone = pl.DataFrame({"subject": ["1", "2"]})
    found = best_response(frame, BestResponseRules(), subjects=everyone)
    assert found.row(1) == ("2", "MISSING", None, None)
    as_ne = best_response(frame, BestResponseRules(missing_as_ne=True), subjects=everyone)
    assert as_ne.row(1) == ("2", "NE", None, None)


def test_progression_known_from_elsewhere_ends_the_course():
    frame = pl.DataFrame(
        {
            "subject": "1",
            "date": [REFERENCE + dt.timedelta(day) for day in (50, 90)],
            "response": ["SD", "CR"],
            "reference_date": REFERENCE,
        }
    )
    stop = REFERENCE + dt.timedelta(60)
    known = pl.DataFrame({"subject": ["1"], "date": [stop]})
    found = best_response(frame, BestResponseRules(), progression=known)
    assert found.row(0) == ("1", "SD", REFERENCE + dt.timedelta(50), stop)


def test_irecist_prefers_icpd_over_iupd_and_dates_it_at_the_iupd():
    rules = {"criteria": "irecist"}
    assert best("iUPD@50 iUPD@90 iCPD@130 iPR@170", **rules) == ("iCPD", 50, 50)
    assert best("iUPD@50 NE@90", **rules) == ("iUPD", 50, 50)
    assert best("iUPD@50 iSD@90", **rules) == ("iSD", 90, None)


def test_irecist_progression_is_the_iupd_that_is_later_confirmed():
    rules = {"criteria": "irecist"}
    scans = "iSD@50 iUPD@90 iPR@130 iPR@170 iUPD@210 iCPD@250"
    assert best(scans, **rules) == ("iPR", 130, 210)


def test_irecist_can_be_confirmed_as_well():
    rules = {"criteria": "irecist", "confirm_days": 28}
    assert best("iPR@50 iPR@90", **rules)[0] == "iPR"
    assert best("iPR@50 iUPD@70 iPR@90", **rules)[0] == "iSD"


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(DuplicateAssessmentError, match="share subject and date"):
        best("SD@50 PR@50")
    empty = pl.DataFrame(schema={"subject": pl.String, "date": pl.Date, "response": pl.String})
    with pytest.raises(NoAssessmentsError):
        best_response(empty, BestResponseRules())
