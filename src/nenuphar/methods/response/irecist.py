"""iRECIST: progression is unconfirmed (iUPD) until a later scan confirms it (iCPD)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field

from nenuphar.methods.response.courses import Course, NewLesion, Visit
from nenuphar.methods.response.thresholds import ResponseThresholds
from nenuphar.methods.response.timepoints import (
    LesionOptions,
    Memory,
    TargetFinding,
    TimePoint,
    combine,
    new_lesion_finding,
    non_target_finding,
    progressed,
    reappearance,
    start_memory,
    target_finding,
)

_TARGET, _NON_TARGET, _NEW = "target", "non-target", "new lesion"
_IMMUNE = {
    "CR": "iCR",
    "PR": "iPR",
    "SD": "iSD",
    "PD": "iUPD",
    "NON-CR/NON-PD": "NON-iCR/NON-iUPD",
}
_BETTER = {"CR": 0, "PR": 1, "SD": 2, "PD": 3}
_NON_TARGET_BETTER = {"CR": 0, "NON-CR/NON-PD": 1, "PD": 2}


@dataclass(slots=True)
class OpenProgression:
    """An iUPD that waits for confirmation.

    Attributes:
        date: day of the iUPD.
        causes: the categories that progressed.
        total: target sum on that day, mm.
        new_total: sum of the measurable new lesions when they were first measured, mm.
        new_sizes: size of every new lesion on that day, mm.
        target: category of the targets on that day.
        non_target: category of the non-targets on that day.
        confirmed: whether a later scan has confirmed it.
    """

    date: dt.date
    causes: set[str]
    total: float | None
    new_total: float | None
    new_sizes: dict[str, float | None]
    target: str | None
    non_target: str | None
    confirmed: bool = False


@dataclass(slots=True)
class ImmuneState:
    """Where a course stands.

    Attributes:
        memory: sums and runs, as in RECIST 1.1.
        open: the iUPD that waits, or ``None``.
        known: new lesions that have already counted.
        new_nadir: smallest sum of the measurable new lesions, mm.
    """

    memory: Memory
    open: OpenProgression | None = None
    known: set[str] = field(default_factory=set)
    new_nadir: float | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The categories of one visit before the state machine looks at them."""

    target: TargetFinding
    target_category: str | None
    non_target: str | None
    new_flag: str
    fresh: list[str]
    new_total: float | None
    reasons: tuple[str, ...]


def respond(course: Course, cutoffs: ResponseThresholds, options: LesionOptions) -> list[TimePoint]:
    """Derive the iRECIST response at every visit of a course.

    Progression by RECIST 1.1 is iUPD. The next scans confirm it (iCPD) by a further increase
    of at least 5 mm in the targets or the measurable new lesions since the iUPD, any increase
    of what else progressed, additional new lesions, or progression in another category; not
    earlier than four weeks, except for a scan made for symptoms that shows another new lesion.
    iCR, iPR and iSD reset it; no change leaves iUPD. A non-target reported as ``progression``
    at two scans has increased further; ``stable`` is no change, ``present`` is no longer
    progression.

    Args:
        course: baseline and visits.
        cutoffs: thresholds.
        options: PR persistence.

    Returns:
        One time point per visit, the baseline left out.

    Source:
        Seymour 2017, doi:10.1016/S1470-2045(17)30074-8, Table 2; EORTC iRECIST FAQ.
    """
    state = ImmuneState(start_memory(course))
    return [_visit_response(course, visit, state, cutoffs, options) for visit in course.visits]


