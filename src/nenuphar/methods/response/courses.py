"""The course of one subject as one assessor saw it: a baseline and the visits after it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import polars as pl

from nenuphar.methods.response.findings import SCHEMA, gather
from nenuphar.methods.response.thresholds import ResponseThresholds

_GONE = ("absent", "merged")
_Group: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NewLesion:
    """A new lesion at one visit.

    Attributes:
        state: its state (``present``, ``equivocal``, ``increased`` ...).
        size: mm, or ``None`` where it was not measured.
        measurable: whether its first size makes it measurable.
        organ: where it lies; all nodes are one organ.
        reported: whether this visit mentions it; if not, it is taken to be still there.
    """

    state: str
    size: float | None
    measurable: bool
    organ: str
    reported: bool = True


@dataclass(slots=True)
class Visit:
    """What one assessor saw at one visit.

    Attributes:
        date: day of the visit (its last scan).
        note: remark on the date, or empty.
        sizes: size of every target that was evaluated, mm.
        missing: targets that were not evaluated.
        large: targets that are still there (nodes: not yet normal).
        non_targets: state of every non-target lesion.
        new: new lesions that count from this visit on.
        equivocal: new lesions that are (still) equivocal.
        confirmed_later: equivocal lesions of this visit, and the day that made them definite.
        symptomatic: whether symptoms led to the scan.
    """

    date: dt.date
    note: str = ""
    sizes: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    large: list[str] = field(default_factory=list)
    non_targets: dict[str, str] = field(default_factory=dict)
    new: dict[str, NewLesion] = field(default_factory=dict)
    equivocal: list[str] = field(default_factory=list)
    confirmed_later: dict[str, dt.date] = field(default_factory=dict)
    symptomatic: bool = False

    @property
    def measured(self) -> float:
        """Sum of the targets that were evaluated, mm."""
        return round(sum(self.sizes.values()), 6)


@dataclass(slots=True)
class Course:
    """A baseline and the visits after it, for one subject and assessor.

    Attributes:
        history: visits before baseline, of which only the sizes of targets are known.
    """

    subject: str
    assessor: str
    baseline: Visit
    visits: list[Visit]
    history: list[Visit] = field(default_factory=list)

    @property
    def has_targets(self) -> bool:
        """Whether there is measurable disease at baseline."""
        return bool(self.baseline.sizes or self.baseline.missing)

    @property
    def has_non_targets(self) -> bool:
        """Whether there is non-target disease at baseline."""
        return bool(self.baseline.non_targets)


def courses(rows: pl.DataFrame, cutoffs: ResponseThresholds) -> tuple[list[Course], pl.DataFrame]:
    """Arrange measurements by subject, assessor and visit.

    Args:
        rows: accepted measurements, as :func:`read_measurements` gives them.
        cutoffs: sizes in mm.

    Returns:
        The courses in the order of subject and assessor, and what was found on the way.
    """
    notes: list[tuple[dict[str, Any], str, str, str, bool]] = []
    groups = rows.partition_by("subject", "assessor", maintain_order=True)
    result = [_course(group.to_dicts(), cutoffs, notes) for group in groups]
    found = [
        (
            row["line"],
            row["record"],
            column,
            None if row.get(column) is None else str(row[column]),
            reason,
            fix,
            "yes" if used else "no",
        )
        for row, column, reason, fix, used in notes
    ]
    return result, gather([pl.DataFrame(found, schema=SCHEMA, orient="row")])


def _course(rows: list[dict[str, Any]], cutoffs: ResponseThresholds, notes: list[Any]) -> Course:
    """Arrange the rows of one subject and assessor."""
    earlier, groups = _around_baseline(list(_by_visit(rows)))
    baseline_rows = groups[0]
    baseline = _visit(baseline_rows)
    targets: dict[str, dict[str, Any]] = {}
    for row in baseline_rows:
        if row["role"] == "new":
            notes.append((row, "role", "a new lesion at baseline; not used",
                          "make it target or non-target, or correct the date", False))  # fmt: skip
        elif row["role"] == "target":
            targets[row["lesion"]] = row
            _enter_target(baseline, row["lesion"], row, cutoffs)
        else:
            baseline.non_targets[row["lesion"]] = _non_target_state(row, cutoffs)
    _check_baseline(list(targets.values()), cutoffs, notes)
    _check_sum(baseline, baseline_rows, cutoffs, notes)
    visits = [_follow_up(group, targets, baseline, cutoffs, notes) for group in groups[1:]]
    _settle_new_lesions(visits, groups[1:], cutoffs)
    history = [_earlier_visit(group, targets, cutoffs) for group in earlier]
    return Course(rows[0]["subject"], rows[0]["assessor"], baseline, visits, history)


def _around_baseline(groups: list[_Group]) -> tuple[list[_Group], list[_Group]]:
    """Split visits before the baseline from the rest.

    The earliest visit is the baseline, unless a date of baseline is stated: then the first visit
    that is not before it.
    """
    stated = [row["baseline_date"] for group in groups for row in group if row["baseline_date"]]
    if not stated:
        return [], groups
    first = next(
        (i for i, group in enumerate(groups) if _visit(group).date >= min(stated)), len(groups) - 1
    )
    return groups[:first], groups[first:]


def _earlier_visit(
    rows: list[dict[str, Any]], targets: dict[str, dict[str, Any]], cutoffs: ResponseThresholds
) -> Visit:
    """Read the sizes that the later targets had before baseline."""
    visit = _visit(rows)
    for row in rows:
        if row["lesion"] in targets:
            _enter_target(visit, row["lesion"], row, cutoffs)
    return visit


def _by_visit(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Group rows by visit number where there is one, else by date; in the order of dates."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["date"] if row["visit"] is None else row["visit"], []).append(row)
    yield from sorted(groups.values(), key=lambda group: max(row["date"] for row in group))


def _visit(rows: list[dict[str, Any]]) -> Visit:
    last = max(row["date"] for row in rows)
    partial = any(row["partial"] for row in rows if row["date"] == last)
    return Visit(
        date=last,
        note="partial date, counted as its last day" if partial else "",
        symptomatic=any(row["symptomatic"] for row in rows),
    )


def _enter_target(
    visit: Visit, lesion: str, row: dict[str, Any], cutoffs: ResponseThresholds
) -> None:
    """Add a target (or a part of one) to the sum of a visit."""
    size = row["diameter"]
    if size is None:
        visit.missing.append(lesion)
        return
    visit.sizes[lesion] = visit.sizes.get(lesion, 0.0) + size
    limit = cutoffs.normal_node if row["node"] else 0.0
    if size >= limit and size > 0:
        visit.large.append(lesion)


def _non_target_state(row: dict[str, Any], cutoffs: ResponseThresholds) -> str:
    """State of a non-target: by its words; by its size where there are none."""
    state, size = row["state"], row["diameter"]
    if state in ("measured", "too small", "split"):
        if size is None:
            return "not evaluable" if state == "measured" else "present"
        gone = size < cutoffs.normal_node if row["node"] else size == 0
        return "absent" if gone else "present"
    if state == "equivocal":
        return "present"
    return "absent" if state in _GONE else str(state)


def _follow_up(
    rows: list[dict[str, Any]],
    targets: dict[str, dict[str, Any]],
    baseline: Visit,
    cutoffs: ResponseThresholds,
    notes: list[Any],
) -> Visit:
    """Read one visit after baseline."""
    visit = _visit(rows)
    merged: set[str] = set()
    for row in rows:
        lesion = row["lesion"]
        if row["role"] == "target":
            parents = [lesion] if lesion in targets else _parents(lesion, targets)
            if not parents:
                notes.append((row, "lesion", "a target without baseline measurement; not used",
                              "give its size at baseline, or make it new", False))  # fmt: skip
                continue
            # fragments and confluent lesions stay nodal if their parent was
            _enter_target(visit, parents[0], row | {"node": targets[parents[0]]["node"]}, cutoffs)
            merged.update(parents[1:])
            if row["state"] == "merged" and row["diameter"]:
                merged.update(_named_partners(row["status"], targets, lesion))
        elif row["role"] == "non-target":
            if lesion not in baseline.non_targets:
                notes.append((row, "lesion", "a non-target lesion that baseline does not list",
                              "make it a new lesion, or add it to baseline", True))  # fmt: skip
            visit.non_targets[lesion] = _non_target_state(row, cutoffs)
    for lesion in merged:
        visit.sizes.setdefault(lesion, 0.0)
    split = {lesion for lesion in visit.missing if lesion in visit.sizes}
    absent = [name for name in targets if name not in visit.sizes and name not in visit.missing]
    visit.missing = sorted({*visit.missing, *absent} - split)
    for lesion in baseline.non_targets:
        visit.non_targets.setdefault(lesion, "not evaluable")
    _check_sum(visit, rows, cutoffs, notes)
    return visit


def _named_partners(status: str, targets: dict[str, dict[str, Any]], lesion: str) -> list[str]:
    """The other targets that a state like ``merged with T02`` names."""
    words = re.split(r"[\s,;/+&]+", status)
    return [name for name in targets if name != lesion and name in words]


def _parents(lesion: str, targets: dict[str, dict[str, Any]]) -> list[str]:
    """The baseline targets that a fragment or a confluent lesion comes from.

    ``T01/T02`` (also ``+``, ``&``) is a confluence; ``T01.1``, ``T01-2`` and ``T01a`` are
    fragments, as in the CDISC identifiers for merged and split tumours.
    """
    parts = [part.strip() for part in re.split(r"[/+&]", lesion)]
    if len(parts) > 1:
        return parts if all(part in targets for part in parts) else []
    fragment = re.fullmatch(r"(.+?)(?:[.\-_ ](?:\w{1,2})|[A-Za-z])", lesion)
    return [fragment[1]] if fragment and fragment[1] in targets else []


def _check_baseline(
    targets: list[dict[str, Any]], cutoffs: ResponseThresholds, notes: list[Any]
) -> None:
    """Remark on targets that RECIST would not have chosen."""
    per_organ: dict[str, int] = {}
    for count, row in enumerate(targets, start=1):
        organ = "lymph node" if row["node"] else row["organ"].lower()
        per_organ[organ] = per_organ.get(organ, 0) + 1
        limit = cutoffs.measurable_node if row["node"] else cutoffs.measurable
        if row["diameter"] is not None and row["diameter"] < limit:
            axis = "short axis" if row["node"] else "longest diameter"
            notes.append((row, "diameter", f"a target below {limit:g} mm ({axis}) at baseline",
                          "if sizes are in cm, say so in a column unit; else make it non-target",
                          True))  # fmt: skip
        if count > cutoffs.max_targets:
            notes.append((row, "lesion", f"more than {cutoffs.max_targets} targets",
                          "make the smallest ones non-target", True))  # fmt: skip
        if organ and per_organ[organ] > cutoffs.max_targets_per_organ:
            notes.append(
                (row, "organ", f"more than {cutoffs.max_targets_per_organ} targets in one organ",
                 "make the smallest ones non-target", True))  # fmt: skip


def _check_sum(
    visit: Visit, rows: list[dict[str, Any]], cutoffs: ResponseThresholds, notes: list[Any]
) -> None:
    """Compare a stated sum with the lesions; the lesions are used."""
    stated = next((row for row in rows if row["stated_sum"] is not None), None)
    if stated is None or visit.missing or not visit.sizes:
        return
    if abs(stated["stated_sum"] - visit.measured) > cutoffs.sum_tolerance:
        notes.append((stated, "stated_sum", "the stated sum does not match its lesions",
                      "correct the sum or the sizes; the lesions are used", True))  # fmt: skip


def _settle_new_lesions(
    visits: list[Visit], groups: list[list[dict[str, Any]]], cutoffs: ResponseThresholds
) -> None:
    """Decide from which visit on every new lesion counts.

    An equivocal lesion that later becomes definite counts from its first scan. A lesion that
    a visit does not mention is taken to be still there.
    """
    seen: dict[str, dict[int, dict[str, Any]]] = {}
    for index, rows in enumerate(groups):
        for row in rows:
            if row["role"] == "new":
                seen.setdefault(row["lesion"], {})[index] = row
    for lesion, reports in seen.items():
        _settle(lesion, reports, visits, cutoffs)


def _settle(
    lesion: str,
    reports: dict[int, dict[str, Any]],
    visits: list[Visit],
    cutoffs: ResponseThresholds,
) -> None:
    """Enter one new lesion into the visits at which it counts."""
    definite = next(
        (i for i, row in reports.items()
         if row["state"] not in ("equivocal", *_GONE, "not evaluable") and row["diameter"] != 0),
        None,
    )  # fmt: skip
    sizes = [row["diameter"] for row in reports.values() if row["diameter"]]
    last: NewLesion | None = None
    for index, visit in enumerate(visits):
        row = reports.get(index)
        if row is None:
            if last is not None:
                visit.new[lesion] = NewLesion("present", None, last.measurable, last.organ, False)
            continue
        if row["state"] in _GONE or row["diameter"] == 0:
            last = None
            continue
        if definite is None:
            if row["state"] == "equivocal":
                visit.equivocal.append(lesion)
            continue
        limit = cutoffs.measurable_node if row["node"] else cutoffs.measurable
        organ = "lymph node" if row["node"] else row["organ"].lower()
        last = NewLesion(row["state"], row["diameter"], bool(sizes) and sizes[0] >= limit, organ)
        visit.new[lesion] = last
        if index < definite:
            visit.confirmed_later[lesion] = visits[definite].date
