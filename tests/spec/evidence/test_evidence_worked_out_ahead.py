"""What studies report on a kind of tumour is worked out when the knowledge is compiled."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.evidence import pooled
from nenuphar.pipeline.evidence.pooled import AHEAD, digest_of, evidence_on, work_out

KB = load_knowledge()
SHIPPED = json.loads(AHEAD.read_text("utf-8"))


def flat(value: Any, place: str = "") -> dict[str, Any]:
    """Leaves of plain data by their place; lists and tuples are the same."""
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    else:
        return {place: value}
    return {k: v for name, part in parts for k, v in flat(part, f"{place}/{name}").items()}


def test_what_ships_is_of_the_records_that_ship():
    assert SHIPPED["digest"] == digest_of(KB), "run `make kb`"


@pytest.mark.parametrize("population", sorted(SHIPPED["populations"]))
def test_what_ships_is_what_the_studies_come_to(population):
    now = work_out(KB, population)
    assert now is not None
    shipped, worked_out = flat(SHIPPED["populations"][population]), flat(asdict(now))
    numbers = {place for place, value in worked_out.items() if isinstance(value, float)}
    assert shipped.keys() == worked_out.keys()
    for place, value in worked_out.items():
        close = pytest.approx(value, rel=1e-9) if place in numbers else value
        assert shipped[place] == close, place


def test_every_population_with_reports_is_there():
    found = {name for name in pooled.every_population(KB) if work_out(KB, name) is not None}
    assert found == set(SHIPPED["populations"])
    assert {"g3 net", "nec", "sclc"} <= found


def test_other_records_are_worked_out_on_the_spot():
    own = next(r for r in KB.kinds("outcome") if r["endpoint"] == "ORR" and r.get("events"))
    shipped = evidence_on(KB, "nec", "")
    changed = KB.with_records([{**own, "study": "A study of another name"}])
    assert digest_of(changed) != digest_of(KB)
    found = evidence_on(changed, "nen", "")
    assert shipped is not None
    assert found is not None
    assert "A study of another name" in json.dumps(asdict(found))
