"""Records as scripts read them: every promised field is there, null where nothing is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PROMISED: dict[str, tuple[str, ...]] = {
    "outcome": (
        "study", "nct_id", "other_ids", "population", "entity", "regimen", "strategy", "arm",
        "comparator", "endpoint", "value", "value_high", "unit", "qualifier", "ci_low", "ci_high",
        "p_value", "events", "n", "n_source", "time_point", "repaired",
    ),
    "trial": (
        "nct_id", "other_ids", "name", "phase", "intervention", "primary_outcome", "enrolment",
        "date", "recruitment_status", "condition", "assessable", "criteria", "enrols_g3_net",
        "separates_g3_net_from_nec", "repaired",
    ),
    "prevalence": (
        "marker", "alteration", "entity", "percent", "percent_high", "numerator", "denominator",
        "cohort", "repaired",
    ),
    "mechanism": (
        "class", "category", "target", "direction", "effect", "evidence_tumour", "setting",
        "strategies",
    ),
    "therapy": (
        "drug", "drug_class", "status", "population", "region", "predictive_factor", "evidence",
        "repaired",
    ),
}  # fmt: skip
"""Fields of the kinds of the literature that an export always has."""


SOURCE = ("source", "locator", "reference")
"""Fields that every source of an exported record has."""


def as_exported(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with every promised field, of its sources too; what is missing is null."""
    promised = dict.fromkeys(PROMISED.get(str(record["kind"]), ()))
    sources = [{**dict.fromkeys(SOURCE), **source} for source in record.get("sources", ())]
    return {**promised, **record, "sources": sources}


def as_imported(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return exported records as they were: without null fields and findings of the audit."""
    return [
        _known({**record, "sources": [_known(source) for source in record.get("sources", ())]})
        for record in records
        if not str(record["id"]).startswith("audit.")
    ]


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
