"""From outcome records to a table that may be pooled: what fits the question, each cohort once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nenuphar.knowledge.repairs import repaired
from nenuphar.methods.evidence.counts import StudyCounts, impossible
from nenuphar.methods.evidence.estimate import EvidenceError
from nenuphar.methods.evidence.hazard import HazardRatio, impossible_ratio
from nenuphar.methods.evidence.overlap import Ancestors, SetAside, as_list, without_overlap

COUNTED = ("ORR", "DCR", "CBR", "CR", "PR", "SD", "PD")
"""Endpoints that are patients among patients."""

_GRADES = re.compile(r"\bg([1-3])(?:\s*[-–/]\s*g?([1-3]))?\b")
_COUNT_FIELDS = ("events", "n")
_RATIO_FIELDS = ("value", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Question:
    """What a reviewer asks of the records.

    Attributes:
        endpoint: Endpoint code; counted ones and `HR_...` can be pooled.
        populations: Such as `g3 net` or `nec`; several are subgroups. Empty: everyone.
        strategy: Strategy code; None: any.
        by: Field whose values are subgroups (`grade`, `entity`, `site`, `strategy`, `regimen`).
    """

    endpoint: str
    populations: tuple[str, ...] = ()
    strategy: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What answers a question: matched = used + set aside.

    Attributes:
        counts: Rows for `pool`; empty for hazard ratios.
        ratios: Rows for `pool_hazards`; empty for counted endpoints.
        records: Ids of the records used, in the order of the rows.
        set_aside: Matching records that stay out, each with its reason.
        notes: What to keep in mind about the records used.
    """

    counts: tuple[StudyCounts, ...]
    ratios: tuple[HazardRatio, ...]
    records: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...] = ()


def select(
    outcomes: Iterable[Mapping[str, Any]], question: Question, ancestors: Ancestors
) -> Selection:
    """Choose the records that answer a question, each patient at most once.

    A `repaired` value replaces the printed one. A record without counts (or without the interval
    of a hazard ratio), with impossible ones, or without a value for the subgroup field is set
    aside before overlaps are looked for; then larger cohorts go before smaller ones.

    Args:
        outcomes: Records with the fields of kind `outcome`.
        question: Endpoint, populations, strategy, subgroup field.
        ancestors: The order of entity and site codes.

    Raises:
        EvidenceError: The endpoint cannot be pooled, or nothing matches; the message lists what
            there is.
    """
    endpoint = question.endpoint.upper()
    ratio = endpoint.startswith("HR_")
    if not ratio and endpoint not in COUNTED:
        raise EvidenceError(
            f"{question.endpoint} is not a count of patients nor a hazard ratio, so it is not "
            f"pooled; use {', '.join(COUNTED)} or HR_PFS, HR_OS."
        )
    active = [repaired(record) for record in outcomes if record.get("status") != "retired"]
    matching = _matching(active, endpoint, question, ancestors)
    usable: list[Mapping[str, Any]] = []
    aside: list[SetAside] = []
    for record in matching:
        reason = _unusable(record, ratio) or _ungrouped(record, question.by, ancestors)
        if reason:
            aside.append(SetAside(str(record["id"]), str(record.get("study")), reason))
        else:
            usable.append(record)
    kept, overlapping = without_overlap(usable, ancestors)
    if ratio:
        kept, repeated = _one_per_study(kept)
        overlapping = [*overlapping, *repeated]
    names = _names(kept)
    return Selection(
        () if ratio else tuple(_counts(r, name, question, ancestors) for r, name in names),
        tuple(_ratio(r, name) for r, name in names) if ratio else (),
        tuple(str(record["id"]) for record in kept),
        (*aside, *overlapping),
        tuple(_notes(kept, question)),
    )


def within(record: Mapping[str, Any], population: str, ancestors: Ancestors) -> bool:
    """Whether everyone in a record certainly belongs to a population.

    Grades (`g3`, `g1-2`) must all lie within those asked for; a NEC counts as G3. Every other
    word must be the record's entity or site or stand above it, or, if it is no such code, be a
    word of the population as stated. What a record does not state is not assumed.
    """
    text = population.casefold().replace("_", " ")
    asked = _grades(text)
    lineage = _lineage(as_list(record.get("entity")), ancestors)
    if asked:
        stated = {grade.lower() for grade in as_list(record.get("grade"))}
        stated = stated or ({"g3"} if "nec" in lineage else set())
        if not stated or not stated <= asked:
            return False
    codes = lineage | _lineage(as_list(record.get("site")), ancestors)
    whole = population.casefold().strip()
    if whole in codes:
        return True
    words = re.findall(r"[\w.]+", _GRADES.sub(" ", text))
    stated_words = set(re.findall(r"[\w.]+", str(record.get("population", "")).casefold()))
    return all(word in codes or (word in stated_words - _ENTITIES) for word in words)


_ENTITIES = {"nen", "net", "nec", "minen", "sclc", "lcnec", "carcinoid"}


