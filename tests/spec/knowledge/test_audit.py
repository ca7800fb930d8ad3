"""The audit: what is printed is recomputed, and what does not hold is said.

Each paragraph shows a rule twice, where it speaks and where it keeps silent. All records here are
made up.
"""

from __future__ import annotations

from typing import Any

import pytest

from nenuphar.knowledge.build import validate
from nenuphar.methods.evidence.audit import audit_records, check_p_values


def _outcome(name: str, **fields: Any) -> dict[str, Any]:
    basis = {"study": "Study", "nct_id": "NCT00000001", "population": "P", "entity": "net"}
    return {
        "kind": "outcome",
        "id": f"outcome.{name}",
        "sources": [{"source": "10.1000/made.up", "locator": "Results ¶1"}],
        "endpoint": "ORR",
        "unit": "percent",
        "strategy": "chemo",
        **basis,
        **fields,
    }


def _trial(**fields: Any) -> dict[str, Any]:
    return {
        "kind": "trial",
        "id": "trial.made_up",
        "sources": [{"source": "10.1000/made.up", "locator": "Table 1, NCT00000001"}],
        "nct_id": "NCT00000001",
        "name": "A made-up trial",
        "intervention": "drug",
        "enrols_g3_net": "unclear",
        **fields,
    }


def _types(*records: dict[str, Any]) -> list[str]:
    return [finding["type"] for finding in audit_records(records)]


def _only(*records: dict[str, Any]) -> dict[str, Any]:
    findings = audit_records(records)
    assert len(findings) == 1
    return findings[0]


def _arms(first: dict[str, Any], second: dict[str, Any], **both: Any) -> list[dict[str, Any]]:
    return [
        _outcome("a", arm="a", comparator="b", **both, **first),
        _outcome("b", arm="b", comparator="a", **both, **second),
    ]


# --- percentages -----------------------------------------------------------------------------


def test_a_percentage_that_no_count_gives_is_named_with_its_neighbours() -> None:
    finding = _only(_outcome("x", value=43, n=62, n_source="stated", printed=["43%"]))
    assert finding["type"] == "unattainable_percentage"
    assert finding["recomputed"] == "26/62 = 41.94%; 27/62 = 43.55%"
    assert _types(_outcome("x", value=44, n=62, n_source="stated", printed=["44%"])) == []


def test_the_printed_precision_decides() -> None:
    # 1 of 7 is 14.29%: right as 14% and as 14.3%, wrong as 14.0%
    for printed, wrong in (("14%", False), ("14.3%", False), ("14.0%", True)):
        value = float(printed.removesuffix("%"))
        record = _outcome("x", value=value, n=7, n_source="stated", printed=[printed])
        assert (_types(record) == ["unattainable_percentage"]) is wrong


def test_time_to_event_estimates_and_pooled_ones_are_no_counts() -> None:
    assert _types(_outcome("x", value=36.1, n=33, n_source="stated", endpoint="OS_RATE")) == []
    assert _types(_outcome("x", value=36.1, n=33, n_source="stated", i2=67)) == []


def test_a_repaired_endpoint_explains_the_percentage() -> None:
    repair = {"field": "endpoint", "value": "OS_RATE", "reason": "by the table"}
    record = _outcome("x", value=36.1, n=33, n_source="stated", endpoint="CBR", repaired=repair)
    finding = _only(record)
    assert (finding["type"], finding["severity"]) == ("unattainable_percentage", "minor")
    assert "OS_RATE" in finding["explanation"]


def test_bounds_and_worked_out_values_are_left_alone() -> None:
    stated = {"n": 62, "n_source": "stated"}
    assert _types(_outcome("x", value=43, qualifier="less_than", **stated)) == []
    assert _types(_outcome("x", value=43, value_source="implied", **stated)) == []


def test_a_count_and_its_percentage_agree() -> None:
    stated = {"n": 10, "n_source": "stated", "events_source": "stated"}
    assert _types(_outcome("x", value=30, events=4, **stated)) == ["count_percentage_mismatch"]
    assert _types(_outcome("x", value=40, events=4, **stated)) == []


def test_a_half_that_is_rounded_down_is_mentioned() -> None:
    stated = {"n": 32, "n_source": "stated"}
    assert _types(_outcome("x", value=18.7, printed=["18.7%"], **stated)) == ["rounded_down"]
    assert _types(_outcome("x", value=18.8, printed=["18.8%"], **stated)) == []


