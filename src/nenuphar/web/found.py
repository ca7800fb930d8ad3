"""What a request speaks of: the project, input or run of its address, or nothing at all."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from nenuphar.store.workspace.database import Workspace
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.store.workspace.records import Input, Project, Run
from nenuphar.web.jobs import Jobs


def workspace_of(request: Request) -> Workspace:
    """Return what is remembered."""
    return request.app.state.workspace


def folder_of(request: Request) -> WorkspaceFolder:
    """Return where files lie."""
    return request.app.state.folder


def jobs_of(request: Request) -> Jobs:
    """Return the queue."""
    return request.app.state.jobs


Memory = Annotated[Workspace, Depends(workspace_of)]
Folder = Annotated[WorkspaceFolder, Depends(folder_of)]
Queue = Annotated[Jobs, Depends(jobs_of)]


def _project(project: str, memory: Memory) -> Project:
    if found := memory.project(project):
        return found
    raise HTTPException(404)


def _input(source: str, memory: Memory) -> Input:
    if found := memory.input(source):
        return found
    raise HTTPException(404)


def _run(run: str, memory: Memory) -> Run:
    if found := memory.run(run):
        return found
    raise HTTPException(404)


ThisProject = Annotated[Project, Depends(_project)]
ThisInput = Annotated[Input, Depends(_input)]
ThisRun = Annotated[Run, Depends(_run)]
