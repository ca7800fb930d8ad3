"""How a workspace is served, checked before anything is opened: who may reach it, and how much."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from nenuphar.domain.problems import UsageError
from nenuphar.store.workspace.folder import DATABASE

_SHORTEST_TOKEN = 24
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Limits:
    """What a request and a job may cost.

    Attributes:
        upload: Bytes of one upload.
        body: Bytes of any other request.
        files: Files in one upload.
        unpacked: Bytes that an archive may unpack to.
        members: Files in an archive.
        ratio: Bytes that a byte of an archive may unpack to.
        waiting: Runs that may be queued or running at once.
        check_seconds: Longest that reading an input may take.
        assess_seconds: Longest that an assessment may take.
        silence_seconds: Longest that a sender may pause within a request.
        problems: Problems of an input that its page lists; `rejected.tsv` has all.
    """

    upload: int = 256 << 20
    body: int = 1 << 20
    files: int = 50
    unpacked: int = 2 << 30
    members: int = 2_000
    ratio: int = 200
    waiting: int = 20
    check_seconds: float = 300.0
    assess_seconds: float = 7_200.0
    silence_seconds: float = 30.0
    problems: int = 500


@dataclass(frozen=True)
class Settings:
    """How the workspace is served.

    Attributes:
        host: Address to listen on.
        port: Port; 0 until one is chosen.
        data: Folder of the workspace.
        database: Address of the database.
        names: Further names that the server is asked for by, with or without a port.
        token: Opens the workspace; told to nobody but who started the server.
        limits: What a request and a job may cost.
        secret: Proves, in a cookie, that the token was shown; new with every start.
    """

    host: str
    port: int
    data: Path
    database: str
    names: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    limits: Limits = field(default_factory=Limits)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie; servers on other ports of one machine have others."""
        return f"nenuphar_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """What the `Host` of a request may be: anything else may be a rebound name."""
        own = {self.host, *self.names}
        if is_loopback(self.host):
            own |= {"127.0.0.1", "localhost", "::1"}
        bracketed = {f"[{name}]" if name.count(":") > 1 else name for name in own}
        with_port = {name if ":" in name.rpartition("]")[2] else f"{name}:{self.port}"
                     for name in bracketed}  # fmt: skip
        return frozenset(with_port | ({name for name in bracketed if self.port == 80}))

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        name = self.names[0] if self.names else self.host
        name = f"[{name}]" if name.count(":") > 1 else name
        return f"http://{name}" if ":" in name.rpartition("]")[2] else f"http://{name}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def make_settings(
    host: str,
    port: int,
    database: str,
    data: Path | None,
    *,
    allow_remote: bool = False,
    names: tuple[str, ...] = (),
    token: str = "",
    upload_mb: int = 0,
) -> Settings:
    """Check what was asked for.

    Raises:
        UsageError: An address that others reach without `--allow-remote`, all addresses without a
            name, or a token that could be guessed.
    """
    if not is_loopback(host) and not allow_remote:
        raise UsageError(
            f"--host {host} can be reached from other machines, and traffic is not encrypted; stay "
            "on 127.0.0.1 and use an SSH tunnel, or add --allow-remote behind a proxy that does TLS"
        )
    if host in ("0.0.0.0", "::") and not names:  # noqa: S104 - refused, not used
        raise UsageError(
            f"--host {host} needs --name, the name in people's address bars (HOST or HOST:PORT): "
            "requests for any other name are refused"
        )
    if token and len(token) < _SHORTEST_TOKEN:
        raise UsageError(
            f"NENUPHAR_TOKEN has fewer than {_SHORTEST_TOKEN} characters and could be guessed; "
            "leave it out, and a random one is printed"
        )
    folder = data or _beside(database) or Path("nenuphar-workspace")
    address = database or f"{_SQLITE}{folder / DATABASE}"
    limits = Limits(upload=upload_mb << 20) if upload_mb else Limits()
    own = {"token": token} if token else {}
    return Settings(host, port, folder, address, names, limits=limits, **own)


def _beside(database: str) -> Path | None:
    """Return the folder of a SQLite file; None for any other database."""
    file = database.removeprefix(_SQLITE)
    return Path(file).parent if file != database and file not in ("", ":memory:") else None
