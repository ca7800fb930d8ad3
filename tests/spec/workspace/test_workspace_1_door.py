"""Who may come in: this machine, by the printed link, from the workspace's own pages."""

from __future__ import annotations

import io
import logging
import re

import pytest
from fastapi.testclient import TestClient
from workspace_browser import HOST, LIMITS, TOKEN

from nenuphar.domain.problems import UsageError
from nenuphar.web.app import create_app
from nenuphar.web.guard import same
from nenuphar.web.settings import make_settings

NOBODY = "0" * 32
EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused, never listened on


def test_nothing_is_told_to_somebody_without_the_token(stranger):
    for address in ("/", "/case", "/knowledge", "/projects/x", "/runs/x", "/api", "/nowhere"):
        answer = stranger.get(address)
        assert answer.status_code == 401, address
        assert "csrf" not in answer.text
    assert stranger.post("/api/v1/assess", json={"patient": "P1"}).status_code == 401
    assert stranger.get("/api/v1/openapi.json").json()["code"] == "401"


def test_every_route_but_the_way_in_is_locked(stranger, settings):
    app = stranger.app._app
    addresses = set(app.openapi()["paths"]) | {
        "/",
        "/case",
        "/knowledge",
        "/demonstration",
    }
    assert len(addresses) > 15
    for address in addresses:
        filled = re.sub(r"{\w+}", NOBODY, address)
        for method in ("GET", "POST"):
            assert stranger.request(method, filled).status_code == 401, (method, address)


def test_the_printed_link_opens_the_workspace_with_a_cookie_that_no_script_and_no_other_site_has(
    stranger, settings
):
    answer = stranger.get(f"/?token={TOKEN}")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert cookie.startswith("nenuphar_8000=")
    # A page and no redirect: a strict cookie would not be sent along from another site's link.
    assert answer.status_code == 200
    assert "url=/" in answer.text
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ü" * 30])
def test_a_wrong_token_opens_nothing(stranger, token):
    assert stranger.get("/", params={"token": token}).status_code == 401
    assert stranger.post("/sign-in", data={"token": token}).status_code == 401
    assert "set-cookie" not in stranger.get("/", params={"token": token}).headers


def test_the_token_can_be_typed_instead(stranger):
    assert stranger.post("/sign-in", data={"token": TOKEN}).status_code == 200
    assert stranger.get("/").status_code == 200


def test_locking_forgets_the_cookie(browser):
    assert browser.post("/sign-out").status_code == 401
    assert browser.get("/").status_code == 401


def test_secrets_are_compared_in_constant_time(monkeypatch):
    asked = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: asked.append((a, b)) or a == b)
    assert same("a", "a")
    assert not same("a", "b")
    assert len(asked) == 2


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:9999", "localhost.evil.example:8000", ""]
)
def test_a_rebound_name_is_refused_even_with_the_cookie(browser, host):
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "400-host" in answer.text


