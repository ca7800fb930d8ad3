"""Pages of projects and of their inputs."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from nenuphar.domain.dates import DateError, parse_date
from nenuphar.domain.problems import UsageError
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.store.workspace.records import ASSESS, CHECK, DONE, Run
from nenuphar.web.child import CHECKED
from nenuphar.web.forms import Form, files, text
from nenuphar.web.found import Folder, Memory, Queue, ThisInput, ThisProject
from nenuphar.web.intake import Intake
from nenuphar.web.pages import render

router = APIRouter()

_DEMO_PATIENTS, _DEMO_SEED = 120, 7
REPORTS = {"": "all up to 500 patients", "all": "all", "flagged": "those not simply met",
           "none": "none"}  # fmt: skip


def intake_of(request: Request, memory: Memory, folder: Folder, queue: Queue) -> Intake:
    """Return where inputs are taken in."""
    return Intake(memory, folder, queue, request.app.state.settings.limits)


ThisIntake = Annotated[Intake, Depends(intake_of)]


def to(address: str) -> RedirectResponse:
    """Lead on after a form, so that going back does not send it again."""
    return RedirectResponse(address, 303)


@router.get("/")
def projects(request: Request, memory: Memory) -> Response:
    """List the projects."""
    return render(request, "projects.html", title="Projects", projects=memory.projects())


@router.post("/projects")
def add_project(form: Form, memory: Memory) -> Response:
    """Add a project."""
    name = text(form, "name")
    if not name:
        raise UsageError("a project needs a name; write what the cohort or the patient group is")
    return to(f"/projects/{memory.add_project(name).id}")


@router.post("/demonstration")
def add_demonstration(form: Form, memory: Memory, intake: ThisIntake) -> Response:
    """Add a project with a simulated cohort."""
    from nenuphar.pipeline.simulated import write_simulated

    project = memory.add_project("Demonstration: a simulated lung cohort")
    with TemporaryDirectory() as place:
        table, mapping = write_simulated(_DEMO_PATIENTS, _DEMO_SEED, Path(place))
        source, _ = intake.table(project, table, mapping)
    return to(f"/inputs/{source.id}")


@router.get("/projects/{project}")
def show_project(request: Request, found: ThisProject, memory: Memory) -> Response:
    """Show the inputs of a project, and the form to send another."""
    lines = [(source, memory.runs(source.id)) for source in memory.inputs(found.id)]
    limits = request.app.state.settings.limits
    return render(
        request, "project.html", title=found.name, project=found, lines=lines,
        mappings=mapping_titles(), limits=limits,
    )  # fmt: skip


@router.post("/projects/{project}/delete")
def delete_project(form: Form, found: ThisProject, intake: ThisIntake) -> Response:
    """Delete a project with everything in it."""
    _confirmed(form)
    intake.forget(found)
    return to("/")


@router.post("/projects/{project}/inputs")
def add_input(form: Form, found: ThisProject, intake: ThisIntake) -> Response:
    """Take in files."""
    own = files(form, "own_mapping")
    mapping_text = own[0].file.read(1 << 20).decode("utf-8", "replace") if own else ""
    main, beside = files(form, "main"), files(form, "beside")
    source, _ = intake.files(found, main, beside, text(form, "mapping"), mapping_text)
    return to(f"/inputs/{source.id}")


@router.get("/inputs/{source}")
def show_input(request: Request, found: ThisInput, memory: Memory, folder: Folder) -> Response:
    """Show an input: what reading it says, its mapping, and its assessments."""
    runs = memory.runs(found.id)
    check = next((run for run in runs if run.kind == CHECK), None)
    checked = checked_of(check, folder) if check else {}
    own = folder.own_mapping(found.id)
    draft = str(checked.get("draft", ""))
    return render(
        request, "input.html",
        title=found.name,
        source=found,
        project=memory.project(found.project_id),
        check=check,
        checked=checked,
        assessments=[run for run in runs if run.kind == ASSESS],
        mappings=mapping_titles(),
        draft=draft,
        mapping_text=draft or (own.read_text("utf-8") if own.exists() else ""),
        reports=REPORTS,
        watched=next((run for run in runs if run.is_open), None),
    )  # fmt: skip


@router.get("/inputs/{source}/rejected.tsv")
def rejected(found: ThisInput, memory: Memory, folder: Folder) -> Response:
    """Send what reading an input could not use."""
    check = next((run for run in memory.runs(found.id) if run.kind == CHECK), None)
    file = folder.run(check.id) / "rejected.tsv" if check else None
    if file is None or not file.is_file():
        raise HTTPException(404)
    return FileResponse(file, filename=file.name, media_type="application/octet-stream")


@router.post("/inputs/{source}/mapping")
def change_mapping(form: Form, found: ThisInput, intake: ThisIntake) -> Response:
    """Read an input with another mapping."""
    own = text(form, "text", 1 << 20) if text(form, "which") == "own" else ""
    if text(form, "which") == "own" and not own:
        raise UsageError("the mapping is empty; write one, or choose one that is shipped")
    intake.change_mapping(found, "" if own else text(form, "mapping"), own)
    return to(f"/inputs/{found.id}")


@router.post("/inputs/{source}/assess")
def assess(form: Form, found: ThisInput, queue: Queue) -> Response:
    """Queue an assessment."""
    settings = assess_settings(text(form, "as_of"), text(form, "reports"))
    run = queue.add(found, ASSESS, settings)
    return to(f"/runs/{run.id}")


@router.post("/inputs/{source}/delete")
def delete_input(form: Form, found: ThisInput, intake: ThisIntake) -> Response:
    """Delete an input with its results."""
    _confirmed(form)
    intake.forget(found)
    return to(f"/projects/{found.project_id}")


def assess_settings(as_of: str, reports: str) -> dict[str, str]:
    """Check what an assessment was asked for with.

    Raises:
        UsageError: No date, or no such choice of reports.
    """
    try:
        if as_of:
            parse_date(as_of)
    except DateError as error:
        raise UsageError(f"as of: {error}") from error
    if reports not in REPORTS:
        raise UsageError("case pages are for all, flagged or none")
    return {"as_of": as_of, "reports": reports}


def checked_of(check: Run, folder: WorkspaceFolder) -> dict[str, Any]:
    """Return what reading an input said; empty where it is not done."""
    file = folder.run(check.id) / CHECKED
    if check.state != DONE or not file.is_file():
        return {}
    return dict(json.loads(file.read_text("utf-8")))


@lru_cache(maxsize=1)
def mapping_titles() -> dict[str, str]:
    """Return the shipped mappings, by name, with their titles."""
    from nenuphar.io.mapping import load_mapping, shipped_mappings
    from nenuphar.knowledge.base import load_knowledge

    return {name: load_mapping(name, load_knowledge()).title for name in shipped_mappings()}


def _confirmed(form: Form) -> None:
    if text(form, "sure") != "yes":
        raise UsageError("nothing was deleted; tick the box that says that you are sure")
