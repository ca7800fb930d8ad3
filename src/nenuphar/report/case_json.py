"""One case as JSON: every conclusion with its whole trace, every observed fact with its origin."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

from nenuphar.domain.conclusion import Conclusion, RuleTrace, Stamp, Trace
from nenuphar.domain.dates import PartialDate
from nenuphar.domain.observation import Row
from nenuphar.domain.problems import Problem
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.known import Known
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.report.section import Section
from nenuphar.report.words import RESEARCH_USE, Words


def case_json(
    patient_id: str,
    conclusions: Sequence[Conclusion],
    rows: PatientRows,
    problems: Iterable[Problem],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    settings: Mapping[str, str] | None = None,
    sections: Sequence[Section] = (),
) -> str:
    """Write one patient as JSON, one line for each conclusion and observed row.

    Keys of records are sorted, and parts of traces that say nothing are left out. Quantities are
    `{lo, lo_open, hi, hi_open, unit}` with null for an end that nothing bounds; dates are ISO texts
    (`2020-03`); keys of rows are by column.

    Args:
        patient_id: The patient.
        conclusions: What the engine concluded about the patient.
        rows: The observed facts that it read.
        problems: What could not be used of the patient's records.
        knowledge: The knowledge base that the conclusions were made with, for values in words.
        stamp: What the conclusions were made with; stated once for all of them.
        settings: How the run was asked for, by name.
        sections: The sections of the page, whose data are written under their anchors.
    """
    words = Words(knowledge)
    head = {
        "patient_id": patient_id,
        "note": RESEARCH_USE,
        "stamp": stamp,
        "settings": dict(settings or {}),
        **{one.anchor: one.data for one in sections if one.data},
    }
    parts = {
        "conclusions": [_conclusion(conclusion, words, knowledge) for conclusion in conclusions],
        "observed": [_dump(_row(row)) for scope in Scope for row in rows.get(scope, [])],
        "problems": [_dump(problem) for problem in sorted(problems)],
    }
    lines = [f"{_dump(name)}: {_dump(value)}" for name, value in head.items()]
    for name, items in parts.items():
        listed = ",\n".join(items)
        lines.append(f"{_dump(name)}: [\n{listed}\n]" if items else f"{_dump(name)}: []")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, default=_as_data)


def _as_data(value: Any) -> Any:
    """Return a domain value as data that JSON can hold."""
    match value:
        case Interval():
            ends = {"lo_open": value.lo_open, "hi_open": value.hi_open, "unit": value.unit}
            return ends | {"lo": _bounded(value.lo), "hi": _bounded(value.hi)}
        case Enum():
            return value.value
        case PartialDate():
            return str(value)
    data = {part.name: getattr(value, part.name) for part in fields(value)}
    if isinstance(value, Trace):
        return {name: part for name, part in data.items() if part not in ("", ())}
    return data


def _bounded(end: float) -> float | None:
    return end if math.isfinite(end) else None


_RULES: Known[RuleTrace, str] = Known(lambda rule: None)
"""Traces of rules as JSON: rows that show a rule the same share its trace, and so its text."""


def _conclusion(conclusion: Conclusion, words: Words, knowledge: KnowledgeBase) -> str:
    data: dict[str, Any] = _as_data(conclusion)
    del data["stamp"], data["rules"]
    data["key"] = dict(zip(conclusion.scope.keys, conclusion.key, strict=True))
    data["value_in_words"] = words.value(conclusion.fact, conclusion.value or "") or None
    data["ask"] = [words.ask(name) for name in conclusion.missing]
    data["by_context"] = [
        {"context": context, "value": value or None, "status": status}
        for context, value, status in conclusion.by_context
    ]
    texts = {name: _dump(part) for name, part in data.items()}
    texts["rules"] = f"[{', '.join(_rule(rule, knowledge) for rule in conclusion.rules)}]"
    return "{" + ", ".join(f"{_dump(name)}: {texts[name]}" for name in sorted(texts)) + "}"


def _rule(rule: RuleTrace, knowledge: KnowledgeBase) -> str:
    ways = _RULES.of(rule, knowledge)
    return ways.get(()) or ways.keep((), _dump(rule))


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
