"""Reading a review as passages, and its numerals; on a made-up review."""

from __future__ import annotations

import re

import pytest

from nenuphar.methods.evidence.audit.coverage import located
from nenuphar.methods.evidence.audit.numerals import numerals_of, stating_numerals
from nenuphar.methods.evidence.audit.passages import Passage, clean, read_review
from nenuphar.methods.evidence.audit.reviews import Layout, layout_of

LAYOUT = Layout(
    source="10.1000/made.up",
    name="Made up 2020",
    marker="A made-up review",
    body_start=re.compile(r"^INTRODUCTION$"),
    body_end=re.compile(r"^ACKNOWLEDGEMENTS$"),
    noise=re.compile(r"^Page \d+ of \d+$"),
    run_in=re.compile(r"^(Lung)\. (?=[A-Z])"),
)
LONG = "and this sentence goes on and on for as long as a paragraph of a review would " * 2
TEXT = f"""A made-up review
A. Writer, 12 Some Street
Abstract
The abstract says something about tumours in 40% of patients, {LONG}here.

INTRODUCTION

Of 62 patients 43% responded[1,2], {LONG}with a paragraph that the page end

Page 3 of 9

Table 1. Things that were counted
Thing\tNumber\tRef.
Rare thing\t<3%\t17
\tCommon thing\t20–30\t18, 19

cuts in two (7–10) at 9.3 months.
Lung. A paragraph under a run-in heading has 5 numbers, {LONG}it says.
Another paragraph of the lung with its 6 numbers, {LONG}it says.

Results of others

In CheckMate 032, a phase 2 trial (NCT01928394) of PD-1 blockade in G1-2 NET, {LONG}8 responded.

* grew = grew

Figure 2. A legend with 11 things.

ACKNOWLEDGEMENTS

We thank 99 people.
"""


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return read_review(TEXT, LAYOUT)


def _labels(passages: list[Passage]) -> list[str]:
    return [passage.label for passage in passages if passage.body]


def test_paragraphs_rows_and_legends_are_passages(passages: list[Passage]) -> None:
    assert sorted(_labels(passages)) == sorted(
        [
            "Abstract",
            "INTRODUCTION ¶1",
            "Table 1",
            "Table 1, Thing",
            "Table 1, Rare thing",
            "Table 1, Common thing",
            "INTRODUCTION ¶2",
            "INTRODUCTION ¶3",
            "Results of others ¶1",
            "Figure 2",
            "Figure 2",
        ]
    )


def test_a_paragraph_cut_by_page_and_table_is_joined(passages: list[Passage]) -> None:
    first = next(passage for passage in passages if passage.label == "INTRODUCTION ¶1")
    assert first.text.startswith("Of 62 patients 43% responded, ")
    assert first.text.endswith("that the page end cuts in two at 9.3 months.")


def test_only_the_body_states_numerals(passages: list[Passage]) -> None:
    stated = [
        (numeral.text, passages[numeral.passage].label) for numeral in stating_numerals(passages)
    ]
    assert sorted(stated) == sorted(
        [
            ("40", "Abstract"),
            ("62", "INTRODUCTION ¶1"),
            ("43", "INTRODUCTION ¶1"),
            ("9.3", "INTRODUCTION ¶1"),
            ("3", "Table 1, Rare thing"),
            ("20", "Table 1, Common thing"),
            ("30", "Table 1, Common thing"),
            ("5", "INTRODUCTION ¶2"),
            ("6", "INTRODUCTION ¶3"),
            ("8", "Results of others ¶1"),
            ("11", "Figure 2"),
        ]
    )


@pytest.mark.parametrize(
    ("locator", "labels"),
    [
        ("INTRODUCTION ¶2", ["INTRODUCTION ¶2"]),
        ("Lung ¶1", ["INTRODUCTION ¶2"]),
        ("Lung ¶2", ["INTRODUCTION ¶3"]),
        ("results of others", ["Results of others ¶1"]),
        ("Table 1, Common thing", ["Table 1, Common thing"]),
        ("Figure 2 legend", ["Figure 2", "Figure 2"]),
        ("INTRODUCTION ¶9", []),
        ("Nowhere ¶1", []),
    ],
)
def test_locators_name_passages(passages: list[Passage], locator: str, labels: list[str]) -> None:
    assert [passages[i].label for i in located(passages, locator)] == labels


def test_loosely_a_locator_names_its_section(passages: list[Passage]) -> None:
    found = located(passages, "INTRODUCTION ¶9", loosely=True)
    assert [passages[i].label for i in found] == [f"INTRODUCTION ¶{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        (r"in 2045^{[[1\]](#page-17-0)}. It", "in 2045. It"),
        (r"tumours^{[\[5](#p)[,6\]](#p)}.", "tumours."),
        ("and [13](#page-18-4) months", "and 13 months"),
        ("people (3–5, 9) are (refs. 131; 132) many", "people are many"),
        ("a response of 2/4 (n = 23) in (19%)", "a response of 2/4 (n = 23) in (19%)"),
        ("(7.0-12.6)", "(7.0-12.6)"),
        ("[95% confidence interval (CI): 6%-15%]", "[95% confidence interval (CI): 6%-15%]"),
    ],
)
def test_citations_go_and_figures_stay(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Ki-67 > 20% in G2–3 NET", ["20"]),
        ("177Lu-DOTATATE after 90Yttrium", []),
        ("chromosomes 3, 11, and 12 in 3 cases", ["3"]),
        ("KEYNOTE-028 and CheckMate 331, ADRIATIC", []),
        ("18 NENs:11 NECs,4 G2 NETs; 4 G3 NETs", ["18", "11", "4", "4"]),
        ("a 5-year survival of 9-mo and 12mo", ["5", "9", "12"]),
        ("3.56 per 100,000", ["3.56", "100000"]),
        ("CD80/86, IL-10 and HIF-1α", []),
        ("0.0.26-0.41", ["0.0.26", "0.41"]),
    ],
)
def test_numerals_in_names_state_nothing(text: str, stated: list[str]) -> None:
    passage = Passage("x ¶1", (("x", 1),), text)
    assert [numeral.text for numeral in stating_numerals([passage])] == stated


def test_numbers_of_a_printed_token() -> None:
    assert numerals_of("6%-15%") == ["6", "15"]
    assert numerals_of("P = 0.004") == ["0.004"]
    assert numerals_of("100,000") == ["100000"]


def test_another_text_has_no_layout() -> None:
    assert layout_of(TEXT) is None
