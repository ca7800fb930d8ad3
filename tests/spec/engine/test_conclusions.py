"""What becomes of a fact when its rules are met, open or at odds."""

from __future__ import annotations

from tiny import (
    ENTITY,
    LOOK,
    MITOSES,
    NECROSIS,
    REPORTED,
    SIZE,
    Patient,
    base,
    caution,
    fact,
    rule,
    specimen,
)

FEW = {"fact": "specimen.mitoses", "lt": "mitoses.two"}
MANY = {"fact": "specimen.mitoses", "ge": "mitoses.two"}
SMALL = {"fact": "specimen.size", "lt": "size.five"}
NECROTIC = {"fact": "specimen.necrosis", "is": True}

TYPICAL = rule("typical", "specimen.entity", "typical", FEW, unless=SMALL)
ATYPICAL = rule("atypical", "specimen.entity", "atypical", {"any": [MANY, NECROTIC]})
FACTS = (MITOSES, SIZE, NECROSIS, LOOK, REPORTED, ENTITY)


def test_a_rule_whose_criteria_hold_gives_the_fact_its_value():
    found = specimen(base(*FACTS, TYPICAL), mitoses=1, size=20)
    assert (found.value, found.status, found.rule_id) == ("typical", "met", "typical")


def test_missing_is_not_no_and_what_would_decide_is_named():
    found = specimen(base(*FACTS, TYPICAL))
    assert (found.value, found.status) == (None, "undetermined")
    assert found.missing == ("specimen.mitoses", "specimen.size")
    assert found.alternatives == ("typical",)


def test_an_exception_that_holds_means_that_the_rule_does_not():
    found = specimen(base(*FACTS, TYPICAL), mitoses=1, size=4)
    assert (found.value, found.status) == (None, "undetermined")
    assert [c.id for c in found.cautions] == ["no_rule_applies"]


def test_an_exception_that_nobody_looked_at_leaves_the_conclusion_provisional():
    found = specimen(base(*FACTS, TYPICAL), mitoses=1)
    assert (found.value, found.status) == ("typical", "provisional")
    assert found.missing == ("specimen.size",)


def test_a_value_is_provisional_while_a_rival_is_open():
    found = specimen(base(*FACTS, TYPICAL, ATYPICAL), mitoses=1, size=20)
    assert (found.value, found.status) == ("typical", "provisional")
    assert found.alternatives == ("atypical",)
    assert found.missing == ("specimen.necrosis",)


def test_two_exclusive_values_that_are_both_met_are_a_conflict_that_stays_visible():
    found = specimen(base(*FACTS, TYPICAL, ATYPICAL), mitoses=1, size=20, necrosis=True)
    assert (found.value, found.status) == ("atypical;typical", "conflict")
    assert found.rule_id == "atypical;typical"


def test_the_more_specific_of_two_values_stands():
    wide = rule("net", "specimen.entity", "net", {"fact": "specimen.look", "is_a": "net"})
    found = specimen(base(*FACTS, wide, TYPICAL), look="typical", mitoses=1, size=20)
    assert (found.value, found.status) == ("typical", "met")


def test_an_open_rule_for_something_wider_does_not_unseat_what_stands():
    wide = rule("net", "specimen.entity", "net", {"fact": "specimen.look", "is_a": "net"})
    found = specimen(base(*FACTS, wide, TYPICAL), mitoses=1, size=20)
    assert (found.value, found.status) == ("typical", "met")


AS_REPORTED = [
    rule(
        f"reported.{value}",
        "specimen.entity",
        value,
        {"fact": "specimen.reported", "is": value},
        basis="reported",
    )
    for value in ("typical", "atypical", "small_cell")
]


def test_without_criteria_a_reported_diagnosis_stands_provisionally():
    found = specimen(base(*FACTS, TYPICAL, *AS_REPORTED), reported="typical")
    assert (found.value, found.status) == ("typical", "provisional")
    assert [c.id for c in found.cautions] == ["as_reported"]
    assert found.missing == ("specimen.mitoses", "specimen.size")


def test_criteria_that_decide_leave_the_report_aside():
    kb = base(*FACTS, TYPICAL, *AS_REPORTED)
    found = specimen(kb, reported="small_cell", mitoses=1, size=20)
    assert (found.value, found.status) == ("typical", "met")


def test_a_report_that_criteria_refute_does_not_stand():
    found = specimen(base(*FACTS, TYPICAL, *AS_REPORTED), reported="typical", mitoses=5)
    assert (found.value, found.status) == (None, "undetermined")
    assert [c.id for c in found.cautions] == ["report_not_supported", "no_rule_applies"]


