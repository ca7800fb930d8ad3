"""The audit of claims and names: what a review says in general, and how it spells.

Each paragraph shows a rule twice, where it speaks and where it keeps silent. All records here are
made up.
"""

from __future__ import annotations

from typing import Any

import pytest

from nenuphar.methods.evidence.audit import audit_records

Record = dict[str, Any]


def _record(kind: str, name: str, /, **fields: Any) -> Record:
    sources = [{"source": "10.1000/made.up", "locator": "Results ¶1"}]
    return {"kind": kind, "id": f"{kind}.{name}", "sources": sources, **fields}


def _outcome(name: str, **fields: Any) -> Record:
    basis = {"study": name, "nct_id": "NCT00000001", "population": "P", "entity": "sclc"}
    months = {"endpoint": "PFS", "unit": "months", "strategy": "chemo_ici"}
    return _record("outcome", name, **{**basis, **months, **fields})


def _summary(**fields: Any) -> Record:
    said = {"study": "first-line trials, summarised", "nct_id": "", "qualifier": "less_than"}
    return _outcome("summary", **{**said, "value": 6, **fields})


def _types(*records: Record) -> list[str]:
    return [finding["type"] for finding in audit_records(records)]


# --- what is said in general -----------------------------------------------------------------


@pytest.mark.parametrize(("value", "found"), [(6.9, True), (6.0, True), (5.9, False)])
def test_no_figure_exceeds_what_is_said_of_all(value: float, found: bool) -> None:
    findings = audit_records([_summary(), _outcome("one", value=value)])
    assert [finding["type"] for finding in findings] == ["bound_exceeded"] * found
    if found:
        assert f"one {value:g}" in findings[0]["explanation"]


def test_a_bound_speaks_of_its_own_patients_only() -> None:
    beyond = {"value": 9.2, "stage": "limited"}
    assert _types(_summary(stage="extensive"), _outcome("one", **beyond)) == []
    assert _types(_summary(), _outcome("one", **beyond, strategy="ici_mono")) == []
    every = _summary(regimen="any therapy", strategy="other")
    assert _types(every, _outcome("one", **beyond, strategy="ici_mono")) == ["bound_exceeded"]


def test_chemotherapy_with_an_ici_remains_that_whatever_is_added() -> None:
    four = {"value": 19, "strategy": "antiangiogenic_ici"}
    added = _outcome("one", **four, regimen="antibody + inhibitor + platinum-etoposide")
    assert _types(_summary(), added) == ["bound_exceeded"]
    assert _types(_summary(), _outcome("one", **four, regimen="antibody + inhibitor")) == []


def test_a_bound_of_one_study_binds_no_other() -> None:
    assert _types(_summary(study="One study"), _outcome("one", value=9)) == []


@pytest.mark.parametrize(("control", "found"), [(11.9, True), (16.9, False)])
def test_the_usual_gain_is_that_of_the_studies(control: float, found: bool) -> None:
    gain = _summary(endpoint="OS_GAIN", value=2, qualifier="approximately")
    both = {"endpoint": "OS", "study": "one"}
    arms = [
        _outcome("new", **both, arm="new", comparator="old", value=19.3),
        _outcome("old", **both, arm="old", comparator="new", value=control, strategy="chemo"),
    ]
    assert _types(gain, *arms) == ["general_gain"] * found


@pytest.mark.parametrize(("percent", "found"), [(57, True), (91, False)])
def test_near_universal_is_most_of_every_cohort(percent: float, found: bool) -> None:
    loss = {"marker": "RB1", "entity": "sclc", "alteration": "loss"}
    claim = _record("prevalence", "claim", **loss, qualifier="near_universal")
    cohort = _record("prevalence", "cohort", **loss, percent=percent)
    assert _types(claim, cohort) == ["near_universal"] * found


@pytest.mark.parametrize(("date", "found"), [("2018", True), ("2019-03", False), ("", False)])
def test_years_without_an_approval_have_none(date: str, found: bool) -> None:
    span = {"value": 1996, "value_high": 2019, "qualifier": "none_between"}
    approved = {"drug": "drug", "event": "accelerated_approval", "date": date}
    records = (
        _record("reported_statement", "s", **span),
        _record("regulatory_event", "e", **approved),
    )
    assert _types(*records) == ["approval_denied"] * found


