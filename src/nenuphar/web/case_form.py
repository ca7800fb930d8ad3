"""The form of one case: its fields from the declared facts, and the case that was entered.

Nothing has a default: a field that stays empty is not known, which is not a no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import yaml

from nenuphar.domain.problems import Problem
from nenuphar.domain.scope import Scope
from nenuphar.io.case_file import CasesRead, parse_cases
from nenuphar.io.result import shorten
from nenuphar.io.template import observed_facts, permitted_values
from nenuphar.io.values import AREA_UNIT
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact
from nenuphar.report.words import Words

FILE = "entered"
"""What stands for the file where a value was entered by hand."""

_ONCE = "case"
_SINGLE = (Scope.PATIENT, Scope.TUMOUR, Scope.SPECIMEN)
_GROUPS = (
    (
        "Tumour and microscope",
        (
            *("tumour.site", "pathology.morphology", "pathology.mitoses", "pathology.ki67"),
            *("pathology.necrosis", "lesion.size", "specimen.procedure", "specimen.site_type"),
            *("tumour.", "lesion.", "pathology.", "specimen.", "grade."),
        ),
    ),
    ("As reported", ("diagnosis.",)),
    ("Immunohistochemistry", ("ihc.",)),
    ("Molecular findings", ("biomarker.", "genome.", "genomics.", "molecular.")),
    ("Microenvironment", ("immune.", "microenvironment.")),
    ("Extent, stage and imaging", ("disease.", "stage.", "imaging.")),
    ("Patient and heredity", ("patient.", "germline.", "exposure.", "treatment.", "response.")),
    ("Follow-up", ("followup.",)),
    ("Other", ()),
)
"""Groups of the form, each with its facts in order: whole names, and beginnings that end in a dot.

A fact that no group names is among the others.
"""

_OF_FILES = frozenset({"expression.file", "genomics.segments", "genomics.variants"})
"""Facts that readers of files state; nobody enters them."""

_MOST_ENTRIES = 30
_UNITS = {"percent": "%", "per_2mm2": "per 2 mm²", "count": "", "mutations_per_mb": "per Mb"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form.

    Attributes:
        name: In the form.
        fact: The fact that it states; a name of the case file with `@` before it for others.
        label: What it is called.
        help: What it means.
        unit: Unit of a number, in words.
        kind: `choice`, `number`, `date` or `text`.
        options: Permitted values with their words.
        value: What was entered.
        problems: What is wrong with that.
    """

    name: str
    fact: str
    label: str
    help: str = ""
    unit: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading; `entered` counts those that are filled."""

    title: str
    fields: tuple[Field, ...]

    @property
    def entered(self) -> int:
        """How many of its fields are filled."""
        return sum(bool(field.value) for field in self.fields)


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be entered several times: a component, a variant, a line of treatment, a visit.

    Attributes:
        key: How the names of its fields begin.
        title: What one of them is called.
        add: What adding one is called.
        help: When it is needed.
        scope: What its facts describe; None where it has none.
        fixed: Its fields that are no facts.
    """

    key: str
    title: str
    add: str
    help: str
    scope: Scope | None
    fixed: tuple[Field, ...]


def _options(*values: str) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


_DATE = "Such as 2024-03-17, 2024-03 or 2024."
ENTRIES = (
    Entry(
        "component", "Component", "Add a component",
        "Of a mixed tumour: each part with its share.", Scope.COMPONENT, (),
    ),
    Entry(
        "variant", "Variant", "Add a variant",
        "What sequencing found. State the covered genes too: a gene that was not covered is not "
        "known.", None,
        (
            Field("", "@gene", "Gene", "HGNC symbol, such as MEN1."),
            Field("", "@change", "Change", "Such as p.R175H."),
            Field("", "@significance", "Significance", kind="choice",
                  options=_options("pathogenic", "uncertain", "benign")),
            Field("", "@origin", "Origin", kind="choice",
                  options=_options("somatic", "germline", "unknown")),
        ),
    ),
    Entry(
        "treatment", "Line of treatment", "Add a line of treatment",
        "In order; resistance is judged line by line.", Scope.TREATMENT_LINE,
        (Field("", "@start", "Start", _DATE, kind="date"),),
    ),
    Entry(
        "visit", "Visit with imaging", "Add a visit",
        "Response as it was reported at each time point.", Scope.TIME_POINT,
        (Field("", "@date", "Date", _DATE, kind="date"),),
    ),
)  # fmt: skip
"""What may be entered several times, in the order of the form."""

