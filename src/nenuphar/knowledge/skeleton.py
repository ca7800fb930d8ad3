"""Skeletons of new records, made from their schemas."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from nenuphar.knowledge.build import schemas
from nenuphar.knowledge.check import nearest

_ALIASES = {"rule": "classification_rule"}

_EXAMPLES = {
    "sources": '\n    - {source: 10.1000/xyz, locator: Table 1, reference: ""}',
    "concludes": "{fact: tumour.entity, value: net}",
    "when": "\n    all:\n      - {fact: pathology.morphology, is_a: well_differentiated}",
    "cases": (
        "\n    - {name: fires, expect: met, facts: {pathology.morphology: carcinoid}}"
        "\n    - {name: does not fire, expect: not_met, facts: {pathology.morphology: large_cell}}"
        "\n    - {name: input missing, expect: undetermined, missing: [pathology.morphology]}"
    ),
    "explanation": "One sentence that a tumour board would understand.",
    "meaning": "One sentence that says what it means.",
}


def skeleton(kind: str, record_id: str) -> str:
    """Return a YAML skeleton of a new record.

    Args:
        kind: Its kind.
        record_id: Its permanent id.

    Raises:
        ValueError: The kind is not known.
    """
    kind = _ALIASES.get(kind, kind)
    known = schemas()
    if kind not in known:
        raise ValueError(f"{kind!r} is not a kind of record{nearest(kind, known)}")
    lines = [f"- kind: {kind}", f"  id: {record_id}", "  version: 1", "  status: draft"]
    for name, field in known[kind].model_fields.items():
        if name in ("kind", "id", "version", "status"):
            continue
        if field.is_required() or name == "cases":
            lines.append(f"  {name}: {_EXAMPLES.get(name) or _placeholder(field)}")
        else:
            lines.append(f"  # {name}: {field.get_default(call_default_factory=True)!r}")
    return "\n".join(lines) + "\n"


def _placeholder(field: FieldInfo) -> Any:
    annotation: Any = field.annotation
    if annotation in (int, float):
        return "0"
    options = getattr(annotation, "__args__", ())
    return options[0] if options and isinstance(options[0], str) else "..."
