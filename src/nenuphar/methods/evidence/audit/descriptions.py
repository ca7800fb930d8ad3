"""One trial or drug described in two ways."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import (
    Finding,
    RecordData,
    of_kind,
    review_of,
    study_of,
)

_ROMAN = {"iii": "3", "ii": "2", "i": "1"}
_COMPARED = ("phase", "design", "enrolment", "date", "recruitment_status")
_TIMING = {"with": r"\badded to\b", "after": r"\b(?:consolidation|maintenance)\b"}
_REFERENCE = re.compile(r"\[(\d+)\]")


def check_trials(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield trials that two records, or two places, describe differently."""
    by_trial: dict[str, list[RecordData]] = defaultdict(list)
    for trial in of_kind(records, "trial"):
        if trial.get("nct_id"):
            by_trial[str(trial["nct_id"])].append(trial)
    for trials in by_trial.values():
        for first, second in itertools.combinations(trials, 2):
            for field in _COMPARED:
                yield from _compare(first, second, field)
    for trial in of_kind(records, "trial"):
        yield from _references(trial)
    yield from _designs(records)
    yield from _timings(records)


def _compare(first: RecordData, second: RecordData, field: str) -> Iterator[Finding]:
    a, b = first.get(field), second.get(field)
    if a and b and _plain(field, a) != _plain(field, b):
        yield Finding(
            "contradictory_trial",
            "minor",
            (first, second),
            (str(a), str(b)),
            "",
            f"One trial, two descriptions: {field} is {a} in one place and {b} in another.",
            about=field,
        )


def _plain(field: str, value: object) -> str:
    text = str(value).lower().replace("phase", "").strip()
    if field == "phase":
        for roman, arabic in _ROMAN.items():
            text = re.sub(rf"\b{roman}(?=[ab]?\b)", arabic, text)
    if field == "design":
        text = "non-randomised" if "non-random" in text else "random" * ("random" in text)
    return text


def _references(trial: RecordData) -> Iterator[Finding]:
    """Yield a trial for which table and prose of one review cite different references."""
    cited: dict[bool, set[str]] = {True: set(), False: set()}
    for source in trial.get("sources", ()):
        if source.get("source") == review_of(trial):
            in_table = str(source.get("locator", "")).startswith("Table")
            cited[in_table] |= set(_REFERENCE.findall(str(source.get("reference", ""))))
    if cited[True] and cited[False] and not cited[True] & cited[False]:
        table, prose = (", ".join(sorted(cited[place])) for place in (True, False))
        yield Finding(
            "reference_differs",
            "info",
            (trial,),
            (f"[{table}]", f"[{prose}]"),
            "",
            f"The table cites [{table}] for this trial, the prose [{prose}].",
        )


def _designs(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield studies that are called randomised in one record and non-randomised in another."""
    called: dict[str, dict[bool, RecordData]] = defaultdict(dict)
    for record in of_kind(records, "outcome", "trial"):
        design = str(record.get("design", "")).lower()
        if "random" in design:
            called[study_of(record)].setdefault(not re.search(r"non-?\s?random", design), record)
    for designs in called.values():
        if len(designs) == 2:
            yield Finding(
                "contradictory_trial",
                "major",
                (designs[True], designs[False]),
                (str(designs[True]["design"]), str(designs[False]["design"])),
                "",
                "One study is called randomised in one place and non-randomised in another.",
                about="design",
            )


def _timings(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield studies whose drug is given with a treatment in one place, after it in another."""
    timed: dict[str, dict[str, RecordData]] = defaultdict(dict)
    for record in of_kind(records, "outcome", "trial"):
        design = str(record.get("design", "")).lower()
        for when, words in _TIMING.items():
            if re.search(words, design):
                timed[study_of(record)].setdefault(when, record)
    for timings in timed.values():
        if len({str(record["id"]) for record in timings.values()}) > 1:
            yield Finding(
                "contradictory_trial",
                "minor",
                tuple(timings.values()),
                tuple(str(record["design"]) for record in timings.values()),
                "",
                "One treatment is given together with another in one place, after it in another.",
                about="timing",
            )


def check_therapies(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield drugs that one review gives two standings for the same use.

    The same use: population (whose "all" does not count), entity, grade and line.
    """
    uses: dict[tuple[object, ...], list[RecordData]] = defaultdict(list)
    for therapy in of_kind(records, "therapy"):
        population = str(therapy.get("population", "")).lower().removeprefix("all ")
        use = (str(therapy.get("drug")).lower(), population, tuple(therapy.get("grade", ())))
        entity, line = therapy.get("entity"), therapy.get("line", "")
        uses[(review_of(therapy), *use, entity, line)].append(therapy)
    for group in uses.values():
        for first, second in itertools.combinations(group, 2):
            if first["status"] != second["status"]:
                yield Finding(
                    "standing_differs",
                    "minor",
                    (first, second),
                    (str(first["status"]), str(second["status"])),
                    "",
                    f"{first['drug']} is {first['status']} in one place, {second['status']} in "
                    "another.",
                    about=str(second["id"]),
                )
