"""One case entered by hand: fields from the facts, the call at once, nothing by default."""

from __future__ import annotations

import re

import pytest

from nenuphar.io.case_file import parse_cases
from nenuphar.io.case_writer import case_as_data
from nenuphar.knowledge.base import load_knowledge
from nenuphar.web.case_form import (
    ENTRIES,
    Entered,
    case_data,
    fields_of_case,
    fields_of_entry,
    read_entered,
)

KB = load_knowledge()
ATYPICAL = {
    "case:@patient": "P7",
    "case:tumour.site": "lung",
    "case:pathology.morphology": "carcinoid",
    "case:pathology.mitoses": "4",
    "case:pathology.necrosis": "absent",
}
HOSTILE = '"><script>alert(1)</script>'


def names() -> list[str]:
    once = [field.fact for group in fields_of_case(KB) for field in group.fields]
    several = [field.fact for entry in ENTRIES for field in fields_of_entry(entry, KB)]
    return [name for name in once + several if not name.startswith("@")]


def test_every_fact_that_somebody_can_state_has_one_field():
    left_out = {
        fact.id
        for fact in KB.facts.values()
        if fact.stated and fact.scope.value not in ("lesion", "assay")
    } - set(names())
    assert left_out == {"expression.file", "genomics.segments", "genomics.variants"}
    assert len(names()) == len(set(names()))


def test_a_field_offers_the_permitted_values_in_words_with_unit_and_help():
    fields = {field.fact: field for group in fields_of_case(KB) for field in group.fields}
    assert ("lung", "Lung") in fields["tumour.site"].options
    assert fields["pathology.mitoses"].unit == "per 2 mm²"
    assert fields["pathology.ki67"].help == KB.facts["pathology.ki67"].meaning
    assert fields["disease.progressing"].options == (("yes", "yes"), ("no", "no"))


def test_the_empty_form_has_no_value_anywhere(browser):
    page = browser.get("/case").text
    assert page.count('<option value="">not known</option>') > 60
    assert not re.findall(r'<option value="[^"]+" selected', page.partition('id="project"')[0])
    form = page[page.index('<form class="form" method="post" action="/case"') :]
    values = re.findall(r'<input type="text"[^>]* value="([^"]*)"', form)
    assert len(values) > 30
    assert set(values) == {""}


def test_what_is_left_empty_is_not_in_the_case():
    data = case_data(Entered.of([("case:@patient", "P1"), ("case:pathology.ki67", "  ")]), KB)
    assert data == {"patient": "P1", "tumours": [{"id": "T1", "specimens": [{"id": "S1"}]}]}
    read = read_entered(Entered.of([("case:@patient", "P1")]), KB)
    assert read.problems == ()
    assert read.cases[0].tumours[0].specimens[0].facts == ()


def test_the_call_its_reasons_and_the_next_best_test_appear_at_once(browser):
    page = browser.post("/case", {**ATYPICAL, "action": "conclude"}).text
    assert '<p class="name">Atypical carcinoid</p>' in page
    assert "Stain Ki-67 and count the hot spot." in page
    assert "Why: the rules, criterion by criterion" in page
    assert "lung.atypical_carcinoid" in page
    assert 'id="trials"' in page  # trials, treatments and evidence stand on the same page
    assert page.count("<main") == 1
    assert '<option value="carcinoid" selected>' in page  # and the form keeps what was entered


def test_the_panel_beside_the_form_tells_the_call_while_one_types(browser):
    part = browser.post("/case/brief", {k: v for k, v in ATYPICAL.items() if "patient" not in k})
    assert "Atypical carcinoid" in part.text
    assert "Next best test" in part.text
    assert "<html" not in part.text


def test_bounds_and_ranges_are_understood_and_what_is_not_stands_at_its_field(browser):
    page = browser.post("/case", {**ATYPICAL, "case:pathology.ki67": ">20"}).text
    assert "&gt;20%" in page
    page = browser.post("/case", {**ATYPICAL, "case:pathology.ki67": "many"}).text
    field = page[page.index('id="case-pathology-ki67"') :][:600]
    assert 'aria-invalid="true"' in field
    assert "is no quantity" in field


