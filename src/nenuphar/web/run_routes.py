"""Pages of runs: how far they are, what they came to, and the files of their results."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from nenuphar.domain.problems import UsageError
from nenuphar.report.names import page_names
from nenuphar.store.publish import MANIFEST
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.store.workspace.records import ASSESS, DONE, Run
from nenuphar.web.forms import Form, text
from nenuphar.web.found import Folder, Memory, Queue, ThisRun
from nenuphar.web.pages import render, report_response
from nenuphar.web.project_routes import to

router = APIRouter()

FILES = {
    "conclusions.tsv": "every conclusion, as a table",
    "conclusions.parquet": "the same for Python and R",
    "rejected.tsv": "what could not be used, with reason and fix",
    "manifest.json": "hashes, versions, counts and settings",
    "results.duckdb": "everything in one database, with views",
}
"""Files of the results that can be downloaded, and what they are."""

MOST_CASES = 1_000
_PAGE = re.compile(r"^[A-Za-z0-9._~%-]{1,130}\.(html|json)$")


@router.get("/runs/{run}")
def show_run(request: Request, found: ThisRun, memory: Memory, folder: Folder) -> Response:
    """Show a run: how far it is, or what it came to."""
    source = memory.input(found.input_id)
    if source is None:
        raise HTTPException(404)
    is_there = found.kind == ASSESS and found.state == DONE
    is_there = is_there and (folder.run(found.id) / MANIFEST).is_file()
    results = _results(found, folder) if is_there else {}
    return render(
        request, "run.html",
        title=f"Run over {source.name}",
        run=found,
        source=source,
        project=memory.project(source.project_id),
        files=FILES,
        watched=found if found.is_open else None,
        **results,
    )  # fmt: skip


@router.get("/runs/{run}/state")
def state_of_run(found: ThisRun, queue: Queue) -> dict[str, Any]:
    """Say how far a run is, for the page that waits for it."""
    return run_state(found, queue)


@router.post("/runs/{run}/cancel")
def cancel(form: Form, found: ThisRun, queue: Queue) -> Response:
    """Cancel a run."""
    queue.cancel(found)
    return to(f"/inputs/{found.input_id}" if found.kind != ASSESS else f"/runs/{found.id}")


@router.get("/runs/{run}/files/{name}")
def download(found: ThisRun, name: str, folder: Folder) -> Response:
    """Send a file of the results."""
    path = folder.run(found.id) / name
    if name not in FILES or found.state != DONE or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, filename=name, media_type="application/octet-stream")


@router.get("/runs/{run}/report/")
@router.get("/runs/{run}/report/index.html")
def cohort_page(found: ThisRun, folder: Folder) -> Response:
    """Show the page of the cohort."""
    return _page(found, folder, "index.html")


@router.get("/runs/{run}/report/cases/{name}")
def case_page(found: ThisRun, name: str, folder: Folder) -> Response:
    """Show the page of a case, or send it as JSON."""
    if not _PAGE.match(name):
        raise HTTPException(404)
    return _page(found, folder, "cases", name)


@router.post("/runs/{run}/patient")
def one_patient(form: Form, found: ThisRun, folder: Folder) -> Response:
    """Render the page of a patient who has none yet, and show it."""
    from nenuphar.pipeline.job import render_patient

    if found.kind != ASSESS or found.state != DONE:
        raise HTTPException(409)
    patient = text(form, "patient")
    try:
        page = render_patient(folder.run(found.id), patient)
    except UsageError:
        raise UsageError(f"the results hold no patient {patient!r}; ids are verbatim") from None
    return to(_address(found, page.name))


def run_state(run: Run, queue: Any) -> dict[str, Any]:
    """Return how far a run is, as data."""
    progress = queue.progress
    here = progress.run == run.id and run.is_open
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "step": progress.step if here else "",
        "done": progress.done if here else 0,
        "of": progress.of if here else 0,
        "counts": run.counts,
        "message": run.message,
    }


def _page(run: Run, folder: WorkspaceFolder, *parts: str) -> Response:
    path = folder.run(run.id).joinpath(*parts)
    if run.state != DONE or not path.is_file():
        raise HTTPException(404)
    if path.suffix == ".json":
        return FileResponse(path, media_type="application/json")
    return report_response(path.read_text("utf-8"), f"/runs/{run.id}", "Workspace")


def _address(run: Run, page: str) -> str:
    from urllib.parse import quote

    return f"/runs/{run.id}/report/cases/{quote(page)}"


def _results(run: Run, folder: WorkspaceFolder) -> dict[str, Any]:
    """Return what the page of finished results shows."""
    import polars as pl

    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.job import entities_of
    from nenuphar.report.words import Words

    place = folder.run(run.id)
    table = pl.read_parquet(place / "conclusions.parquet")
    patients = table["patient_id"].unique(maintain_order=True).to_list()
    names = page_names(patients)
    pages = {page.name for page in (place / "cases").glob("*.html")}
    words = Words(load_knowledge())
    return {
        "manifest": json.loads((place / MANIFEST).read_text("utf-8")),
        "entities": [
            (words.value("tumour.entity", value) or "Cannot be told", status, number)
            for value, status, number in entities_of(table)
        ],
        "patients": len(patients),
        "cases": [
            (patient, _address(run, f"{names[patient]}.html"))
            for patient in patients
            if f"{names[patient]}.html" in pages
        ][:MOST_CASES],
        "sizes": {name: (place / name).stat().st_size for name in FILES},
    }
