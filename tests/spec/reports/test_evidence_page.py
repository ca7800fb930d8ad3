"""The evidence page: every record as printed, with its place; what was repaired beside it."""

from __future__ import annotations

import html

import pytest

from nenuphar.domain.conclusion import Stamp
from nenuphar.knowledge.base import knowledge_base
from nenuphar.pipeline.evidence.page import exact_intervals
from nenuphar.report.evidence_page import evidence_page

SOURCE = {"source": "10.1000/xyz", "locator": "Results ¶1", "reference": "[3] Somebody 2020"}
PUBLICATION = {
    "kind": "source",
    "id": "source.xyz",
    "citation": "Somebody 2021, Journal",
    "sources": [{"source": "10.1000/xyz"}],
}
OUTCOME = {
    "kind": "outcome",
    "id": "outcome.trial.orr",
    "study": "TRIAL-1",
    "population": "pancreatic NET",
    "endpoint": "ORR",
    "value": 43.0,
    "unit": "percent",
    "ci_low": 9.9,
    "ci_high": 81.6,
    "events": 3,
    "n": 7,
    "sources": [SOURCE],
}


@pytest.fixture
def page():
    def render(*records):
        kb = knowledge_base([PUBLICATION, *records])
        return evidence_page([*records], kb, Stamp("1", "abc", "0.1"), exact_intervals(records))

    return render


def test_a_figure_stands_with_its_interval_and_its_counts(page):
    assert "ORR 43% (9.9 to 81.6), 3/7" in page(OUTCOME)


def test_small_numbers_never_stand_bare(page):
    few = {"value": 66.7, "events": 2, "n": 3, "ci_low": None, "ci_high": None}
    assert "ORR 66.7%, 2/3, exact interval 9 to 99%" in page({**OUTCOME, **few})


def test_a_bound_is_no_value(page):
    bare = {**OUTCOME, "value": 17.0, "events": None, "n": None, "ci_low": None, "ci_high": None}
    assert "ORR &lt;17%" in page({**bare, "qualifier": "less_than"})
    assert "ORR up to 17%" in page({**bare, "qualifier": "up_to"})


def test_what_was_not_reached_is_named(page):
    median = {"endpoint": "OS", "value": None, "qualifier": "not_reached", "n": 23}
    assert "OS: not reached" in page({**OUTCOME, **median})


def test_the_place_names_publication_paragraph_and_primary_reference(page):
    assert "Somebody 2021, Journal, Results ¶1, [3] Somebody 2020" in page(OUTCOME)


def test_a_repaired_value_stands_beside_the_printed_one_with_its_reason(page):
    repaired = {**OUTCOME, "repaired": {"field": "value", "value": 42.9, "reason": "3 of 7"}}
    assert "repaired: value: 42.9 (3 of 7)" in page(repaired)


def test_records_of_other_kinds_are_left_out(page):
    threshold = {"kind": "threshold", "id": "secret.threshold", "sources": [SOURCE]}
    assert "secret.threshold" not in page(OUTCOME, threshold)


def test_text_is_escaped(page):
    assert "<script>alert" not in page({**OUTCOME, "study": "<script>alert(1)</script>"})


def test_the_page_loads_nothing(page):
    text = html.unescape(page(OUTCOME))
    assert "default-src 'none'" in text
    assert 'src="' not in text
