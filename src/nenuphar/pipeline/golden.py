"""Which golden cases change their conclusion from one knowledge base to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from nenuphar.engine.rows import PatientRows
from nenuphar.engine.rule_cases import rows_of_case
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.schema import RuleCase

if TYPE_CHECKING:
    import polars as pl

_PLACE = (
    "patient_id",
    "fact",
    "tumour_id",
    "specimen_id",
    "component",
    "assessor",
    "date",
    "line_id",
)


class ChangedCase(NamedTuple):
    """A golden case whose conclusion differs: the rule it belongs to, the fact, both values."""

    rule: str
    name: str
    fact: str
    before: str
    after: str


def changed_cases(before: KnowledgeBase, now: KnowledgeBase) -> list[ChangedCase]:
    """Assess every rule's cases under both bases, as one cohort, and return what differs.

    Args:
        before: The earlier base; facts of which it knows nothing are left out of its cases.
        now: The base whose rules and cases are gone through.

    Returns:
        What differs, in the order of rules, cases and facts; a fact that only one of the bases
        concludes has `—` on the other side.
    """
    import polars as pl

    cases = {
        f"{rule.id}/{number}": (rule.id, case)
        for rule in now.rules.values()
        for number, case in enumerate(rule.cases)
    }
    old, new = (_concluded(cases, base) for base in (before, now))
    both = new.join(
        old, on=_PLACE, how="full", suffix="_before", coalesce=True, maintain_order="left_right"
    ).with_columns(pl.col("said", "said_before").fill_null("—"))
    differs = both.filter(pl.col("said") != pl.col("said_before"))
    rank = {patient: number for number, patient in enumerate(cases)}
    lines = differs.select("patient_id", "fact", "said_before", "said").rows()
    return [
        ChangedCase(cases[patient][0], cases[patient][1].name, fact, was, said)
        for patient, fact, was, said in sorted(lines, key=lambda line: rank[line[0]])
    ]


def _concluded(cases: Mapping[str, tuple[str, RuleCase]], kb: KnowledgeBase) -> pl.DataFrame:
    import polars as pl

    from nenuphar.engine.frames import frames_of
    from nenuphar.pipeline.cohort import conclude

    rows = [_rows_of(patient, case, kb) for patient, (_, case) in cases.items()]
    said = pl.format("{} ({})", pl.col("value").fill_null("—"), "status")
    return conclude(frames_of(rows, kb), kb).select(*_PLACE, said=said)


def _rows_of(patient: str, case: RuleCase, kb: KnowledgeBase) -> PatientRows:
    """Lay a case out as rows; facts of which the base knows nothing are left out."""

    def known(facts: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in facts.items() if name in kb.facts or name == "date"}

    parts = {
        "facts": known(case.facts),
        "components": tuple(map(known, case.components)),
        "specimens": tuple(map(known, case.specimens)),
    }
    return rows_of_case(case.model_copy(update=parts), kb, patient)
