"""The page of a case: first the call and what would decide it, then every reason."""

import json
import re
from html.parser import HTMLParser

import pytest

from nenuphar.domain.problems import Problem
from nenuphar.report import case_page as whole_or_parts
from nenuphar.report.case_json import case_json
from nenuphar.report.case_page import case_page, case_pages
from nenuphar.report.on_record import ranges

HOSTILE = "<script>alert('x')</script>\"&=cmd|'/C calc'!A0"
VOID = {"meta", "br", "link", "img", "input", "hr", "path", "circle", "rect"}


class Page(HTMLParser):
    """A page as text, with its tags checked to nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.tags, self.parts, self.open = html, [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.parts))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def page(maker):
    def render(case, problems=(), **more) -> Page:
        shared = (case.patient, maker.conclusions(case), maker.rows(case), problems)
        return Page(case_page(*shared, maker.knowledge, maker.stamp, **more))

    return render


@pytest.fixture
def data(maker):
    def render(case, problems=()) -> dict:
        shared = (case.patient, maker.conclusions(case), maker.rows(case), problems)
        return json.loads(case_json(*shared, maker.knowledge, maker.stamp))

    return render


def test_a_met_call_is_stated_with_its_grade_and_edition(maker, page):
    found = page(
        maker.case(
            tumour={"lesion.size": "12"},
            pathology__mitoses="1",
            pathology__ki67="3",
            pathology__odd="no",
        )
    )
    front = found.text.split("Why: the rules")[0]
    assert "Calm tumour Met The criteria are met." in front
    assert "G1" in front
    assert "Made-up book of 2021" in front
    assert "What would decide" not in front


def test_a_provisional_call_names_what_is_missing_and_the_next_best_test(maker, page):
    front = page(maker.case(pathology__mitoses="1")).text.split("Why: the rules")[0]
    assert "Calm tumour Provisional Missing: lesion size, Ki-67 and odd." in front
    assert "Not excluded: Odd tumour." in front
    assert "Measure the lesion." in front
    assert "Stain Ki-67." in front


def test_a_conflict_names_the_values_that_contend(maker, page):
    front = page(maker.case(pathology__mitoses="4", pathology__odd="yes")).text
    assert "These exclude each other and are all met: Busy tumour and Odd tumour." in front


def test_what_cannot_be_told_says_what_remains_possible(maker, page):
    front = page(maker.case(stage__reported="II")).text.split("Why: the rules")[0]
    assert "Cannot be told Undetermined" in front
    assert "Still possible: Busy tumour, Calm tumour or Odd tumour." in front
    assert "Count mitoses." in front


def test_cautions_stand_beside_the_call(maker, page):
    front = page(maker.case(pathology__mitoses="4", pathology__ki67="25"))
    assert "That is a lot of Ki-67; count again." in front.text


def test_every_edition_is_shown_and_the_one_that_applies_is_marked(maker, page):
    text = page(maker.case(tumour={"lesion.size": "9"}, pathology__mitoses="1")).text
    table = text.split("In every edition")[1].split("Why: the rules")[0]
    assert re.search(r"book 2021 \(applies here\) Calm tumour", table)
    assert re.search(r"book 2015 Calm tumour – Met", table)


def test_assessors_stand_side_by_side_and_their_difference_is_the_headline(maker, page):
    readings = {"1": {"pathology.mitoses": "1"}, "2": {"pathology.mitoses": "3"}}
    text = page(
        maker.case(readings=readings, tumour={"lesion.size": "9"}, pathology__odd="no")
    ).text
    assert "The assessors differ" in text
    assert "2 readings: 1 × Calm tumour; 1 × Busy tumour." in text
    assert "Mitoses 1/2 mm² 3/2 mm²" in text
    assert "Odd no (all)" in text


def test_assessors_who_agree_are_one_call(maker, page):
    readings = {"1": {"pathology.mitoses": "4"}, "2": {"pathology.mitoses": "3"}}
    text = page(maker.case(readings=readings, pathology__odd="no", pathology__ki67="2")).text
    assert "All 2 assessors come to it." in text
    assert "The assessors differ" not in text


def test_the_reasoning_shows_the_value_seen_against_the_threshold_with_rule_and_source(maker, page):
    reasons = page(maker.case(pathology__mitoses="1")).text.split("Why: the rules")[1]
    assert "Mitoses: 1/2 mm² · asked: < 2/2 mm²" in reasons
    assert "limit.mitoses: From this count on it is busy." in reasons
    assert "Lesion size: not recorded · asked: < 5 mm" in reasons
    assert "entity.calm , version 3" in reasons
    assert "10.0000/made-up, Table 1, citing (7)" in reasons
    assert "This makes it calm, says the made-up book." in reasons


def test_rules_that_are_not_met_show_the_parts_that_decided(maker, page):
    reasons = page(maker.case(pathology__mitoses="1")).text.split("Why: the rules")[1]
    closed = reasons.split("Not met: 1 rule")[1]
    assert "Busy tumour" in closed
    assert "Mitoses: 1/2 mm² · asked: ≥ 2/2 mm²" in closed


def test_observed_facts_show_the_record_and_the_text_as_written(maker, page):
    record = page(maker.case(pathology__mitoses="1", pathology__ki67="< 5 %")).text
    shown = record.split("What was on record")[1]
    assert re.search(r"specimen S1 table\.csv:7 Fact Value read As written", shown)
    assert re.search(r"Ki-67 <5% < 5 %", shown)


def test_problems_of_the_record_are_listed_with_their_fix(maker, page):
    problem = Problem("t.csv", 9, "P1", "Ki-67", "many", "is no quantity", "write a number")
    text = page(maker.case(pathology__mitoses="1"), [problem]).text
    assert "t.csv:9 Ki-67 many is no quantity write a number" in text


def test_settings_versions_and_the_research_use_note_are_stated(maker, page):
    found = page(maker.case(), settings={"mapping": "readers"})
    assert "knowledge release 2026.1" in found.text
    assert maker.knowledge.digest in found.text
    assert "Mapping readers" in found.text
    assert found.text.count("For research use only.") == 2
    style = found.html.split("<style>")[1].split("</style>")[0]
    assert re.search(r"@bottom-left \{ content: \"[^\"]*research use only", style)


def test_a_page_is_one_file_without_scripts_that_loads_nothing(maker, page):
    found = page(maker.case(pathology__mitoses="1"))
    assert found.named("script") == []
    assert found.named("link") == []
    assert not re.search(r"(?:src|href)=\"(?!#|\.\./)", found.html)
    assert "url(" not in found.html
    assert "@import" not in found.html
    policy = [m["content"] for m in found.named("meta") if "http-equiv" in m]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; script-src 'none'"]


def test_a_page_can_be_read_without_seeing_it(maker, page):
    found = page(maker.case(pathology__mitoses="1", pathology__ki67="4"))
    assert found.named("html") == [{"lang": "en"}]
    assert len(found.named("main")) == len(found.named("h1")) == 1
    assert all(attrs.get("scope") for attrs in found.named("th"))
    drawings = found.named("svg")
    assert len(drawings) == 1
    assert drawings[0]["role"] == "img"
    assert "mitoses 1/2 mm², Ki-67 4%" in found.text
    sections = {attrs["aria-labelledby"] for attrs in found.named("section")}
    assert sections <= {attrs["id"] for attrs in found.named("h2")}


def test_an_interval_is_drawn_as_an_area_and_the_thresholds_as_lines(maker, page):
    found = page(maker.case(pathology__mitoses="1-4", pathology__ki67=">20"))
    assert len([a for a in found.named("rect") if a.get("class") == "area"]) == 1
    assert len([a for a in found.named("path") if a.get("class") == "limit"]) == 2


def test_nothing_that_a_record_says_becomes_markup(maker, page):
    case = maker.case(HOSTILE, specimen=HOSTILE, stage__reported=HOSTILE)
    problem = Problem(HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    found = page(case, [problem], settings={HOSTILE: HOSTILE})
    assert found.named("script") == []
    assert "<script" not in found.html
    assert HOSTILE in found.text
    readings = {HOSTILE: {"pathology.mitoses": "1"}, "2": {"pathology.mitoses": "3"}}
    several = page(maker.case("P", readings=readings))
    assert "<script" not in several.html


def test_the_same_case_gives_the_same_bytes_and_stays_small(maker, page):
    case = maker.case(pathology__mitoses="1")
    assert page(case).html == page(case).html
    assert len(page(case).html.encode()) < 150_000


@pytest.mark.parametrize("most", [30_000, 24_000])
def test_long_reasons_stand_beside_the_page_and_nothing_is_lost(maker, monkeypatch, most):
    case = maker.case(pathology__mitoses="1-4", pathology__ki67="25", pathology__odd="no")
    shared = (case.patient, maker.conclusions(case), maker.rows(case), ())
    whole = case_page(*shared, maker.knowledge, maker.stamp)
    assert case_pages("P 1", *shared, maker.knowledge, maker.stamp) == {"P 1.html": whole}
    monkeypatch.setattr(whole_or_parts, "MOST_BYTES", min(most, len(whole.encode()) - 1))
    pages = case_pages("P1", *shared, maker.knowledge, maker.stamp)
    front, *parts = pages.values()
    assert list(pages) == ["P1.html", *(f"reasons/P1/{n}.html" for n in range(1, len(parts) + 1))]
    links = [attrs["href"] for attrs in Page(front).named("a") if "reasons/" in attrs["href"]]
    assert links == list(pages)[1:]
    assert all('href="../../P1.html"' in part for part in parts)
    reasons = re.findall(r"(?s)<details id.*?</details>", whole)
    assert re.findall(r"(?s)<details id.*?</details>", "".join(parts)) == reasons
    record = whole.split('id="observed"')[1].split("</section>")[0]
    assert record in parts[-1]
    assert "What was on record" not in Page(front).text.split("Settings and versions")[1]
    assert all(Page(part).text.count("For research use only.") == 2 for part in parts)


@pytest.mark.parametrize(
    ("places", "shown"),
    [
        ("a.yaml:3;a.yaml:4;a.yaml:5;a.yaml:9", "a.yaml:3-5,9"),
        ("a.csv:7", "a.csv:7"),
        ("b:c.csv:2;b:c.csv:1;d.csv:1", "b:c.csv:1-2; d.csv:1"),
        ("tumours[0].specimens[1]", "tumours[0].specimens[1]"),
        ("", ""),
    ],
)
def test_places_that_follow_each_other_are_a_range(places, shown):
    assert ranges(places) == shown


def test_the_json_holds_every_trace_and_every_origin(maker, data):
    found = data(maker.case(pathology__mitoses=">20", pathology__odd="no"))
    assert found["patient_id"] == "P1"
    assert found["stamp"]["knowledge_release"] == "2026.1"
    entity = next(c for c in found["conclusions"] if c["fact"] == "tumour.entity")
    assert entity["value"] == "busy"
    assert entity["value_in_words"] == "Busy tumour"
    assert entity["key"] == {"patient_id": "P1", "tumour_id": "T1", "specimen_id": "S1"}
    assert entity["by_context"][1]["context"] == "book_2021"
    calm = next(r for r in entity["rules"] if r["rule_id"] == "entity.calm")
    assert calm["when"]["children"][0]["truth"] == "not_met"
    specimen = next(row for row in found["observed"] if row["scope"] == "specimen")
    mitoses = specimen["facts"]["pathology.mitoses"]
    assert mitoses["value"] == {
        "lo": 20, "lo_open": True, "hi": None, "hi_open": False, "unit": "per_2mm2",
    }  # fmt: skip
    assert mitoses["origin"]["text"] == ">20"


def test_the_json_names_what_would_decide_in_words(maker, data):
    found = data(maker.case(tumour={"lesion.size": "9"}, pathology__mitoses="1-3"))
    entity = next(c for c in found["conclusions"] if c["fact"] == "tumour.entity")
    assert "Count mitoses." in entity["ask"]
