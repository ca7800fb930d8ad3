"""The workspace as a process: started, used, stopped, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from nenuphar.pipeline.simulated import write_simulated

pytestmark = pytest.mark.slow


@contextmanager
def served(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client, str]]:
    """Start a server on a free port and come in by the link that it prints."""
    command = [sys.executable, "-m", "nenuphar", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(  # noqa: S603
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        head = [process.stdout.readline() for _ in range(3)]
        link = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", head[1])
        assert link, [*head, process.stderr.read()]
        base = link[0].partition("/?")[0]
        with httpx2.Client(base_url=base, timeout=60, follow_redirects=True) as client:
            client.get(link[0]).raise_for_status()
            csrf = re.search(r'name="csrf" value="(\w+)"', client.get("/").text)[1]
            yield process, client, csrf
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def sent(client: httpx2.Client, csrf: str, name: str, content: bytes, mapping: str = "") -> str:
    """Make a project, send a file, wait until it was read, and return the address of the input."""
    project = client.post("/projects", data={"csrf": csrf, "name": "Integration"}).url.path
    data = {"csrf": csrf, "mapping": mapping}
    source = client.post(f"{project}/inputs", data=data, files={"main": (name, content)}).url.path
    end = time.monotonic() + 120
    while "data-watch" in client.get(source).text:
        assert time.monotonic() < end
        time.sleep(0.2)
    return source


def assess(client: httpx2.Client, csrf: str, source: str) -> str:
    return client.post(f"{source}/assess", data={"csrf": csrf}).url.path


def wait(client: httpx2.Client, run: str, wanted: str) -> dict[str, object]:
    end = time.monotonic() + 240
    while (state := client.get(f"{run}/state").json())["state"] != wanted:
        assert state["state"] in ("queued", "running"), state
        assert time.monotonic() < end, state
        time.sleep(0.1)
    return state


def test_a_cohort_goes_through_a_server_that_then_stops_cleanly(tmp_path):
    table, mapping = write_simulated(12, 7, tmp_path)
    with served(tmp_path / "data") as (process, client, csrf):
        source = sent(client, csrf, "cohort.csv", table.read_bytes(), mapping)
        assert "12 read = 12 accepted" in client.get(source).text
        run = assess(client, csrf, source)
        wait(client, run, "done")
        assert "Open the report of the cohort" in client.get(run).text
        cohort = client.get(f"{run}/report/")
        page = re.search(r'href="(cases/[^"]+\.html)"', cohort.text)[1]
        assert "What it is" in client.get(f"{run}/report/{page}").text
        assert client.get(f"{run}/files/manifest.json").json()["counts"]["read"] == 12
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out == "Stopped.\n"  # after the three lines of the start; nothing of what was served
    assert err == ""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_server_leaves_no_half_run_and_the_next_one_says_what_became_of_it(tmp_path):
    table, mapping = write_simulated(400, 7, tmp_path)
    data = tmp_path / "data"
    with served(data) as (process, client, csrf):
        source = sent(client, csrf, "cohort.csv", table.read_bytes(), mapping)
        run = assess(client, csrf, source)
        waiting = assess(client, csrf, source)
        end = time.monotonic() + 120
        while client.get(f"{run}/state").json()["step"] != "Writing case pages":
            assert time.monotonic() < end
            time.sleep(0.05)
        process.kill()
        process.communicate(timeout=30)
    results = data / "runs" / run.rpartition("/")[2]
    assert not results.exists()  # nothing, or the whole
    hidden = [path for path in (data / "runs").iterdir() if results.name in path.name]
    assert len(hidden) == 1
    assert hidden[0].name.startswith(".")
    written = len(list(hidden[0].rglob("*.html")))
    time.sleep(1.5)
    assert len(list(hidden[0].rglob("*.html"))) <= written + 40  # its process went with the server
    settled = len(list(hidden[0].rglob("*.html")))
    time.sleep(1.0)
    assert len(list(hidden[0].rglob("*.html"))) == settled
    with served(data) as (_, client, csrf):
        assert client.get(f"{run}/state").json()["state"] == "interrupted"
        assert "Nothing of this run was kept" in client.get(run).text
        assert not hidden[0].exists()
        wait(client, waiting, "running")  # what waited is not lost
        client.post(f"{waiting}/cancel", data={"csrf": csrf})
        again = assess(client, csrf, source)
        client.post(f"{again}/cancel", data={"csrf": csrf})
        assert client.get(f"{again}/state").json()["state"] == "cancelled"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_result_that_was_in_place_before_the_kill_is_done(tmp_path):
    """The folder is published in one step; the database hears of it a moment later."""
    table, mapping = write_simulated(3, 7, tmp_path)
    data = tmp_path / "data"
    with served(data) as (_, client, csrf):
        source = sent(client, csrf, "cohort.csv", table.read_bytes(), mapping)
        run = assess(client, csrf, source)
        wait(client, run, "done")
    import sqlite3

    with sqlite3.connect(data / "workspace.sqlite") as database:  # as if the kill had come between
        database.execute("UPDATE run SET state = 'running', counts = '{}' WHERE kind = 'assess'")
    with served(data) as (_, client, csrf):
        state = client.get(f"{run}/state").json()
    assert (state["state"], state["counts"]["read"]) == ("done", 3)


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "nenuphar", "serve", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_is_said_with_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = refused("--port", port, "--data", str(tmp_path))
    assert answer.returncode == 2
    assert f"port {port} is in use; choose another with --port" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--host", "192.0.2.1"), "can be reached from other machines"),
        (("--database", "mysql://jane:s3cret@db/x"), "what was given is neither"),
        (("--database", "postgresql://jane:s3cret@127.0.0.1:1/x"), "cannot be used"),
        (("--database", "sqlite:////dev/null/x"), "cannot be"),
    ],
)
def test_what_cannot_be_served_is_said_without_a_password(tmp_path, options, says):
    data = () if "sqlite" in options[1] else ("--data", str(tmp_path))
    answer = refused("--port", "0", *data, *options)
    assert answer.returncode == 2
    assert says in answer.stderr
    assert "s3cret" not in answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr


def test_asking_for_help_loads_no_library_of_the_web():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom nenuphar.cli.main import app\n"
        "assert CliRunner().invoke(app, ['serve', '--help']).exit_code == 0\n"
        "print({'fastapi', 'starlette', 'uvicorn', 'sqlalchemy', 'jinja2', 'polars'} "
        "& set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_token_of_ones_own_serves_scripts(tmp_path):
    token = "of-a-script-" + "x" * 20
    os.environ["NENUPHAR_TOKEN"] = token
    try:
        with served(tmp_path / "data") as (_, client, _):
            client.cookies.clear()
            headers = {"authorization": f"Bearer {token}"}
            case = {"patient": "P1", "facts": {"tumour.site": "lung"}}
            answer = client.post("/api/v1/assess", json=case, headers=headers)
            assert answer.status_code == 200
            assert json.loads(answer.text)["patient_id"] == "P1"
    finally:
        del os.environ["NENUPHAR_TOKEN"]
