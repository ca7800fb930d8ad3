"""From files to results: sent, read without concluding anything, mapped, assessed, fetched."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from workspace_browser import TABLE

from nenuphar.pipeline.job import run_job

HOSTILE = "<script>alert(1)</script>"
CASE = b"patient: C1\nfacts:\n  tumour.site: lung\n  pathology.mitoses: 4/2mm2\n"
STUDY = {
    "data_clinical_sample.txt": (
        "#Patient\tSample\tOncotree\n#Patient\tSample\tOncotree\n#STRING\tSTRING\tSTRING\n"
        "#1\t1\t1\nPATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\nP1\tS1\tSCLC\nP2\tS2\tLUCA\n"
    ),
    "meta_study.txt": "type_of_cancer: nsclc\ncancer_study_identifier: tiny\nname: Tiny\n",
}


def zipped(files: dict[str, str], under: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{under}{name}", content)
    return held.getvalue()


@pytest.fixture
def source(browser) -> str:
    answer = browser.send(browser.project(), ("readings.csv", TABLE.encode()))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_reading_says_what_would_be_rejected_and_how_to_mend_it(results):
    page = results.browser.checked(results.source)
    tiles = re.findall(r"<dd>(\d+)</dd><dt>([^<]+)</dt>", page)
    assert tiles == [
        ("4", "records read"),
        ("3", "accepted"),
        ("1", "rejected"),
        ("1", "values taken as missing"),
    ]
    assert "4 read = 3 accepted + 1 rejected" in page
    assert "3 patients" in page
    assert '<td class="value">many</td>' in page
    assert "readings.csv:4" in page
    assert "is no quantity" in page
    assert "The whole record is left out." in page
    assert page.index("remarks that say the same stand together") < page.index("Every remark")
    listed = results.browser.get(f"{results.source}/rejected.tsv").text.splitlines()
    assert len(listed) == 3  # a head, a value, a record
    assert listed[0].startswith("file\tline\trecord")


def test_the_results_of_an_assessment_can_be_fetched(results):
    browser, run = results.browser, results.run
    page = browser.get(run).text
    assert "Open the report of the cohort" in page
    assert "Atypical carcinoid" in page
    table = browser.get(f"{run}/files/conclusions.tsv")
    assert table.headers["content-disposition"] == 'attachment; filename="conclusions.tsv"'
    assert table.text.startswith("patient_id\ttumour_id\t")
    assert browser.get(f"{run}/files/conclusions.parquet").content[:4] == b"PAR1"
    assert "many" in browser.get(f"{run}/files/rejected.tsv").text
    assert browser.get(f"{run}/files/workspace.sqlite").status_code == 404


def test_pages_of_the_report_lead_to_each_other_and_back(results):
    browser, run = results.browser, results.run
    cohort = browser.get(f"{run}/report/")
    assert f'href="{run}">← Workspace</a>' in cohort.text
    assert 'href="cases/A2.html"' in cohort.text
    case = browser.get(f"{run}/report/cases/A2.html")
    assert "Atypical carcinoid" in case.text
    assert 'href="../index.html"' in case.text
    assert browser.get(f"{run}/report/index.html").text == cohort.text
    assert browser.get(f"{run}/report/cases/A2.json").json()["patient_id"] == "A2"
    assert browser.get(f"{run}/report/cases/A9.html").status_code == 404


def test_a_page_of_a_report_may_run_its_own_script_and_no_other(results):
    browser, run = results.browser, results.run
    cohort = browser.get(f"{run}/report/")
    script = re.search(r"<script>(.*?)</script>", cohort.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in cohort.headers["content-security-policy"]
    case = browser.get(f"{run}/report/cases/A2.html")
    assert "script-src 'none'" in case.headers["content-security-policy"]
    for answer in (cohort, case):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe-inline'; script" in answer.headers["content-security-policy"]  # styles only


def test_a_run_can_be_done_again_from_its_manifest(results, tmp_path):
    browser, run = results.browser, results.run
    manifest = browser.get(f"{run}/files/manifest.json").json()
    file = next(results.settings.data.glob("inputs/*/files/readings.csv"))
    assert manifest["inputs"] == {"readings.csv": hashlib.sha256(file.read_bytes()).hexdigest()}
    asked = manifest["settings"]
    assert asked == {"input": "readings.csv", "mapping": "", "as_of": "2026-06-30"}
    run_job(file, tmp_path / "again", mapping=asked["mapping"], as_of=asked["as_of"], reports="all")
    assert json.loads((tmp_path / "again" / "manifest.json").read_text()) == manifest
    for name in ("conclusions.tsv", "conclusions.parquet", "rejected.tsv"):
        assert (
            browser.get(f"{run}/files/{name}").content == (tmp_path / "again" / name).read_bytes()
        )


def test_a_table_that_nobody_described_gets_a_proposal_to_correct(browser):
    table = b"Case,Ki-67 (%),Mitoses per 2 mm2\nB1,4,1\nB2,30,12\n"
    source = browser.send(browser.project(), ("own.csv", table)).headers["location"]
    page = browser.checked(source)
    assert "a proposal of what its columns mean" in page
    draft = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1]
    assert "pathology.ki67" in draft
    assert re.search(r'<button class="first" disabled>Assess</button>', page)
    text = html.unescape(draft)
    browser.post(f"{source}/mapping", {"which": "own", "text": text})
    page = browser.checked(source)
    assert "2 read = 2 accepted + 0 rejected" in page
    assert "mapping: its own" in page


def test_a_mapping_that_is_wrong_says_where(browser, source):
    browser.post(f"{source}/mapping", {"which": "own", "text": "name: x\nrow: specimen\nkeys: 5\n"})
    page = browser.checked(source)
    assert "cannot be used" in page
    assert "mapping.yaml:3" in page


def test_only_a_shipped_mapping_can_be_named_and_no_file_of_the_server(results, tmp_path):
    browser, source = results.browser, results.source
    (tmp_path / "secret.yaml").write_text("name: x")
    for name in (str(tmp_path / "secret.yaml"), "../../secret.yaml", "nothing"):
        answer = browser.post(f"{source}/mapping", {"which": "shipped", "mapping": name})
        assert answer.status_code == 422
        assert "no mapping of that name is shipped" in answer.text


def test_a_study_is_sent_as_an_archive(browser):
    sent = zipped(STUDY, under="tiny/")
    source = browser.send(browser.project(), ("tiny.zip", sent)).headers["location"]
    page = browser.checked(source)
    assert "2 read = 2 accepted + 0 rejected" in page
    assert "2 files" in page


def test_several_cases_are_one_input(browser):
    other = CASE.replace(b"C1", b"C2")
    answer = browser.send(browser.project(), ("c1.yaml", CASE), ("c2.yaml", other))
    assert "2 read = 2 accepted" in browser.checked(answer.headers["location"])


def test_files_stand_beside_the_input_that_names_them(browser):
    case = (
        b"patient: C1\nfacts:\n  tumour.site: small_intestine\nassays:\n"
        b"  - {id: A1, type: wgs, file: segments.seg, genome: hg19}\n"
    )
    segments = (
        "sample\tchromosome\tstart\tend\ttotal_cn\tminor_cn\n"
        "S1\t18\t1\t78077248\t1\t0\nS1\t1\t1\t249250621\t2\t1\n"
    )
    project = browser.project()
    files = [("main", ("c1.yaml", case)), ("beside", ("segments.seg", segments.encode()))]
    answer = browser.post(f"{project}/inputs", files=files, follow_redirects=False)
    source = answer.headers["location"]
    assert "1 read = 1 accepted" in browser.checked(source)
    assert "2 files" in browser.get(source).text
    manifest = browser.get(f"{browser.assessed(source)}/files/manifest.json").json()
    assert set(manifest["inputs"]) == {"c1.yaml", "segments.seg"}


def test_names_of_files_are_never_trusted(browser, settings):
    answer = browser.send(browser.project(), ("../../../etc/cron.d/evil\x00.yaml", CASE))
    assert answer.status_code == 303
    names = [path.name for path in settings.data.glob("inputs/*/files/*")]
    assert len(names) == 1
    assert not (settings.data.parent / "etc").exists()
    assert re.fullmatch(r"[\w.\- ]+", names[0])


@pytest.mark.parametrize(
    "case", [b"patient: C1\nassays: [{id: A1, file: ../../../workspace.sqlite}]\n",
             b"patient: C1\nassays: [{id: A1, file: /etc/passwd}]\n"],
)  # fmt: skip
def test_a_case_cannot_name_a_file_that_does_not_stand_beside_it(browser, case):
    source = browser.send(browser.project(), ("c1.yaml", case)).headers["location"]
    page = browser.checked(source)
    assert "the file cannot be reached from the case" in page


def test_hostile_texts_stay_texts_on_every_page(browser):
    rows = (f'"{HOSTILE}",lung,"{HOSTILE}"', '"\'""><b>x",lung,1/2mm2')
    table = "\n".join(("patient_id,tumour.site,pathology.mitoses", *rows, ""))
    name = f"{HOSTILE}.csv"
    project = browser.project(HOSTILE)
    source = browser.send(project, (name, table.encode())).headers["location"]
    run = browser.assessed(source)
    pages = [browser.checked(source), browser.get("/").text, browser.get(project).text,
             browser.get(run).text, browser.get(f"{run}/report/").text]  # fmt: skip
    cases = re.findall(r'href="(/runs/[^"]+/cases/[^"]+\.html)"', pages[3])
    pages += [browser.get(address).text for address in cases]
    assert len(pages) == 7
    for page in pages:
        assert HOSTILE not in page
        assert "<b>x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0]


def test_a_run_that_waits_or_runs_can_be_cancelled_and_nothing_of_it_stays(browser, settings):
    rows = "".join(f"P{i},S1,lung,carcinoid,4/2mm2,focal\n" for i in range(400))
    table = TABLE.splitlines()[0] + "\n" + rows
    source = browser.send(browser.project(), ("big.csv", table.encode())).headers["location"]
    browser.checked(source)
    run = browser.post(f"{source}/assess", follow_redirects=False).headers["location"]
    state = browser.wait(run.removeprefix("/runs/"), states=("queued",))
    assert state["state"] == "running"
    assert browser.post(f"{source}/delete", {"sure": "yes"}).status_code == 409
    browser.post(f"{run}/cancel")
    assert browser.get(f"{run}/state").json()["state"] == "cancelled"
    assert "Nothing of this run was kept" in browser.get(run).text
    again = browser.assessed(source, reports="none")  # the worker goes on
    assert not (settings.data / "runs" / run.rpartition("/")[2]).exists()
    assert browser.get(f"{again}/report/").status_code == 200


def test_a_run_that_is_cancelled_at_once_never_comes_back(browser, source):
    browser.checked(source)
    run = browser.post(f"{source}/assess", follow_redirects=False).headers["location"]
    browser.post(f"{run}/cancel")
    other = browser.assessed(source, reports="none")
    assert browser.get(f"{run}/state").json()["state"] == "cancelled"
    assert browser.get(f"{run}/report/").status_code == 404
    assert browser.get(f"{other}/report/").status_code == 200


def test_a_database_that_is_away_for_a_moment_does_not_end_the_worker(browser, monkeypatch, caplog):
    from nenuphar.store.workspace.database import Workspace

    begin, failed = Workspace.begin_next, []

    def away(self):
        if not failed:
            failed.append(True)
            raise OSError("Jane Doe is away")
        return begin(self)

    monkeypatch.setattr(Workspace, "begin_next", away)
    source = browser.send(browser.project(), ("c1.yaml", CASE)).headers["location"]
    assert "1 read = 1 accepted" in browser.checked(source)
    assert failed
    assert "the worker goes on after OSError" in caplog.text
    assert "Jane" not in caplog.text


def test_an_input_whose_files_are_gone_can_still_be_deleted(browser, settings):
    """As if the server had ended while it deleted: files go before the memory of them."""
    source = browser.send(browser.project(), ("c1.yaml", CASE)).headers["location"]
    browser.checked(source)
    for folder in (settings.data / "inputs", settings.data / "runs"):
        for path in folder.iterdir():
            shutil.rmtree(path)
    assert "Not read yet" in browser.get(source).text
    browser.post(f"{source}/delete", {"sure": "yes"})
    assert browser.get(source).status_code == 404


def test_the_queue_is_bounded(browser, source, monkeypatch):
    monkeypatch.setattr("nenuphar.web.jobs.Jobs.wake", lambda self: None)
    browser.checked(source)
    for _ in range(3):
        assert browser.post(f"{source}/assess", follow_redirects=False).status_code == 303
    answer = browser.post(f"{source}/assess", follow_redirects=False)
    assert answer.status_code == 429
    assert "Enough is waiting already" in answer.text


def test_a_run_that_takes_too_long_is_ended(settings):
    from dataclasses import replace

    from fastapi.testclient import TestClient
    from workspace_browser import HOST, LIMITS, Browser

    from nenuphar.web.app import create_app

    short = replace(settings, limits=replace(LIMITS, check_seconds=0.01))
    with TestClient(create_app(short), base_url=f"http://{HOST}") as client:
        browser = Browser(client).open()
        source = browser.send(browser.project(), ("c1.yaml", CASE)).headers["location"]
        assert "took more than 0 s and was ended" in browser.checked(source)


def test_the_page_of_a_patient_is_rendered_when_it_is_asked_for(browser, source):
    run = browser.assessed(source, reports="none")
    assert browser.get(f"{run}/report/cases/A1.html").status_code == 404
    answer = browser.post(f"{run}/patient", {"patient": "A1"})
    assert answer.status_code == 200
    assert "Typical carcinoid" in answer.text
    assert browser.post(f"{run}/patient", {"patient": "nobody"}).status_code == 422


def test_deleting_takes_files_and_results_with_it(browser, source, settings):
    run = browser.assessed(source)
    assert browser.post(f"{source}/delete").status_code == 422  # the box was not ticked
    browser.post(f"{source}/delete", {"sure": "yes"})
    assert browser.get(source).status_code == 404
    assert browser.get(run).status_code == 404
    assert list((settings.data / "inputs").iterdir()) == []
    assert list((settings.data / "runs").iterdir()) == []


def test_a_project_is_deleted_whole(browser, settings):
    project = browser.project("Gone tomorrow")
    source = browser.send(project, ("c1.yaml", CASE)).headers["location"]
    browser.checked(source)
    browser.post(f"{project}/delete", {"sure": "yes"})
    assert "Gone tomorrow" not in browser.get("/").text
    assert browser.get(source).status_code == 404
    assert list((settings.data / "inputs").iterdir()) == []


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01"])
def test_a_date_that_is_none_is_refused(results, as_of):
    browser, source = results.browser, results.source
    assert browser.post(f"{source}/assess", {"as_of": as_of}).status_code == 422


def test_an_input_that_cannot_be_read_says_why(browser):
    source = browser.send(browser.project(), ("empty.csv", b"")).headers["location"]
    assert "is empty (0 bytes)" in browser.checked(source)


def test_the_demonstration_needs_nothing_but_a_click(browser):
    answer = browser.post("/demonstration")
    assert "Demonstration: a simulated lung cohort" in answer.text
    assert "120 read = 120 accepted" in browser.checked(answer.url.path)


def test_files_are_for_their_owner_alone(results):
    settings = results.settings
    modes = {path.stat().st_mode & 0o077 for path in (settings.data, Path(settings.data, "inputs"))}
    assert modes == {0}