@pytest.mark.parametrize("host", [HOST, "localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_the_names_of_this_machine_are_its_own(browser, settings, host):
    cookie = {"cookie": f"{settings.cookie}={settings.secret}"}
    assert browser.get("/", headers={"host": host, **cookie}).status_code == 200


def test_every_form_needs_its_token(browser):
    app = browser.client.app._app
    forms = [
        "/projects", "/demonstration", f"/projects/{NOBODY}/delete", f"/projects/{NOBODY}/inputs",
        f"/inputs/{NOBODY}/mapping", f"/inputs/{NOBODY}/assess", f"/inputs/{NOBODY}/delete",
        f"/runs/{NOBODY}/cancel", f"/runs/{NOBODY}/patient", "/case", "/case/brief", "/sign-out",
    ]  # fmt: skip
    for address in forms:
        for wrong in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
            answer = browser.client.post(address, data={"x": "1", **wrong})
            assert answer.status_code == 403, (address, wrong)
            assert "403-form" in answer.text
    scripts = [path for path, known in app.openapi()["paths"].items() if "post" in known]
    assert len(scripts) >= 8
    for address in scripts:
        answer = browser.client.post(re.sub(r"{\w+}", NOBODY, address), json={"patient": "P1"})
        assert answer.status_code == 403, address


def test_no_route_that_changes_something_is_missing_from_the_test_above():
    from nenuphar.web import case_routes, knowledge_routes, project_routes, run_routes

    posts = [
        route.path
        for module in (case_routes, knowledge_routes, project_routes, run_routes)
        for route in module.router.routes
        if "POST" in route.methods
    ]
    assert len(posts) == 11  # and /sign-out; add a new one to the list above


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:9999"},
     {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)  # fmt: skip
def test_what_another_site_begins_is_refused_even_with_the_token_of_a_form(browser, headers):
    answer = browser.post("/projects", {"name": "stolen"}, headers=headers)
    assert answer.status_code == 403
    assert "stolen" not in browser.get("/").text


def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(browser, settings):
    project = browser.project()
    for address in (
        "/",
        project,
        "/case",
        "/knowledge",
        "/nowhere",
        "/static/workspace.js",
        "/api",
    ):
        headers = browser.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
    assert browser.get("/").headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_and_load_nothing_from_elsewhere(browser):
    for address in ("/", browser.project(), "/case", "/knowledge?q=ki-67", "/api",
                    "/knowledge/records/lung.typical_carcinoid"):  # fmt: skip
        page = browser.get(address).text
        assert not re.findall(r"<script(?![^>]*\bsrc=)", page), address
        assert not re.findall(r"\son\w+=", page), address
        sources = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"([^\"]*)\"", page)
        assert sources
        assert all(s.startswith(("/static/", "data:")) for s in sources), sources
        assert not re.search(r"<(style|iframe|object|embed)\b", page), address
        assert " style=" not in page, address


def test_a_body_is_counted_while_it_comes(browser):
    def endless():
        for _ in range(10_000):
            yield b"x" * 1_000

    large = LIMITS.body + 1
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.client.post("/projects", content=b"x" * large, headers=kind)
    assert answer.status_code == 413
    answer = browser.client.post("/projects", content=endless(), headers=kind)  # no length stated
    assert answer.status_code == 413
    answer = browser.client.post("/projects", content=b"x", headers={"content-length": "nonsense"})
    assert answer.status_code in (400, 413)


def test_an_upload_is_counted_too_and_nothing_of_one_that_is_too_large_stays(browser, settings):
    head = b'--x\r\nContent-Disposition: form-data; name="main"; filename="a.csv"\r\n\r\n'

    def endless():
        yield head
        for _ in range(LIMITS.upload // 10_000 + 1):
            yield b"y" * 10_000

    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = browser.client.post(f"{browser.project()}/inputs", content=endless(), headers=kind)
    assert answer.status_code == 413
    assert list((settings.data / "inputs").iterdir()) == []


def test_a_fault_is_a_page_with_a_code_and_nothing_of_the_patient_in_page_or_log(
    browser, monkeypatch, caplog
):
    def broken(*_):
        raise ValueError("Jane Doe, born 1950")

    monkeypatch.setattr("nenuphar.web.conclude.assessed", broken)
    with caplog.at_level(logging.DEBUG):
        stranger = TestClient(
            browser.client.app, base_url=f"http://{HOST}", raise_server_exceptions=True
        )
        stranger.cookies = browser.client.cookies
        data = {"csrf": browser.csrf, "case:@patient": "P1", "case:tumour.site": "lung"}
        answer = stranger.post("/case", data=data)
    assert answer.status_code == 500
    code = re.search(r"500-([0-9a-f]{8})", answer.text)[1]
    assert "Jane" not in answer.text
    assert "Traceback" not in answer.text
    assert "Jane" not in caplog.text
    assert code in caplog.text
    assert "ValueError in test_workspace_1_door.py" in caplog.text


def test_the_log_holds_method_route_and_status_alone(browser, caplog):
    with caplog.at_level(logging.INFO, logger="nenuphar.web"):
        browser.get("/knowledge", params={"q": "Jane Doe"})
        browser.get("/runs/jane-doe")
    own = [record.getMessage() for record in caplog.records if record.name == "nenuphar.web"]
    assert [re.sub(r"\d+ ms", "ms", line) for line in own] == [
        "GET /knowledge 200 ms",
        "GET /runs/{run} 404 ms",
    ]


def test_ids_cannot_be_guessed(browser):
    ids = {browser.project().rpartition("/")[2] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)


@pytest.mark.parametrize(
    "address",
    ["/runs/%2e%2e/files/manifest.json", "/static/..%2fsettings.py", "/static/../app.py",
     f"/runs/{NOBODY}/files/..%2f..%2fworkspace.sqlite", "/projects/' OR 1=1 --"],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_lead_nowhere(browser, address):
    assert browser.get(address).status_code == 404


def test_other_machines_are_let_in_only_where_that_is_asked_for_twice(tmp_path):
    with pytest.raises(UsageError, match="--allow-remote"):
        make_settings("192.0.2.7", 8000, "", tmp_path)
    with pytest.raises(UsageError, match="--name"):
        make_settings(EVERYWHERE, 8000, "", tmp_path, allow_remote=True)
    opened = make_settings(
        EVERYWHERE, 8000, "", tmp_path, allow_remote=True, names=("nen.example:443",)
    )
    assert "nen.example:443" in opened.hosts
    assert "localhost:8000" not in opened.hosts
    assert len(opened.token) >= 40  # there is no way without


def test_a_token_that_could_be_guessed_is_refused(tmp_path):
    with pytest.raises(UsageError, match="guessed"):
        make_settings("127.0.0.1", 8000, "", tmp_path, token="secret")  # noqa: S106


def test_two_servers_do_not_share_a_folder(browser, settings):
    with pytest.raises(UsageError, match="another server"):
        create_app(settings)


def test_the_settings_do_not_show_their_secrets(settings):
    assert TOKEN not in repr(settings)
    assert settings.secret not in repr(settings)


def test_a_form_with_too_many_files_is_refused(browser):
    project = browser.project()
    many = [(f"f{i}.yaml", b"patient: P1") for i in range(LIMITS.files + 1)]
    assert browser.send(project, *many).status_code == 400


def test_a_body_that_is_no_form_is_refused(browser):
    answer = browser.client.post("/projects", json={"name": "x"})
    assert answer.status_code == 422
    broken = {"content-type": "multipart/form-data; boundary=x"}
    answer = browser.client.post("/projects", content=io.BytesIO(b"--y\r\n"), headers=broken)
    assert answer.status_code in (400, 403)
