"""Trials matched to a case or a cohort: the sections of their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nenuphar.domain.scope import Scope
from nenuphar.domain.truth import Truth
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.case import Assessment
from nenuphar.pipeline.matching.trials import (
    NOT_SUITABILITY,
    Question,
    TrialMatch,
    match_as_data,
    match_case,
    trials_of,
)
from nenuphar.report.section import Section, section
from nenuphar.report.trial_words import status_words, trial_label
from nenuphar.report.words import Words

if TYPE_CHECKING:
    import polars as pl

    from nenuphar.engine.frames import Frames

VISIBLE = 7
"""Trials of each part whose criteria are listed on the page; the rest is folded, and brief."""

LARGEST_COHORT = 20_000
"""Patients up to which the page of a cohort matches trials; beyond, the command does."""


def trial_section(assessment: Assessment, knowledge: KnowledgeBase) -> Section | None:
    """Return the section of a case; None where no trial fits or may fit."""
    matches = match_case(assessment, knowledge)
    by_truth = {truth: [m for m in matches if m.eligibility is truth] for truth in Truth}
    fitting, open_ones = by_truth[Truth.MET], by_truth[Truth.UNDETERMINED]
    if not fitting and not open_ones:
        return None
    failed, words = by_truth[Truth.NOT_MET], Words(knowledge)
    return section(
        "trials.html",
        anchor="trials",
        title="Trials",
        data={
            "note": NOT_SUITABILITY,
            "trials": [match_as_data(match) for match in (*fitting, *open_ones)],
            "not_met": {m.record["id"]: _failures(m) for m in failed},
        },
        note=NOT_SUITABILITY,
        groups=[
            ("All criteria met", [_shown(m) for m in fitting]),
            ("Undetermined", [_shown(m) for m in open_ones]),
        ],
        failed=[
            {
                "name": trial_label(match.record),
                "because": _failures(match)[:_REASONS],
                "change": _changes(match, words),
            }
            for match in failed
        ],
        visible=VISIBLE,
    )


_REASONS = 2
"""Failed comparisons that are named of a trial that does not fit; the JSON file has all."""


def _shown(match: TrialMatch) -> dict[str, Any]:
    record = match.record
    tests = (t for c in match.criteria if c.truth is Truth.UNDETERMINED for t in c.tests)
    return {
        "match": match,
        "name": trial_label(record),
        "intervention": record["intervention"],
        "condition": record.get("condition", ""),
        "determined": len(match.criteria) - match.count(Truth.UNDETERMINED),
        "tests": list(dict.fromkeys(tests)),
        "status": status_words(record),
    }


def _failures(match: TrialMatch) -> list[str]:
    failed = [c for c in match.criteria if c.truth is Truth.NOT_MET]
    said = (text for criterion in failed for text in (criterion.messages or (criterion.asks,)))
    return list(dict.fromkeys(said))


def _changes(match: TrialMatch, words: Words) -> list[str]:
    """Return what would have to change; nothing where one failed criterion cannot change."""
    failed = [c for c in match.criteria if c.truth is Truth.NOT_MET]
    if not all(criterion.may_change for criterion in failed):
        return []
    facts = {fact for criterion in failed for fact in criterion.may_change}
    return sorted(words.inline(fact) for fact in facts)


def cohort_trial_section(
    frames: Frames, conclusions: pl.DataFrame, knowledge: KnowledgeBase
) -> Section | None:
    """Return the section of a cohort: who fits which trial, and what would decide most.

    None for a single patient, whose own page says it, for cohorts above `LARGEST_COHORT`, and
    where nobody fits or may fit any trial.
    """
    del conclusions
    patients = frames[Scope.PATIENT].height
    if not 1 < patients <= LARGEST_COHORT:
        return None
    from nenuphar.pipeline.matching.cohort import match_cohort, trials_by_count, what_would_decide

    trials = trials_of(knowledge)
    pairs = match_cohort(frames, knowledge, trials).pairs()
    counts = trials_by_count(pairs)
    if not counts.height:
        return None
    known = {trial.id: trial for trial in trials}
    words = Words(knowledge)
    lines = [_counted(row, known[row["trial_id"]]) for row in counts.iter_rows(named=True)]
    lines.sort(key=lambda line: (-line["met"], -line["undetermined"], -line["criteria"]))
    return section(
        "cohort_trials.html",
        anchor="trials",
        title="Trials",
        note=NOT_SUITABILITY,
        lines=lines,
        patients=patients,
        visible=VISIBLE,
        nobody=len(trials) - len(lines),
        decide=[(words.ask(fact), *numbers) for fact, *numbers in what_would_decide(pairs)],
    )


def _counted(row: Mapping[str, Any], trial: Question) -> dict[str, Any]:
    fitting: Sequence[str] = row["fitting"]
    return {
        **row,
        "name": trial_label(trial.record),
        "intervention": trial.record["intervention"],
        "criteria": len(trial.criteria),
        "status": status_words(trial.record),
        "named": list(fitting[:_NAMED]),
        "more": max(len(fitting) - _NAMED, 0),
    }


_NAMED = 12
"""Patients who are named as fitting a trial; the command lists all."""
