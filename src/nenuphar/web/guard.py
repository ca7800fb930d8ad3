"""The door: who may come in, from where, with how much; and the headers of every answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser

from nenuphar.web.pages import CONTENT_POLICY, INSIDE, error_response, opening_response
from nenuphar.web.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_UPLOADS = re.compile(r"^(/api/v1)?/projects/[0-9a-f]{32}/inputs$")
_OPEN_PATHS = ("/static/", "/sign-in")
_SAFE = frozenset({"GET", "HEAD"})

_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""Set on every answer that does not set its own."""

FAULT = "nenuphar.fault"
"""Entry of a request's scope: what an unforeseen error is reported by, on the page and the log."""

log = logging.getLogger("nenuphar.web")


def csrf_token(settings: Settings) -> str:
    """Return what every form of the workspace carries, and no other site can know."""
    return hmac.new(settings.secret.encode(), b"form", "sha256").hexdigest()


def same(one: str, other: str) -> bool:
    """Compare secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _place(error: BaseException) -> str:
    """Return where an unforeseen error arose, without a word of what it says."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"


class Guard:
    """Wraps the application; what it refuses never reaches it."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on with its body counted and its answer guarded."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = _Answer(send)
        scope[FAULT] = secrets.token_hex(4)
        began = time.monotonic()
        try:
            response = self._refusal(scope) or self._opening(scope)
            if response is not None:
                await response(scope, receive, answer)
                return
            limits = self._settings.limits
            largest = limits.upload if _UPLOADS.match(scope["path"]) else limits.body
            body = _Body(receive, largest, limits.silence_seconds)
            await self._app(scope, body, answer)
        except Exception as error:  # noqa: BLE001 - the last line of defence: say what, not whom
            log.error("fault %s: %s", scope[FAULT], _place(error))
            if not answer.began:
                response = error_response(Request(scope), 500, code=scope[FAULT])
                await response(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            took = 1000 * (time.monotonic() - began)
            log.info("%s %s %s %.0f ms", scope["method"], route, answer.status, took)

    def _refusal(self, scope: MutableMapping[str, Any]) -> App | None:
        """Return why a request is not let in, if it is not."""
        headers, request = Headers(scope=scope), Request(scope)
        host = headers.get("host", "").lower()
        if host not in self._settings.hosts:
            return error_response(request, 400, code="host")
        length = headers.get("content-length", "0")
        limits = self._settings.limits
        largest = limits.upload if _UPLOADS.match(scope["path"]) else limits.body
        if not length.isdecimal() or int(length) > largest:
            return error_response(request, 413)
        if scope["method"] not in _SAFE and not _from_here(headers, host):
            return error_response(request, 403, code="origin")
        if self._bearer(headers) or self._cookie(headers):
            scope[INSIDE] = "bearer" if self._bearer(headers) else "cookie"
        elif not (scope["path"].startswith(_OPEN_PATHS) or _asks_to_open(scope)):
            return error_response(request, 401)
        return None

    def _opening(self, scope: MutableMapping[str, Any]) -> App | None:
        """Return the answer to the link that was printed: a cookie, and on to the first page."""
        if not _asks_to_open(scope):
            return None
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[-1]
        if not same(shown, self._settings.token):
            return error_response(Request(scope), 401, code="token")
        return opening_response(self._settings)

    def _bearer(self, headers: Headers) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and same(shown, self._settings.token)

    def _cookie(self, headers: Headers) -> bool:
        shown = cookie_parser(headers.get("cookie", "")).get(self._settings.cookie, "")
        return same(shown, self._settings.secret)


def _asks_to_open(scope: MutableMapping[str, Any]) -> bool:
    is_first = scope["path"] == "/" and scope["method"] == "GET"
    return is_first and b"token=" in scope["query_string"]


def _from_here(headers: Headers, host: str) -> bool:
    """Whether a request that changes something comes from a page of this server, or a script."""
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    # A page whose policy is no-referrer may send `null`: the token of its form decides.
    return origin in (None, "null") or urlsplit(origin).netloc.lower() == host


class _Body:
    """Counts the body of a request, and does not wait for ever."""

    def __init__(self, receive: Receive, largest: int, silence: float) -> None:
        self._receive, self._left, self._silence = receive, largest, silence
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:  # from here on the application waits for the other side to hang up
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._silence)
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
            if self._left < 0:
                raise HTTPException(413)
        return message


class _Answer:
    """Sets the headers of an answer, and remembers whether it began and how."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.began = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
