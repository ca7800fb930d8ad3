"""What a review says in general, held against the figures that it prints itself."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    of_kind,
    review_of,
    shown,
    study_of,
)

_BROKEN: dict[str, Callable[[float, float], bool]] = {
    "less_than": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value > bound,
    "greater_than": lambda value, bound: value <= bound,
    "at_least": lambda value, bound: value < bound,
}
_WITH_CHEMOTHERAPY = re.compile(r"chemo|platin|etoposide")
_GAIN_FACTOR = 2.0
"""A gain "of the order of" a figure lies between its half and its double."""
_NEAR_UNIVERSAL = 80.0
"""Percent below which nobody calls a finding near universal."""
_UNIT = r"(\d+)\s*(day|week|month|year)s?"
_EQUATED = re.compile(rf"{_UNIT}\s*\((?:or|=)\s*{_UNIT}\)")
_FIXED = {"day": 1, "week": 7}
_MARCH_TO_DECEMBER = (31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_bounds(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield bounds on many studies that a figure of the same review exceeds."""
    outcomes = [outcome for outcome in of_kind(records, "outcome") if "value" in outcome]
    for bound in filter(_is_summary, outcomes):
        broken = _BROKEN.get(str(bound.get("qualifier")))
        beyond = [
            figure
            for figure in outcomes
            if broken is not None
            and figure.get("qualifier") not in (*_BROKEN, "range")
            and figure["endpoint"] == bound["endpoint"]
            and figure.get("unit") == bound.get("unit")
            and _falls_under(figure, bound)
            and broken(float(figure["value"]), float(bound["value"]))
        ]
        if beyond:
            told = ", ".join(f"{figure['study']} {shown(figure['value'])}" for figure in beyond)
            yield Finding(
                "bound_exceeded",
                "minor",
                (bound, *beyond),
                (shown(bound["value"]), *(shown(figure["value"]) for figure in beyond)),
                "",
                f"{bound['endpoint']} is said to be {str(bound['qualifier']).replace('_', ' ')} "
                f"{shown(bound['value'])} {bound.get('unit', '')} throughout, yet the review "
                f"prints {told}.",
            )


