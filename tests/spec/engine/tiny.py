"""Tiny knowledge bases and patients for tests that read as the manual of the engine."""

from __future__ import annotations

from typing import Any

from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.dates import parse_date
from nenuphar.domain.observation import Origin, Row, Value
from nenuphar.domain.quantity import parse_quantity
from nenuphar.domain.scope import Scope
from nenuphar.engine.cohort import conclude_cohort
from nenuphar.engine.explain import explain
from nenuphar.engine.frames import frames_of
from nenuphar.engine.plan import make_plan
from nenuphar.engine.rows import PatientRows, share_readings
from nenuphar.knowledge.base import KnowledgeBase, knowledge_base

SOURCES = [{"source": "10.1000/xyz"}]
STAMP = Stamp("test", "", "")

ENTITIES = {
    "neoplasm": (),
    "net": ("neoplasm",),
    "nec": ("neoplasm",),
    "typical": ("net",),
    "atypical": ("net",),
    "small_cell": ("nec",),
}


def _record(kind: str, name: str, **data: Any) -> dict[str, Any]:
    return {"kind": kind, "id": name, "sources": SOURCES, **data}


def fact(name: str, kind: str = "code", **data: Any) -> dict[str, Any]:
    """Declare a fact; its scope is the first part of its name."""
    if kind == "code" and not data.keys() & {"values", "hierarchy"}:
        data["hierarchy"] = "entities"
    scope = name.split(".", maxsplit=1)[0]
    meaning = "Something to show how the engine works."
    return _record("fact", name, scope=scope, type=kind, meaning=meaning, **data)


def rule(name: str, concludes: str, value: str, when: dict, **data: Any) -> dict[str, Any]:
    """Declare a rule."""
    said = {"explanation": "A rule that shows how the engine works.", "when": when}
    return _record("rule", name, concludes={"fact": concludes, "value": value}, **said, **data)


def caution(name: str, about: str, when: dict, **data: Any) -> dict[str, Any]:
    """Declare a caution."""
    says = "A caution that shows how the engine works."
    return _record("caution", name, about=about, when=when, says=says, **data)


MITOSES = fact("specimen.mitoses", "number", unit="per_2mm2")
SIZE = fact("specimen.size", "number", unit="mm")
NECROSIS = fact("specimen.necrosis", "boolean")
LOOK = fact("specimen.look")
REPORTED = fact("specimen.reported")
ENTITY = fact("specimen.entity", derived=True)

COMMON = (
    _record(
        "terminology",
        "entities",
        title="Entities",
        concepts={code: {"name": code, "parent": list(up)} for code, up in ENTITIES.items()},
    ),
    *(
        _record("threshold", name, unit=unit, value=value, meaning="A limit to show things with.")
        for name, unit, value in (
            ("mitoses.two", "per_2mm2", 2),
            ("mitoses.ten", "per_2mm2", 10),
            ("size.five", "mm", 5),
        )
    ),
)


def base(*records: dict[str, Any]) -> KnowledgeBase:
    """Make a base of some records and what they all need."""
    return knowledge_base([*COMMON, *records])


class Patient:
    """A patient `P` to whom rows are added, each with facts as a record would state them."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge
        self.rows: PatientRows = {scope: [] for scope in Scope}
        self.add("patient")

    def add(self, path: str, assessor: str = "", date: str = "", **facts: Any) -> Patient:
        """Add a row: `tumour/1`, `specimen/1/a`, `component/1/a/x`; `__` in names is a dot."""
        scope, *key = path.split("/")
        row = Row(Scope(scope), ("P", *key), assessor, parse_date(date) if date else None)
        for name, text in facts.items():
            dotted = name if "(" in name else f"{scope}.{name}"
            row.values[dotted] = self._value(dotted, text)
            row.origins[dotted] = Origin(path, str(text))
        self.rows[Scope(scope)].append(row)
        return self

    def _value(self, name: str, text: Any) -> Value:
        declared = self.knowledge.facts.get(name)
        if declared is not None and declared.type == "number":
            return parse_quantity(str(text), declared.unit)
        return text

    def concluded(self, name: str) -> list[Conclusion]:
        """Conclude a fact on every row of its scope, and make sure that both evaluators agree."""
        plan, rows = make_plan(self.knowledge), share_readings(self.rows)
        found = [c for c in explain(plan, rows, STAMP) if c.fact == name]
        table = conclude_cohort(plan, frames_of([rows], self.knowledge))
        columns = [c for c in table.to_dicts() if c["fact"] == name]
        assert [(c["value"], c["status"], c["missing"], c["probability"]) for c in columns] == [
            (c.value, c.status, ";".join(c.missing), c.probability) for c in found
        ]
        return found


def specimen(knowledge: KnowledgeBase, **facts: Any) -> Conclusion:
    """Conclude the entity of a specimen with some facts."""
    patient = Patient(knowledge).add("tumour/1").add("specimen/1/a", **facts)
    return patient.concluded("specimen.entity")[0]
