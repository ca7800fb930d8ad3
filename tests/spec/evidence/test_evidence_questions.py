"""Questions a reviewer asks of the outcome records, on made-up ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from nenuphar.methods.evidence.estimate import EvidenceError
from nenuphar.methods.evidence.overlap import SetAside
from nenuphar.methods.evidence.pool import pool
from nenuphar.methods.evidence.selection import Question, Selection, select, within

ABOVE = {"net": {"nen"}, "nec": {"nen"}, "sclc": {"nec", "nen"}, "pancreas": {"gep"}}


def ancestors(code: str) -> Collection[str]:
    return ABOVE.get(code, ())


def outcome(name: str, **fields: Any) -> dict[str, Any]:
    basic = {"endpoint": "ORR", "strategy": "dual_ici", "entity": "nen", "study": name}
    return {"id": f"outcome.{name.lower()}", "status": "active", **basic, **fields}


RECORDS = [
    outcome("A", entity="net", grade=["G3"], site=["pancreas"], events=2, n=3),
    outcome("B", entity="nec", events=4, n=20, population="NEC after platinum"),
    outcome("C", entity="nen", grade=["G3"], events=8, n=18),
    outcome("D", entity="net", grade=["G1", "G2"], events=0, n=14),
    outcome("E", entity="net", grade=["G3"], value=44),
    outcome("F", entity="nec", events=1, n=14, strategy="ici_mono"),
    outcome("G", entity="sclc", events=3, n=30),
    outcome("H", entity="nec", endpoint="PFS", value=3.1),
]


def ask(*populations: str, records: list[dict[str, Any]] = RECORDS, **rest: Any) -> Selection:
    question = {"endpoint": "ORR", "strategy": "dual_ici", **rest}
    return select(records, Question(populations=populations, **question), ancestors)


def names(selection: Selection) -> list[str]:
    return [row.study for row in selection.counts]


def test_the_response_rate_of_dual_ici_in_g3_net_versus_nec() -> None:
    found = ask("G3 NET", "NEC")
    assert [(row.study, row.subgroup) for row in found.counts] == [
        ("A", "G3 NET"),
        ("B", "NEC"),
        ("G", "NEC"),
    ]
    assert found.records == ("outcome.a", "outcome.b", "outcome.g")


def test_percentages_without_n_are_set_aside_and_said() -> None:
    found = ask("g3 net")
    assert found.set_aside == (
        SetAside(
            "outcome.e",
            "E",
            "events and n not given; 44 percent alone cannot be pooled",
        ),
    )


def test_a_population_is_matched_only_if_everyone_belongs_to_it() -> None:
    assert names(ask("nec")) == ["B", "G"]
    assert names(ask("sclc")) == ["G"]
    assert names(ask("g1-2 net")) == ["D"]
    assert names(ask("g3 nen")) == ["A", "B", "C", "G"]
    assert names(ask("pancreas")) == ["A"]
    assert names(ask("gep net")) == ["A"]


def test_words_that_are_no_codes_are_looked_for_in_the_population_as_stated() -> None:
    assert names(ask("nec platinum")) == ["B"]
    stated = outcome("X", entity="nec", population="NEC, NET excluded")
    assert not within(stated, "net", ancestors)


def test_a_strategy_or_none_at_all() -> None:
    assert names(ask("nec", strategy="ici_mono")) == ["F"]
    assert names(ask("nec", strategy=None)) == ["B", "F", "G"]


def test_subgroups_by_a_field_leave_out_records_that_do_not_state_it() -> None:
    found = ask(by="grade")
    assert {row.study: row.subgroup for row in found.counts} == {
        "A": "G3",
        "B": "high_grade",
        "C": "G3",
        "D": "G1/G2",
        "G": "high_grade",
    }
    found = ask(by="site")
    assert names(found) == ["A"]
    reasons = {item.study: item.reason for item in found.set_aside}
    assert "site is not stated" in reasons["B"]


def test_populations_that_include_each_other_are_refused() -> None:
    with pytest.raises(EvidenceError, match="exclude each other"):
        ask("nec", "sclc")


def test_a_repaired_value_takes_the_place_of_the_printed_one() -> None:
    wrong = outcome("R", entity="nec", events=9, n=9)
    mended = {**wrong, "repaired": {"field": "events", "value": 1, "reason": "misprint"}}
    assert ask("nec", records=[mended]).counts[0].events == 1
    moved = {**wrong, "repaired": [{"field": "endpoint", "value": "DCR", "reason": "swapped"}]}
    assert ask("nec", records=[moved], endpoint="DCR").counts[0].events == 9


def test_impossible_records_are_set_aside_with_the_reason() -> None:
    wrong = outcome("W", entity="nec", events=7, n=5)
    odd = outcome("O", entity="nec", events=5, n=10, ci_low=60, ci_high=80)
    found = ask("nec", records=[wrong, odd, RECORDS[1]])
    assert names(found) == ["B"]
    assert [item.reason for item in found.set_aside] == [
        "7 events among 5 patients",
        "the interval 60-80 excludes 50.0 percent",
    ]


def test_a_trial_and_its_subgroup_count_once() -> None:
    whole = outcome("T", entity="nec", events=5, n=40, nct_id="NCT1", arm="everyone")
    part = outcome("T2", entity="sclc", events=2, n=10, nct_id="NCT1")
    found = ask("nec", records=[part, whole, RECORDS[1]])
    assert names(found) == ["T", "B"]
    assert found.set_aside[0].record == "outcome.t2"
    assert pool(found.counts).k == 2


def test_disjoint_cohorts_of_one_study_are_named_apart() -> None:
    cohorts = [
        outcome(
            "T", id=f"outcome.t{i}", entity="nec", events=i, n=20, nct_id="N", arm=f"cohort {i}"
        )
        for i in (1, 2)
    ]
    assert names(ask("nec", records=cohorts)) == ["T, cohort 1", "T, cohort 2"]


def test_hazard_ratios_need_their_interval_and_one_comparator_each() -> None:
    basic = {"endpoint": "HR_OS", "entity": "sclc", "value": 0.7, "ci_low": 0.5, "ci_high": 0.98}
    records = [
        outcome("A", **basic),
        outcome("B", **{**basic, "ci_low": None}),
        outcome("C", **{**basic, "value": 1.2}),
        outcome("D", **basic, nct_id="N", regimen="x"),
        outcome("E", **basic, nct_id="N", regimen="y"),
    ]
    found = ask(records=records, endpoint="hr_os")
    assert [ratio.study for ratio in found.ratios] == ["A", "D"]
    assert {item.study: item.reason for item in found.set_aside} == {
        "B": "ci_low not given",
        "C": "the interval 0.5-0.98 excludes its estimate 1.2",
        "E": "may share its comparator arm with outcome.d",
    }


def test_medians_are_not_pooled() -> None:
    with pytest.raises(EvidenceError, match="PFS is not a count of patients"):
        ask(endpoint="PFS")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ({"endpoint": "CR"}, "no record has endpoint CR; there are: ORR; PFS"),
        ({"strategy": "prrt"}, "no record has strategy prrt; there are: dual_ici; ici_mono"),
    ],
)
def test_a_question_without_an_answer_says_what_there_is(rest: dict[str, str], said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        ask(**rest)


def test_retired_records_take_no_part() -> None:
    retired = outcome("Z", entity="nec", events=1, n=2, status="retired")
    assert names(ask("nec", records=[retired, RECORDS[1]])) == ["B"]


def test_what_to_keep_in_mind_about_the_records_is_said() -> None:
    implied = outcome("I", entity="nec", events=1, n=9, n_source="implied")
    mended = outcome("R", entity="nec", events=9, n=9, repaired={"field": "events", "value": 1})
    found = ask("nec", "net", records=[implied, mended, RECORDS[5]], strategy=None)
    assert found.notes == (
        "No usable record for net.",
        "Different strategies are pooled together: dual_ici, ici_mono.",
        "Repaired values used: outcome.r.",
        "n is implied, not stated: outcome.i.",
    )
    assert ask("nec").notes == ()
