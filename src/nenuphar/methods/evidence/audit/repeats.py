"""One quantity printed twice, arms that changed places, and shares that exceed the whole."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    half_unit,
    of_kind,
    review_of,
    shown,
    study_of,
)

_RESPONSE = ("ORR", "CR", "PR")
_NO_RESPONSE = ("PD", "SD")
_AT_MOST = ("up_to", "at_most", "less_than")
_LUNG_NET = ("typical_carcinoid", "atypical_carcinoid", "carcinoid")
_SHARES = (
    ("epidemiology", "value", ("measure", "unit", "time_point", "metastatic_site")),
    ("prevalence", "percent", ("marker", "alteration", "metastatic_site")),
)
"""Kinds that give a share of patients, the field of it, and what must be equal to compare two."""


def _who(record: RecordData) -> tuple[object, ...]:
    """Return what describes the patients of a record."""
    return (
        record.get("entity"),
        tuple(record.get("grade", ())),
        tuple(record.get("site", ())),
        str(record.get("stage", "")),
    )


def check_printed_twice(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield pairs of records that give different values for one quantity.

    For outcomes, one quantity is one endpoint of the same arm of the same study at the same time;
    for frequencies, one marker in the same cohort; a statement names the field that it repeats.
    """
    outcomes: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for record in of_kind(records, "outcome"):
        names = ("endpoint", "unit", "arm", "regimen", "time_point", "response_criteria")
        key = tuple(record.get(name, "") for name in names)
        bound = (record.get("qualifier", ""), record.get("population"))
        outcomes[(study_of(record), key, _who(record), bound)].append(record)
    cohorts: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for record in of_kind(records, "prevalence"):
        names = ("marker", "alteration", "cohort")
        cohorts[(*(record.get(name) for name in names), _who(record))].append(record)
    yield from _differing(outcomes, "value")
    yield from _differing(cohorts, "percent")
    yield from _statements(records)


def _differing(groups: dict[tuple[object, ...], list[RecordData]], field: str) -> Iterator[Finding]:
    for group in groups.values():
        for first, second in itertools.combinations(group, 2):
            if field in first and field in second:
                a, b = float(first[field]), float(second[field])
                if abs(a - b) > max(half_unit(first, a), half_unit(second, b)):
                    yield _twice(first, second, shown(a), shown(b))


def _twice(first: RecordData, second: RecordData, a: str, b: str) -> Finding:
    return Finding(
        "printed_twice",
        "minor",
        (first, second),
        (a, b),
        "",
        f"The same quantity is {a} in one place and {b} in another.",
        about=str(second["id"]),
    )


def _statements(records: Sequence[RecordData]) -> Iterator[Finding]:
    by_id = {record["id"]: record for record in records}
    for statement in of_kind(records, "reported_statement"):
        other = by_id.get(statement.get("record"))
        field = statement.get("field", "")
        if other is not None and field in other and "value" in statement:
            a, b = _repeated(statement, field), _repeated(other, field)
            if a != b:
                yield _twice(statement, other, a, b)


def _repeated(record: RecordData, field: str) -> str:
    """Return what a record gives for a field, the whole range where it is one.

    A statement that lacks the field gives its value for it.
    """
    given = record[field] if field in record else record["value"]
    if isinstance(given, int | float) and field in ("value", "") and "value_high" in record:
        return f"{shown(given)}-{shown(record['value_high'])}"
    return shown(given) if isinstance(given, int | float) else str(given)


