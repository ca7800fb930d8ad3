"""What comes from a form: read with bounds, and only if the form is our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from nenuphar.web.guard import csrf_token, same
from nenuphar.web.pages import INSIDE

FIELD = "csrf"
HEADER = "x-csrf-token"
_MOST_FIELDS = 2_000


async def any_form(request: Request) -> AsyncIterator[FormData]:
    """Yield a form, whoever sent it; its files are gone with the answer.

    Raises:
        HTTPException: 422 where it is no form, or holds too much.
    """
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise HTTPException(422)
    most = request.app.state.settings.limits.files
    form = await request.form(max_files=most, max_fields=_MOST_FIELDS)
    try:
        yield form
    finally:
        await form.close()


AnyForm = Annotated[FormData, Depends(any_form)]


async def own_form(request: Request, form: AnyForm) -> FormData:
    """Return a form after a look at its token.

    Raises:
        HTTPException: 403 where the token is absent or wrong, 422 where it is no form.
    """
    if not same(_text(form.get(FIELD)), csrf_token(request.app.state.settings)):
        raise HTTPException(403, "form")
    return form


Form = Annotated[FormData, Depends(own_form)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def text(form: FormData, name: str, longest: int = 200) -> str:
    """Return a field as one trimmed text, empty where it is absent."""
    return _text(form.get(name)).strip()[:longest]


def files(form: FormData, name: str) -> list[UploadFile]:
    """Return the files that were chosen in a field."""
    found = form.getlist(name)
    return [f for f in found if isinstance(f, UploadFile) and f.filename]


async def own_script(request: Request) -> None:
    """Let a script in that shows the token, or a page of ours that shows the token of its forms.

    Raises:
        HTTPException: 403 for anything else.
    """
    if request.scope.get(INSIDE) == "bearer":
        return
    if not same(request.headers.get(HEADER, ""), csrf_token(request.app.state.settings)):
        raise HTTPException(403, "form")


OwnScript = Depends(own_script)
