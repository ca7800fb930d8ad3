"""A set that is not made for a line is told apart from a set of which too little is known."""

from __future__ import annotations

import pytest

from nenuphar.domain.case import Case, Observed, TreatmentLine
from nenuphar.domain.conclusion import Conclusion
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import assess

KB = load_knowledge()


def line(**facts: str) -> TreatmentLine:
    observed = tuple(Observed(f"line.{name}", value) for name, value in facts.items())
    return TreatmentLine("1", None, observed)


def under(definition_set: str, **facts: str) -> Conclusion:
    found = assess(Case("P1", lines=(line(**facts),)), every=True)
    (one,) = found.of(f"resistance.{definition_set}")
    return one


def test_a_line_of_another_regimen_is_outside_of_the_set():
    found = under("sitc_mono", regimen_class="chemo_ici", setting="advanced")
    assert (found.status, found.missing, found.alternatives) == ("undetermined", (), ())
    said = [caution.says for caution in found.cautions]
    assert (
        "This set is made for a checkpoint inhibitor alone in advanced disease; "
        "the line is of another kind." in said
    )


def test_a_line_in_another_setting_or_disease_is_outside_too():
    for facts in (
        {"regimen_class": "ici_mono", "setting": "limited", "disease": "sclc"},
        {"regimen_class": "ici_mono", "setting": "advanced", "disease": "other"},
    ):
        found = under("sclc_es_mono_figure1", **facts)
        ids = [caution.id for caution in found.cautions]
        assert "caution.sclc_es_mono_figure1.line_of_another_kind" in ids


def test_a_line_of_which_the_regimen_is_not_known_may_belong_to_the_set():
    found = under("sitc_mono", setting="advanced")
    assert "line.regimen_class" in found.missing
    assert found.cautions == ()


@pytest.mark.parametrize(
    "definition_set",
    sorted({r["concludes"]["fact"] for r in KB.kinds("resistance_definition")}),
)
def test_every_set_says_what_it_is_made_for(definition_set):
    """The caution asks for the opposite of what every rule of the set begins with."""
    name = definition_set.removeprefix("resistance.")
    caution = KB.raw[f"caution.{name}.line_of_another_kind"]
    asked = [part["not"] for part in caution["when"]["any"]]
    rules = [
        r for r in KB.kinds("resistance_definition") if r["concludes"]["fact"] == definition_set
    ]
    assert rules
    for rule in rules:
        kinds = ("line.regimen_class", "line.setting", "line.disease")
        assert [p for p in rule["when"]["all"] if p.get("fact") in kinds] == asked, rule["id"]
