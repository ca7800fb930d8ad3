"""The application: its routes, what opens with it and what closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from nenuphar import __version__
from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.store.workspace.database import QueueFullError, open_workspace
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.web import api, case_routes, knowledge_routes, project_routes, run_routes
from nenuphar.web.forms import AnyForm, Form, text
from nenuphar.web.guard import FAULT, Guard, same
from nenuphar.web.jobs import Jobs
from nenuphar.web.pages import error_response, opening_response, static
from nenuphar.web.settings import Settings

_STATIC = {"workspace.css": "text/css", "workspace.js": "text/javascript"}


def create_app(settings: Settings) -> Guard:
    """Return the workspace as an ASGI application, guarded; its folder and database open with it.

    Raises:
        UsageError: The folder or the database cannot be used.
    """
    folder = WorkspaceFolder(settings.data)
    folder.hold()
    try:
        workspace = open_workspace(settings.database)
    except UsageError:
        folder.release()
        raise

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs = Jobs(workspace, folder, settings.limits)
        jobs.recover()
        app.state.jobs = jobs
        working = asyncio.create_task(jobs.work())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            workspace.close()
            folder.release()

    app = FastAPI(
        title="Nenuphar workspace",
        version=__version__,
        description=api.DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings, app.state.workspace, app.state.folder = settings, workspace, folder
    modules = (project_routes, run_routes, case_routes, knowledge_routes)
    for module in modules:
        app.include_router(module.router, include_in_schema=False)
    app.include_router(api.router, prefix="/api/v1")
    _add_door(app)
    _add_errors(app)
    return Guard(app, settings)


def _add_door(app: FastAPI) -> None:
    @app.get("/static/{name}", include_in_schema=False)
    def _static(name: str) -> Response:
        if name not in _STATIC:
            raise HTTPException(404)
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(static(name), media_type=_STATIC[name], headers=kept)

    @app.get("/sign-in", include_in_schema=False)
    def _ask(request: Request) -> Response:
        return error_response(request, 401)

    @app.post("/sign-in", include_in_schema=False)
    def _sign_in(request: Request, form: AnyForm) -> Response:
        if not same(text(form, "token"), app.state.settings.token):
            return error_response(request, 401, code="token")
        return opening_response(app.state.settings)

    @app.post("/sign-out", include_in_schema=False)
    def _sign_out(form: Form) -> Response:
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(app.state.settings.cookie)
        return response


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def _refused(request: Request, error: HTTPException) -> Response:
        known = error.detail if error.detail in ("form", "origin", "host") else ""
        return error_response(request, error.status_code, code=known)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        places = (".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors())
        return error_response(request, 422, detail="; ".join(places)[:500])

    @app.exception_handler(UsageError)
    @app.exception_handler(UnreadableInputError)
    async def _unusable(request: Request, error: Exception) -> Response:
        return error_response(request, 422, detail=str(error))

    @app.exception_handler(QueueFullError)
    async def _full(request: Request, _: QueueFullError) -> Response:
        return error_response(request, 429)

    @app.exception_handler(Exception)
    async def _fault(request: Request, _: Exception) -> Response:
        return error_response(request, 500, code=request.scope[FAULT])
