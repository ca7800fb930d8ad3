"""Recurrence of limited SCLC after consolidation, beside the timeline of Nie 2024 Figure 3."""

from __future__ import annotations

from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.report.citing import short_source
from nenuphar.report.consolidation import TimedMedian, consolidation
from nenuphar.report.section import Section

TOPIC = "ls_sclc_pfs_timeline"
_MONTHS, _SETTING, _DISEASE = "timeline.pd_months", "line.setting", "line.disease"


def published_medians(knowledge: KnowledgeBase) -> list[TimedMedian]:
    """Return the medians that the figure draws, each with its own time zero."""
    records = [
        record
        for record in knowledge.kinds("reported_statement")
        if record["topic"] == TOPIC and record.get("time_zero") and record.get("value") is not None
    ]
    return [
        TimedMedian(
            record["statement"].partition(": ")[2].rstrip("."),
            float(record["value"]),
            record["time_zero"],
            short_source(record["sources"][0], knowledge),
        )
        for record in sorted(records, key=lambda record: float(record["value"]))
    ]


def consolidation_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section; None where no line treats limited SCLC."""
    lines = [
        row
        for row in assessment.rows[Scope.TREATMENT_LINE]
        if row.values.get(_SETTING) == "limited" and row.values.get(_DISEASE) == "sclc"
    ]
    if not lines:
        return None
    own = []
    for row in lines:
        months = row.values.get(_MONTHS)
        if isinstance(months, Interval) and months.lo == months.hi:
            what = f"Recurrence in line {row.key[-1]}"
            own.append(TimedMedian(what, round(months.lo, 2), "the start of consolidation"))
    return consolidation(own, published_medians(knowledge))
