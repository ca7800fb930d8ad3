"""One case as JSON: every conclusion with its whole trace, every observed fact with its origin."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Row
from nenuphar.domain.problems import Problem
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.words import RESEARCH_USE, Words


def case_json(
    patient_id: str,
    conclusions: Sequence[Conclusion],
    rows: PatientRows,
    problems: Iterable[Problem],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    settings: Mapping[str, str] | None = None,
) -> str:
    """Write one patient as JSON with sorted keys.

    Quantities are `{lo, lo_open, hi, hi_open, unit}` with null for an end that nothing bounds;
    dates are ISO texts (`2020-03`); keys of rows are by column.

    Args:
        patient_id: The patient.
        conclusions: What the engine concluded about the patient.
        rows: The observed facts that it read.
        problems: What could not be used of the patient's records.
        knowledge: The knowledge base that the conclusions were made with, for values in words.
        stamp: What the conclusions were made with; stated once for all of them.
        settings: How the run was asked for, by name.
    """
    words = Words(knowledge)
    data = {
        "patient_id": patient_id,
        "note": RESEARCH_USE,
        "stamp": stamp,
        "settings": dict(settings or {}),
        "conclusions": [_conclusion(conclusion, words) for conclusion in conclusions],
        "observed": [_row(row) for scope in Scope for row in rows.get(scope, [])],
        "problems": sorted(problems),
    }
    text = json.dumps(plain(data), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def plain(value: Any) -> Any:
    """Return dataclasses, enums and domain values as plain JSON data."""
    if isinstance(value, Interval):
        return {
            "lo": value.lo if math.isfinite(value.lo) else None,
            "lo_open": value.lo_open,
            "hi": value.hi if math.isfinite(value.hi) else None,
            "hi_open": value.hi_open,
            "unit": value.unit,
        }
    if isinstance(value, PartialDate | Enum):
        return str(value.value if isinstance(value, Enum) else value)
    if is_dataclass(value):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def _conclusion(conclusion: Conclusion, words: Words) -> dict[str, Any]:
    data: dict[str, Any] = plain(conclusion)
    del data["stamp"]
    data["key"] = dict(zip(conclusion.scope.keys, conclusion.key, strict=True))
    data["value_in_words"] = words.value(conclusion.fact, conclusion.value or "") or None
    data["ask"] = [words.ask(name) for name in conclusion.missing]
    data["by_context"] = [
        {"context": context, "value": value or None, "status": status}
        for context, value, status in conclusion.by_context
    ]
    return data


def _row(row: Row) -> dict[str, Any]:
    return {
        "scope": row.scope,
        "key": dict(zip(row.scope.keys, row.key, strict=True)),
        "assessor": row.assessor,
        "date": row.date,
        "facts": {
            name: {"value": value, "origin": row.origins.get(name)}
            for name, value in row.values.items()
        },
    }