def test_frequencies_are_recomputed_too() -> None:
    prevalence = {
        "kind": "prevalence",
        "id": "prevalence.x",
        "sources": [{"source": "10.1000/made.up"}],
        "marker": "MSI",
        "alteration": "high",
        "entity": "nec",
        "numerator": 8,
        "denominator": 152,
    }
    assert _types({**prevalence, "percent": 5.3}) == []
    assert _types({**prevalence, "percent": 5.9}) == ["count_percentage_mismatch"]
    assert _types({**prevalence, "percent": 5.5}) == ["unattainable_percentage"]


# --- sums ------------------------------------------------------------------------------------


def _group(total: int, *parts: int, of: str = "NET") -> dict[str, Any]:
    named = [{"group": f"part {i}", "n": n} for i, n in enumerate(parts)]
    return {"of": of, "total": total, "by": "site", "parts": named}


@pytest.mark.parametrize(
    ("parts", "severity"), [((30, 32, 33), "minor"), ((30, 36, 34), "major"), ((30, 36, 33), None)]
)
def test_parts_add_up_to_their_total(parts: tuple[int, ...], severity: str | None) -> None:
    findings = audit_records([_trial(assessable_groups=[_group(99, *parts)])])
    assert [finding["severity"] for finding in findings] == ([severity] if severity else [])


def test_nobody_is_assessable_who_was_not_enrolled() -> None:
    groups = [_group(99, 50, 49), _group(21, 10, 11, of="NEC")]
    assert _types(_trial(enrolment=116, assessable_groups=groups)) == ["enrolment_exceeded"]
    assert _types(_trial(enrolment=120, assessable_groups=groups)) == []
    nested = [_group(10, 7, 3), _group(7, 4, 3, of="pancreas")]
    assert _types(_trial(enrolment=10, assessable_groups=nested)) == []


def test_the_patients_of_an_outcome_are_known_to_its_trial() -> None:
    trial = _trial(assessable="part A: 13; part B: 22")
    assert _types(trial, _outcome("x", value=7, n=14, n_source="stated")) == ["cohort_size"]
    assert _types(trial, _outcome("x", value=8, n=13, n_source="stated")) == []
    assert _types(trial, _outcome("x", value=7, n=14, n_source="implied")) == []


def test_a_result_needs_patients() -> None:
    result = _outcome("x", value=0)
    assert _types(_trial(enrolment=14), result) == ["result_without_patients"]
    assert _types(_trial(enrolment=14, assessable="14 NEC"), result) == []


def test_the_same_patients_have_the_same_grades() -> None:
    parts = [{"group": "NET G2", "n": 4}, {"group": "NET G3", "n": 5}]
    trial = _trial(assessable_groups=[{"of": "NET", "total": 9, "by": "grade", "parts": parts}])
    four = {"value": 50, "n": 4, "n_source": "stated"}
    assert _types(trial, _outcome("x", grade=["G1", "G2"], **four)) == ["grade_differs"]
    assert _types(trial, _outcome("x", grade=["G2"], **four)) == []


# --- P values and intervals ------------------------------------------------------------------

CAPTEM_LIKE = (
    {"value": 34.8, "events": 8, "n": 23, "n_source": "stated"},
    {"value": 14.3, "events": 1, "n": 7, "n_source": "stated"},
)


def test_fishers_p_is_reproduced_from_counts() -> None:
    arms = _arms(*CAPTEM_LIKE, p_value=0.393)
    assert _types(*arms) == []
    assert [check.status for check in check_p_values(arms)] == ["reproduced"]


def test_another_p_is_flagged_and_crossing_five_percent_is_major() -> None:
    finding = _only(*_arms(*CAPTEM_LIKE, p_value=0.04))
    assert (finding["type"], finding["severity"]) == ("fisher_p", "major")
    assert "P = 0.3932" in finding["recomputed"]


def test_another_test_that_gives_the_printed_p_is_named() -> None:
    # chi-squared without correction gives 0.300 for these counts
    finding = _only(*_arms(*CAPTEM_LIKE, p_value=0.300))
    assert "the chi-squared test gives the printed one" in finding["explanation"]


def test_a_p_and_two_percentages_may_reveal_the_counts() -> None:
    trial = _trial(assessable_groups=[_group(40, 8, 32)])
    arms = _arms({"value": 75.0}, {"value": 16.1}, p_value=0.03, printed=["75.0%", "16.1%"])
    finding = _only(trial, *arms)
    assert finding["type"] == "implied_counts"
    assert finding["recomputed"].startswith("3/4 against 5/31")
    impossible = _arms({"value": 75.0}, {"value": 16.1}, p_value=0.5)
    assert _types(trial, *impossible) == ["fisher_p"]