def _visit_response(
    course: Course,
    visit: Visit,
    state: ImmuneState,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> TimePoint:
    """Judge one visit and move the state on."""
    seen = _look(course, visit, state, cutoffs, options)
    nadir = state.memory.nadir
    if state.open is None:
        overall, why = _without_open(visit, state, seen, cutoffs)
    else:
        overall, why = _with_open(visit, state, seen, cutoffs)
    plain = {label: plain for plain, label in _IMMUNE.items()} | {"iCPD": "PD", "NE": "NE"}
    state.memory.remember(visit.date, seen.target_category, plain[overall], cutoffs)
    if _full(seen.target) is not None and nadir is not None:
        state.memory.nadir = min(nadir, seen.target.total or 0.0)
    if seen.new_total is not None:
        before = seen.new_total if state.new_nadir is None else state.new_nadir
        state.new_nadir = min(before, seen.new_total)
    state.known.update(visit.new)
    return TimePoint(
        visit.date,
        seen.target.total,
        nadir,
        _immune(seen.target_category),
        _immune(seen.non_target),
        seen.new_flag,
        overall,
        "; ".join(part for part in (*seen.reasons, why, visit.note) if part),
    )


def _full(finding: TargetFinding) -> float | None:
    """The sum where every target was evaluated, mm."""
    return finding.total if finding.complete else None


def _immune(category: str | None) -> str | None:
    return None if category is None else _IMMUNE.get(category, category)


def _look(
    course: Course,
    visit: Visit,
    state: ImmuneState,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> _Seen:
    """Judge each category of a visit on its own."""
    finding = (
        target_finding(visit, state.memory, cutoffs, options)
        if course.has_targets
        else TargetFinding(None, None, "")
    )
    non_target, non_target_reason = non_target_finding(course, visit)
    new_flag, new_reason = new_lesion_finding(visit)
    target, non_target, back = reappearance(visit, state.memory, finding.category, non_target)
    return _Seen(
        target=finding,
        target_category=target,
        non_target=non_target,
        new_flag=new_flag,
        fresh=sorted(set(visit.new) - state.known),
        new_total=_new_total(visit, cutoffs),
        reasons=(finding.reason, non_target_reason, new_reason, back),
    )


def _new_total(visit: Visit, cutoffs: ResponseThresholds) -> float | None:
    """Sum of the new lesions chosen as new targets, mm; ``None`` where one was not measured."""
    chosen = new_targets(visit.new, cutoffs)
    sizes = [visit.new[name].size for name in chosen]
    if not sizes or any(size is None for size in sizes):
        return None
    return round(sum(size for size in sizes if size is not None), 6)


def new_targets(new: dict[str, NewLesion], cutoffs: ResponseThresholds) -> list[str]:
    """Choose the measurable new lesions that are followed by size: at most five, two an organ."""
    chosen: list[str] = []
    per_organ: dict[str, int] = {}
    for name, lesion in new.items():
        taken = per_organ.get(lesion.organ, 0) if lesion.organ else 0
        if (
            lesion.measurable
            and len(chosen) < cutoffs.max_targets
            and taken < cutoffs.max_targets_per_organ
        ):
            chosen.append(name)
            per_organ[lesion.organ] = taken + 1
    return chosen


def _without_open(
    visit: Visit, state: ImmuneState, seen: _Seen, cutoffs: ResponseThresholds
) -> tuple[str, str]:
    """Judge a visit while no iUPD waits."""
    causes = _current_causes(seen)
    why = "" if seen.fresh else _new_lesions_progressed(visit, state, seen, cutoffs)
    if why:
        causes.add(_NEW)
    if not causes:
        return _reset_value(visit, seen), why
    state.open = OpenProgression(
        visit.date, causes, _full(seen.target), seen.new_total,
        {name: lesion.size for name, lesion in visit.new.items()},
        seen.target_category, seen.non_target,
    )  # fmt: skip
    return "iUPD", "; ".join(
        part for part in (why, f"unconfirmed: {', '.join(sorted(causes))}") if part
    )


def _new_lesions_progressed(
    visit: Visit, state: ImmuneState, seen: _Seen, cutoffs: ResponseThresholds
) -> str:
    """Say how new lesions that are known from before a reset have progressed, if they have."""
    if seen.new_total is not None and state.new_nadir is not None:
        rise = seen.new_total - state.new_nadir
        if progressed(seen.new_total, state.new_nadir, cutoffs):
            return f"new-lesion targets {rise:+g} mm from their smallest {state.new_nadir:g} mm"
    worse = sorted(name for name, lesion in visit.new.items() if lesion.state == "progression")
    return f"unequivocal increase of new lesion {', '.join(worse)}" if worse else ""


def _with_open(
    visit: Visit, state: ImmuneState, seen: _Seen, cutoffs: ResponseThresholds
) -> tuple[str, str]:
    """Judge a visit while an iUPD waits for confirmation or reset."""
    waiting = state.open
    if waiting is None:  # narrows the type; callers check
        return _reset_value(visit, seen), ""
    days = (visit.date - waiting.date).days
    signs = _signs(visit, waiting, seen, cutoffs)
    if waiting.new_total is None:
        waiting.new_total = seen.new_total
    if signs:
        in_time = days >= cutoffs.progression_confirm_days
        if waiting.confirmed or in_time or (visit.symptomatic and seen.fresh):
            waiting.confirmed = True
            late = days > cutoffs.progression_confirm_latest
            note = f", later than {cutoffs.progression_confirm_latest} days" if late else ""
            return "iCPD", f"confirms the iUPD of {waiting.date} after {days} days{note}: {signs}"
        waiting.causes |= _current_causes(seen)
        least = cutoffs.progression_confirm_days
        return "iUPD", f"{days} days after the iUPD, less than {least}: cannot confirm ({signs})"
    stay = "iCPD" if waiting.confirmed else "iUPD"
    if unchanged := _unchanged(visit, waiting, seen):
        return stay, f"{unchanged}: no change since the iUPD of {waiting.date}"
    value = _reset_value(visit, seen)
    # what progressed and was not looked at again is neither confirmed nor reset
    unseen = _NON_TARGET in waiting.causes and seen.non_target == "NE"
    if value == "NE" or unseen:
        return "NE", f"the iUPD of {waiting.date} stays open"
    state.open = None
    return value, f"resets the iUPD of {waiting.date}"


def _current_causes(seen: _Seen) -> set[str]:
    causes = set()
    if seen.target_category == "PD":
        causes.add(_TARGET)
    if seen.non_target == "PD":
        causes.add(_NON_TARGET)
    if seen.fresh:
        causes.add(_NEW)
    return causes


def _signs(visit: Visit, waiting: OpenProgression, seen: _Seen, cutoffs: ResponseThresholds) -> str:
    """List what confirms the waiting iUPD at this visit; empty where nothing does."""
    signs = []
    enough = cutoffs.immune_increase - 1e-6
    if _TARGET in waiting.causes:
        # targets that were not evaluated could only add to the rise
        rise = visit.measured - (waiting.total if waiting.total is not None else math.inf)
        if rise >= enough:
            signs.append(f"targets {rise:+g} mm")
    elif seen.target_category == "PD":
        signs.append("progression of targets")
    if _NON_TARGET in waiting.causes:
        worse = sorted(n for n, s in visit.non_targets.items() if s in ("increased", "progression"))
        if worse:
            signs.append(f"further increase of non-target {', '.join(worse)}")
    elif seen.non_target == "PD":
        signs.append("progression of non-targets")
    if seen.fresh:
        more = "additional new lesion" if _NEW in waiting.causes else "new lesion"
        signs.append(f"{more} {', '.join(seen.fresh)}")
    if _NEW in waiting.causes:
        signs.extend(_new_signs(visit, waiting, seen, cutoffs))
    return "; ".join(signs)


def _new_signs(
    visit: Visit, waiting: OpenProgression, seen: _Seen, cutoffs: ResponseThresholds
) -> list[str]:
    """Growth of the new lesions that opened the iUPD."""
    signs = []
    followed = new_targets(visit.new, cutoffs)
    if not seen.fresh and seen.new_total is not None and waiting.new_total is not None:
        rise = seen.new_total - waiting.new_total
        if rise >= cutoffs.immune_increase - 1e-6:
            signs.append(f"new-lesion targets {rise:+g} mm")
    worse = sorted(
        name
        for name, lesion in visit.new.items()
        if name not in seen.fresh
        and (lesion.state in ("increased", "progression") or _grew(name, lesion, waiting, followed))
    )
    if worse:
        signs.append(f"increase of new lesion {', '.join(worse)}")
    return signs


def _grew(name: str, lesion: NewLesion, waiting: OpenProgression, followed: list[str]) -> bool:
    """Whether a new lesion that is not followed by its sum is larger than at the iUPD."""
    before = waiting.new_sizes.get(name)
    if name in followed or before is None or lesion.size is None:
        return False
    return lesion.size > before


def _unchanged(visit: Visit, waiting: OpenProgression, seen: _Seen) -> str:
    """Say what still stands of the waiting iUPD; empty where something has got better."""
    if seen.target_category == "PD":
        return "targets still meet progression"
    if seen.non_target == "PD":
        return "non-targets still meet progression"
    stable = sorted(name for name, state in visit.non_targets.items() if state == "stable")
    better = _improved(waiting, seen)
    if _NON_TARGET in waiting.causes and stable and not better:
        return f"non-target {', '.join(stable)} unchanged"
    if _NEW in waiting.causes and visit.new and not better:
        return f"new lesion {', '.join(sorted(visit.new))} persists"
    return ""


def _improved(waiting: OpenProgression, seen: _Seen) -> bool:
    """Whether the baseline lesions are in a better category than at the iUPD."""
    if seen.target_category is not None:
        then, now = waiting.target or "SD", seen.target_category
        return _BETTER.get(now, 3) < _BETTER.get(then, 3)
    if seen.non_target is None or waiting.non_target is None:
        return False
    then, now = waiting.non_target, seen.non_target
    return _NON_TARGET_BETTER.get(now, 2) < _NON_TARGET_BETTER.get(then, 2)


def _reset_value(visit: Visit, seen: _Seen) -> str:
    """The response apart from progression; new lesions that persist rule out iCR."""
    value = combine(seen.target_category, seen.non_target, "N")
    if value == "CR" and visit.new:
        value = "PR" if seen.target_category is not None else "NON-CR/NON-PD"
    return _IMMUNE.get(value, value)
