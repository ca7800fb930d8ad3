"""An input taken in: its files put in place, its mapping stated, its first reading queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from nenuphar.domain.problems import UsageError
from nenuphar.io.mapping import shipped_mappings
from nenuphar.store.workspace.database import Workspace
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.store.workspace.records import (
    CHECK,
    OWN_MAPPING,
    Input,
    Project,
    Run,
    new_id,
)
from nenuphar.web.jobs import Jobs
from nenuphar.web.settings import Limits
from nenuphar.web.uploads import Received, receive, safe_name

_LONGEST_MAPPING = 200_000


@dataclass(frozen=True)
class Intake:
    """Where inputs are taken in.

    Attributes:
        memory: What is remembered.
        folder: Where files go.
        jobs: The queue.
        limits: How much an input may come to.
    """

    memory: Workspace
    folder: WorkspaceFolder
    jobs: Jobs
    limits: Limits

    def files(
        self,
        project: Project,
        main: Sequence[UploadFile],
        beside: Sequence[UploadFile] = (),
        mapping: str = "",
        own_mapping: str = "",
    ) -> tuple[Input, Run]:
        """Take in files that were sent; see `uploads.receive`.

        Args:
            project: Where they belong.
            main: The input.
            beside: Files that stand beside it.
            mapping: Name of a shipped mapping, or empty.
            own_mapping: Text of a mapping of its own; goes before the shipped one.

        Raises:
            UsageError, UnreadableInputError: What was sent cannot be an input.
        """
        chosen = chosen_mapping(mapping, own_mapping)
        key = new_id()
        with self.folder.receiving(key) as target:
            received = receive(main, beside, target, self.limits)
        return self._remember(project, key, received, chosen, own_mapping)

    def text(self, project: Project, name: str, text: str) -> tuple[Input, Run]:
        """Take in a case that was written here."""
        key, name = new_id(), safe_name(name)
        with self.folder.receiving(key) as target:
            (target / name).write_text(text, encoding="utf-8")
        received = Received(name, 1, len(text.encode()))
        return self._remember(project, key, received, "", "")

    def table(self, project: Project, table: Path, mapping: str) -> tuple[Input, Run]:
        """Take in a table that was made here, with a shipped mapping."""
        key = new_id()
        with self.folder.receiving(key) as target:
            (target / table.name).write_bytes(table.read_bytes())
        received = Received(table.name, 1, table.stat().st_size)
        return self._remember(project, key, received, mapping, "")

    def _remember(
        self, project: Project, key: str, received: Received, mapping: str, own_mapping: str
    ) -> tuple[Input, Run]:
        if own_mapping:
            self.folder.write_mapping(key, own_mapping)
        record = Input(
            id=key,
            project_id=project.id,
            name=received.name,
            mapping=mapping,
            files=received.files,
            bytes=received.bytes,
        )
        self.memory.add_input(record)
        return record, self.jobs.add(record, CHECK, {})

    def change_mapping(self, source: Input, mapping: str, own_mapping: str) -> Run:
        """Read an input with another mapping."""
        chosen = chosen_mapping(mapping, own_mapping)
        if own_mapping:
            self.folder.write_mapping(source.id, own_mapping)
        self.memory.set_mapping(source.id, chosen)
        source.mapping = chosen
        return self.jobs.add(source, CHECK, {})

    def forget(self, record: Project | Input) -> None:
        """Delete a project or an input with its files and results.

        Raises:
            HTTPException: 409 while one of its runs is not over.
        """
        runs = self.memory.runs_below(record)
        if any(run.is_open for run in runs):
            raise HTTPException(409)
        is_project = isinstance(record, Project)
        inputs = self.memory.inputs(record.id) if is_project else [record]
        # Files go first: were the server to end in between, nothing of a patient would stay behind.
        self.folder.forget(*(self.folder.run(run.id) for run in runs))
        self.folder.forget(*(self.folder.inputs / one.id for one in inputs))
        self.memory.remove(record)


def chosen_mapping(mapping: str, own_mapping: str) -> str:
    """Return what is remembered of a choice of mapping.

    Raises:
        UsageError: No mapping is shipped under that name, or the own one is too long.
    """
    if own_mapping:
        if len(own_mapping) > _LONGEST_MAPPING:
            raise UsageError("the mapping is too long; a mapping has some hundred lines at most")
        return OWN_MAPPING
    if mapping and mapping not in shipped_mappings():
        raise UsageError("no mapping of that name is shipped; choose one of the list")
    return mapping