def test_counts_recorded_as_implied_must_be_those_that_the_p_implies() -> None:
    trial = _trial(assessable_groups=[_group(40, 8, 32)])
    implied = {"n_source": "implied", "events_source": "implied"}
    first = {"value": 75.0, "events": 3, "n": 4, **implied}
    for n, type_ in ((31, "implied_counts"), (30, "fisher_p")):
        second = {"value": 16.1, "events": 5, "n": n, **implied}
        arms = _arms(first, second, p_value=0.03, printed=["75.0%", "16.1%"])
        assert type_ in _types(trial, *arms)


def test_without_any_number_of_patients_a_p_is_not_judged() -> None:
    arms = _arms({"value": 75.0}, {"value": 16.1}, p_value=0.03)
    assert [check.status for check in check_p_values(arms)] == ["no_counts"]
    assert _types(*arms) == []


RATIO = {"endpoint": "HR_OS", "unit": "ratio", "value": 0.61, "ci_low": 0.47, "ci_high": 0.79}


def test_ratio_interval_and_p_belong_together() -> None:
    assert _types(_outcome("x", **RATIO, p_value=0.0002)) == []
    finding = _only(_outcome("x", **RATIO, p_value=0.2))
    assert (finding["type"], finding["severity"]) == ("p_versus_interval", "major")
    assert _types(_outcome("x", **RATIO, p_value=0.0001, p_qualifier="less_than")) == []


def test_a_ratio_lies_in_the_middle_of_its_interval_on_the_log_scale() -> None:
    assert _types(_outcome("x", **{**RATIO, "value": 0.72})) == ["interval_asymmetry"]


def test_an_interval_holds_its_estimate() -> None:
    record = {"endpoint": "PFS", "unit": "months", "ci_low": 0.26, "ci_high": 0.41}
    assert _types(_outcome("x", value=6.9, **record)) == ["interval_excludes_estimate"]
    assert _types(_outcome("x", value=0.33, **record)) == []


def test_what_is_no_number_is_found() -> None:
    finding = _only(_outcome("x", printed=["95% CI", "0.0.26-0.41"]))
    assert (finding["type"], finding["printed"]) == ("unreadable_number", ["0.0.26-0.41"])
    assert _types(_outcome("x", printed=["RECIST 1.1", "2020-1-20", "4.8-21.1"])) == []


# --- the same thing twice --------------------------------------------------------------------


def test_one_quantity_has_one_value() -> None:
    first = _outcome("x", value=9.3, endpoint="PFS", unit="months")
    assert _types(first, {**first, "id": "outcome.y", "value": 9.5}) == ["printed_twice"]
    assert _types(first, {**first, "id": "outcome.y", "value": 9.3}) == []
    assert _types(first, {**first, "id": "outcome.y", "value": 9.5, "arm": "other"}) == []


def test_a_statement_that_repeats_a_field_agrees_with_it() -> None:
    statement = {
        "kind": "reported_statement",
        "id": "statement.x",
        "sources": [{"source": "10.1000/made.up"}],
        "topic": "trial_date",
        "statement": "When the prose expects completion.",
        "record": "trial.made_up",
        "field": "date",
    }
    trial = _trial(date="December 2024")
    assert _types(trial, {**statement, "value": "October 2024"}) == ["printed_twice"]
    assert _types(trial, {**statement, "value": "December 2024"}) == []


def test_two_groups_do_not_change_places() -> None:
    months = {"endpoint": "OS", "unit": "months"}
    net, nec = {**months, "entity": "net"}, {**months, "entity": "nec"}

    def pair(study: str, a: float, b: float) -> list[dict[str, Any]]:
        first = {"study": study, "nct_id": "", "arm": "NET", "comparator": "NEC", **net}
        second = {"study": study, "nct_id": "", "arm": "NEC", "comparator": "NET", **nec}
        return [
            _outcome(f"{study}.net", value=a, **first),
            _outcome(f"{study}.nec", value=b, **second),
        ]

    assert _types(*pair("one", 99, 17), *pair("two", 17, 99)) == ["swapped"]
    assert _types(*pair("one", 99, 17), *pair("two", 60, 17)) == []


