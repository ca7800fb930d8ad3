"""The workspace for scripts, under `/api/v1`: the same as the pages, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem, UnreadableInputError, UsageError
from nenuphar.io.case_file import parse_cases
from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.interchange import as_exported
from nenuphar.knowledge.search import search as find
from nenuphar.store.workspace.records import ASSESS, CHECK, DONE, Input, Run
from nenuphar.web import conclude
from nenuphar.web.forms import AnyForm, OwnScript, files, text
from nenuphar.web.found import Folder, Memory, Queue, ThisInput, ThisProject, ThisRun
from nenuphar.web.knowledge_routes import LONGEST_QUERY, pooled
from nenuphar.web.project_routes import ThisIntake, assess_settings, checked_of
from nenuphar.web.run_routes import FILES, run_state

DESCRIPTION = (
    "The workspace for scripts. Send `Authorization: Bearer TOKEN` with the token that "
    "`nenuphar serve` printed, or that NENUPHAR_TOKEN set. Errors are "
    "`{code, error, detail, fix}`. For research use only."
)
_REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "No token, or a wrong one."},
    413: {"description": "The body is too large."},
    422: {"description": "What was sent cannot be used; `detail` says why, `fix` what to do."},
}
_EXAMPLE = {
    "patient": "P1",
    "facts": {"tumour.site": "lung", "pathology.mitoses": "4/2mm2", "pathology.necrosis": "focal"},
}

router = APIRouter(responses=_REFUSED)

ACase = Annotated[
    dict[str, Any],
    Body(
        description="A case in Nenuphar's own form; `nenuphar schema case` prints its JSON Schema.",
        examples=[_EXAMPLE],
    ),
]


class NewProject(BaseModel):
    """A project to add."""

    name: str = Field(min_length=1, max_length=200)


class Assessing(BaseModel):
    """How an input is to be assessed."""

    as_of: str = Field("", description="Latest date to consider, such as 2026-06-30.")
    reports: str = Field("", description="Case pages: all, flagged or none.")


@router.post("/assess", dependencies=[OwnScript], tags=["case"])
def assess_case(case: ACase) -> Response:
    """Assess one case: every conclusion with its trace, every section of its page, all problems."""
    read, problems = _one_case(case)
    kb = load_knowledge()
    return _json(conclude.as_json(conclude.assessed(read, kb), problems, kb))


@router.post("/explain", dependencies=[OwnScript], tags=["case"])
def explain_case(case: ACase, fact: str = "") -> Response:
    """Show how the conclusions about a case came about, or those about one fact."""
    read, _ = _one_case(case)
    assessment = conclude.assessed(read, load_knowledge())
    chosen = assessment.of(fact) if fact else list(assessment.conclusions)
    if fact and not chosen:
        raise UsageError(f"nothing is concluded about {fact[:80]!r}; see /api/v1/search?kind=fact")
    plain = [asdict(conclusion) for conclusion in chosen]
    return _json(json.dumps(plain, ensure_ascii=False, default=_plain))


@router.post("/match/trials", dependencies=[OwnScript], tags=["case"])
def match_trials(case: ACase) -> dict[str, Any]:
    """Match trials to a case, criterion by criterion; the order is no order of suitability."""
    from nenuphar.pipeline.matching.trials import NOT_SUITABILITY, match_as_data, match_case

    read, _ = _one_case(case)
    kb = load_knowledge()
    matches = match_case(conclude.assessed(read, kb), kb)
    trials = [match_as_data(match) for match in matches]
    return {"patient": read.patient, "note": NOT_SUITABILITY, "trials": trials}


@router.post("/match/therapies", dependencies=[OwnScript], tags=["case"])
def match_treatments(case: ACase) -> dict[str, Any]:
    """Match treatments to a case: population, predictive factor, evidence for and against."""
    from nenuphar.pipeline.matching.therapies import THERAPY_NOTE, match_therapies, therapy_as_data

    read, _ = _one_case(case)
    kb = load_knowledge()
    matches = match_therapies(conclude.assessed(read, kb), kb)
    data = [therapy_as_data(match) for match in matches]
    return {"patient": read.patient, "note": THERAPY_NOTE, "therapies": data}


@router.get("/search", tags=["knowledge"])
def search_records(
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    kind: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """Find records that hold every word."""
    hits = find(load_knowledge(), q, kind)
    return {"found": len(hits), "records": [hit._asdict() for hit in hits[:limit]]}


@router.get("/records/{record}", tags=["knowledge"])
def one_record(record: str) -> dict[str, Any]:
    """Return a record as `kb export` writes it."""
    kb = load_knowledge()
    if record not in kb.raw:
        raise HTTPException(404)
    return as_exported(kb.raw[record])


@router.get("/evidence/pool", tags=["knowledge"])
def pool_evidence(
    endpoint: str, population: str = "", strategy: str = "", method: str = "glmm"
) -> dict[str, Any]:
    """Pool what the records of the literature report, as `nenuphar evidence pool --json` does."""
    answer, refusal = pooled(endpoint, population, strategy, method)
    if refusal:
        raise UsageError(refusal)
    return answer


@router.get("/projects", tags=["projects"])
def list_projects(memory: Memory) -> list[dict[str, Any]]:
    """List the projects."""
    return [{"id": p.id, "name": p.name, "inputs": number} for p, number in memory.projects()]


@router.post("/projects", status_code=201, dependencies=[OwnScript], tags=["projects"])
def new_project(project: NewProject, memory: Memory) -> dict[str, Any]:
    """Add a project."""
    added = memory.add_project(project.name)
    return {"id": added.id, "name": added.name, "inputs": 0}


@router.get("/projects/{project}/inputs", tags=["projects"])
def list_inputs(found: ThisProject, memory: Memory) -> list[dict[str, Any]]:
    """List the inputs of a project."""
    return [_as_data(source, memory.runs(source.id)) for source in memory.inputs(found.id)]


_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["main"],
                    "properties": {
                        "main": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "The input: a case, a table, or a zip of a study.",
                        },
                        "beside": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files that the input names.",
                        },
                        "mapping": {"type": "string", "description": "Of a shipped mapping."},
                        "own_mapping": {"type": "string", "description": "Text of another."},
                    },
                }
            }
        },
    }
}


@router.post(
    "/projects/{project}/inputs",
    status_code=201,
    dependencies=[OwnScript],
    tags=["projects"],
    openapi_extra=_UPLOAD,
)
def new_input(form: AnyForm, found: ThisProject, intake: ThisIntake) -> dict[str, Any]:
    """Send an input; reading it without concluding anything is queued at once."""
    source, run = intake.files(
        found,
        files(form, "main"),
        files(form, "beside"),
        text(form, "mapping"),
        text(form, "own_mapping", 1 << 20),
    )
    return _as_data(source, [run])


@router.get("/inputs/{source}", tags=["projects"])
def one_input(found: ThisInput, memory: Memory, folder: Folder) -> dict[str, Any]:
    """Return an input with its runs, and what reading it said."""
    runs = memory.runs(found.id)
    check = next((run for run in runs if run.kind == CHECK), None)
    return {**_as_data(found, runs), "check": checked_of(check, folder) if check else {}}


@router.post("/inputs/{source}/assess", status_code=202, dependencies=[OwnScript], tags=["runs"])
def assess_input(found: ThisInput, asked: Assessing, queue: Queue) -> dict[str, Any]:
    """Queue an assessment of an input."""
    run = queue.add(found, ASSESS, assess_settings(asked.as_of, asked.reports))
    return run_state(run, queue)


@router.get("/runs/{run}", tags=["runs"])
def one_run(found: ThisRun, queue: Queue) -> dict[str, Any]:
    """Say how far a run is, or how it ended."""
    return run_state(found, queue)


@router.post("/runs/{run}/cancel", dependencies=[OwnScript], tags=["runs"])
def cancel_run(found: ThisRun, queue: Queue, memory: Memory) -> dict[str, Any]:
    """Cancel a run."""
    queue.cancel(found)
    return run_state(memory.run(found.id) or found, queue)


@router.get("/runs/{run}/files/{name}", tags=["runs"])
def one_file(found: ThisRun, name: str, folder: Folder) -> Response:
    """Send a file of the results: conclusions.tsv or .parquet, rejected.tsv, manifest.json, ..."""
    path = folder.run(found.id) / name
    if name not in FILES or found.state != DONE or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, filename=name)


def _as_data(source: Input, runs: list[Run]) -> dict[str, Any]:
    kept = ("id", "name", "mapping", "files", "bytes")
    own = [{"id": run.id, "kind": run.kind, "state": run.state} for run in runs]
    return {**{name: getattr(source, name) for name in kept}, "runs": own}


def _one_case(data: dict[str, Any]) -> tuple[Case, tuple[Problem, ...]]:
    """Read the case of a request.

    Raises:
        UnreadableInputError: It is no case, or rejected.
    """
    read = parse_cases(json.dumps(data, ensure_ascii=False), "request.json", load_knowledge())
    if len(read.cases) != 1:
        says = "; ".join(f"{p.reason}; {p.fix}" for p in read.problems if p.rejected)
        raise UnreadableInputError(says or "a request holds one case")
    return read.cases[0], read.problems


def _json(body: str) -> Response:
    return Response(body, media_type="application/json")


def _plain(value: object) -> str:
    return str(getattr(value, "value", value))
