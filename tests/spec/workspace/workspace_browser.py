"""What a person does in the workspace, and what is sent in its tests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

from nenuphar.web.settings import Limits

TOKEN = "a-token-that-only-this-test-knows"  # noqa: S105 - of a test
HOST = "127.0.0.1:8000"

TABLE = """patient_id,specimen_id,tumour.site,pathology.morphology,pathology.mitoses,\
pathology.necrosis
A1,S1,lung,carcinoid,1/2mm2,absent
A2,S1,lung,carcinoid,4/2mm2,focal
A3,S1,lung,carcinoid,many,absent
,S1,lung,carcinoid,4/2mm2,absent
"""
"""Four rows: two plain ones, one with a value that cannot be read, one without a patient."""

CASE_DATA = {
    "patient": "P1",
    "facts": {
        "tumour.site": "lung",
        "pathology.morphology": "carcinoid",
        "pathology.mitoses": "4/2mm2",
        "pathology.necrosis": "absent",
    },
}

LIMITS = Limits(upload=2 << 20, body=100_000, files=8, unpacked=4 << 20, members=50, waiting=3)


class Browser:
    """A client that has shown the token, with what a person does on the pages."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""

    def open(self) -> Browser:
        assert self.client.get(f"/?token={TOKEN}").status_code == 200
        self.csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("/").text)[1]
        return self

    def get(self, address: str, **options: Any) -> Any:
        return self.client.get(address, **options)

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.client.post(address, data={"csrf": self.csrf, **(data or {})}, **options)

    def project(self, name: str = "Cohort of a test") -> str:
        answer = self.post("/projects", {"name": name}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def send(self, project: str, *files: tuple[str, bytes], **data: str) -> Any:
        sent = [("main", (name, content)) for name, content in files]
        return self.post(f"{project}/inputs", data, files=sent, follow_redirects=False)

    def wait(self, run: str, states: tuple[str, ...] = ("queued", "running")) -> dict[str, Any]:
        """Wait until a run is in none of some states."""
        return until(lambda: self.get(f"/runs/{run}/state").json(), states)

    def checked(self, source: str) -> str:
        """Wait until an input has been read, and return its page."""
        end = time.monotonic() + 60
        while "data-watch" in (page := self.get(source).text):
            assert time.monotonic() < end
            time.sleep(0.1)
        return page

    def assessed(self, source: str, **data: str) -> str:
        """Assess an input and return the address of the run that is done."""
        answer = self.post(f"{source}/assess", data, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        run = answer.headers["location"]
        state = self.wait(run.removeprefix("/runs/"))
        assert state["state"] == "done", state
        return str(run)


def until(look: Callable[[], dict[str, Any]], states: tuple[str, ...]) -> dict[str, Any]:
    end = time.monotonic() + 90
    while (state := look())["state"] in states:
        assert time.monotonic() < end, state
        time.sleep(0.1)
    return state
