"""irRECIST: new measurable lesions are added to the burden instead of being progression."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from nenuphar.methods.response.courses import Course, Visit
from nenuphar.methods.response.irecist import new_targets
from nenuphar.methods.response.thresholds import ResponseThresholds
from nenuphar.methods.response.timepoints import (
    LesionOptions,
    Memory,
    TargetFinding,
    TimePoint,
    new_lesion_finding,
    non_target_finding,
    start_memory,
    target_finding,
)

_LABELS = {
    "CR": "irCR",
    "PR": "irPR",
    "SD": "irSD",
    "PD": "irPD",
    "NE": "irNE",
    "NON-CR/NON-PD": "irNN",
}


def respond(course: Course, cutoffs: ResponseThresholds, options: LesionOptions) -> list[TimePoint]:
    """Derive the irRECIST response at every visit of a course.

    The burden is the sum of the targets and of the measurable new lesions. irPD is a burden
    at least 20% and 5 mm above the nadir; the reason says whether a scan at least four weeks
    later repeated it. Whether non-targets and new lesions that cannot be measured cause irPD
    is ``options.burden_only``.

    Args:
        course: baseline and visits.
        cutoffs: thresholds.
        options: PR persistence and ``burden_only``.

    Returns:
        One time point per visit, the baseline left out; ``sum_mm`` is the burden, mm.

    Source:
        Bohnsack 2014, doi:10.1093/annonc/mdu342.23; Nishino 2013,
        doi:10.1158/1078-0432.CCR-13-0895 (burden only).
    """
    memory = start_memory(course)
    points = [_visit_response(course, visit, memory, cutoffs, options) for visit in course.visits]
    return _with_confirmation(points, cutoffs)


def _visit_response(
    course: Course,
    visit: Visit,
    memory: Memory,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> TimePoint:
    """Judge one visit and move the memory on."""
    finding, burden_reason = _burden(course, visit, memory, cutoffs, options)
    non_target, non_target_reason = non_target_finding(course, visit)
    new_flag, new_reason = new_lesion_finding(visit)
    overall, why = _overall(visit, finding.category, non_target, cutoffs, options)
    nadir = memory.nadir
    memory.remember(visit.date, finding.category, overall, cutoffs)
    if finding.total is not None and finding.complete and nadir is not None:
        memory.nadir = min(nadir, finding.total)
    reasons = (
        finding.reason, burden_reason, non_target_reason, new_reason, why, visit.note,
    )  # fmt: skip
    return TimePoint(
        visit.date,
        finding.total,
        nadir,
        None if finding.category is None else _LABELS[finding.category],
        None if non_target is None else _LABELS[non_target],
        new_flag,
        _LABELS[overall],
        "; ".join(part for part in reasons if part),
    )


def _burden(
    course: Course,
    visit: Visit,
    memory: Memory,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> tuple[TargetFinding, str]:
    """Judge targets and measurable new lesions together."""
    if not course.has_targets:
        return TargetFinding(None, None, ""), ""
    chosen = new_targets(visit.new, cutoffs)
    sizes = {name: visit.new[name].size for name in chosen}
    extra = sum(size for size in sizes.values() if size is not None)
    finding = target_finding(visit, memory, cutoffs, options, extra)
    unmeasured = sorted(name for name, size in sizes.items() if size is None)
    if unmeasured and finding.category != "PD":
        why = f"new lesion {', '.join(unmeasured)} not measured: the burden is not known"
        return TargetFinding("NE", None, why), ""
    added = ", ".join(f"{name} {size:g} mm" for name, size in sizes.items() if size is not None)
    return finding, f"burden includes new lesion {added}" if added else ""


def _overall(
    visit: Visit,
    burden: str | None,
    non_target: str | None,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> tuple[str, str]:
    """Combine burden, non-targets and new lesions that cannot be measured."""
    followed = set(new_targets(visit.new, cutoffs))
    other_new = sorted(set(visit.new) - followed)
    if burden == "PD":
        return "PD", ""
    if not options.burden_only and (non_target == "PD" or other_new):
        return "PD", "irPD without the burden: non-target progression or a new lesion"
    if burden is None:
        if non_target in (None, "NE"):
            return "NE", ""
        complete = non_target == "CR" and not visit.new
        return ("CR" if complete else "NON-CR/NON-PD"), ""
    if burden == "CR" and (non_target not in (None, "CR") or visit.new):
        return "PR", ""
    return burden, ""


def _with_confirmation(points: list[TimePoint], cutoffs: ResponseThresholds) -> list[TimePoint]:
    """Add to every irPD whether a later scan repeated it, or whether it repeats an earlier one."""
    result: list[TimePoint] = []
    confirmed: tuple[dt.date, dt.date] | None = None
    for index, point in enumerate(points):
        if point.overall != "irPD":
            confirmed = confirmed if point.overall == "irNE" else None
            result.append(point)
            continue
        later, note = _repeat(point, points[index + 1 :], cutoffs)
        if later is None and confirmed is not None:
            note = f"progression of {confirmed[0]} was confirmed on {confirmed[1]}"
        elif later is not None and confirmed is None:
            confirmed = (point.date, later)
        reason = f"{point.reason}; {note}" if point.reason else note
        result.append(replace(point, reason=reason))
    return result


def _repeat(
    point: TimePoint, after: list[TimePoint], cutoffs: ResponseThresholds
) -> tuple[dt.date | None, str]:
    """Return the day of the scan that repeats an irPD, and what later scans say of it."""
    days = cutoffs.progression_confirm_days
    why = "no later scan"
    for later in after:
        if later.overall == "irNE":
            continue
        if later.overall != "irPD":
            return None, f"not confirmed: {later.overall} on {later.date}"
        if (later.date - point.date).days >= days:
            return later.date, f"confirmed on {later.date}"
        why = f"repeated on {later.date}, before {days} days had passed"
    return None, f"not confirmed: {why}"
