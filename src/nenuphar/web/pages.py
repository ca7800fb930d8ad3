"""Pages of the workspace: rendered here, everything escaped, nothing loaded from anywhere else."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from nenuphar import __version__
from nenuphar.report import page as report_pages

if TYPE_CHECKING:
    from nenuphar.web.settings import Settings

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page of the workspace may load: its own style and its own script."""

FINDINGS_POLICY = CONTENT_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""The same for a page with drawings in it, whose parts carry styles of their own."""

INSIDE = "nenuphar.inside"
"""Entry of a request's scope: how it showed that it may come in, `cookie` or `bearer`."""

_OWN_SCRIPT = re.compile(r"script-src ('sha256-[A-Za-z0-9+/=]+'|'none')")
_HEAD = 350  # characters; what a page states before anything of an input stands in it

_SAYS = {
    400: ("That request cannot be used", "Go back and try again."),
    401: ("This workspace is locked", "Open the link that `nenuphar serve` printed when it began."),
    403: ("That came from somewhere else", "Open the page again here, then repeat what you did."),
    404: ("Nothing is here", "It may have been deleted. Begin again from the list of projects."),
    405: ("That cannot be done here", "Use the buttons and links of the pages."),
    408: ("The sender fell silent", "Send it again."),
    409: ("That cannot be done now", "Wait for the run to end, then try again."),
    413: (
        "That is too large",
        "Send less at once, or serve with a larger --max-upload.",
    ),
    422: ("Something was left out or misspelled", "Go back, mend it and send it again."),
    429: ("Enough is waiting already", "Wait for a run to end, or cancel one."),
    500: ("This is a fault of Nenuphar", "It is not your input. Please report the code below."),
}
_CODES = {
    "host": "The server was asked for by a name that is not its own.",
    "origin": "The request was begun by another site.",
    "token": "The token of that link is not the one of this server; it changes with every start.",
    "form": "The form is not from this server, or from before it was started again.",
}


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page of the workspace.

    Args:
        request: What is answered.
        template: Name of the template.
        status: Status of the answer.
        values: What the template shows; text is escaped.
    """
    return HTMLResponse(text_of(request, template, **values), status)


def text_of(request: Request, template: str, **values: Any) -> str:
    """Render a template of this package, or of the reports, into text."""
    from nenuphar.web.guard import csrf_token

    inside = request.scope.get(INSIDE)
    token = csrf_token(request.app.state.settings) if inside and "app" in request.scope else ""
    page = environment().get_template(template)
    return page.render(csrf=token, path=request.scope["path"], release=__version__, **values)


@lru_cache(maxsize=1)
def environment() -> Any:
    """Return what templates are rendered with; those of the reports can be taken in."""
    made = report_pages.environment("nenuphar.web")
    made.filters.update(bytes=_in_bytes, when=_when, words=lambda text: text.replace("_", " "))
    made.globals["asset"] = _asset
    return made


def _in_bytes(number: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GB"


def _when(time: dt.datetime | None) -> Markup:
    """Write a time of the database as a time that a script may tell in the reader's zone."""
    if time is None:
        return Markup("")
    text = Markup('<time datetime="{}Z">{} UTC</time>')
    return text.format(time.isoformat(timespec="seconds"), time.strftime("%Y-%m-%d %H:%M"))


@lru_cache(maxsize=4)
def static(name: str) -> bytes:
    """Return a file of this package that pages load; the style of the reports comes first."""
    own = resources.files("nenuphar.web").joinpath("static", name).read_bytes()
    if name != "workspace.css":
        return own
    return resources.files("nenuphar.report").joinpath("templates", "style.css").read_bytes() + own


@lru_cache(maxsize=4)
def _asset(name: str) -> str:
    """Return the address of such a file; it changes with its content."""
    return f"/static/{name}?{hashlib.sha256(static(name)).hexdigest()[:12]}"


def error_response(
    request: Request, status: int, *, code: str = "", detail: str = ""
) -> HTMLResponse | JSONResponse:
    """Say clearly what went wrong: a page for people, JSON for scripts.

    Args:
        request: What is answered.
        status: Status of the answer.
        code: Which of several reasons, or the number of a fault.
        detail: What can be said beyond that.
    """
    title, fix = _SAYS.get(status, _SAYS[400])
    says = detail or _CODES.get(code, "")
    label = f"{status}-{code}" if code else str(status)
    if request.scope["path"].startswith("/api/v1"):
        body = {"code": label, "error": title, "detail": says, "fix": fix}
        return JSONResponse(body, status)
    return render(
        request, "error.html", status=status, title=title, says=says, fix=fix, label=label,
        locked=status == 401,
    )  # fmt: skip


def opening_response(settings: Settings) -> Response:
    """Answer who showed the token: a cookie, and a page that leads on.

    A page and no redirect: what a redirect leads to still counts as asked for by the site of the
    link, and a strict cookie would stay behind.
    """
    text = environment().get_template("opening.html").render()
    response = HTMLResponse(text)
    response.set_cookie(settings.cookie, settings.secret, httponly=True, samesite="strict")
    return response


def report_response(text: str, back: str, label: str) -> HTMLResponse:
    """Serve a page of a report as it was written, with a way back to the workspace.

    Its own script, if it has one, is allowed by the hash that its head states, and no other is.

    Args:
        text: The page.
        back: Address to go back to.
        label: What is there.
    """
    stated = _OWN_SCRIPT.search(html.unescape(text[:_HEAD]))
    script = stated[1] if stated else "'none'"
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {script}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    way = Markup('<body>\n<nav class="page" aria-label="Workspace"><a href="{}">← {}</a></nav>')
    page = text.replace("<body>", way.format(back, label), 1)
    return HTMLResponse(page, headers={"content-security-policy": policy})
