"""Printed P values of two proportions against Fisher's exact test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nenuphar.methods.evidence.audit.attainable import attainable_counts
from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    decimals_of,
    half_unit,
    is_countable,
    of_kind,
    review_of,
    shown,
    study_of,
)

Table = tuple[int, int, int, int]
"""Events and patients of the first arm, events and patients of the second."""
_LARGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class PValueCheck:
    """One printed P value and what came of recomputing it.

    Attributes:
        status: `reproduced`, `flagged`, or `not_unique` where several counts would do, or
            `no_counts` where neither numbers of patients nor their total are known.
        tables: The counts used, or those that the print implies.
        p_value: Two-sided Fisher P of the first table; NaN without one.
    """

    first: RecordData
    second: RecordData
    status: Literal["reproduced", "flagged", "not_unique", "no_counts"]
    tables: tuple[Table, ...]
    p_value: float
    implied: bool


@lru_cache(maxsize=4096)
def fisher_p(table: Table) -> float:
    """Return the two-sided P of Fisher's exact test.

    Source: Fisher RA. J R Stat Soc 1922;85:87-94 (tables as improbable or more, as SciPy has it).
    """
    from scipy.stats import fisher_exact

    k1, n1, k2, n2 = table
    return float(fisher_exact([[k1, n1 - k1], [k2, n2 - k2]])[1])


def check_p_values(records: Sequence[RecordData]) -> list[PValueCheck]:
    """Recompute every printed P value that compares two countable percentages.

    Args:
        records: Records of any kind; trials supply totals where arms do not state theirs.
    """
    totals = _totals(records)
    return [
        _check(first, second, totals.get(study_of(first), 0)) for first, second in _pairs(records)
    ]


def _pairs(records: Sequence[RecordData]) -> Iterator[tuple[RecordData, RecordData]]:
    """Yield arms that share study, endpoint and printed P value; each is the other's comparator."""
    groups: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for outcome in of_kind(records, "outcome"):
        if "p_value" in outcome and not outcome.get("p_for") and is_countable(outcome):
            arms = tuple(sorted((outcome.get("arm", ""), outcome.get("comparator", ""))))
            key = (review_of(outcome), study_of(outcome), outcome["endpoint"], arms)
            groups[(*key, outcome.get("response_criteria"), outcome["p_value"])].append(outcome)
    for arms in groups.values():
        if len(arms) == 2 and all("value" in arm for arm in arms):
            yield arms[0], arms[1]


def _totals(records: Sequence[RecordData]) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for trial in of_kind(records, "trial"):
        for group in trial.get("assessable_groups", ()):
            totals[study_of(trial)] = max(totals[study_of(trial)], int(group["total"]))
    return totals


def _check(first: RecordData, second: RecordData, total: int) -> PValueCheck:
    counted = all("events" in arm and "n" in arm for arm in (first, second))
    if counted and not all(_is_implied(arm) for arm in (first, second)):
        table = _table(first, second)
        good = _reproduces(first, fisher_p(table))
        status: Literal["reproduced", "flagged"] = "reproduced" if good else "flagged"
        return PValueCheck(first, second, status, (table,), fisher_p(table), False)
    if not total or total > _LARGEST_SEARCH:
        return PValueCheck(first, second, "no_counts", (), float("nan"), True)
    tables = implied_tables(first, second, total)
    if not tables:
        return PValueCheck(first, second, "flagged", (), float("nan"), True)
    if counted and (recorded := _table(first, second)) not in tables:
        return PValueCheck(first, second, "flagged", (recorded,), fisher_p(recorded), True)
    status_ = "reproduced" if len(tables) == 1 else "not_unique"
    return PValueCheck(first, second, status_, tuple(tables), fisher_p(tables[0]), True)


def _table(first: RecordData, second: RecordData) -> Table:
    return first["events"], first["n"], second["events"], second["n"]


