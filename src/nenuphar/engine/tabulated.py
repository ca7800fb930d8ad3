"""Conclusions that were drawn one patient at a time, as the table that a cohort has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.observation import Value
from nenuphar.domain.quantity import Interval
from nenuphar.engine.cohort import SCHEMA
from nenuphar.engine.plan import Plan
from nenuphar.engine.reading import RowKey, row_key
from nenuphar.engine.rows import PatientRows


def tabulate(
    plan: Plan, assessed: Iterable[tuple[PatientRows, Iterable[Conclusion]]]
) -> pl.DataFrame:
    """Lay the conclusions of patients out as `engine.cohort.conclude_cohort` does.

    Args:
        plan: What the knowledge base concludes, in order.
        assessed: Rows of each patient, with what methods wrote into them, and the conclusions.

    Returns:
        The columns of `SCHEMA`: facts in the order of the plan, patients in the order given.
    """
    cells: dict[str, list[dict[str, Any]]] = {fact: [] for fact in plan.listed}
    for rows, conclusions in assessed:
        values = {row_key(row): row.values for own in rows.values() for row in own}
        for one in conclusions:
            cells[one.fact].append(_cells(one, plan, values))
    listed = [[row[name] for name in SCHEMA] for own in cells.values() for row in own]
    return pl.DataFrame(listed, SCHEMA, orient="row")


def _cells(
    one: Conclusion, plan: Plan, values: Mapping[RowKey, Mapping[str, Value]]
) -> dict[str, Any]:
    cells: dict[str, Any] = dict.fromkeys(SCHEMA, "")
    number, unit = _number(one, plan, values)
    return cells | {
        **dict(zip(one.scope.keys, one.key, strict=True)),
        "assessor": one.assessor,
        "date": one.date,
        "fact": one.fact,
        "value": one.value,
        "value_number": number,
        "unit": unit,
        "status": one.status,
        "probability": one.probability,
        "alternatives": ";".join(one.alternatives),
        "rule_id": one.rule_id,
        "rule_version": one.rule_version,
        "cautions": ";".join(sorted(caution.id for caution in one.cautions)),
        "missing": ";".join(one.missing),
    }


def _number(
    one: Conclusion, plan: Plan, values: Mapping[RowKey, Mapping[str, Value]]
) -> tuple[float | None, str]:
    """Return the number that a method computed, None where it is a range, and its unit."""
    if one.fact not in plan.measured:
        return None, ""
    value = values[one.scope, one.key, one.assessor].get(one.fact)
    return (value.number, value.unit) if isinstance(value, Interval) else (None, "")
