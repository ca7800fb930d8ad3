"""The knowledge base in a browser: search, records with their criteria, pooled evidence."""

from __future__ import annotations

import re

import pytest

from nenuphar.knowledge.base import load_knowledge


def test_records_are_found_by_words(browser):
    page = browser.get("/knowledge", params={"q": "Ki-67 carcinoid"}).text
    ids = re.findall(r'href="/knowledge/records/([^"]+)"', page)
    assert len(ids) > 5
    assert all(one in load_knowledge().raw for one in ids)
    page = browser.get("/knowledge", params={"q": "zzzz nothing"}).text
    assert "No record holds all of these words" in page


def test_a_rule_is_shown_with_its_criteria_its_cases_and_its_sources(browser):
    page = browser.get("/knowledge/records/lung.typical_carcinoid").text
    assert "It holds when" in page
    assert "Mitoses &lt; 2 per 2 mm²" in page
    assert "Lesion size &lt; 5 mm" in page
    assert 'href="/knowledge/records/lung.mitoses.atypical_min"' in page
    assert "10.1172/JCI186702" in page
    assert "exactly 2 mitoses" in page


@pytest.mark.parametrize("kind", sorted({r["kind"] for r in load_knowledge().raw.values()}))
def test_a_record_of_every_kind_can_be_shown(browser, kind):
    kb = load_knowledge()
    own = sorted(key for key, record in kb.raw.items() if record["kind"] == kind)
    for record in {own[0], own[-1], max(own, key=lambda key: len(str(kb.raw[key])))}:
        answer = browser.get(f"/knowledge/records/{record}")
        assert answer.status_code == 200, record
        assert record in answer.text


def test_studies_are_pooled_with_a_forest_plot_and_what_was_set_aside(browser):
    page = browser.get("/knowledge/evidence", params={"endpoint": "ORR", "population": "nec"}).text
    assert "<svg" in page
    assert ">Pooled</text>" in page
    assert "Set aside" in page
    answer = browser.get("/api/v1/evidence/pool?endpoint=ORR&population=nec").json()
    assert f"{100 * answer['estimate']:.1f}%" in page


def test_what_cannot_be_pooled_says_why(browser):
    page = browser.get("/knowledge/evidence", params={"endpoint": "PFS"}).text
    assert "is not a count of patients nor a hazard ratio" in page
    page = browser.get("/knowledge/evidence", params={"endpoint": "ORR", "method": "<b>"}).text
    assert "method is &#39;&lt;b&gt;&#39;" in page


def test_hostile_words_stay_words(browser):
    page = browser.get("/knowledge", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
