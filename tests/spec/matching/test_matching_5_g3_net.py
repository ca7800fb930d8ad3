"""Xu 2021's question: could a trial enrol G3 NET, and were they kept apart from NEC?"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from matching_patients import KB

from nenuphar.domain.truth import Truth
from nenuphar.pipeline.matching.g3_net import answer_as_data, answers_as_data, ask_trials
from nenuphar.pipeline.matching.g3_net_reports import reports_of
from nenuphar.report.figures.g3_net import draw_g3_net


@pytest.fixture(scope="module")
def answers():
    return {a.record["id"].split(".")[1]: a for a in ask_trials(KB, patients=60)
            if a.record["id"].endswith("xu_2021")}  # fmt: skip


@pytest.mark.parametrize(
    ("trial", "enrols", "separates"),
    [
        ("nct02939651", "yes", "no"),  # Ki-67 >20%, well or poorly differentiated
        ("nct02923934", "yes", "no"),  # CA209-538
        ("nct02955069", "no", "yes"),  # spartalizumab: G3 NET excluded
        ("nct03591731", "no", "yes"),  # NIPINEC
        ("nct03475953", "yes", "yes"),  # REGOMUNE: NET of grade 2 and 3
        ("nct03043664", "no", "unclear"),  # PLANET: NET of grade 1 and 2
    ],
)
def test_the_criteria_answer_for_a_trial(answers, trial, enrols, separates):
    assert (answers[trial].enrols, answers[trial].separates) == (enrols, separates)


def test_criteria_never_contradict_what_the_review_says_of_g3_net(answers):
    for answer in answers.values():
        assert {answer.enrols, answer.record["enrols_g3_net"]} != {"yes", "no"}, answer.record["id"]


def test_every_trial_that_is_not_of_sclc_alone_says_what_its_answer_rests_on():
    for record in KB.kinds("trial"):
        if not record["id"].endswith("nie_2024"):
            assert record["separates_g3_net_from_nec"] in ("yes", "no", "unclear"), record["id"]
            assert record["g3_net_reason"], record["id"]


def test_all_rows_of_table_1_are_there_with_status_as_of_the_review():
    rows = [record for record in KB.kinds("trial") if record["id"].endswith("xu_2021")
            and record["sources"][0]["locator"].startswith("Table 1, NCT")]  # fmt: skip
    assert len(rows) == 33
    for record in rows:
        given = ("phase", "primary_outcome", "enrolment", "date", "recruitment_status", "condition")
        assert all(record.get(name) not in (None, "") for name in given), record["id"]
        assert record["status_as_of"] == "2021"
        assert record["criteria"]


@pytest.mark.parametrize(
    ("trial", "n", "figures"),
    [
        ("nct02923934", 3, ["ORR 66.7%, 2/3, exact interval 9 to 99%"]),  # CA209-538
        ("nct03879057", 4, ["ORR 0%, 0/4, exact interval 0 to 60%"]),  # surufatinib, toripalimab
        ("mayo_retrospective", 3, ["ORR 0%, 0/3, exact interval 0 to 71%"]),
        ("nct03352934", 11, []),  # AveNEC: counted, yet without a figure of their own
        ("nct03167853", None, []),  # toripalimab: G2 and G3 NET together
    ],
)
def test_what_became_of_g3_net_is_told_where_it_is_given_for_them_alone(trial, n, figures):
    g3_net, _ = reports_of(KB)[f"trial.{trial}.xu_2021"]
    assert (g3_net.n, list(g3_net.figures)) == (n, figures)


def test_nec_stand_beside_them():
    _, nec = reports_of(KB)["trial.nct03879057.xu_2021"]
    assert nec.n == 11
    assert "ORR 18.2%, 2/11, exact interval 2 to 52%" in nec.figures
    assert reports_of(KB)["trial.nct02923934.xu_2021"][1].n == 4  # two pancreatic, two of the gut


def test_studies_without_known_eligibility_answer_by_their_report_alone():
    answers = {answer["trial"]: answer for answer in answers_as_data(KB, patients=5)}
    prrt = answers["trial.prrt_g3_gep.xu_2021"]
    assert prrt["enrols_g3_net_by_criteria"] is None
    assert prrt["enrols_g3_net_as_reported"] == "yes"
    assert prrt["g3_net_reported"]["n"] == 60


def test_every_simulated_patient_is_counted(answers):
    for answer in answers.values():
        assert sum(answer.net.values()) == sum(answer.nec.values()) == 60
        assert set(answer.net) == set(Truth)


def test_the_same_seed_gives_the_same_figure(answers):
    data = [answer_as_data(answer) | {"name": name} for name, answer in answers.items()]
    again = [answer_as_data(a) | {"name": a.record["id"].split(".")[1]} for a in
             ask_trials(KB, patients=60) if a.record["id"].endswith("xu_2021")]  # fmt: skip
    assert draw_g3_net(data, 60) == draw_g3_net(again, 60)
    assert ET.fromstring(draw_g3_net(data, 60)).tag.endswith("svg")  # noqa: S314