def check_swapped(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield two comparisons of the same two groups whose values stand in opposite order.

    The second comparison repeats a value of the first one on the other side.
    """
    comparisons = [
        (first, second)
        for first, second in itertools.permutations(of_kind(records, "outcome"), 2)
        if _compared(first, second)
    ]
    for (a, b), (c, d) in itertools.combinations(comparisons, 2):
        same = _who(a) == _who(c) and _who(b) == _who(d) and a["endpoint"] == c["endpoint"]
        apart = len({str(record["id"]) for record in (a, b, c, d)}) == 4
        if same and apart and str(a["id"]) < str(b["id"]) and _crossed(a, b, c, d):
            yield Finding(
                "swapped",
                "major",
                tuple(sorted((a, b, c, d), key=lambda record: "repaired" not in record)),
                tuple(_span(record) for record in (a, b, c, d)),
                f"{_span(a)} and {_span(b)} in one place, {_span(c)} and {_span(d)} in another",
                f"{a['endpoint']} of the same two groups is given in opposite order: one of the "
                "two comparisons has its values swapped.",
                about=str(a["endpoint"]),
            )


def _compared(first: RecordData, second: RecordData) -> bool:
    return (
        "value" in first
        and "value" in second
        and bool(first.get("arm"))
        and first.get("arm") == second.get("comparator")
        and second.get("arm") == first.get("comparator")
        and first["endpoint"] == second["endpoint"]
        and study_of(first) == study_of(second)
    )


def _ends(record: RecordData) -> set[float]:
    return {float(record[name]) for name in ("value", "value_high") if name in record}


def _span(record: RecordData) -> str:
    return "-".join(shown(end) for end in sorted(_ends(record)))


def _crossed(a: RecordData, b: RecordData, c: RecordData, d: RecordData) -> bool:
    opposite = (max(_ends(a)) - max(_ends(b))) * (max(_ends(c)) - max(_ends(d))) < 0
    return opposite and bool(_ends(a) & _ends(d) or _ends(b) & _ends(c))


def check_shares(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield shares of the same patients that cannot stand together.

    Response and progression above 100%; disease control below response.
    """
    groups: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for record in of_kind(records, "outcome"):
        if record.get("unit") == "percent" and "value" in record and "n" in record:
            who = (record.get("entity"), tuple(record.get("grade", ())))
            groups[(study_of(record), who, record["n"], record.get("regimen"))].append(record)
    for group in groups.values():
        for first, second in itertools.permutations(group, 2):
            yield from _impossible(first, second)


def _impossible(first: RecordData, second: RecordData) -> Iterator[Finding]:
    a, b = float(first["value"]), float(second["value"])
    pair = (first["endpoint"], second["endpoint"])
    if pair[0] in _NO_RESPONSE and pair[1] in _RESPONSE and a + b > 101:
        says = f"{pair[1]} and {pair[0]} of the same {first['n']} patients exceed 100%."
    elif pair == ("DCR", "ORR") and a < b - 1 and first.get("arm") == second.get("arm"):
        says = "Disease control lies below response in the same patients."
    else:
        return
    yield Finding(
        "impossible_shares",
        "major",
        (first, second),
        (f"{pair[0]} {shown(a)}%", f"{pair[1]} {shown(b)}%"),
        f"{shown(a + b)}%" if pair[0] != "DCR" else "",
        says,
    )


def check_parts(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield shares of a part of some patients above what all of them are said to reach at most.

    A part: the same entity (lung NET are NET), and no wider in grade and site.
    """
    for kind, field, names in _SHARES:
        given = [record for record in of_kind(records, kind) if field in record]
        for whole, part in itertools.permutations(given, 2):
            bounded = whole.get("qualifier") in _AT_MOST
            same = all(whole.get(name, "") == part.get(name, "") for name in names)
            if bounded and same and _is_part(part, whole) and _exceeds(part, whole, field):
                a, b = shown(float(whole[field])), shown(float(part[field]))
                yield Finding(
                    "part_exceeds_whole",
                    "minor",
                    (whole, part),
                    (a, b),
                    "",
                    f"At most {a} is printed for all of them, and "
                    f"{'more than ' * (part.get('qualifier') == 'greater_than')}{b} for a part.",
                    about=str(part["id"]),
                )


def _is_part(part: RecordData, whole: RecordData) -> bool:
    entity, wider = part.get("entity"), whole.get("entity")
    if entity != wider and not (wider == "net" and entity in _LUNG_NET):
        return False
    for name in ("grade", "site"):
        own, limit = set(part.get(name, ())), set(whole.get(name, ()))
        if limit and not (own and own <= limit):
            return False
    return not any(whole.get(name) for name in ("molecular_group", "function", "tumour_setting"))


def _exceeds(part: RecordData, whole: RecordData, field: str) -> bool:
    share, bound = float(part[field]), float(whole[field])
    if part.get("qualifier") in _AT_MOST:
        return False
    return share > bound or (share == bound and part.get("qualifier") == "greater_than")


def check_gains(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield gains in months that are not the difference of the two printed medians."""
    for gain in of_kind(records, "outcome"):
        endpoint = str(gain.get("endpoint", "")).removesuffix("_GAIN")
        if endpoint == gain.get("endpoint") or "value" not in gain:
            continue
        medians = [
            float(record["value"])
            for record in of_kind(records, "outcome")
            if record["endpoint"] == endpoint
            and study_of(record) == study_of(gain)
            and review_of(record) == review_of(gain)
            and record.get("unit") == gain.get("unit")
            and "value" in record
        ]
        unique = sorted(set(medians))
        if len(unique) == 2:
            difference, printed = unique[1] - unique[0], float(gain["value"])
            if abs(difference - printed) > half_unit(gain, printed):
                yield Finding(
                    "gain",
                    "minor",
                    (gain,),
                    (shown(printed),),
                    f"{shown(unique[1])} - {shown(unique[0])} = {shown(round(difference, 6))}",
                    f"The gain in {endpoint} is not the difference of the printed medians.",
                )
