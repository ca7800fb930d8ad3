"""Serve a workspace until somebody stops it."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import uvicorn

from nenuphar.domain.problems import UsageError
from nenuphar.web.app import create_app
from nenuphar.web.settings import Settings, is_loopback

_CONNECTIONS = 100


def serve(settings: Settings, tell: Callable[[str], Any], *, browser: bool = False) -> None:
    """Listen, say where, and work until interrupted.

    Args:
        settings: How to serve.
        tell: Told where the workspace is, once it is there; the only place that shows the token.
        browser: Whether to open the workspace in a browser.

    Raises:
        UsageError: The port is taken, or folder or database cannot be used.
    """
    listening = _listen(settings.host, settings.port)
    try:
        settings = replace(settings, port=listening.getsockname()[1])
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=3,
                h11_max_incomplete_event_size=32_768,
            )
        )
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        link = f"{settings.address}/?token={settings.token}"
        _say(settings, link, tell)
        threading.Thread(target=_warm_up, daemon=True).start()
        if browser:
            threading.Timer(0.5, _open, [link]).start()
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            tell("Stopped.")
    finally:
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        why = f"port {port} is in use" if taken else f"{host}:{port} cannot be listened on"
        more = "" if taken else f" ({error.strerror or 'no such address'})"
        raise UsageError(f"{why}{more}; choose another with --port, or --port 0 for any") from None
    return listening


def _say(settings: Settings, link: str, tell: Callable[[str], Any]) -> None:
    tell("Nenuphar workspace, for research use only")
    tell(f"  {link}")
    tell(f"Data lie in {settings.data.resolve()}; the link is the key to them. Stop with Ctrl-C.")
    if not is_loopback(settings.host):
        tell(
            f"WARNING: {settings.host} can be reached from other machines, unencrypted. Put a "
            "proxy with TLS before it; whoever has the token sees every case."
        )


def _warm_up() -> None:
    """Load what the first pages need while nobody waits for it yet."""
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.case import plan_of

    plan_of(load_knowledge())


def _open(link: str) -> None:
    import webbrowser

    webbrowser.open(link)
