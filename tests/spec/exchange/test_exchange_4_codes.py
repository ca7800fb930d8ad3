"""The table of codes: what stands in it is known here, means one thing, and comes back."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from nenuphar.domain.quantity import Interval
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.exchange.vocabulary import Vocabulary, code_table
from nenuphar.knowledge.base import load_knowledge

KNOWLEDGE = load_knowledge()
VOCABULARY = Vocabulary(KNOWLEDGE)
TABLE = code_table()
DOCS = Path(__file__).parents[3] / "docs"


def keys(data: object) -> list[str]:
    if isinstance(data, dict):
        return [key for value in data.values() for key in keys(value)]
    return [key for value in data for key in keys(value)] if isinstance(data, list) else [str(data)]


def test_every_name_in_the_table_is_a_fact_a_value_or_a_concept() -> None:
    assert set(TABLE["facts"]) | set(TABLE["values"]) <= set(KNOWLEDGE.facts)
    for fact, answers in TABLE["values"].items():
        if permitted := KNOWLEDGE.facts[fact].values:
            assert set(answers) <= set(permitted)
    for group, hierarchy in (
        ("sites", "tumour_site"),
        ("entities", "tumour_entity"),
        ("organs", "tumour_site"),
        ("drugs", "treatment"),
    ):
        assert set(TABLE[group]) <= set(KNOWLEDGE.terminologies[hierarchy].concepts)
    assert {fact.unit for fact in KNOWLEDGE.facts.values() if fact.unit} <= set(TABLE["units"])


@pytest.mark.parametrize("group", ["facts", "answers", "values", "sites", "entities", "drugs"])
def test_every_code_is_one_of_a_system_that_is_described(group: str) -> None:
    assert {key.partition(":")[0] for key in keys(TABLE[group])} <= set(TABLE["systems"])


def test_it_is_told_what_the_codes_of_every_system_were_held_against() -> None:
    groups = ("facts", "tnm", "answers", "values", "sites", "entities", "organs", "drugs")
    used = {key.partition(":")[0] for group in groups for key in keys(TABLE[group])}
    assert used <= set(TABLE["checked"]) <= set(TABLE["systems"])


@pytest.mark.parametrize("group", ["sites", "entities", "drugs", "answers"])
def test_no_code_means_two_things(group: str) -> None:
    found = keys(TABLE[group])
    assert len(found) == len(set(found))


@pytest.mark.parametrize("fact", [f.id for f in KNOWLEDGE.facts.values() if f.stated])
def test_every_code_that_is_written_is_read_as_the_same_fact(fact: str) -> None:
    for code in VOCABULARY.codes_of_fact(fact):
        assert [each.id for each in VOCABULARY.facts_of([code])] == [fact]
        assert VOCABULARY.curie(VOCABULARY.as_curie(code)).key == code.key
        assert VOCABULARY.coding(VOCABULARY.as_uri(code), code.code).key == code.key


@pytest.mark.parametrize("fact", [f.id for f in KNOWLEDGE.facts.values() if f.type == "code"])
def test_every_value_that_is_written_is_read_as_the_same_value(fact: str) -> None:
    declared = KNOWLEDGE.facts[fact]
    system = KNOWLEDGE.terminologies.get(declared.hierarchy)
    for value in declared.values or (system.concepts if system else ()):
        for code in VOCABULARY.codes_of_value(declared, value):
            bare = Answer((Code(code.system, code.code),))
            assert VOCABULARY.value(declared, bare) == value


@pytest.mark.parametrize("unit", sorted({f.unit for f in KNOWLEDGE.facts.values() if f.unit}))
def test_every_unit_that_is_written_is_read_as_the_same_unit(unit: str) -> None:
    fact = next(f for f in KNOWLEDGE.facts.values() if f.unit == unit and f.type == "number")
    answer = Answer(ends=(7.0, 7.0, False, False), unit=VOCABULARY.unit_code(unit))
    assert VOCABULARY.value(fact, answer) == Interval.exactly(7.0, unit)


@pytest.mark.parametrize(
    ("code", "concept"),
    [
        ("icdo3:C34.1", "lung"),
        ("icdo3:C18.1", "appendix"),
        ("icdo3:C17.0", "duodenum"),
        ("icdo3:C17.2", "small_intestine"),
        ("icdo3:C75.1", "pituitary"),
        ("icdo3:C75.3", None),
        ("uberon:0002116", "small_intestine"),
        ("snomed:1", None),
    ],
)
def test_a_topography_is_read_by_its_organ(code: str, concept: str | None) -> None:
    assert VOCABULARY.concept("tumour_site", VOCABULARY.code(code)) == concept


@pytest.mark.parametrize(
    ("code", "entity", "site"),
    [
        ("ncit:C4917", "sclc", "lung"),
        ("ncit:C3809", "net", ""),
        ("mondo:0008433", "sclc", "lung"),
        ("oncotree:PANET", "net", "pancreas"),
        ("icdo3:8013/3", "lcnec", "lung"),
        ("snomed:254632001", "sclc", "lung"),
        ("ncit:C39853", None, ""),
        ("icd10:C7A.090", "carcinoid", "lung"),
        ("icd10:C7A.012", "net", "small_intestine"),
        ("icd10:C7A.1", "nec", ""),
        ("icd10:C34.11", None, "lung"),
        ("icd10:I10", None, ""),
    ],
)
def test_a_diagnosis_is_read_through_the_terminology_floor(
    code: str, entity: str | None, site: str
) -> None:
    asked = VOCABULARY.code(code)
    assert VOCABULARY.concept("tumour_entity", asked) == entity
    assert VOCABULARY.implied_site(asked) == site


def test_a_code_of_an_organ_says_no_more_than_that_there_is_a_tumour() -> None:
    assert VOCABULARY.is_unspecific([VOCABULARY.code("icd10:C34.11")])
    assert not VOCABULARY.is_unspecific([VOCABULARY.code("icd10:C7A.090")])
    assert not VOCABULARY.is_unspecific([VOCABULARY.code("icd10:I10")])


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("Pembrolizumab", "pembrolizumab"),
        ("4 ML nivolumab 10 MG/ML Injection", "nivolumab"),
        ("cisplatin + etoposide", "cisplatin_etoposide"),
        ("177Lu-DOTATATE", "lutetium_dotatate"),
        ("paracetamol", ""),
    ],
)
def test_a_drug_is_read_by_its_name(name: str, drug: str) -> None:
    assert VOCABULARY.drug(Answer(text=name)) == drug


def test_the_page_about_codes_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_exchange", DOCS / "make_exchange.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (DOCS / "exchange-codes.md").read_text("utf-8")
    assert page == module.exchange_page(), "run `python docs/make_exchange.py`"
