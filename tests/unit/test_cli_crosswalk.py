"""`nenuphar crosswalk`: terms carried over from the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["crosswalk", *words])
    assert result.exit_code == code, result.output
    return result.output


def test_a_term_of_2010_is_several_things_and_what_decides_is_named():
    said = run("nec_g3_2010")
    assert "NET G3" in said
    assert "decided by: pathology.morphology" in said


@pytest.mark.parametrize(
    ("term", "to", "can_be", "blurred"),
    [
        ("atypical_carcinoid_2021", "digestive_2019", ["net_g2_2019"], []),
        (
            "net_g3_2017",
            "digestive_2010",
            ["nec_g3_2010"],
            ["nec_large_cell", "nec_small_cell"],
        ),
        ("manec_2010", "thoracic_2021", [], []),
    ],
)
def test_a_term_is_carried_into_another_system(term, to, can_be, blurred):
    found = json.loads(run(term, "--to", to, "--json"))
    assert (found["can_be"], found["blurred"]) == (can_be, blurred)


def test_without_a_term_all_of_them_are_listed():
    assert "nec_g3_2010" in run()
    assert "net_g3_2019" in json.loads(run("--json"))["digestive_2019"]


def test_a_word_that_nobody_knows_is_refused_with_the_nearest_one():
    assert "nec_g3_2010" in run("nec_g3_2011", code=2)
