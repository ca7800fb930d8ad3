"""What the workspace remembers: in SQLite, and in PostgreSQL where one is at hand."""

from __future__ import annotations

import os
import threading

import pytest
from sqlalchemy import create_engine, text

from nenuphar.domain.problems import UsageError
from nenuphar.store.workspace.database import QueueFullError, open_workspace
from nenuphar.store.workspace.records import (
    ASSESS,
    CANCELLED,
    CHECK,
    DONE,
    QUEUED,
    RUNNING,
    Input,
    Record,
    Run,
)

POSTGRES = "NENUPHAR_TEST_POSTGRES"
HOSTILE = "Robert'); DROP TABLE project;--"


@pytest.fixture(params=["sqlite", "postgresql"])
def memory(request, tmp_path):
    address = f"sqlite:///{tmp_path}/w.sqlite"
    if request.param == "postgresql":
        address = os.environ.get(POSTGRES, "")
        if not address:
            pytest.skip(f"{POSTGRES} names no database (postgresql://USER:PASSWORD@HOST/NAME)")
    opened = open_workspace(address)
    yield opened
    Record.metadata.drop_all(opened._engine)
    opened.close()


def an_input(memory) -> Input:
    project = memory.add_project("Cohort")
    return memory.add_input(Input(project_id=project.id, name="readings.csv", bytes=5 << 30))


def test_projects_and_inputs_are_remembered(memory):
    source = an_input(memory)
    assert [(p.name, n) for p, n in memory.projects()] == [("Cohort", 1)]
    assert memory.input(source.id).bytes == 5 << 30
    memory.set_mapping(source.id, "simulated")
    assert memory.inputs(source.project_id)[0].mapping == "simulated"


def test_hostile_names_are_names(memory):
    kept = memory.add_project(HOSTILE)
    assert memory.project(kept.id).name == HOSTILE
    assert memory.project(HOSTILE) is None
    assert memory.run("' OR '1'='1") is None


def test_runs_are_taken_one_by_one_in_order_and_end_once(memory):
    source = an_input(memory)
    first = memory.add_run(Run(input_id=source.id, kind=CHECK), 9)
    memory.add_run(Run(input_id=source.id, kind=ASSESS, settings={"as_of": "2026"}), 9)
    begun = memory.begin_next()
    assert begun.state == RUNNING
    assert {run.state for run in memory.runs(source.id)} == {RUNNING, QUEUED}
    assert memory.end(begun.id, DONE, counts={"read": 4})
    assert not memory.end(begun.id, CANCELLED)  # it is over
    assert memory.run(begun.id).counts == {"read": 4}
    assert memory.run(begun.id).finished is not None
    assert memory.begin_next().id != begun.id
    assert memory.begin_next() is None
    assert first.id in {run.id for run in memory.runs(source.id)}


def test_the_queue_is_bounded_also_when_many_ask_at_once(memory):
    source = an_input(memory)
    outcomes = []

    def ask() -> None:
        try:
            memory.add_run(Run(input_id=source.id, kind=CHECK), 3)
            outcomes.append("taken")
        except QueueFullError:
            outcomes.append("full")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["full"] * 5 + ["taken"] * 3


def test_what_is_forgotten_takes_what_is_below_with_it(memory):
    source = an_input(memory)
    run = memory.add_run(Run(input_id=source.id, kind=CHECK), 9)
    memory.remove(memory.project(source.project_id))
    assert memory.projects() == []
    assert memory.input(source.id) is None
    assert memory.run(run.id) is None


def test_a_database_of_another_layout_is_refused(tmp_path):
    address = f"sqlite:///{tmp_path}/w.sqlite"
    open_workspace(address).close()
    with create_engine(address).begin() as connection:
        connection.execute(text("UPDATE layout SET version = 99"))
    with pytest.raises(UsageError, match="version 99"):
        open_workspace(address)


@pytest.mark.parametrize(
    "address",
    ["postgresql://jane:s3cret@127.0.0.1:1/x", "mysql://jane:s3cret@db/x", "s3cret", "",
     "postgresql://jane:s3cret@127.0.0.1:port/x", "sqlite:////nowhere/at/all/s3cret/w.sqlite"],
)  # fmt: skip
def test_a_database_that_cannot_be_used_is_said_without_its_password(address):
    with pytest.raises(UsageError) as raised:
        open_workspace(address)
    if not address.startswith("sqlite"):
        assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None