_ALONE = (
    Field("case:@patient", "@patient", "Patient id", "A pseudonym; no name, no date of birth."),
    Field("case:@date", "@date", "Date of the specimen", _DATE, kind="date"),
)
_ASSAY = (
    Field("case:@genes", "@genes", "Genes covered by the assay", "HGNC symbols, with commas."),
    Field("case:@whole_exome", "@whole_exome", "Whole exome covered", kind="choice",
          options=(("yes", "yes"), ("no", "no"))),
)  # fmt: skip


@dataclass(frozen=True)
class Entered:
    """What a form holds.

    Attributes:
        values: Text of every field that is filled, by name.
        numbers: How many entries of each kind are open.
    """

    values: Mapping[str, str]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, fields: Iterable[tuple[str, Any]]) -> Entered:
        """Take the filled fields of a form, and the number of its entries."""
        values, numbers = {}, {}
        for name, value in fields:
            if isinstance(value, str) and (clean := " ".join(value.split())[:500]):
                values[name] = clean
        for entry in ENTRIES:
            asked = values.pop(f"number:{entry.key}", "0")
            more = values.get("action") == f"add:{entry.key}"
            number = (int(asked) if asked.isdecimal() and len(asked) < 4 else 0) + more
            numbers[entry.key] = min(number, _MOST_ENTRIES)
        return cls(values, numbers)

    @property
    def patient(self) -> str:
        """The id of the patient, empty where none was entered."""
        return self.values.get("case:@patient", "")


def field_of(fact: Fact, prefix: str, knowledge: KnowledgeBase, words: Words) -> Field:
    """Return the field of a fact."""
    options: tuple[tuple[str, str], ...] = ()
    if fact.type == "boolean":
        options = (("yes", "yes"), ("no", "no"))
    elif fact.type == "code":
        codes = permitted_values(fact, knowledge)
        options = tuple((code, words.value(fact.id, code)) for code in codes)
    kind = "choice" if options else fact.type if fact.type in ("number", "date") else "text"
    unit = _UNITS.get(fact.unit, fact.unit.replace("_", " "))
    help_ = fact.meaning + (" Such as 2024-03-17 or 2024-03." if kind == "date" else "")
    return Field(f"{prefix}:{fact.id}", fact.id, words.fact(fact.id), help_, unit, kind, options)


@lru_cache(maxsize=2)
def fields_of_case(knowledge: KnowledgeBase) -> tuple[Group, ...]:
    """Return the fields that a case has once, in groups."""
    words = Words(knowledge)
    facts = [f for scope in _SINGLE for f in observed_facts(knowledge, scope)]
    left = [fact for fact in facts if fact.id not in _OF_FILES]
    groups = []
    for title, starts in _GROUPS:
        ranks = {fact.id: _rank(fact.id, starts) for fact in left}
        own = sorted((f for f in left if ranks[f.id] is not None), key=lambda f: ranks[f.id])
        left = [fact for fact in left if ranks[fact.id] is None]
        fields = tuple(field_of(fact, _ONCE, knowledge, words) for fact in own)
        if title == _GROUPS[0][0]:
            fields = (*_ALONE, *fields)
        if fields:
            groups.append(Group(title, fields))
    return tuple(groups)


def _rank(fact: str, names: tuple[str, ...]) -> int | None:
    """Return the place of a fact in a group; None where it is not of the group."""
    if not names:
        return 0
    if fact in names:
        return names.index(fact)
    return next((i for i, n in enumerate(names) if n.endswith(".") and fact.startswith(n)), None)


@lru_cache(maxsize=16)
def fields_of_entry(entry: Entry, knowledge: KnowledgeBase) -> tuple[Field, ...]:
    """Return the fields of what may be entered several times, their names without a prefix."""
    words = Words(knowledge)
    facts = observed_facts(knowledge, entry.scope) if entry.scope else []
    return (*entry.fixed, *(field_of(fact, "", knowledge, words) for fact in facts))


