"""A workspace of its own for each test, opened as the printed link opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from workspace_browser import HOST, LIMITS, TABLE, TOKEN, Browser

from nenuphar.web.app import create_app
from nenuphar.web.settings import Settings


class Results(NamedTuple):
    """An input that was assessed, for tests that only look at it."""

    browser: Browser
    source: str
    run: str
    settings: Settings


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    settings = settings_in(tmp_path_factory.mktemp("results"))
    with TestClient(create_app(settings), base_url=f"http://{HOST}") as client:
        browser = Browser(client).open()
        sent = browser.send(browser.project(), ("readings.csv", TABLE.encode()))
        source = sent.headers["location"]
        browser.checked(source)
        run = browser.assessed(source, as_of="2026-06-30", reports="all")
        yield Results(browser, source, run, settings)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def settings_in(place: Path) -> Settings:
    folder = place / "workspace"
    database = f"sqlite:///{folder}/workspace.sqlite"
    return Settings("127.0.0.1", 8000, folder, database, token=TOKEN, limits=LIMITS)


@pytest.fixture
def stranger(settings: Settings) -> Iterator[TestClient]:
    """Somebody who has not shown the token."""
    with TestClient(create_app(settings), base_url=f"http://{HOST}") as client:
        yield client


@pytest.fixture
def browser(stranger: TestClient) -> Browser:
    """Somebody who came by the printed link."""
    return Browser(stranger).open()


@pytest.fixture
def script(stranger: TestClient) -> TestClient:
    """A script that sends the token with every request."""
    stranger.headers["authorization"] = f"Bearer {TOKEN}"
    return stranger
