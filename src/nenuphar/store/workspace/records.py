"""What a workspace remembers: projects, the inputs of each, and the runs over every input."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, INTERRUPTED = "failed", "cancelled", "interrupted"

OPEN = (QUEUED, RUNNING)
"""States of a run that is not over."""

CHECK, ASSESS = "check", "assess"
"""Kinds of runs: reading an input without concluding, and assessing it."""


def new_id() -> str:
    """Return an id that nobody can guess: 128 random bits, safe in an address and a file name."""
    return secrets.token_hex(16)


def now() -> dt.datetime:
    """Return the time in UTC, without a zone; fine enough to order what happens in one second."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Record(DeclarativeBase):
    """What all tables of the workspace share."""

    type_annotation_map = {dict[str, Any]: JSON, dict[str, int]: JSON}  # noqa: RUF012


class Layout(Record):
    """Which layout of tables a database has; a single row."""

    __tablename__ = "layout"

    version: Mapped[int] = mapped_column(primary_key=True)


class Project(Record):
    """A folder of inputs that belong together.

    Attributes:
        id: Cannot be guessed.
        name: What people call it.
        created: In UTC.
    """

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    created: Mapped[dt.datetime] = mapped_column(default=now)


class Input(Record):
    """Something to assess: a case, a table, a study, with what stands beside it.

    Attributes:
        id: Cannot be guessed; also the name of its folder.
        project_id: Where it belongs.
        name: Name of the file or the folder that is read.
        mapping: Name of a shipped mapping, `OWN_MAPPING` for one of its own, or empty.
        files: Number of files.
        bytes: Their size.
        created: In UTC.
    """

    __tablename__ = "input"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    mapping: Mapped[str] = mapped_column(String(100), default="")
    files: Mapped[int] = mapped_column(default=1)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    created: Mapped[dt.datetime] = mapped_column(default=now)


OWN_MAPPING = "(own)"
"""Mapping of an input that has one of its own; no shipped mapping is called so."""


class Run(Record):
    """One reading or assessment of an input.

    Attributes:
        id: Cannot be guessed; also the name of the folder of its results.
        input_id: What is read.
        kind: `check` or `assess`.
        state: Queued, running, or how it ended.
        settings: Mapping, as-of date and reports that were asked for.
        counts: Records read, accepted and rejected; values rejected.
        message: Why it failed.
        created: In UTC; so are `started` and `finished`.
    """

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    input_id: Mapped[str] = mapped_column(ForeignKey("input.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default=QUEUED, index=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(default=dict)
    message: Mapped[str] = mapped_column(String(4000), default="")
    created: Mapped[dt.datetime] = mapped_column(default=now)
    started: Mapped[dt.datetime | None] = mapped_column(default=None)
    finished: Mapped[dt.datetime | None] = mapped_column(default=None)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state in OPEN
