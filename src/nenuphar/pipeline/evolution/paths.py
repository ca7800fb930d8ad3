"""Gathers what pages show of paths of progression: of a case, and counted over a cohort."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nenuphar.domain.scope import Scope
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.report.citing import short_source
from nenuphar.report.molecular_sections import asks_of
from nenuphar.report.progression import (
    NOT_SEEN,
    PREFIX,
    Path,
    PathCount,
    case_progression,
    cohort_progression,
)
from nenuphar.report.section import Section
from nenuphar.report.words import Words

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

_ASKS = 3


def case_progression_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the paths of every tumour with several specimens."""
    words = Words(knowledge)
    several = len(assessment.rows[Scope.TUMOUR]) > 1
    paths = []
    for number, one in enumerate(assessment.conclusions, start=1):
        if not one.fact.startswith(PREFIX):
            continue
        rule = knowledge.rules.get(one.rule_id.split(";")[0])
        path = Path(
            tumour=f"Tumour {one.key[-1]}" if several else "",
            name=words.fact(one.fact),
            fact=one.fact,
            value=one.value or "",
            words=words.value(one.fact, one.value) if one.value else "",
            status=one.status,
            because=rule.explanation if rule else "",
            asks=tuple(asks_of([one], words.ask, _ASKS)),
            source=short_source(knowledge.raw[one.fact]["sources"][0], knowledge),
            anchor=f"c{number}",
        )
        paths.append(path)
    return case_progression(paths)


def cohort_progression_section(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> Section | None:
    """Return the paths counted over the tumours of a cohort that have several specimens."""
    import polars as pl

    specimens = frames[Scope.SPECIMEN]
    per_tumour = specimens.group_by(*Scope.TUMOUR.keys).agg(pl.col("specimen_id").n_unique())
    tumours = int((per_tumour["specimen_id"] > 1).sum())
    if not tumours:
        return None
    words = Words(knowledge)
    found = conclusions.filter(pl.col("fact").cast(pl.String).str.starts_with(PREFIX))
    names = [name for name in knowledge.facts if name.startswith(PREFIX)]
    counts = [
        _counted(name, found.filter(pl.col("fact").cast(pl.String) == name), words)
        for name in sorted(names, key=words.fact)
    ]
    return cohort_progression(counts, tumours)


def _counted(name: str, found: pl.DataFrame, words: Words) -> PathCount:
    import polars as pl

    table = found.select(pl.col("value", "status", "missing").cast(pl.String))
    values = Counter(value for value in table["value"] if value)
    absent = values.pop(NOT_SEEN, 0)
    seen = pl.col("value").is_not_null() & (pl.col("value") != NOT_SEEN)
    still_open = table.filter(pl.col("value").is_null())
    asked: Counter[str] = Counter()
    for missing in still_open["missing"].drop_nulls():
        asked.update(part for part in missing.split(";") if part)
    asks = dict.fromkeys(words.ask(part) for part, _ in asked.most_common(2 * _ASKS))
    return PathCount(
        words.fact(name),
        tuple((words.value(name, value), n) for value, n in sorted(values.items())),
        table.filter(seen & (pl.col("status") == "provisional")).height,
        absent,
        still_open.height,
        tuple(asks)[:_ASKS],
    )
