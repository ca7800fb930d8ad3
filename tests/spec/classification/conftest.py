"""What the chapters on classification share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from nenuphar.domain.conclusion import Conclusion
from nenuphar.engine.rule_cases import rows_of_facts
from nenuphar.knowledge.base import load_knowledge
from nenuphar.pipeline.case import assess_rows

Conclude = Callable[..., Conclusion]


@pytest.fixture
def conclude() -> Conclude:
    """Conclude one fact about one specimen, described by its facts and components."""

    def conclude_fact(
        fact: str, facts: Mapping[str, str | None], components: Sequence[dict[str, str]] = ()
    ) -> Conclusion:
        kb = load_knowledge()
        known = {name: value for name, value in facts.items() if value is not None}
        rows = rows_of_facts(known, tuple(components), kb)
        return assess_rows("P", rows, kb).of(fact)[0]

    return conclude_fact