@pytest.mark.parametrize(
    ("printed", "recomputed"),
    [
        ("12 weeks (or 3 months)", "84 days against 89-92"),
        ("4 weeks (or 1 month)", None),
        ("2 years (or 24 months)", None),
        ("13 weeks (or 3 months)", None),
    ],
)
def test_two_times_printed_as_one_are_one(printed: str, recomputed: str | None) -> None:
    findings = audit_records([_outcome("one", value=3, printed=[printed])])
    assert [finding["recomputed"] for finding in findings] == [recomputed] * bool(recomputed)


def test_an_interval_comes_with_its_ratio() -> None:
    interval = {"endpoint": "HR_PFS", "unit": "ratio", "ci_low": 0.26, "ci_high": 0.41}
    (finding,) = audit_records([_outcome("one", **interval)])
    assert finding["type"] == "interval_without_estimate"
    assert finding["recomputed"] == "middle of the interval = 0.33"
    assert _types(_outcome("one", **interval, value=0.33)) == []
    assert _types(_outcome("one", endpoint="HR_PFS", unit="ratio", qualifier="no_benefit")) == []


def test_a_statement_repeats_a_range_or_a_start_of_counting() -> None:
    text = {"value": 4, "value_high": 6, "time_zero": "start of maintenance"}
    told = _record("reported_statement", "text", **text)

    def figure(**fields: Any) -> Record:
        return _record("reported_statement", "figure", record=told["id"], **fields)

    assert _types(told, figure(field="value", value=3)) == ["printed_twice"]
    assert _types(told, figure(field="value", value=4, value_high=6)) == []
    assert _types(told, figure(field="time_zero", value=6, time_zero="last dose")) == [
        "printed_twice"
    ]
    assert _types(told, figure(field="time_zero", value=6, time_zero=text["time_zero"])) == []


def test_a_drug_is_given_with_another_treatment_or_after_it() -> None:
    trial = _record("trial", "t", nct_id="NCT00000001", name="T", design="as consolidation")
    assert _types(trial, _outcome("one", value=1, design="added to radiotherapy")) == [
        "contradictory_trial"
    ]
    assert _types(trial, _outcome("one", value=1, design="consolidation")) == []


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "found"), [("ZFX4", True), ("ZFHX4", False), ("HER2", False), ("FGFR", False)]
)
def test_a_mutated_gene_exists(marker: str, found: bool) -> None:
    fields = {"marker": marker, "alteration": "mutation", "entity": "sclc"}
    assert _types(_record("prevalence", "p", **fields)) == ["unknown_symbol"] * found


def test_what_a_record_corrects_is_named_once_for_a_review() -> None:
    one = _record("mechanism", "a", target="LSD1 (KDM1A)", genes=["KDM1A"], printed_as="KMD1A")
    (finding,) = audit_records([one, {**one, "id": "mechanism.b"}])
    assert (finding["printed"], finding["recomputed"]) == (["KMD1A"], "KDM1A")
    assert finding["other_records"] == ["mechanism.b"]


def test_one_molecule_is_not_two_markers() -> None:
    def marker(name: str) -> Record:
        return _record("prevalence", name, marker=name, alteration="expression", entity="sclc")

    assert _types(marker("B7-H3"), marker("CD276")) == ["one_molecule_two_names"]
    assert _types(marker("B7-H3"), marker("CD200")) == []


def test_a_trial_is_spelt_in_one_way() -> None:
    def trial(*others: str) -> Record:
        return _record("trial", "t", name="IMpower133", other_names=list(others))

    assert _types(trial("IMPower133")) == ["name_differs"]
    assert _types(trial("IMpower-133", "IMpower 133")) == []


def test_a_drug_spelt_wrong_is_told_from_another_name() -> None:
    def therapy(printed: str) -> Record:
        use = {"population": "P", "entity": "sclc", "status": "emerging"}
        return _record("therapy", "t", drug="tremelimumab", printed_as=printed, **use)

    assert _types(therapy("tremilimumab")) == ["misspelling"]
    assert _types(therapy("an antibody")) == []
