"""Numbers of patients: parts against their total, cohorts against the trial they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nenuphar.methods.evidence.audit.finding import Finding, RecordData, of_kind, review_of


def check_groups(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield groups whose parts do not add up to their total.

    Parts above the total are impossible (major); parts below it leave patients unaccounted for.
    """
    for record in records:
        for group in (*record.get("assessable_groups", ()), *record.get("counted", ())):
            total, parts = int(group["total"]), [int(part["n"]) for part in group["parts"]]
            if sum(parts) != total:
                yield _sum(record, group, total, parts)


def _sum(record: RecordData, group: RecordData, total: int, parts: list[int]) -> Finding:
    difference = sum(parts) - total
    says = (
        f"{difference} more than the total: a patient is counted twice or a number is wrong."
        if difference > 0
        else f"{-difference} of {total} are unaccounted for."
    )
    return Finding(
        "subgroup_sum",
        "major" if difference > 0 else "minor",
        (record,),
        (str(total), *map(str, parts)),
        f"{' + '.join(map(str, parts))} = {sum(parts)}",
        f"{group['of']} by {group['by']}: {says}",
        about=f"{group['of']} {group['by']}",
    )


def check_enrolment(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield trials with more assessable patients than were enrolled.

    Groups that are a part of another group of the same trial are not counted again.
    """
    for trial in of_kind(records, "trial"):
        groups = trial.get("assessable_groups", ())
        totals = {str(group["of"]): int(group["total"]) for group in groups}
        parts = {(str(group["of"]), int(part["n"])) for group in groups for part in group["parts"]}
        whole = [
            total
            for of, total in totals.items()
            if not any(other != of and n == total for other, n in parts)
        ]
        enrolled = trial.get("enrolment")
        if enrolled is not None and sum(whole) > int(enrolled):
            yield Finding(
                "enrolment_exceeded",
                "minor",
                (trial,),
                (str(enrolled), *map(str, whole)),
                f"{' + '.join(map(str, whole))} > {enrolled}",
                f"{sum(whole)} patients are assessable in a trial that enrols {enrolled}: the "
                "result is of several trials together, or one of the numbers is wrong.",
            )


def check_grades(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield outcomes whose grades differ from those of the same patients in their trial's record.

    The same patients: the group of that size in the same review whose grades overlap.
    """
    by_trial = {
        (review_of(trial), str(trial["nct_id"])): trial
        for trial in of_kind(records, "trial")
        if trial.get("nct_id")
    }
    for outcome in of_kind(records, "outcome"):
        trial = by_trial.get((review_of(outcome), str(outcome.get("nct_id", ""))))
        grades = set(outcome.get("grade", ()))
        if trial is None or "n" not in outcome or not grades:
            continue
        labels = [
            str(part["group"])
            for group in trial.get("assessable_groups", ())
            for part in group["parts"]
            if int(part["n"]) == int(outcome["n"])
        ]
        described = {label: set(re.findall(r"G[1-3]", label)) for label in labels}
        overlapping = [label for label, seen in described.items() if seen & grades]
        if overlapping and all(described[label] != grades for label in overlapping):
            yield Finding(
                "grade_differs",
                "minor",
                (outcome, trial),
                (", ".join(sorted(grades)), overlapping[0]),
                "",
                f"The same {outcome['n']} patients are {'-'.join(sorted(grades))} in one place and "
                f"{overlapping[0]} in another.",
            )


def check_cohort_sizes(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield outcomes whose stated number of patients does not occur in their trial's record.

    Only trials of the same review that print their assessable patients take part; a worked out
    `n` does not.
    """
    printed: dict[tuple[str, str], tuple[RecordData, set[int]]] = {}
    for trial in of_kind(records, "trial"):
        numbers = {int(x) for x in re.findall(r"\d+", str(trial.get("assessable", "")))}
        if trial.get("nct_id") and numbers:
            printed[review_of(trial), str(trial["nct_id"])] = (trial, numbers)
    for outcome in of_kind(records, "outcome"):
        found = printed.get((review_of(outcome), str(outcome.get("nct_id", ""))))
        n = outcome.get("n")
        if found is None or n is None or outcome.get("n_source") == "implied":
            continue
        trial, numbers = found
        if int(n) not in numbers:
            yield Finding(
                "cohort_size",
                "minor",
                (outcome, trial),
                (f"n = {n}", str(trial["assessable"])),
                "",
                f"{n} patients here; the description of the trial knows no group of {n}.",
            )


def check_patients_of_results(records: Sequence[RecordData]) -> Iterator[Finding]:
    """Yield outcomes of trials that are described as having no assessable patients.

    A trial says so by a status and an enrolment, and by nothing under assessable.
    """
    empty = {
        str(trial["nct_id"]): trial
        for trial in of_kind(records, "trial")
        if trial.get("nct_id") and "enrolment" in trial and not trial.get("assessable")
    }
    for outcome in of_kind(records, "outcome"):
        trial = empty.get(str(outcome.get("nct_id", "")))
        if trial is not None and "value" in outcome:
            yield Finding(
                "result_without_patients",
                "minor",
                (outcome, trial),
                (),
                "",
                "A result is given for a trial whose description lists no assessable patients.",
            )