def test_a_count_is_taken_over_the_area_that_the_form_names():
    read = read_entered(Entered.of(ATYPICAL.items()), KB)
    assert read.problems == ()  # no remark that the area was guessed
    facts = {f.fact: f.value for f in read.cases[0].tumours[0].specimens[0].facts}
    assert str(facts["pathology.mitoses"]) == "4/2 mm²"
    other = read_entered(Entered.of([*ATYPICAL.items(), ("case:pathology.mitoses", "4/mm2")]), KB)
    facts = {f.fact: f.value for f in other.cases[0].tumours[0].specimens[0].facts}
    assert str(facts["pathology.mitoses"]) == "8/2 mm²"


def test_a_case_is_saved_as_yaml_that_reads_back_the_same(browser):
    entered = {
        **ATYPICAL,
        "case:@date": "2024-03",
        "case:patient.age": "61",
        "case:ihc.chromogranin_a": "positive",
        "case:@genes": "MEN1, TP53",
        "number:variant": "1",
        "variant.0:@gene": "MEN1",
        "variant.0:@significance": "pathogenic",
        "number:treatment": "2",
        "treatment.0:@start": "2024-04-01",
        "treatment.0:line.cycles": "4",
        "treatment.1:treatment.regimen": "everolimus",
        "number:visit": "1",
        "visit.0:@date": "2024-07-01",
        "visit.0:response.overall": "SD",
        "action": "yaml",
    }
    answer = browser.post("/case", entered)
    assert answer.headers["content-disposition"] == 'attachment; filename="P7.yaml"'
    back = parse_cases(answer.text, "P7.yaml", KB)
    assert back.problems == ()
    direct = read_entered(Entered.of(entered.items()), KB)
    assert direct.problems == ()
    assert case_as_data(back.cases[0]) == case_as_data(direct.cases[0])
    assert len(back.cases[0].lines) == 2
    assert back.cases[0].tumours[0].specimens[0].assays[0].genes == ("MEN1", "TP53")


def test_what_cannot_be_read_is_shown_instead_of_lost_from_the_file(browser):
    answer = browser.post("/case", {**ATYPICAL, "case:pathology.ki67": "many", "action": "yaml"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "is no quantity" in answer.text


def test_a_case_can_be_saved_to_a_project_and_assessed_there(browser):
    project = browser.project()
    entered = {**ATYPICAL, "action": "save", "project": project.rpartition("/")[2]}
    source = browser.post("/case", entered, follow_redirects=False).headers["location"]
    page = browser.checked(source)
    assert "P7.yaml" in page
    assert "1 read = 1 accepted + 0 rejected" in page


@pytest.mark.parametrize("entry", [entry.key for entry in ENTRIES])
def test_components_variants_lines_and_visits_are_added_one_by_one(browser, entry):
    page = browser.post("/case", {**ATYPICAL, "action": f"add:{entry}"}).text
    assert f'name="number:{entry}" value="1"' in page
    page = browser.post(
        "/case", {**ATYPICAL, f"number:{entry}": "1", "action": f"add:{entry}"}
    ).text
    assert f'name="number:{entry}" value="2"' in page
    assert 'value="P7"' in page


@pytest.mark.parametrize("number", ["1000000", "-1", "x", "1e9"])
def test_the_number_of_entries_is_bounded(number):
    assert Entered.of([("number:variant", number)]).numbers["variant"] <= 30


def test_hostile_text_stays_text(browser):
    entered = {**ATYPICAL, "case:@patient": HOSTILE, "case:stage.tnm": HOSTILE,
               "case:pathology.ki67": HOSTILE}  # fmt: skip
    for address in ("/case", "/case/brief"):
        page = browser.post(address, entered).text
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_case_without_an_id_is_no_file(browser):
    answer = browser.post("/case", {"case:tumour.site": "lung", "action": "yaml"})
    assert "no usable patient id" in answer.text
