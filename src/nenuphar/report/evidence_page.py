"""The evidence on one page: every record of the literature, to be searched by reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nenuphar.domain.conclusion import Stamp
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.search import headline
from nenuphar.report.page import render

KINDS = (
    "outcome",
    "trial",
    "therapy",
    "mechanism",
    "prevalence",
    "biomarker",
    "subtype",
    "archetype",
    "epidemiology",
    "regulatory_event",
    "classification_fact",
    "reported_statement",
    "discrepancy",
)
"""Kinds of records that the page shows, in this order."""

_FRAME = {"id", "kind", "version", "status", "sources", "printed"}
_BOUNDS = {
    "less_than": "<",
    "greater_than": ">",
    "at_most": "≤",
    "at_least": "≥",
    "greater_or_equal": "≥",
    "approximately": "about ",
    "up_to": "up to ",
}

Interval = tuple[float, float]
"""Limits in percent."""


@dataclass(frozen=True)
class _Entry:
    """A record as the page shows it."""

    id: str
    kind: str
    title: str
    figure: str
    repaired: str
    places: tuple[str, ...]
    source: str
    details: tuple[tuple[str, str], ...]


def evidence_page(
    records: Sequence[Mapping[str, Any]],
    knowledge: KnowledgeBase,
    stamp: Stamp,
    exact: Mapping[str, Interval] | None = None,
) -> str:
    """Render records of the literature as one self-contained page with filters.

    Args:
        records: Records of any of `KINDS`; others are left out.
        knowledge: Names the publications.
        stamp: Versions.
        exact: By id, the exact 95% interval of counts for which no interval is printed.

    Returns:
        HTML that loads nothing. Values stand as printed; a repaired value stands beside the printed
        one with its reason.
    """
    order = {kind: number for number, kind in enumerate(KINDS)}
    chosen = [record for record in records if record["kind"] in order]
    chosen.sort(key=lambda record: (order[record["kind"]], record["id"]))
    entries = [_entry(record, knowledge, (exact or {}).get(record["id"])) for record in chosen]
    return render(
        "evidence.html",
        script="evidence.js",
        title="Evidence",
        entries=entries,
        kinds=[(kind, sum(e.kind == kind for e in entries)) for kind in KINDS],
        publications=sorted({entry.source for entry in entries}),
        stamp=stamp,
    )


def _entry(record: Mapping[str, Any], knowledge: KnowledgeBase, exact: Interval | None) -> _Entry:
    sources = record.get("sources", ())
    first = str(sources[0]["source"]) if sources else ""
    places = tuple(
        ", ".join(
            part
            for part in (
                knowledge.citations.get(s["source"], s["source"]),
                s.get("locator", ""),
                s.get("reference", ""),
            )
            if part
        )
        for s in sources
    )
    return _Entry(
        record["id"],
        record["kind"],
        _title(record),
        figure_of(record, exact),
        _repair(record),
        places,
        knowledge.citations.get(first, first),
        tuple((name, _shown(value)) for name, value in record.items() if name not in _FRAME),
    )


def _title(record: Mapping[str, Any]) -> str:
    parts = [record.get(name) for name in ("study", "drug", "marker", "target", "group", "arm")]
    said = [str(part) for part in parts if part]
    about = record.get("population") or record.get("condition") or record.get("summary")
    text = ", ".join(said)
    if about:
        text = f"{text}: {about}" if text else str(about)
    return text or headline(record)


def figure_of(record: Mapping[str, Any], exact: Interval | None = None) -> str:
    """Write the number of a record as printed, with its bound, its interval and its counts.

    Args:
        record: With `value` or `percent`; without, its qualifier is said.
        exact: An exact interval of the counts, in percent.
    """
    value = record.get("value", record.get("percent"))
    endpoint = record.get("endpoint") or record.get("measure")
    if value is None:
        said = str(record.get("qualifier", "")).replace("_", " ")
        return f"{endpoint}: {said}" if endpoint and said else said
    high = record.get("value_high", record.get("percent_high"))
    text = f"{value:g}" if isinstance(value, int | float) else str(value)
    text = _BOUNDS.get(str(record.get("qualifier")), "") + text
    if high is not None:
        text += f" to {high:g}"
    unit = record.get("unit") or ("percent" if "percent" in record else "")
    text += {"percent": "%", "": ""}.get(unit, f" {unit}")
    if record.get("ci_low") is not None and record.get("ci_high") is not None:
        text += f" ({record['ci_low']:g} to {record['ci_high']:g})"
    if record.get("n") is not None:
        events = record.get("events")
        text += f", {events}/{record['n']}" if events is not None else f", n = {record['n']}"
    if exact:
        text += f", exact interval {exact[0]:.0f} to {exact[1]:.0f}%"
    if criteria := record.get("response_criteria"):
        text += f", by {criteria}"
    return f"{endpoint} {text}" if endpoint else text


def _repair(record: Mapping[str, Any]) -> str:
    repaired = record.get("repaired")
    if not isinstance(repaired, Mapping):
        return ""
    return f"{repaired.get('field')}: {repaired.get('value')} ({repaired.get('reason')})"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part) for part in value)
    return str(value)