def check_general_gains(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield gains said to hold for many studies that the medians of a study contradict."""
    outcomes = [outcome for outcome in of_kind(records, "outcome") if "value" in outcome]
    for gain in filter(_is_summary, outcomes):
        endpoint = str(gain["endpoint"]).removesuffix("_GAIN")
        if endpoint == gain["endpoint"]:
            continue
        for better in outcomes:
            if better["endpoint"] != endpoint or not _falls_under(better, gain):
                continue
            for other in outcomes:
                if _is_control(other, better):
                    yield from _compare_gain(gain, better, other)


def _compare_gain(gain: RecordData, better: RecordData, other: RecordData) -> Iterator[Finding]:
    printed = float(gain["value"])
    difference = float(better["value"]) - float(other["value"])
    if not printed / _GAIN_FACTOR <= difference <= printed * _GAIN_FACTOR:
        medians = f"{shown(better['value'])} - {shown(other['value'])}"
        yield Finding(
            "general_gain",
            "minor",
            (gain, better, other),
            (shown(printed),),
            f"{medians} = {shown(round(difference, 6))}",
            f"The gain in {better['endpoint']} said to be usual is not that of {better['study']}.",
            about=str(better["study"]),
        )


def _is_control(other: RecordData, arm: RecordData) -> bool:
    return (
        study_of(other) == study_of(arm)
        and other["endpoint"] == arm["endpoint"]
        and other.get("arm") == arm.get("comparator")
        and review_of(other) == review_of(arm)
    )


def _is_summary(outcome: RecordData) -> bool:
    """Return whether a figure speaks of many studies; its `study` says that it is summarised."""
    return str(outcome.get("study", "")).endswith("summarised")


def _falls_under(figure: RecordData, summary: RecordData) -> bool:
    """Return whether a summary speaks of a figure too; what it leaves open excludes nothing."""
    same = ("entity", "grade", "site", "stage")
    return (
        figure["id"] != summary["id"]
        and review_of(figure) == review_of(summary)
        and all(not summary.get(name) or summary[name] == figure.get(name) for name in same)
        and _is_of_strategy(figure, summary)
    )


def _is_of_strategy(figure: RecordData, summary: RecordData) -> bool:
    if str(summary.get("regimen", "")).startswith("any") or not summary.get("strategy"):
        return True
    own, general = figure.get("strategy"), summary["strategy"]
    if general == "chemo_ici" and own in ("antiangiogenic_ici", "dual_ici"):
        # chemotherapy with an ICI remains that, whatever is added
        return _WITH_CHEMOTHERAPY.search(str(figure.get("regimen"))) is not None
    return bool(own == general)


def check_near_universal(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield alterations called near universal for which the same review prints a low share."""
    by_marker: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for record in of_kind(records, "prevalence"):
        key = (review_of(record), record.get("marker"), record.get("entity"))
        by_marker[key].append(record)
    for group in by_marker.values():
        for claim in (one for one in group if one.get("qualifier") == "near_universal"):
            for figure in group:
                share = figure.get("percent")
                if share is not None and share < _NEAR_UNIVERSAL:
                    yield Finding(
                        "near_universal",
                        "minor",
                        (claim, figure),
                        ("near universal", f"{shown(share)}%"),
                        "",
                        f"{claim['marker']} {claim.get('alteration', '')} is called near universal "
                        f"in one place; {figure.get('cohort', 'a cohort')} has {shown(share)}%.",
                        about=str(figure["id"]),
                    )


def check_approvals(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield spans of years said to be without approvals in which the review dates one."""
    for statement in of_kind(records, "reported_statement"):
        ends = [statement.get(name) for name in ("value", "value_high")]
        if statement.get("qualifier") != "none_between" or None in ends:
            continue
        first, last = map(float, ends)
        for event in of_kind(records, "regulatory_event"):
            year = re.match(r"\d{4}", str(event.get("date", "")))
            if (
                year is not None
                and review_of(event) == review_of(statement)
                and str(event.get("event", "")).endswith("approval")
                and first < int(year.group()) < last
            ):
                yield Finding(
                    "approval_denied",
                    "minor",
                    (statement, event),
                    (f"{shown(first)}-{shown(last)}", year.group()),
                    "",
                    f"No approval is said to lie between {shown(first)} and {shown(last)}; "
                    f"{event['drug']} has {str(event['event']).replace('_', ' ')} in "
                    f"{year.group()}.",
                    about=str(event["id"]),
                )


def check_durations(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield two times that are printed as one, such as 12 weeks (or 3 months).

    Weeks are 7 days, months and years are those of the calendar.
    """
    for record in records:
        if record.get("kind") in ("discrepancy", "exclusion"):
            continue
        for token in record.get("printed", ()):
            found = _EQUATED.search(str(token).lower())
            if found is None:
                continue
            low, high = _days(int(found[1]), found[2])
            other_low, other_high = _days(int(found[3]), found[4])
            if high < other_low or low > other_high:
                yield Finding(
                    "unequal_durations",
                    "minor",
                    (record,),
                    (str(token),),
                    f"{_range(low, high)} days against {_range(other_low, other_high)}",
                    "Two times are printed as one and the same, and are not.",
                    about=str(token),
                )


def _days(number: int, unit: str) -> tuple[int, int]:
    """Return the fewest and the most days that a number of calendar units in a row can have."""
    if unit in _FIXED:
        return number * _FIXED[unit], number * _FIXED[unit]
    months = number * (12 if unit == "year" else 1)
    spans = [
        sum(itertools.islice(itertools.cycle(year), start, start + months))
        for year in ((31, february, *_MARCH_TO_DECEMBER) for february in (28, 29))
        for start in range(12)
    ]
    return min(spans), max(spans)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
