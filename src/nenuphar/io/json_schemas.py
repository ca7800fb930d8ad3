"""JSON Schemas of cases, mappings and records, for editors."""

from __future__ import annotations

from typing import Any

from nenuphar.domain.scope import Scope
from nenuphar.io.case_level import DATE_FIELDS, DETAILS, FOLDED, ID_FIELDS, LISTS, fields_of
from nenuphar.io.case_specimen import CLASSES, FIELDS, ORIGINS, SIGNIFICANCES
from nenuphar.io.mapping_form import Mapping
from nenuphar.io.template import hint, observed_facts, permitted_values
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.build import schemas
from nenuphar.knowledge.schema import Fact

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": ["string", "number", "boolean", "null"]}


def case_schema(knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return the schema of a case; facts may stand dotted or nested, so that names are open."""
    levels = {scope.value: _level(scope, knowledge) for scope in Scope if scope is not Scope.ASSAY}
    case = {"$ref": "#/$defs/patient"}
    return {
        "$schema": DRAFT,
        "title": "Nenuphar case",
        "anyOf": [case, {"type": "array", "items": case}],
        "$defs": levels | {name: _detail(name) for name in DETAILS},
    }


def _level(scope: Scope, knowledge: KnowledgeBase) -> dict[str, Any]:
    own = ID_FIELDS.get(scope, "id")
    facts = {
        f.id: _fact(f, knowledge) for s in _stated_in(scope) for f in observed_facts(knowledge, s)
    }
    properties: dict[str, Any] = {**facts, "facts": {"type": "object", "properties": facts}}
    for level in (*FOLDED.get(scope, ()), scope):
        for name in fields_of(level):
            if name in LISTS.get(level, {}):
                below = LISTS[level][name].value
                properties[name] = {"type": "array", "items": {"$ref": f"#/$defs/{below}"}}
            elif name in DETAILS:
                properties[name] = {"$ref": f"#/$defs/{name}"}
            elif name == DATE_FIELDS.get(level):
                properties[name] = {"type": "string", "description": "2020-03-17, 2020-03 or 2020"}
            elif name == "readings":
                properties[name] = _readings(facts)
    permitted = ["string", "integer", *(["object"] if scope is Scope.PATIENT else [])]
    properties[own] = {"type": permitted, "description": f"id of the {scope.value}"}
    needed = [own] if scope is Scope.PATIENT else []
    return {"type": "object", "properties": properties, "required": needed}


def _stated_in(scope: Scope) -> list[Scope]:
    """Scopes whose facts may stand on a level: its own, wider ones, and those folded into it."""
    return [s for s in Scope if s is not Scope.ASSAY and (scope.within(s) or s.within(scope))]


def _readings(facts: dict[str, Any]) -> dict[str, Any]:
    inner = {"assessor": {"type": "string"}, "facts": {"type": "object", "properties": facts}}
    entry = {"type": "object", "properties": {**facts, **inner}, "required": ["assessor"]}
    return {"type": "array", "items": entry}


def _fact(fact: Fact, knowledge: KnowledgeBase) -> dict[str, Any]:
    values = permitted_values(fact, knowledge) if fact.type == "code" else []
    plain: dict[str, Any] = {"enum": [*values, None]} if values else dict(_TEXT)
    full = {
        "type": "object",
        "properties": dict.fromkeys(("value", "unit", "date", "assay"), _TEXT),
    }
    told = f"{fact.meaning} [{hint(fact, knowledge)}]"
    return {"description": told, "anyOf": [plain, full]}


def _detail(name: str) -> dict[str, Any]:
    closed = {
        "significance": [*SIGNIFICANCES, *CLASSES],
        "origin": list(ORIGINS),
    }
    properties: dict[str, Any] = {
        field: {"enum": closed[field]} if field in closed else _TEXT for field in FIELDS[name]
    }
    if name == "assays":
        properties["genes"] = {"type": ["array", "string"], "items": {"type": "string"}}
    entry = {
        "type": "object",
        "properties": properties,
        "required": [FIELDS[name][0]],
        "additionalProperties": False,
    }
    listed: dict[str, Any] = {"type": "array", "items": entry}
    return {"anyOf": [listed, {"type": "object"}]} if name == "ihc" else listed


def mapping_schema(knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return the schema of a mapping, with the names of the facts that can be mapped."""
    schema = {"$schema": DRAFT, **Mapping.model_json_schema()}
    names = sorted(name for name, fact in knowledge.facts.items() if fact.stated)
    for part in ("columns", "constants"):
        schema["properties"][part]["propertyNames"] = {"enum": names}
    return schema


def record_schema() -> dict[str, Any]:
    """Return the schema of a record of the knowledge base, one alternative for each kind."""
    found: dict[str, Any] = {}
    kinds: list[dict[str, Any]] = []
    for kind, model in schemas().items():
        schema = model.model_json_schema(ref_template=f"#/$defs/{kind}.{{model}}")
        inner = schema.pop("$defs", {})
        found |= {f"{kind}.{name}": part for name, part in inner.items()}
        schema["properties"] = {**schema.get("properties", {}), "kind": {"const": kind}}
        found[kind] = schema
        kinds.append({"$ref": f"#/$defs/{kind}"})
    items = {"oneOf": kinds}
    return {
        "$schema": DRAFT,
        "title": "Nenuphar records",
        "type": "array",
        "items": items,
        "$defs": found,
    }
