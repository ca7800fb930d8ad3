"""Xu 2021's question: could a trial enrol G3 NET, and were they kept apart from NEC?"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from matching_patients import KB

from nenuphar.domain.truth import Truth
from nenuphar.pipeline.g3_net import answer_as_data, ask_trials
from nenuphar.report.g3_net_figure import draw_g3_net


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
