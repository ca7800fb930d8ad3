"""The audit of the evidence: what can be recomputed is recomputed, what does not hold is listed.

Pure: records in, `discrepancy` records out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nenuphar.methods.evidence.audit.attainable import check_percentages
from nenuphar.methods.evidence.audit.claims import (
    check_approvals,
    check_bounds,
    check_durations,
    check_general_gains,
    check_near_universal,
)
from nenuphar.methods.evidence.audit.descriptions import check_therapies, check_trials
from nenuphar.methods.evidence.audit.finding import Finding, RecordData
from nenuphar.methods.evidence.audit.fisher import PValueCheck, check_fisher, check_p_values
from nenuphar.methods.evidence.audit.intervals import (
    check_intervals,
    check_missing_estimates,
    check_unreadable,
)
from nenuphar.methods.evidence.audit.names import (
    check_misspellings,
    check_one_molecule,
    check_symbols,
    check_trial_names,
)
from nenuphar.methods.evidence.audit.repeats import (
    check_gains,
    check_parts,
    check_printed_twice,
    check_shares,
    check_swapped,
)
from nenuphar.methods.evidence.audit.sums import (
    check_cohort_sizes,
    check_enrolment,
    check_grades,
    check_groups,
    check_patients_of_results,
)

__all__ = ["CHECKS", "PValueCheck", "audit_records", "check_p_values"]

CHECKS: tuple[Callable[[Sequence[RecordData]], Iterator[Finding]], ...] = (
    check_percentages,
    check_groups,
    check_enrolment,
    check_grades,
    check_cohort_sizes,
    check_patients_of_results,
    check_fisher,
    check_intervals,
    check_missing_estimates,
    check_unreadable,
    check_printed_twice,
    check_swapped,
    check_shares,
    check_parts,
    check_gains,
    check_bounds,
    check_general_gains,
    check_near_universal,
    check_approvals,
    check_durations,
    check_trials,
    check_therapies,
    check_symbols,
    check_one_molecule,
    check_trial_names,
    check_misspellings,
)
"""Every rule of the audit; each sees all records."""


def audit_records(records: Sequence[RecordData]) -> list[dict[str, Any]]:
    """Return what does not hold among records, as `discrepancy` records.

    Discrepancies that were entered by hand are not repeated; they are records already.

    Args:
        records: Records of all kinds as plain data; percentages 0-100, times in their own unit.

    Returns:
        Findings in the order of type and id; ids are unique and stable.
    """
    ordered = sorted(records, key=lambda record: str(record["id"]))
    findings = [finding.as_record() for check in CHECKS for finding in check(ordered)]
    unique = {finding["id"]: finding for finding in findings}
    return sorted(unique.values(), key=lambda finding: (finding["type"], finding["id"]))