def test_shares_of_the_same_patients_stay_below_the_whole() -> None:
    three = {"value": 66.7, "n": 3, "n_source": "stated", "events": 2}
    response, progression = _outcome("orr", **three), _outcome("pd", **{**three, "endpoint": "PD"})
    assert _types(response, progression) == ["impossible_shares"]
    one = {"value": 33.3, "n": 3, "n_source": "stated", "events": 1}
    assert _types(response, _outcome("pd", **{**one, "endpoint": "PD"})) == []


def test_disease_control_includes_response() -> None:
    ten = {"n": 10, "n_source": "stated"}
    response = _outcome("orr", value=40, **ten)
    assert _types(response, _outcome("dcr", value=30, **{**ten, "endpoint": "DCR"})) == [
        "impossible_shares"
    ]
    assert _types(response, _outcome("dcr", value=60, **{**ten, "endpoint": "DCR"})) == []


def test_a_gain_is_the_difference_of_two_medians() -> None:
    medians = [
        _outcome("a", endpoint="PFS", unit="months", arm="a", value=16.6),
        _outcome("b", endpoint="PFS", unit="months", arm="b", value=9.2),
    ]
    for value, expected in ((7.4, []), (8.4, ["gain"])):
        gain = _outcome("gain", endpoint="PFS_GAIN", unit="months", value=value)
        assert _types(*medians, gain) == expected


def test_one_trial_is_one_thing() -> None:
    other = {**_trial(phase="1b", enrolment=40), "id": "trial.made_up_again"}
    assert _types(_trial(phase="Ib", enrolment=40), other) == []
    assert _types(_trial(phase="II", enrolment=40), other) == ["contradictory_trial"]
    assert _types(_trial(design="randomised"), _outcome("x", design="non-randomised")) == [
        "contradictory_trial"
    ]


def test_table_and_prose_cite_the_same_paper() -> None:
    def cited(prose: str) -> dict[str, Any]:
        source = "10.1000/made.up"
        return _trial(
            sources=[
                {"source": source, "locator": "Table 1, NCT00000001", "reference": "[58]"},
                {"source": source, "locator": "Results ¶1", "reference": prose},
            ]
        )

    assert _types(cited("[27]")) == ["reference_differs"]
    assert _types(cited("[27]; [58]")) == []


def test_a_drug_has_one_standing_for_one_use() -> None:
    def therapy(name: str, status: str, **fields: str) -> dict[str, Any]:
        basis = {"drug": "cabozantinib", "entity": "net", "population": "NET"}
        sources = [{"source": "10.1000/made.up"}]
        ids = {"kind": "therapy", "id": f"therapy.{name}", "status": status, "sources": sources}
        return {**ids, **basis, **fields}

    approved = therapy("a", "approved")
    assert _types(approved, therapy("b", "emerging")) == ["standing_differs"]
    assert _types(approved, therapy("b", "emerging", line="first")) == []


def test_a_part_does_not_exceed_what_the_whole_reaches_at_most() -> None:
    def survival(name: str, **fields: Any) -> dict[str, Any]:
        basis = {"measure": "survival_rate", "unit": "percent", "time_point": "5 years"}
        return (
            {**_outcome(name), "kind": "epidemiology", "id": f"epidemiology.{name}"}
            | basis
            | fields
        )

    whole = survival("a", value=90.0, qualifier="up_to", grade=["G1", "G2"])
    part = {"value": 90.0, "qualifier": "greater_than", "entity": "typical_carcinoid"}
    assert _types(whole, survival("b", grade=["G1"], **part)) == ["part_exceeds_whole"]
    assert _types(whole, survival("b", grade=["G1"], **part | {"qualifier": "up_to"})) == []
    assert _types(whole, survival("b", grade=["G3"], **part)) == []
    assert _types(whole, survival("b", **part)) == []


# --- findings are records --------------------------------------------------------------------


def test_a_finding_is_a_valid_discrepancy_record() -> None:
    record = _outcome("x", value=43, n=62, n_source="stated")
    finding = _only(record)
    problems, valid = validate("audit:1", finding)
    assert problems == []
    assert valid is not None
    assert finding["record"] == "outcome.x"
    assert finding["sources"] == record["sources"]


def test_ids_of_findings_are_unique_and_stable() -> None:
    records = [
        _trial(assessable_groups=[_group(99, 1), _group(50, 2, of="NEC")], enrolment=10),
        _outcome("x", value=43, n=62, n_source="stated", nct_id=""),
    ]
    findings = audit_records(records)
    ids = [finding["id"] for finding in findings]
    assert len(ids) == len(set(ids)) == 4
    assert findings == audit_records(list(reversed(records)))
