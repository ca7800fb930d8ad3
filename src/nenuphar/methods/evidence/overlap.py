"""Double counting: a subgroup beside its whole, or one cohort twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nenuphar.methods.evidence.counts import StudyCounts
from nenuphar.methods.evidence.estimate import EvidenceError

Ancestors = Callable[[str], Collection[str]]
"""The codes properly above a code, of entities and of sites alike."""

_WHOLE = {"", "all", "overall", "total", "whole", "any", "both", "all patients"}
_NAMED_PART = re.compile(r"^(part|cohort|arm|group|stage)\s+(\w+)$")
_OPPOSITES = (
    ("high", "low"),
    ("positive", "negative"),
    ("well", "poorly"),
    ("≥", "<"),
    (">", "≤"),
    (">=", "<"),
    ("pancreatic", "extrapancreatic"),
    ("pulmonary", "extrapulmonary"),
    ("functioning", "non-functioning"),
    ("with", "without"),
)


class DoubleCountingError(EvidenceError):
    """The same patients would be counted more than once.

    Attributes:
        reasons: One sentence for every clash.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("Not pooled, the same patients would count twice: " + " ".join(reasons))
        self.reasons = tuple(reasons)


def plain_name(name: str) -> str:
    """Return a study's name without case, spaces and punctuation (KEYNOTE-028 = Keynote 028)."""
    return re.sub(r"[\W_]+", "", name.casefold())


def double_counted(rows: Iterable[StudyCounts]) -> list[str]:
    """Return a sentence for every study that a table counts twice; empty when there is none.

    Rows of one study are taken as disjoint only if every row names a different subgroup, none of
    which is the whole (`all`, `overall`, ...).
    """
    by_study: dict[str, list[StudyCounts]] = defaultdict(list)
    for row in rows:
        by_study[plain_name(row.study) or row.study].append(row)
    return [reason for same in by_study.values() if (reason := _clash(same))]


def _clash(rows: Sequence[StudyCounts]) -> str | None:
    if len(rows) == 1:
        return None
    name = rows[0].study
    labels = [(row.subgroup or "").strip().casefold() for row in rows]
    wholes = sum(label in _WHOLE for label in labels)
    if wholes == len(rows):
        return f"{name} is listed {len(rows)} times; keep one row, or name disjoint subgroups."
    if wholes:
        return f"{name} is listed as a whole and by subgroup; keep the one or the other."
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        return f"{name} lists subgroup {', '.join(repeated)} more than once; keep one row."
    return None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was found but does not enter the pool.

    Attributes:
        record: Its id.
        study: Name of the study.
        reason: Why it stays out.
    """

    record: str
    study: str
    reason: str


def without_overlap(
    records: Sequence[Mapping[str, Any]], ancestors: Ancestors
) -> tuple[list[Mapping[str, Any]], list[SetAside]]:
    """Keep records so that no patient can count twice, and say why the others stay out.

    Larger cohorts are kept before smaller ones, so a whole before its subgroups; RECIST before
    immune-related criteria; what needs no repair before what does. Records that describe one cohort
    of one size by the same criteria with different counts contradict each other; both stay out.

    Args:
        records: Outcome records with `n` (and `events`), of one endpoint.
        ancestors: The order of entity and site codes.
    """
    order = sorted(records, key=_rank)
    kept: list[Mapping[str, Any]] = []
    aside: list[SetAside] = []
    for record in order:
        rival = next((other for other in kept if not disjoint(record, other, ancestors)), None)
        if rival is None:
            kept.append(record)
            continue
        if _contradict(record, rival):
            kept.remove(rival)
            aside += [_contradiction(record, rival), _contradiction(rival, record)]
        else:
            aside.append(_double(record, rival))
    position = {str(record["id"]): place for place, record in enumerate(records)}
    kept.sort(key=lambda record: position[str(record["id"])])
    return kept, sorted(aside, key=lambda item: position[item.record])


def _rank(record: Mapping[str, Any]) -> tuple[int, bool, bool, str]:
    immune = _criteria(record).startswith("ir")
    return -(record.get("n") or 0), immune, bool(record.get("repaired")), str(record["id"])


def disjoint(one: Mapping[str, Any], other: Mapping[str, Any], ancestors: Ancestors) -> bool:
    """Whether two records certainly speak of different patients.

    True if the trials differ, or the curated `cohort` fields, the named parts or arms, the
    regimens, or if entity, grade or site exclude each other. What is not stated excludes nothing.
    """
    if not _same_trial(one, other):
        return True
    if one.get("cohort") and other.get("cohort") and one["cohort"] != other["cohort"]:
        return True
    if one.get("regimen") and other.get("regimen") and one["regimen"] != other["regimen"]:
        return True
    if _arms_exclude(str(one.get("arm") or ""), str(other.get("arm") or "")):
        return True
    grades, others = set(one.get("grade") or ()), set(other.get("grade") or ())
    if grades and others and not grades & others:
        return True
    return any(
        _codes_exclude(as_list(one.get(part)), as_list(other.get(part)), ancestors)
        for part in ("entity", "site")
    )


def as_list(value: Any) -> list[str]:
    """Return a code, a list of codes or nothing as a list."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]


