"""Schemas of the literature's records: what they take and what they refuse."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from nenuphar.knowledge.build import schemas, validate
from nenuphar.knowledge.evidence_schema import EVIDENCE_KINDS
from nenuphar.knowledge.schema import ENGINE_KINDS
from nenuphar.knowledge.yaml_lines import parse_yaml

SOURCE = {"source": "10.1000/made.up", "locator": "Results ¶1"}


def _record(kind: str, **fields: object) -> dict[str, object]:
    return {"kind": kind, "id": f"{kind}.made_up", "sources": [SOURCE], **fields}


def _outcome(**fields: object) -> dict[str, object]:
    basis = {"study": "S", "population": "P", "entity": "net", "strategy": "chemo"}
    return _record("outcome", **{**basis, "endpoint": "ORR", "unit": "percent", **fields})


def _model(data: dict[str, object]):
    return EVIDENCE_KINDS[str(data["kind"])].model_validate(data)


def test_every_kind_has_one_schema() -> None:
    assert not set(EVIDENCE_KINDS) & set(ENGINE_KINDS)
    assert set(schemas()) == set(EVIDENCE_KINDS) | set(ENGINE_KINDS)


def test_texts_of_yaml_become_numbers() -> None:
    outcome = _model(_outcome(value="34.8", n="23", n_source="stated", p_value="0.393"))
    assert (outcome.value, outcome.n, outcome.p_value) == (34.8, 23, 0.393)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", "134"),
        ("value", "-1"),
        ("n", "-3"),
        ("n", "4.5"),
        ("events", "two"),
        ("p_value", "1.2"),
        ("entity", "carcinoma"),
        ("endpoint", "RR"),
        ("strategy", "magic"),
        ("nct_id", "02939651"),
        ("nct_id", "NCT0293965"),
        ("grade", ["G4"]),
        ("unheard_of", "1"),
    ],
)
def test_an_outcome_refuses(field: str, value: object) -> None:
    more = {"n_source": "stated"} if field == "n" else {}
    with pytest.raises(ValidationError):
        _model(_outcome(**{field: value}, **more))


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 134},
        {"value": 20, "value_high": 10},
        {"value": 0.9, "unit": "ratio", "ci_low": 0.3, "ci_high": 0.5},
        {"ci_low": 0.5, "ci_high": 0.3},
    ],
)
def test_nonsense_is_stored_only_where_it_is_printed(fields: dict[str, object]) -> None:
    data = {**_outcome(), **fields}
    with pytest.raises(ValidationError, match="as_printed"):
        _model(data)
    assert _model({**data, "qualifier": "as_printed"}).qualifier == "as_printed"


def test_n_says_where_it_comes_from() -> None:
    with pytest.raises(ValidationError, match="n_source"):
        _model(_outcome(value=20, n=10))


def test_a_repair_stands_beside_the_printed_value() -> None:
    repair = {"field": "value", "value": "99", "reason": "The two medians are swapped."}
    outcome = _model(_outcome(value=17, repaired=repair))
    assert outcome.value == 17
    assert outcome.repaired.value == 99.0
    with pytest.raises(ValidationError):
        _model(_outcome(value=17, repaired={"field": "value", "value": "99", "reason": ""}))


TRIAL = """
kind: trial
id: trial.made_up
sources: [{source: 10.1000/made.up, locator: "Table 1, first row"}]
nct_id: NCT00000001
name: A made-up trial
intervention: drug
enrols_g3_net: NO
criteria:
  all:
    - {fact: pathology.ki67, gt: {value: 20, unit: percent}}
    - exists:
        over: treatment_line
        that: {fact: treatment.drug_class, is_a: platinum_chemotherapy, note: failed}
"""


def test_eligibility_may_print_numbers() -> None:
    findings, record = validate("made_up.yaml:1", parse_yaml(TRIAL.replace("NO", "'no'")))
    assert findings == []
    assert record is not None
    assert record["criteria"]["all"][0]["gt"] == {"value": "20", "unit": "percent"}


def test_eligibility_outside_the_language_is_refused_with_its_line() -> None:
    broken = TRIAL.replace("NO", "'no'").replace("gt:", "above:")
    findings, record = validate("made_up.yaml:1", parse_yaml(broken))
    assert record is None
    assert findings[0].startswith("made_up.yaml:9: trial.made_up: criteria:")


def test_an_answer_is_yes_no_or_unclear() -> None:
    findings, _ = validate("made_up.yaml:1", parse_yaml(TRIAL))
    assert "enrols_g3_net" in findings[0]


def test_the_class_of_a_mechanism_is_written_class() -> None:
    data = _record(
        "mechanism",
        **{"class": "intrinsic", "category": "driver_gene", "target": "RB1", "direction": "loss"},
        effect="resistance",
        evidence_tumour="sclc",
        setting="both",
        summary="Loss goes with immune exclusion.",
    )
    dumped = _model(data).model_dump(mode="json", exclude_defaults=True)
    assert dumped["class"] == "intrinsic"
    assert dumped["evidence_tumour"] == ["sclc"]
    with pytest.raises(ValidationError):
        _model({**data, "class": "outer"})


def test_the_status_of_a_therapy_says_how_far_it_has_come() -> None:
    therapy = _record(
        "therapy", drug="everolimus", drug_class="mtor_inhibitor", population="NET", entity="net"
    )
    assert _model({**therapy, "status": "approved"}).status == "approved"
    with pytest.raises(ValidationError):
        _model({**therapy, "status": "active"})


def test_a_frequency_is_a_percentage() -> None:
    fields = {"marker": "MEN1", "alteration": "mutation", "entity": "net"}
    assert _model(_record("prevalence", **fields, percent="40")).percent == 40
    with pytest.raises(ValidationError):
        _model(_record("prevalence", **fields, percent="140"))
