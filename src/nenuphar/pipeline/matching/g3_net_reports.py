"""What became of G3 NET in a trial, and of NEC beside them, as its sources report it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.repairs import repaired
from nenuphar.methods.evidence.overlap import plain_name
from nenuphar.pipeline.evidence.page import exact_intervals
from nenuphar.report.evidence_page import figure_of

_RecordData = Mapping[str, Any]
_ORDER = ("ORR", "CR", "PR", "DCR", "CBR", "PFS", "OS")


@dataclass(frozen=True)
class Reported:
    """Patients of one kind in a trial.

    Attributes:
        n: How many were assessable; None where it is not told.
        outcomes: The figures that are given for them alone, repaired values in place.
        figures: The same as text; counts with their exact 95% interval.
    """

    n: int | None
    outcomes: tuple[_RecordData, ...]
    figures: tuple[str, ...]


def reports_of(knowledge: KnowledgeBase) -> dict[str, tuple[Reported, Reported]]:
    """Return for every trial what its own publication reports of G3 NET and of NEC.

    A figure on G3 NET and others together (a basket of G3 NEN, G2 and G3 NET) is on neither.

    Args:
        knowledge: Trials and outcomes; an outcome belongs to the trial of the same publication with
            the same registry number or, failing that, the same name.
    """
    outcomes = [repaired(record) for record in knowledge.kinds("outcome")]
    return {
        trial["id"]: (
            _reported(trial, _own(trial, filter(_on_g3_net, outcomes)), r"NET G3|G3 (\w+ )?NET"),
            _reported(trial, _own(trial, filter(_on_nec, outcomes)), r"(\w+ )?NEC( .*)?"),
        )
        for trial in knowledge.kinds("trial")
    }


def as_data(reported: Reported) -> dict[str, Any]:
    """Return a report as plain data."""
    ids = [outcome["id"] for outcome in reported.outcomes]
    return {"n": reported.n, "outcomes": ids, "figures": list(reported.figures)}


def _on_g3_net(outcome: _RecordData) -> bool:
    return outcome["entity"] == "net" and list(outcome.get("grade", ())) == ["G3"]


def _on_nec(outcome: _RecordData) -> bool:
    return bool(outcome["entity"] == "nec")


def _own(trial: _RecordData, outcomes: Iterable[_RecordData]) -> list[_RecordData]:
    """Return the outcomes of a trial; what is printed twice, once."""
    names = [trial["name"], *trial.get("other_ids", ()), *trial.get("other_names", ())]
    known = {plain_name(name) for name in names}
    found: dict[Any, _RecordData] = {}
    for outcome in outcomes:
        same = outcome["sources"][0]["source"] == trial["sources"][0]["source"]
        number = outcome.get("nct_id")
        belongs = number == trial.get("nct_id") if number else plain_name(outcome["study"]) in known
        if same and belongs:
            what = ("endpoint", "value", "events", "n", "response_criteria")
            found.setdefault(tuple(outcome.get(name) for name in what), outcome)
    return list(found.values())


def _reported(trial: _RecordData, outcomes: list[_RecordData], label: str) -> Reported:
    outcomes = sorted(outcomes, key=_place)
    counted: dict[str, int] = {}
    for group in trial.get("assessable_groups", ()):
        parts = [int(p["n"]) for p in group["parts"] if re.fullmatch(label, p["group"])]
        counted[group["of"]] = max(counted.get(group["of"], 0), sum(parts))
    treated = [int(outcome["n"]) for outcome in outcomes if outcome.get("n") is not None]
    n = sum(counted.values()) or max(treated, default=None)
    exact = exact_intervals(outcomes)
    figures = tuple(figure_of(outcome, exact.get(outcome["id"])) for outcome in outcomes)
    return Reported(n, tuple(outcomes), figures)


def _place(outcome: _RecordData) -> tuple[int, str]:
    endpoint = outcome["endpoint"]
    return _ORDER.index(endpoint) if endpoint in _ORDER else len(_ORDER), str(outcome["id"])