def filled(
    entered: Entered, problems: Iterable[Problem], knowledge: KnowledgeBase
) -> tuple[list[Group], list[tuple[Entry, list[Group]]], Group]:
    """Return the whole form as it was filled: groups, entries with their groups, and the assay."""
    said: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        words = f"{problem.reason}; {problem.fix}"
        said.setdefault((problem.column.lstrip("@"), problem.value), []).append(words)

    def fill(field: Field, name: str) -> Field:
        value = entered.values.get(name, "")
        wrong = said.get((field.fact.lstrip("@"), shorten(value)), []) if value else []
        return replace(field, name=name, value=value, problems=tuple(wrong))

    groups = [
        Group(group.title, tuple(fill(field, field.name) for field in group.fields))
        for group in fields_of_case(knowledge)
    ]
    entries = []
    for entry in ENTRIES:
        own = [
            Group(
                f"{entry.title} {i + 1}",
                tuple(
                    fill(field, f"{entry.key}.{i}:{field.fact}")
                    for field in fields_of_entry(entry, knowledge)
                ),
            )
            for i in range(entered.numbers.get(entry.key, 0))
        ]
        entries.append((entry, own))
    return groups, entries, Group("Assay", tuple(fill(field, field.name) for field in _ASSAY))


def read_entered(entered: Entered, knowledge: KnowledgeBase, unnamed: str = "") -> CasesRead:
    """Read what was entered as `io.case_file` reads a file.

    Args:
        entered: The form.
        knowledge: The declared facts.
        unnamed: Id of a patient for whom none was entered.
    """
    data = case_data(entered, knowledge)
    data["patient"] = data["patient"] or unnamed
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10**6)
    return parse_cases(text, FILE, knowledge)


def case_data(entered: Entered, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return what was entered as a case file holds it; what was left empty is not there."""
    facts: dict[Scope, dict[str, Any]] = {scope: {} for scope in _SINGLE}
    for group in fields_of_case(knowledge):
        for field in group.fields:
            if (value := entered.values.get(field.name)) and not field.fact.startswith("@"):
                declared = knowledge.facts[field.fact]
                facts[declared.scope][field.fact] = _stated(value, declared)
    several = {entry.key: _entries(entry, entered, knowledge) for entry in ENTRIES}
    specimen = {
        "id": "S1",
        "date": entered.values.get("case:@date"),
        "facts": facts[Scope.SPECIMEN],
        "components": several["component"],
        "variants": several["variant"],
        "assays": _assays(entered),
    }
    tumour = {"id": "T1", "facts": facts[Scope.TUMOUR], "specimens": [_known(specimen)]}
    data = {
        "facts": facts[Scope.PATIENT],
        "tumours": [_known(tumour)],
        "treatments": several["treatment"],
        "time_points": several["visit"],
    }
    return {"patient": entered.patient, **_known(data)}


def _entries(entry: Entry, entered: Entered, knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    found = []
    for i in range(entered.numbers.get(entry.key, 0)):
        data: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        for field in fields_of_entry(entry, knowledge):
            value = entered.values.get(f"{entry.key}.{i}:{field.fact}")
            if value and field.fact.startswith("@"):
                data[field.fact[1:]] = value
            elif value:
                facts[field.fact] = _stated(value, knowledge.facts[field.fact])
        if data or facts:
            found.append(_known({**data, "facts": facts}))
    return found


def _assays(entered: Entered) -> list[dict[str, Any]]:
    genes = [gene for gene in re.split(r"[,;\s]+", entered.values.get("case:@genes", "")) if gene]
    exome = entered.values.get("case:@whole_exome", "")
    return [_known({"id": "A1", "genes": genes, "whole_exome": exome})] if genes or exome else []


def _stated(value: str, fact: Fact) -> Any:
    """Return a value as a case states it: counts with the area that the form names."""
    return {"value": value, "unit": "/2mm2"} if fact.unit == AREA_UNIT else value


def _known(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}
