"""Empty cases to fill in, written from the declared facts."""

from __future__ import annotations

import io
from collections.abc import Iterator

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import Fact

_MOST_VALUES = 12
_HEAD = """\
# An empty case. Fill in what is known and leave the rest empty: missing is never taken as "no".
# Numbers may be bounds (>20, <1) or ranges (30-40); counts of mitoses name their area (3/2mm2).
# Dates are 2020-03-17, 2020-03 or 2020. Further tumours, specimens and readings are further `- id:`
# (or `- assessor:`) entries. `nenuphar validate` checks the file. For research use only.
"""


def observed_facts(knowledge: KnowledgeBase, scope: Scope) -> list[Fact]:
    """Return the facts of a scope that a record can state, in the order of their names."""
    facts = (f for f in knowledge.facts.values() if f.scope is scope and f.stated)
    return sorted(facts, key=lambda fact: fact.id)


def permitted_values(fact: Fact, knowledge: KnowledgeBase) -> list[str]:
    """Return the permitted codes of a fact; empty if any value is."""
    if system := knowledge.terminologies.get(fact.hierarchy):
        return list(system.concepts)
    return list(fact.values)


def hint(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return in a few words what a fact may hold."""
    if fact.type == "code":
        values = permitted_values(fact, knowledge)
        more = ", ..." if len(values) > _MOST_VALUES else ""
        return " | ".join(values[:_MOST_VALUES]) + more if values else "code"
    if fact.type == "number":
        return fact.unit or "number"
    return {"boolean": "yes | no", "date": "date", "text": "text"}[fact.type]


def yaml_template(knowledge: KnowledgeBase) -> str:
    """Return an empty case as YAML, each fact with its meaning and what it may hold."""
    return _HEAD + "\n".join(_lines(knowledge)) + "\n"


def _lines(knowledge: KnowledgeBase) -> Iterator[str]:
    def facts(scope: Scope, indent: int) -> Iterator[str]:
        pad = " " * indent
        found = observed_facts(knowledge, scope)
        if found:
            yield f"{pad}facts:"
        for fact in found:
            yield f"{pad}  # {' '.join(fact.meaning.split())}"
            yield f"{pad}  {fact.id}:  # {hint(fact, knowledge)}"

    yield "patient:  # id, the only field that every case needs"
    yield from facts(Scope.PATIENT, 0)
    yield from ("tumours:", "  - id: T1")
    yield from facts(Scope.TUMOUR, 4)
    yield from ("    specimens:", "      - id: S1", "        date:")
    yield from facts(Scope.SPECIMEN, 8)
    yield "        # readings:  # where several assessors read the same specimen"
    yield "        #   - assessor: A"
    yield "        #     facts: {}"
    yield "        # components:  # of a mixed tumour: `- name: ...` with `facts:`"
    yield "        # assays: [{id: A1, type: panel, genes: [TP53, RB1]}]"
    yield "        # ihc: {chromogranin_a: positive, p53: wild_type}"
    yield "        # variants: [{gene: TP53, change: p.R175H, significance: pathogenic}]"
    for name, entry, scope, date in (
        ("treatments", "L1", Scope.TREATMENT_LINE, "start"),
        ("time_points", "V1", Scope.TIME_POINT, "date"),
    ):
        yield from (f"{name}:", f"  - id: {entry}", f"    {date}:")
        yield from facts(scope, 4)


def xlsx_template(knowledge: KnowledgeBase) -> bytes:
    """Return an empty workbook: a sheet with a row for each specimen, and one that explains.

    The columns are called after ids and facts, so that the sheet is read without a mapping.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "specimens"
    scopes = (Scope.PATIENT, Scope.TUMOUR, Scope.SPECIMEN)
    facts = [fact for scope in scopes for fact in observed_facts(knowledge, scope)]
    sheet.append([*Scope.SPECIMEN.keys, "assessor", "date", *(fact.id for fact in facts)])
    sheet.freeze_panes = "D2"
    about = book.create_sheet("about")
    about.append(["column", "describes a", "may hold", "meaning"])
    about.append(["patient_id", "", "id", "Every row needs it; the other ids may stay empty."])
    for fact in facts:
        about.append([fact.id, fact.scope.value, hint(fact, knowledge), fact.meaning])
    return _without_clock(book)


def _without_clock(book: object) -> bytes:
    """Save a workbook such that the same content gives the same bytes."""
    import datetime as dt
    import zipfile

    saved = io.BytesIO()
    still = dt.datetime(2000, 1, 1)
    book.properties.created = still  # type: ignore[attr-defined]
    book.save(saved)  # type: ignore[attr-defined]
    steady = io.BytesIO()
    with zipfile.ZipFile(saved) as made, zipfile.ZipFile(steady, "w") as out:
        for member in made.namelist():
            content = made.read(member)
            if member == "docProps/core.xml":
                content = _still_properties(content)
            entry = zipfile.ZipInfo(member, (2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
    return steady.getvalue()


def _still_properties(content: bytes) -> bytes:
    import re

    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
