"""The interface for scripts: the same as the pages, as JSON, behind the same door."""

from __future__ import annotations

import json

import pytest
from workspace_browser import CASE_DATA, TABLE, TOKEN, until

from nenuphar.io.case_file import parse_cases
from nenuphar.knowledge.base import load_knowledge


def test_a_case_is_assessed_as_the_pipeline_assesses_it(script):
    from nenuphar.pipeline.matching.trials import assess_with_questions

    answer = script.post("/api/v1/assess", json=CASE_DATA).json()
    kb = load_knowledge()
    case = parse_cases(json.dumps(CASE_DATA), "case.json", kb).cases[0]
    expected = assess_with_questions(case, kb).conclusions
    assert [(c["fact"], c["value"], c["status"]) for c in answer["conclusions"]] == [
        (c.fact, c.value, c.status) for c in expected
    ]
    assert answer["patient_id"] == "P1"
    assert "research use only" in answer["note"]


def test_a_conclusion_is_explained_criterion_by_criterion(script):
    answer = script.post("/api/v1/explain?fact=tumour.entity", json=CASE_DATA).json()
    assert [(one["fact"], one["value"]) for one in answer] == [
        ("tumour.entity", "atypical_carcinoid")
    ]
    rules = {rule["rule_id"]: rule["when"] for rule in answer[0]["rules"]}
    assert rules["lung.atypical_carcinoid"]["children"]
    answer = script.post("/api/v1/explain?fact=tumour.entitty", json=CASE_DATA)
    assert answer.status_code == 422
    assert answer.json()["code"] == "422"


def test_trials_and_treatments_are_matched(script):
    trials = script.post("/api/v1/match/trials", json=CASE_DATA).json()
    assert "which is not suitability" in trials["note"]
    assert {trial["eligibility"] for trial in trials["trials"]} <= {
        "met",
        "not_met",
        "undetermined",
    }
    therapies = script.post("/api/v1/match/therapies", json=CASE_DATA).json()["therapies"]
    assert any(t["population_match"] == "met" and t["drug"] == "everolimus" for t in therapies)


def test_numbers_of_json_are_taken_as_they_are_written(script):
    case = {"patient": "P1", "facts": {"tumour.site": "lung", "pathology.ki67": 12.50}}
    observed = script.post("/api/v1/assess", json=case).json()["observed"]
    stated = [
        row["facts"]["pathology.ki67"] for row in observed if "pathology.ki67" in row["facts"]
    ]
    assert [one["value"]["lo"] for one in stated] == [12.5]


@pytest.mark.parametrize(
    "body", [{}, {"patient": ""}, {"patient": ["P1"]}, {"resourceType": "Patient"}]
)
def test_what_is_no_case_is_refused_with_a_reason(script, body):
    answer = script.post("/api/v1/assess", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "error", "detail", "fix"}
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b"[" * 90_000])
def test_what_is_no_json_is_refused(script, body):
    answer = script.post(
        "/api/v1/assess", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"code", "error", "detail", "fix"}


def test_a_case_cannot_name_files_of_the_server(script):
    case = {"patient": "P1", "specimens": [{"id": "S1", "assays": [{"id": "A", "file": "x.seg"}]}]}
    problems = script.post("/api/v1/assess", json=case).json()["problems"]
    assert "the file cannot be reached from the case" in str(problems)


def test_records_are_searched_and_returned_as_they_are_exported(script):
    found = script.get("/api/v1/search", params={"q": "typical carcinoid", "limit": 3}).json()
    assert found["found"] > 3
    assert len(found["records"]) == 3
    record = script.get("/api/v1/records/lung.typical_carcinoid").json()
    assert record["kind"] == "classification_rule"
    assert set(record["sources"][0]) == {"source", "locator", "reference"}
    assert script.get("/api/v1/records/nothing").json()["code"] == "404"
    assert script.get("/api/v1/search", params={"q": "x" * 1000}).status_code == 422


def test_a_cohort_goes_all_the_way(script):
    project = script.post("/api/v1/projects", json={"name": "From a script"})
    assert project.status_code == 201
    place = f"/api/v1/projects/{project.json()['id']}/inputs"
    sent = script.post(place, files=[("main", ("readings.csv", TABLE.encode()))])
    assert sent.status_code == 201, sent.text
    check = sent.json()["runs"][0]
    assert until(lambda: script.get(f"/api/v1/runs/{check['id']}").json(), ("queued", "running"))[
        "counts"
    ] == {"read": 4, "accepted": 3, "rejected": 1, "values_rejected": 1}
    source = f"/api/v1/inputs/{sent.json()['id']}"
    assert len(script.get(source).json()["check"]["problems"]) == 2
    run = script.post(f"{source}/assess", json={"reports": "none"})
    assert run.status_code == 202
    address = f"/api/v1/runs/{run.json()['id']}"
    assert until(lambda: script.get(address).json(), ("queued", "running"))["state"] == "done"
    assert script.get(f"{address}/files/conclusions.tsv").text.startswith("patient_id")
    assert script.get("/api/v1/projects").json()[0]["inputs"] == 1


def test_the_description_names_every_operation_and_what_it_does(script):
    paths = script.get("/api/v1/openapi.json").json()["paths"]
    operations = [one for path in paths.values() for one in path.values()]
    assert len(operations) >= 16
    assert all(path.startswith("/api/v1/") for path in paths)
    assert all(len(operation["description"]) > 10 for operation in operations)
    page = script.get("/api").text
    assert all(path in page for path in paths)


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_a_wrong_bearer_is_refused(stranger, value):
    answer = stranger.get("/api/v1/projects", headers={"authorization": value})
    assert answer.status_code == 401
    assert answer.json()["code"] == "401"


def test_a_page_of_the_workspace_may_use_it_with_the_token_of_its_forms(browser):
    client = browser.client
    assert client.post("/api/v1/assess", json=CASE_DATA).status_code == 403
    headers = {"x-csrf-token": browser.csrf}
    assert client.post("/api/v1/assess", json=CASE_DATA, headers=headers).status_code == 200
