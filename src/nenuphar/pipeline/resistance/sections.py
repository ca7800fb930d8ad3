"""Sections on resistance: gathers what pages show of a case; of a cohort, where it has lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nenuphar.domain.conclusion import Conclusion
from nenuphar.domain.observation import Row, Value, show_value
from nenuphar.domain.quantity import Interval
from nenuphar.domain.scope import Scope
from nenuphar.engine.combine import NO_RULE_APPLIES
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.resistance.definition_sets import RANGE, RANGE_SET, SETS
from nenuphar.report.case_resistance import CasePhenotype, TreatedLine, case_resistance
from nenuphar.report.phenotypes import set_title
from nenuphar.report.section import Section
from nenuphar.report.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from nenuphar.engine.frames import Frames

_PREFIX, _RANGE = "resistance.", f"resistance.{RANGE_SET}"
_SINGLE = tuple(f"{RANGE_SET}_{months}" for months in RANGE)
_TIMELINES = "method.timelines"


def case_resistance_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the phenotype of every line under every definition set, side by side."""
    by_line: dict[tuple[str, ...], list[tuple[Conclusion, str]]] = {}
    for number, conclusion in enumerate(assessment.conclusions, start=1):
        if conclusion.fact.removeprefix(_PREFIX) in {*SETS, *_SINGLE}:
            by_line.setdefault(conclusion.key, []).append((conclusion, f"c{number}"))
    rows = {row.key: row for row in assessment.rows[Scope.TREATMENT_LINE]}
    applying = {k: own for k, own in by_line.items() if any(not _is_out(c) for c, _ in own)}
    return case_resistance([_line(rows[k], own, knowledge) for k, own in applying.items()])


def _line(row: Row, found: list[tuple[Conclusion, str]], knowledge: KnowledgeBase) -> TreatedLine:
    words = Words(knowledge)
    applying = [(c, anchor) for c, anchor in found if not _is_out(c)]
    single = {c.fact: c for c, _ in applying if c.fact.startswith(f"{_RANGE}_")}
    cuts = ", ".join(
        f"{fact.rsplit('_', 1)[-1]} months: {_word(c)}" for fact, c in sorted(single.items())
    )
    asks = _Asks(row, knowledge) if any(c.missing for c, _ in applying) else None
    phenotypes = [
        CasePhenotype(
            definition_set=c.fact.removeprefix(_PREFIX),
            meaning=set_title(c.fact.removeprefix(_PREFIX), knowledge),
            phenotype=c.value or "undetermined",
            status=c.status,
            reason="; ".join(knowledge.rules[r].explanation for r in c.rule_id.split(";") if r),
            could_be=";".join(c.alternatives),
            asks=tuple(asks.of(c.missing)) if asks and c.missing else (),
            by_cutoff=cuts if c.fact == _RANGE else "",
            anchor=anchor,
        )
        for c, anchor in applying
        if c.fact not in single
    ]
    phenotypes.sort(key=lambda one: SETS.index(one.definition_set))
    measured = [
        (words.fact(name), _shown(row.values[name]))
        for name in knowledge.methods[_TIMELINES].outputs
        if name in row.values
    ]
    silent = sum(c.fact.removeprefix(_PREFIX) in SETS for c, _ in found if _is_out(c))
    return TreatedLine(
        row.key[-1], tuple(phenotypes), tuple(measured), tuple(_times(row, words)), silent
    )


def _times(row: Row, words: Words) -> Iterator[tuple[str, str, str, str]]:
    """Yield each time to an event: its name, how long, how it ended, and by which rule."""
    for name in row.values:
        if not (name.startswith("endpoint.") and name.endswith("_days")):
            continue
        stem = name.removesuffix("_days")
        ended = row.values.get(f"{stem}_event")
        how = ("event" if ended else "censored") if isinstance(ended, bool) else ""
        reason = show_value(row.values.get(f"{stem}_reason"))
        yield words.fact(name), _shown(row.values[name]), how, reason.replace("_", " ")


def _shown(value: Value) -> str:
    """Write a value; numbers are cut after two digits, never rounded up to a cut-off."""
    if not isinstance(value, Interval):
        return show_value(value)
    ends = dict.fromkeys(f"{math.floor(end * 100 + 1e-6) / 100:g}" for end in (value.lo, value.hi))
    return f"{'–'.join(ends)} {value.unit}"


def _is_out(conclusion: Conclusion) -> bool:
    """Whether a definition set is made for another regimen or setting."""
    return any(caution.id == NO_RULE_APPLIES for caution in conclusion.cautions)


def _word(conclusion: Conclusion) -> str:
    return (conclusion.value or "undetermined").replace("_", " ")


class _Asks:
    """Names what of the record would decide the facts that a line lacks."""

    def __init__(self, row: Row, knowledge: KnowledgeBase) -> None:
        from nenuphar.engine.frames import frames_of

        alone = {scope: [row] if scope is row.scope else [] for scope in Scope}
        self._lines = frames_of([alone], knowledge)[Scope.TREATMENT_LINE]
        self._words = Words(knowledge)

    def of(self, missing: Iterable[str]) -> list[str]:
        """Return what to do, in words, each once."""
        from nenuphar.methods.timelines.facts import open_inputs

        names = [
            name
            for fact in missing
            for name, is_open in open_inputs(self._lines, fact).items()
            if is_open[0]
        ]
        return list(dict.fromkeys(self._words.ask(name) for name in names))


def cohort_resistance_sections(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> list[Section]:
    """Return the sections on resistance of a cohort, none where it has no line with a set."""
    del conclusions
    lines = frames.get(Scope.TREATMENT_LINE)
    if lines is None or not any(name.startswith("line.") for name in lines.columns):
        return []
    from nenuphar.pipeline.resistance.cohort import sections_of
    from nenuphar.pipeline.response import lesions
    from nenuphar.pipeline.timelines import describe as timelines

    described = timelines.describe_frames(lesions.describe_frames(frames), knowledge)
    return sections_of(described[Scope.TREATMENT_LINE], knowledge)