def _is_implied(arm: RecordData) -> bool:
    """Return whether the number of patients of an arm was itself worked out."""
    return arm.get("n_source") == "implied"


def _reproduces(record: RecordData, p_value: float) -> bool:
    printed = float(record["p_value"])
    if record.get("p_qualifier") == "less_than":
        return p_value < printed
    return abs(p_value - printed) <= half_unit(record, printed)


def implied_tables(first: RecordData, second: RecordData, total: int) -> list[Table]:
    """Return the counts that give both percentages and the P value as printed.

    Args:
        first: One arm, with `value` and `p_value`; `n` is used where it is stated, not where it
            was worked out.
        second: The other arm.
        total: Patients of both arms together, at most; not all need have been evaluable.
    """
    return [
        table for table in _candidates(first, second, total) if _reproduces(first, fisher_p(table))
    ]


def _candidates(first: RecordData, second: RecordData, total: int) -> Iterator[Table]:
    for k1, n1 in _arm_counts(first, total - 1):
        for k2, n2 in _arm_counts(second, total - n1):
            yield k1, n1, k2, n2


def _arm_counts(arm: RecordData, largest: int) -> list[tuple[int, int]]:
    percent = float(arm["value"])
    half = half_unit(arm, percent)
    sizes = range(1, largest + 1) if "n" not in arm or _is_implied(arm) else [int(arm["n"])]
    return [(k, n) for n in sizes if n <= largest for k in attainable_counts(percent, n, half)]


def check_fisher(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield P values that the counts do not give, and counts that only the P value reveals."""
    for check in check_p_values(records):
        if check.status == "flagged":
            yield _flagged(check)
        elif check.implied and check.status == "reproduced":
            k1, n1, k2, n2 = check.tables[0]
            yield Finding(
                "implied_counts",
                "info",
                (check.first, check.second),
                _printed(check),
                f"{k1}/{n1} against {k2}/{n2}, P = {check.p_value:.4f}",
                "Only these counts give both percentages and the P value as printed.",
            )


def _printed(check: PValueCheck) -> tuple[str, ...]:
    p_value = float(check.first["p_value"])
    digits = decimals_of(check.first, p_value)
    sign = "<" if check.first.get("p_qualifier") == "less_than" else "="
    percents = (f"{shown(float(arm['value']))}%" for arm in (check.first, check.second))
    return (*percents, f"P {sign} {p_value:.{digits}f}")


def _flagged(check: PValueCheck) -> Finding:
    if not check.tables:
        return Finding(
            "fisher_p",
            "minor",
            (check.first, check.second),
            _printed(check),
            "no counts",
            "No counts within the patients of this trial give the percentages and the P value.",
        )
    k1, n1, k2, n2 = check.tables[0]
    other = _other_test(check)
    crosses = (check.p_value < 0.05) != (float(check.first["p_value"]) < 0.05)
    return Finding(
        "fisher_p",
        "major" if crosses else "minor",
        (check.first, check.second),
        _printed(check),
        f"{k1}/{n1} against {k2}/{n2}: P = {check.p_value:.4f}",
        "Fisher's exact test, two-sided, gives another P value"
        + (f"; {other} gives the printed one." if other else " and so do the usual alternatives."),
    )


def _other_test(check: PValueCheck) -> str:
    """Name another test of the same counts that gives the printed P value, if one does."""
    from scipy.stats import chi2_contingency, fisher_exact

    k1, n1, k2, n2 = check.tables[0]
    cells = [[k1, n1 - k1], [k2, n2 - k2]]
    tests = {}
    if 0 < k1 + k2 < n1 + n2:
        tests["the chi-squared test"] = chi2_contingency(cells, correction=False)[1]
        tests["the chi-squared test with correction"] = chi2_contingency(cells, correction=True)[1]
    tests |= {f"a one-sided test ({s})": fisher_exact(cells, s)[1] for s in ("less", "greater")}
    return next((name for name, p in tests.items() if _reproduces(check.first, float(p))), "")