def _matching(
    records: Sequence[dict[str, Any]], endpoint: str, question: Question, ancestors: Ancestors
) -> list[dict[str, Any]]:
    found = [r for r in records if str(r.get("endpoint", "")).upper() == endpoint]
    _require(found, "endpoint", question.endpoint, records, "endpoint")
    if question.strategy:
        before = found
        found = [r for r in found if r.get("strategy") == question.strategy]
        _require(found, "strategy", question.strategy, before, "strategy")
    if not question.populations:
        return found
    chosen = []
    for record in found:
        fits = [p for p in question.populations if within(record, p, ancestors)]
        if len(fits) > 1:
            raise EvidenceError(
                f"{record['id']} belongs to {' and '.join(fits)}; ask for populations that "
                "exclude each other."
            )
        if fits:
            chosen.append({**record, "asked_population": fits[0]})
    _require(chosen, "population", " or ".join(question.populations), found, "population")
    return sorted(chosen, key=lambda record: question.populations.index(record["asked_population"]))


def _require(
    found: Sequence[object], what: str, asked: str, among: Iterable[Mapping[str, Any]], name: str
) -> None:
    if found:
        return
    there = sorted({str(record[name]) for record in among if record.get(name)})
    raise EvidenceError(f"no record has {what} {asked}; there are: {'; '.join(there) or 'none'}.")


def _unusable(record: Mapping[str, Any], ratio: bool) -> str | None:
    fields = _RATIO_FIELDS if ratio else _COUNT_FIELDS
    missing = [name for name in fields if record.get(name) is None]
    if missing:
        reason = f"{' and '.join(missing)} not given"
        if not ratio and record.get("value") is not None:
            reason += f"; {record['value']} percent alone cannot be pooled"
        return reason
    if ratio:
        problem = impossible_ratio(*(float(record[name]) for name in fields))
    else:
        problem = impossible(int(record["events"]), int(record["n"])) or _outside(record)
    return problem[1] if problem else None


def _outside(record: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """A printed interval (percent) that excludes the proportion of its own counts."""
    low, high = record.get("ci_low"), record.get("ci_high")
    if low is None or high is None:
        return None
    percent = 100 * record["events"] / record["n"]
    if low - 0.5 <= percent <= high + 0.5:
        return None
    return "ci_low", f"the interval {low:g}-{high:g} excludes {percent:.1f} percent", ""


def _ungrouped(record: Mapping[str, Any], by: str | None, ancestors: Ancestors) -> str | None:
    if by and not _group(record, by, ancestors):
        return f"{by} is not stated, so it belongs to no subgroup"
    return None


def _group(record: Mapping[str, Any], by: str, ancestors: Ancestors) -> str:
    """The value of the subgroup field; every NEC is high grade whether stated or not."""
    if by == "grade" and "nec" in _lineage(as_list(record.get("entity")), ancestors):
        return "high_grade"
    return "/".join(as_list(record.get(by)))


def _notes(records: Sequence[Mapping[str, Any]], question: Question) -> list[str]:
    notes = []
    answered = {record.get("asked_population") for record in records}
    absent = [name for name in question.populations if name not in answered]
    if absent:
        notes.append(f"No usable record for {', '.join(absent)}.")
    strategies = sorted({str(record["strategy"]) for record in records if record.get("strategy")})
    if len(strategies) > 1 and question.by != "strategy":
        notes.append(f"Different strategies are pooled together: {', '.join(strategies)}.")
    for what, chosen in (
        ("Repaired values used", [r for r in records if r.get("repaired")]),
        ("n is implied, not stated", [r for r in records if r.get("n_source") == "implied"]),
    ):
        if chosen:
            notes.append(f"{what}: {', '.join(str(record['id']) for record in chosen)}.")
    return notes


def _one_per_study(
    records: Sequence[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[SetAside]]:
    """Two hazard ratios of one trial share a comparator, so the first alone is used."""
    first: dict[str, Mapping[str, Any]] = {}
    aside = []
    for record in records:
        key = str(record.get("nct_id") or record.get("study"))
        if key in first:
            reason = f"may share its comparator arm with {first[key]['id']}"
            aside.append(SetAside(str(record["id"]), str(record.get("study")), reason))
        else:
            first[key] = record
    return list(first.values()), aside


def _names(records: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Name rows by study; rows of one study also by arm or population, or else by id."""
    studies = Counter(str(record.get("study")) for record in records)
    names = []
    for record in records:
        name = str(record.get("study"))
        if studies[name] > 1:
            name = f"{name}, {record.get('arm') or record.get('population') or record['id']}"
        names.append(name)
    twice = {name for name, times in Counter(names).items() if times > 1}
    return [
        (record, f"{name} [{record['id']}]" if name in twice else name)
        for record, name in zip(records, names, strict=True)
    ]


def _counts(
    record: Mapping[str, Any], name: str, question: Question, ancestors: Ancestors
) -> StudyCounts:
    group = record.get("asked_population") if len(question.populations) > 1 else None
    if question.by:
        group = _group(record, question.by, ancestors)
    return StudyCounts(name, int(record["events"]), int(record["n"]), group)


def _ratio(record: Mapping[str, Any], name: str) -> HazardRatio:
    return HazardRatio(name, *(float(record[field]) for field in _RATIO_FIELDS))


def _grades(text: str) -> set[str]:
    grades: set[str] = set()
    for low, high in _GRADES.findall(text):
        grades |= {f"g{grade}" for grade in range(int(low), int(high or low) + 1)}
    return grades


def _lineage(codes: Iterable[str], ancestors: Ancestors) -> set[str]:
    """Codes that hold for all of several: each with everything above it, intersected."""
    lines = [{code, *ancestors(code)} for code in codes]
    return set.intersection(*lines) if lines else set()
