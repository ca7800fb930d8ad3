import pytest

from nenuphar.domain.conclusion import Conclusion, RuleTrace, Trace
from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import knowledge_base
from nenuphar.report.reasoning import Reasoning, thresholds_read
from nenuphar.report.words import Words, join_words, scope_title, short_edition

MET, NOT, OPEN = Truth.MET, Truth.NOT_MET, Truth.UNDETERMINED
EMPTY = knowledge_base([])


def reasoning(when: Trace, status="met", unless: Trace | None = None):
    rule = RuleTrace("r.one", 1, "abc", "x", status, ("b.fact",), when, unless, "Said.", ())
    conclusion = Conclusion("a.b", Scope.PATIENT, ("P",), "", "", "x", "met", rules=(rule,))
    return Reasoning(EMPTY, Words(EMPTY)).of(conclusion)


def leaf(truth: Truth, fact: str, op="lt", wanted="< 2", threshold="") -> Trace:
    return Trace(op, truth, fact, "1", wanted, threshold)


def test_a_met_rule_keeps_all_its_parts():
    tree = Trace("any", MET, children=(leaf(MET, "a.x"), leaf(OPEN, "a.y")))
    (view,) = reasoning(tree).live
    assert [child.truth for child in view.tree.children] == ["met", "undetermined"]


def test_a_rule_not_met_keeps_the_parts_that_decided():
    tree = Trace("all", NOT, children=(leaf(MET, "a.x"), leaf(NOT, "a.y"), leaf(OPEN, "a.z")))
    (view,) = reasoning(tree, "not_met").not_met
    assert (view.tree.label, view.tree.truth) == ("A y", "not_met")


def test_a_negated_part_is_kept_whole():
    tree = Trace("not", NOT, children=(leaf(MET, "a.x"),))
    (view,) = reasoning(tree, "not_met").not_met
    assert view.tree.label == "Not"
    assert view.tree.children[0].truth == "met"


def test_a_met_exception_is_the_reason():
    exception = Trace("any", MET, children=(leaf(NOT, "a.x"), leaf(MET, "a.y")))
    (view,) = reasoning(leaf(MET, "a.w"), "not_met", exception).not_met
    assert view.exception is not None
    assert view.exception.label == "A y"


PART = (leaf(MET, "a.x"),)


@pytest.mark.parametrize(
    ("trace", "label"),
    [
        (Trace("at_least", MET, wanted="2", children=PART), "At least 2 of these"),
        (Trace("exists", OPEN, wanted="component"), "At least one component fits: none recorded"),
        (
            Trace("worst", MET, wanted="lesion", children=(leaf(MET, "a.x"),)),
            "The worst lesion fits",
        ),
    ],
)
def test_joints_in_words(trace, label):
    (view,) = reasoning(trace).live
    assert view.tree.label == label


def test_thresholds_are_found_wherever_a_rule_reads_them():
    tree = Trace("all", MET, children=(leaf(MET, "a.x", threshold="t.one"),))
    unless = leaf(NOT, "a.x", "between", "2 to 3", "t.two t.three")
    rule = RuleTrace("r", 1, "abc", "x", "met", (), tree, unless, "Said.", ())
    conclusion = Conclusion("a.b", Scope.PATIENT, ("P",), "", "", "x", "met", rules=(rule,))
    assert thresholds_read([conclusion], "a.x") == ("t.one", "t.three", "t.two")
    assert thresholds_read([conclusion], "a.y") == ()


def test_facts_in_words():
    words = Words(EMPTY)
    assert words.fact("pathology.ki67") == "Ki-67"
    assert words.fact("lesion.size") == "Lesion size"
    assert words.fact("variant(TP53,pathogenic,any)") == "TP53 variant (pathogenic)"
    assert words.fact("component.rows") == "Components"
    assert words.inline("pathology.ki67") == "Ki-67"
    assert words.inline("lesion.size") == "lesion size"


def test_asks_in_words_where_no_record_has_them():
    words = Words(EMPTY)
    assert words.ask("specimen.date") == "State the date of every specimen."
    assert words.ask("specimen.is_index") == "State which specimen stands for its tumour."
    assert words.ask("variant(RB1,any,any)") == "Test RB1 with an assay that covers it."
    assert words.ask("patient.age") == "Record: Patient age."


def test_sentences():
    assert join_words([]) == ""
    assert join_words(["a", "b", "c"]) == "a, b and c"
    assert join_words(["a, of b", "c"], "or") == "a, of b; or c"
    assert scope_title(Scope.COMPONENT, ("P", "T", "S", "C")) == "Tumour T, specimen S, component C"
    assert short_edition("who_thoracic_2021") == "WHO thoracic 2021"


def test_an_open_rule_of_which_nothing_is_on_record_stands_apart():
    absent = Trace("lt", OPEN, "a.x", "", "< 2")
    one = reasoning(Trace("all", OPEN, children=(absent, absent)), "undetermined")
    assert (len(one.live), len(one.silent)) == (0, 1)
    seen = reasoning(Trace("all", OPEN, children=(absent, leaf(MET, "a.y"))), "undetermined")
    assert (len(seen.live), len(seen.silent)) == (1, 0)