def test_where_nobody_could_judge_the_criteria_they_speak_against_no_report():
    unseen = {**TYPICAL, "silent_where": NECROTIC}
    kb = base(*FACTS, unseen, *AS_REPORTED)
    found = specimen(kb, reported="typical", mitoses=1, size=20, necrosis=True)
    assert (found.value, found.status) == ("typical", "provisional")
    assert [c.id for c in found.cautions] == ["as_reported"]
    assert specimen(kb, mitoses=1, size=20, necrosis=True).value is None
    open_ = specimen(kb, mitoses=1, size=20)
    assert (open_.status, open_.missing) == ("provisional", ("specimen.necrosis",))


def test_reports_that_disagree_decide_nothing_and_are_to_be_looked_at_again():
    by_necrosis = rule("b", "specimen.entity", "small_cell", NECROTIC, basis="reported")
    found = specimen(base(*FACTS, *AS_REPORTED, by_necrosis), reported="typical", necrosis=True)
    assert (found.value, found.status) == (None, "undetermined")
    assert found.alternatives == ("small_cell", "typical")
    assert found.missing == ("specimen.necrosis", "specimen.reported")


WITHHOLDING = rule(
    "too_small",
    "specimen.entity",
    "typical",
    SMALL,
    withholds=True,
    names=["specimen.look"],
)


def test_a_withholding_rule_leaves_the_fact_open_and_names_what_to_look_at_again():
    plain = {**TYPICAL}
    plain.pop("unless")
    found = specimen(base(*FACTS, plain, WITHHOLDING), mitoses=1, size=4)
    assert (found.value, found.status) == (None, "undetermined")
    assert (found.missing, found.alternatives) == (("specimen.look",), ("typical",))
    assert found.rule_id == "too_small"


def test_while_it_is_open_whether_to_withhold_a_value_is_provisional():
    plain = {**TYPICAL}
    plain.pop("unless")
    found = specimen(base(*FACTS, plain, WITHHOLDING), mitoses=1)
    assert (found.value, found.status) == ("typical", "provisional")
    assert found.missing == ("specimen.size",)


def test_what_rests_on_a_provisional_value_is_provisional_for_the_same_reason():
    behaviour = fact("specimen.behaviour", values={"indolent": "Indolent"}, derived=True)
    slow = rule(
        "slow", "specimen.behaviour", "indolent", {"fact": "specimen.entity", "is": "typical"}
    )
    kb = base(*FACTS, behaviour, TYPICAL, slow)
    patient = Patient(kb).add("tumour/1").add("specimen/1/a", mitoses=1)
    found = patient.concluded("specimen.behaviour")[0]
    assert (found.value, found.status) == ("indolent", "provisional")
    assert found.missing == ("specimen.size",)


def test_a_caution_is_said_beside_a_value_and_never_changes_it():
    said = caution("rare", "specimen.entity", {"fact": "specimen.entity", "is": "typical"})
    found = specimen(base(*FACTS, TYPICAL, said), mitoses=1, size=20)
    assert (found.value, found.status) == ("typical", "met")
    assert [c.id for c in found.cautions] == ["rare"]


def test_a_conclusion_cites_what_it_read_and_where_it_stood():
    found = specimen(base(*FACTS, TYPICAL), mitoses=1, size="20 mm")
    assert [(i.fact, i.value, i.record, i.text) for i in found.inputs] == [
        ("specimen.mitoses", "1/2 mm²", "specimen/1/a", "1"),
        ("specimen.size", "20 mm", "specimen/1/a", "20 mm"),
    ]


CHANCE = fact("specimen.chance", "number", unit="ratio", drawn=True)
OTHER = fact("specimen.other", derived=True)
SAID = fact("specimen.said", "text", derived=True, lists={"a": ENTITY["id"], "b": OTHER["id"]})
LIKELY = (
    *FACTS[:-1],
    *(CHANCE, OTHER, SAID, {**ENTITY, "probability": CHANCE["id"]}),
    *(TYPICAL, rule("other", "specimen.other", "small_cell", NECROTIC)),
)


def probability(name: str = "entity", **facts: object) -> float | None:
    patient = Patient(base(*LIKELY)).add("tumour/1").add("specimen/1/a", **facts)
    return patient.concluded(f"specimen.{name}")[0].probability


def test_a_value_that_stands_has_the_probability_that_a_method_gave_it():
    assert probability(mitoses=1, size=20, chance=0.9) == 0.9
    assert probability(mitoses=1, chance=0.9) == 0.9  # provisional
    assert probability(mitoses=1, size=20) is None
    assert probability(chance=0.9) is None


def test_a_list_has_a_probability_where_one_of_its_facts_is_known():
    alone = {"mitoses": 1, "size": 20, "chance": 0.9}
    assert probability("said", **alone) == 0.9
    assert probability("said", **alone, necrosis=True) is None
    assert probability("said", chance=0.9, necrosis=True) is None
