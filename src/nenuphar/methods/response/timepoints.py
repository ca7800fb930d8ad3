"""RECIST 1.1: the response at every visit, with its reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from nenuphar.methods.response.courses import Course, Visit
from nenuphar.methods.response.thresholds import ResponseThresholds

# lengths are compared in steps of a millionth of a millimetre, so that 0.7 x 43 mm is 30.1 mm
_STEP = 1e-6

Persistence = Literal["confirmed", "always", "never"]


@dataclass(frozen=True, slots=True)
class LesionOptions:
    """Choices that the sources leave open.

    Attributes:
        persistence: whether a PR lasts until PD although the sum no longer meets it: once
            ``confirmed`` (EORTC FAQ), ``always`` (after any PR), or ``never``.
        burden_only: irRECIST only: whether non-targets and new lesions that cannot be measured
            are kept from causing irPD (sources disagree).
    """

    persistence: Persistence = "confirmed"
    burden_only: bool = False


@dataclass(frozen=True, slots=True)
class TimePoint:
    """The response at one visit.

    Attributes:
        date: day of the visit.
        sum_mm: sum of target sizes, mm (irRECIST: the burden); ``None`` where targets were not
            evaluated, unless the others alone decide.
        nadir_mm: smallest earlier sum, the baseline included.
        target: category of the targets, or ``None`` where there are none.
        non_target: category of the non-targets, likewise.
        new_lesion: ``Y``, ``N`` or ``EQUIVOCAL``.
        overall: overall response.
        reason: what it rests on.
    """

    date: dt.date
    sum_mm: float | None
    nadir_mm: float | None
    target: str | None
    non_target: str | None
    new_lesion: str
    overall: str
    reason: str


@dataclass(slots=True)
class Memory:
    """What earlier visits have established.

    Attributes:
        baseline: baseline sum, mm; ``None`` where incomplete.
        nadir: smallest sum so far, mm.
        responding_since: first day of the present run of PR or CR.
        pr_confirmed: whether a PR has been confirmed since the last progression.
        complete_since: first day of the present run of overall CR.
        cr_definite: whether that overall CR has been confirmed.
    """

    baseline: float | None
    nadir: float | None
    responding_since: dt.date | None = None
    pr_confirmed: bool = False
    complete_since: dt.date | None = None
    cr_definite: bool = False

    def remember(
        self, date: dt.date, target: str | None, overall: str, cutoffs: ResponseThresholds
    ) -> None:
        """Note the outcome of a visit; NE changes nothing."""
        if target in ("CR", "PR"):
            self.responding_since = self.responding_since or date
            waited = (date - self.responding_since).days
            self.pr_confirmed = self.pr_confirmed or waited >= cutoffs.confirm_days
        elif target == "SD":
            self.responding_since = None
        elif target == "PD":
            self.responding_since, self.pr_confirmed = None, False
        if overall == "CR":
            self.complete_since = self.complete_since or date
            waited = (date - self.complete_since).days
            self.cr_definite = self.cr_definite or waited >= cutoffs.confirm_days
        elif overall != "NE":
            self.complete_since, self.cr_definite = None, False


@dataclass(frozen=True, slots=True)
class TargetFinding:
    """Category of the targets at a visit, the sum that it rests on, and why.

    ``complete`` is false for a sum that leaves out targets and yet decides.
    """

    category: str | None
    total: float | None
    reason: str
    complete: bool = True


def start_memory(course: Course) -> Memory:
    """Open the memory of a course with its baseline."""
    known = course.baseline.sizes and not course.baseline.missing
    total = course.baseline.measured if known else None
    return Memory(baseline=total, nadir=total)


def progressed(total: float, nadir: float, cutoffs: ResponseThresholds) -> bool:
    """Say whether a sum is at least 20% and at least 5 mm above the nadir (both mm)."""
    rise = total - nadir
    return (
        rise >= cutoffs.progression_absolute - _STEP
        and rise >= cutoffs.progression_increase * nadir - _STEP
    )


def responded(total: float, baseline: float, cutoffs: ResponseThresholds) -> bool:
    """Say whether a sum is at least 30% below baseline (both mm)."""
    return total <= (1 - cutoffs.response_decrease) * baseline + _STEP


def target_finding(
    visit: Visit,
    memory: Memory,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
    extra: float = 0.0,
) -> TargetFinding:
    """Judge the targets of a visit.

    A target that was not evaluated makes NE, unless the others alone are already progression.

    Args:
        visit: the visit.
        memory: baseline and nadir, mm.
        cutoffs: thresholds.
        options: PR persistence.
        extra: new measurable lesions to add to the sum, mm (irRECIST).
    """
    total = round(visit.measured + extra, 6)
    if memory.baseline is None or memory.nadir is None:
        return TargetFinding("NE", None, "a target has no size at baseline: no sum to compare")
    if visit.missing:
        return _partly_evaluated(visit, total, memory.nadir, cutoffs)
    if not visit.large and not extra:
        nodes = f", nodes below {cutoffs.normal_node:g} mm" if total else ""
        return TargetFinding("CR", total, f"all targets gone{nodes}")
    if progressed(total, memory.nadir, cutoffs):
        return TargetFinding("PD", total, _rise(total, memory.nadir, cutoffs))
    return _response_or_stable(total, memory.baseline, memory, cutoffs, options)


def _response_or_stable(
    total: float,
    baseline: float,
    memory: Memory,
    cutoffs: ResponseThresholds,
    options: LesionOptions,
) -> TargetFinding:
    """Judge a sum that is neither gone nor progressed: PR, a PR that lasts, or SD."""
    change = _percent(total, baseline)
    below = f"sum {total:g} mm, {change} from baseline {baseline:g} mm"
    if responded(total, baseline, cutoffs):
        return TargetFinding("PR", total, f"{below} (PR: -{cutoffs.response_decrease:.0%})")
    lasts = {
        "confirmed": memory.pr_confirmed,
        "always": memory.responding_since is not None,
        "never": False,
    }[options.persistence]
    if lasts:
        return TargetFinding("PR", total, f"{below}; the earlier PR lasts until progression")
    return TargetFinding("SD", total, f"{below}; neither PR nor PD")


def _partly_evaluated(
    visit: Visit, total: float, nadir: float, cutoffs: ResponseThresholds
) -> TargetFinding:
    """Judge targets of which some were not evaluated: PD if the others alone are, else NE."""
    named = ", ".join(visit.missing)
    if visit.sizes and progressed(total, nadir, cutoffs):
        why = f"{named} not evaluated, but the others alone decide: {_rise(total, nadir, cutoffs)}"
        return TargetFinding("PD", total, why, complete=False)
    return TargetFinding("NE", None, f"target {named} not evaluated")


def _percent(total: float, reference: float) -> str:
    return f"{(total - reference) / reference:+.1%}" if reference else "from zero"


def _rise(total: float, nadir: float, cutoffs: ResponseThresholds) -> str:
    """Spell out a progression of the sum."""
    needed = f"+{cutoffs.progression_increase:.0%} and +{cutoffs.progression_absolute:g} mm"
    return (
        f"sum {total:g} mm, {total - nadir:+g} mm ({_percent(total, nadir)})"
        f" from nadir {nadir:g} mm (PD: {needed})"
    )


def non_target_finding(course: Course, visit: Visit) -> tuple[str | None, str]:
    """Judge the non-targets of a visit: CR, NON-CR/NON-PD, PD or NE, and why."""
    if not course.has_non_targets and not visit.non_targets:
        return None, ""
    states = visit.non_targets
    worse = sorted(name for name, state in states.items() if state == "progression")
    if worse:
        return "PD", f"unequivocal progression of non-target {', '.join(worse)}"
    unseen = sorted(name for name, state in states.items() if state == "not evaluable")
    if unseen:
        return "NE", f"non-target {', '.join(unseen)} not evaluated"
    left = sorted(name for name, state in states.items() if state != "absent")
    if left:
        return "NON-CR/NON-PD", f"non-target {', '.join(left)} persists"
    return "CR", "all non-targets gone"


def new_lesion_finding(visit: Visit) -> tuple[str, str]:
    """Say whether there are new lesions: Y, N or EQUIVOCAL, and why."""
    if visit.new:
        parts = []
        for name, lesion in sorted(visit.new.items()):
            if name in visit.confirmed_later:
                parts.append(f"{name} (equivocal, confirmed on {visit.confirmed_later[name]})")
            elif not lesion.reported:
                parts.append(f"{name} (not reported, taken as still there)")
            else:
                parts.append(name)
        return "Y", f"new lesion {', '.join(parts)}"
    if visit.equivocal:
        return "EQUIVOCAL", f"equivocal new lesion {', '.join(sorted(visit.equivocal))}"
    return "N", ""


def combine(target: str | None, non_target: str | None, new_lesion: str) -> str:
    """Give the overall response of RECIST 1.1.

    Source:
        Eisenhauer 2009, Tables 1 and 2, doi:10.1016/j.ejca.2008.10.026.
    """
    if "PD" in (target, non_target) or new_lesion == "Y":
        return "PD"
    if target is None:
        # no lesion at all leaves nothing to evaluate
        return non_target or "NE"
    if target == "CR":
        return "CR" if non_target in (None, "CR") else "PR"
    return target


def reappearance(
    visit: Visit, memory: Memory, target: str | None, non_target: str | None
) -> tuple[str | None, str | None, str]:
    """Turn what reappears after a definite overall CR into progression."""
    if not memory.cr_definite:
        return target, non_target, ""
    why = "reappears after a confirmed CR"
    if visit.large and target not in ("PD", "CR", None):
        return "PD", non_target, f"target {', '.join(sorted(set(visit.large)))} {why}"
    back = sorted(
        name
        for name, state in visit.non_targets.items()
        if state not in ("absent", "not evaluable")
    )
    if back and non_target != "PD":
        return target, "PD", f"non-target {', '.join(back)} {why}"
    return target, non_target, ""


def respond(course: Course, cutoffs: ResponseThresholds, options: LesionOptions) -> list[TimePoint]:
    """Derive the RECIST 1.1 response at every visit of a course.

    Later visits are judged by the same rules after a progression.

    Args:
        course: baseline and visits.
        cutoffs: thresholds.
        options: PR persistence.

    Returns:
        One time point per visit, the baseline left out.

    Source:
        Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026; EORTC RECIST FAQ.
    """
    memory = start_memory(course)
    result = []
    for visit in course.visits:
        finding = (
            target_finding(visit, memory, cutoffs, options)
            if course.has_targets
            else TargetFinding(None, None, "")
        )
        non_target, non_target_reason = non_target_finding(course, visit)
        new_lesion, new_reason = new_lesion_finding(visit)
        target, non_target, back = reappearance(visit, memory, finding.category, non_target)
        overall = combine(target, non_target, new_lesion)
        reasons = [finding.reason, non_target_reason, new_reason, back, visit.note]
        if target is None and non_target is None:
            reasons.append("no lesion at baseline")
        result.append(
            TimePoint(
                visit.date, finding.total, memory.nadir, target, non_target, new_lesion, overall,
                "; ".join(part for part in reasons if part),
            )
        )  # fmt: skip
        memory.remember(visit.date, target, overall, cutoffs)
        if finding.total is not None and finding.complete and memory.nadir is not None:
            memory.nadir = min(memory.nadir, finding.total)
    return result