def _same_trial(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one.get("nct_id") and other.get("nct_id"):
        return bool(one["nct_id"] == other["nct_id"])
    return plain_name(str(one.get("study"))) == plain_name(str(other.get("study")))


def _codes_exclude(ones: list[str], others: list[str], ancestors: Ancestors) -> bool:
    if not ones or not others:
        return False
    return not any(a == b or a in ancestors(b) or b in ancestors(a) for a in ones for b in others)


def _arms_exclude(one: str, other: str) -> bool:
    one, other = one.casefold().strip(), other.casefold().strip()
    named, rival = _NAMED_PART.match(one), _NAMED_PART.match(other)
    if named and rival and named[1] == rival[1]:
        return named[2] != rival[2]
    words, rivals = _words(one), _words(other)
    if len(words) != len(rivals):
        return False
    differing = [pair for pair in zip(words, rivals, strict=True) if pair[0] != pair[1]]
    return len(differing) == 1 and (differing[0] in _OPPOSITES or differing[0][::-1] in _OPPOSITES)


def _words(arm: str) -> list[str]:
    return re.findall(r"[<>]=?|[≤≥]|[\w.%-]+", arm)


def _contradict(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    described = ("entity", "grade", "site", "arm", "n")
    same = all(one.get(name) == other.get(name) for name in described)
    same = same and not _criteria_differ(one, other)
    return same and one.get("events") != other.get("events")


def _contradiction(record: Mapping[str, Any], rival: Mapping[str, Any]) -> SetAside:
    reason = (
        f"contradicts {rival['id']}: {record.get('events')} and {rival.get('events')} events "
        f"among the same {record.get('n')} patients"
    )
    return SetAside(str(record["id"]), str(record.get("study")), reason)


def _criteria(record: Mapping[str, Any]) -> str:
    return str(record.get("response_criteria") or "").casefold()


def _criteria_differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(_criteria(one) and _criteria(other)) and _criteria(one) != _criteria(other)


def _double(record: Mapping[str, Any], rival: Mapping[str, Any]) -> SetAside:
    if _criteria_differ(record, rival) and record.get("n") == rival.get("n"):
        reason = (
            f"the same patients as {rival['id']}, which is counted "
            f"({rival['response_criteria']}); here by {record['response_criteria']}"
        )
    elif (record.get("events"), record.get("n")) == (rival.get("events"), rival.get("n")):
        reason = f"the same cohort as {rival['id']}, which is counted"
    else:
        reason = f"its patients may be among those of {rival['id']} (n = {rival.get('n')})"
    return SetAside(str(record["id"]), str(record.get("study")), reason)
