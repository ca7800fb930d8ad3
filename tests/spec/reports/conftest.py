"""A made-up knowledge base of one organ with two entities, and cases to report on."""

from __future__ import annotations

import pytest

from nenuphar.domain.case import Case, Observed, Reading, Specimen, Tumour
from nenuphar.domain.conclusion import Stamp
from nenuphar.domain.observation import Origin
from nenuphar.domain.quantity import parse_quantity
from nenuphar.engine.explain import explain
from nenuphar.engine.plan import make_plan
from nenuphar.engine.rows import rows_of_case
from nenuphar.knowledge.base import knowledge_base

SOURCE = [{"source": "10.0000/made-up", "locator": "Table 1", "reference": "(7)"}]
UNITS = {"pathology.mitoses": "per_2mm2", "pathology.ki67": "percent", "lesion.size": "mm"}


def record(kind: str, name: str, **fields: object) -> dict[str, object]:
    return {"kind": kind, "id": name, "version": 3, "sources": SOURCE, **fields}


def fact(name: str, scope: str, kind: str, **fields: object) -> dict[str, object]:
    meaning = "Made up for the tests of reports."
    return record("fact", name, scope=scope, type=kind, meaning=meaning, **fields)


def rule(name: str, concludes: str, value: str, when: object, **fields: object):
    said = f"This makes it {value}, says the made-up book."
    conclusion = {"fact": concludes, "value": value}
    return record("rule", name, concludes=conclusion, when=when, explanation=said, **fields)


RECORDS = [
    record(
        "terminology",
        "entity",
        title="Entities",
        concepts={
            "calm": {"name": "Calm tumour"},
            "busy": {"name": "Busy tumour"},
            "odd": {"name": "Odd tumour"},
        },
    ),
    fact("tumour.site", "tumour", "code", values={"lung": "Lung, either side"}),
    fact("lesion.size", "tumour", "number", unit="mm", ask="Measure the lesion."),
    fact("pathology.mitoses", "specimen", "number", unit="per_2mm2", ask="Count mitoses."),
    fact("pathology.ki67", "specimen", "number", unit="percent", ask="Stain Ki-67."),
    fact("pathology.odd", "specimen", "boolean", ask="Look whether it is odd."),
    fact("stage.reported", "specimen", "text"),
    fact(
        "tumour.who_edition",
        "tumour",
        "code",
        derived=True,
        values={"book_2021": "Made-up book of 2021", "book_2015": "Made-up book of 2015"},
    ),
    fact(
        "tumour.entity",
        "specimen",
        "code",
        hierarchy="entity",
        derived=True,
        context="tumour.who_edition",
    ),
    fact(
        "tumour.grade",
        "specimen",
        "code",
        derived=True,
        values={"G1": "Grade 1, low", "G2": "Grade 2, intermediate"},
    ),
    fact("tumour.crosswalk", "specimen", "text", derived=True, contexts_of="tumour.entity"),
    record(
        "threshold",
        "limit.mitoses",
        value=2,
        unit="per_2mm2",
        meaning="From this count on it is busy.",
    ),
    record(
        "threshold", "limit.size", value=5, unit="mm", meaning="Below this it is no tumour at all."
    ),
    record(
        "threshold", "limit.ki67", value=20, unit="percent", meaning="From this index on it is odd."
    ),
    rule("edition.2021", "tumour.who_edition", "book_2021", {"fact": "tumour.site", "is": "lung"}),
    rule(
        "entity.calm",
        "tumour.entity",
        "calm",
        {"all": [{"fact": "pathology.mitoses", "lt": "limit.mitoses"}]},
        unless={"fact": "lesion.size", "lt": "limit.size"},
        editions=["book_2021", "book_2015"],
    ),
    rule(
        "entity.busy",
        "tumour.entity",
        "busy",
        {"fact": "pathology.mitoses", "ge": "limit.mitoses"},
        editions=["book_2021"],
    ),
    rule(
        "entity.odd",
        "tumour.entity",
        "odd",
        {
            "any": [
                {"fact": "pathology.odd", "is": "true"},
                {"fact": "pathology.ki67", "ge": "limit.ki67"},
            ]
        },
        editions=["book_2021"],
    ),
    rule("grade.g1", "tumour.grade", "G1", {"fact": "tumour.entity", "is": "calm"}),
    rule("grade.g2", "tumour.grade", "G2", {"fact": "tumour.entity", "is": "busy"}),
    record(
        "caution",
        "caution.many",
        about="tumour.entity",
        when={"fact": "pathology.ki67", "ge": "limit.ki67"},
        says="That is a lot of Ki-67; count again.",
    ),
]


class Maker:
    """Makes cases, their rows and their conclusions."""

    def __init__(self) -> None:
        self.knowledge = knowledge_base(RECORDS, "2026.1")
        self.plan = make_plan(self.knowledge)
        self.stamp = Stamp("2026.1", self.knowledge.digest, "0.1.0", "2020-05-17")

    def facts(
        self, texts: dict[str, str], record_name: str = "table.csv:7"
    ) -> tuple[Observed, ...]:
        def value(name: str, text: str):
            if name in UNITS:
                return parse_quantity(text, UNITS[name])
            return text == "yes" if name == "pathology.odd" else text

        return tuple(
            Observed(name, value(name, text), Origin("table.csv:7", text))
            for name, text in texts.items()
        )

    def case(self, patient="P1", tumour=None, readings=None, specimen="S1", **texts: str) -> Case:
        """A case of one specimen; `tumour` and each of `readings` are facts by name."""
        named = {name.replace("__", "."): text for name, text in texts.items()}
        read = tuple(
            Reading(assessor, self.facts(own)) for assessor, own in (readings or {}).items()
        )
        sample = Specimen(specimen, None, self.facts(named), read)
        own = self.facts({"tumour.site": "lung", **(tumour or {})})
        return Case(patient, (), (Tumour("T1", own, (sample,)),))

    def rows(self, case: Case):
        return rows_of_case(case, self.plan.variant_columns)

    def conclusions(self, case: Case):
        return explain(self.plan, self.rows(case), self.stamp)


@pytest.fixture(scope="session")
def maker() -> Maker:
    return Maker()
