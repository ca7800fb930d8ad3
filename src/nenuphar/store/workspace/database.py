"""The database of a workspace: SQLite in its folder, or PostgreSQL by address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, func, make_url, select, update
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from nenuphar.domain.problems import UsageError
from nenuphar.store.workspace.records import (
    CHECK,
    OPEN,
    QUEUED,
    RUNNING,
    Input,
    Layout,
    Project,
    Record,
    Run,
    now,
)

LAYOUT = 1
"""Version of the tables; a database of another one is refused, never changed."""


class QueueFullError(Exception):
    """As many runs wait as may; one has to end first."""


class Workspace:
    """What is remembered; every method is one transaction and may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._queueing = Lock()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def projects(self) -> list[tuple[Project, int]]:
        """Return the projects, the newest first, each with the number of its inputs."""
        query = (
            select(Project, func.count(Input.id))
            .outerjoin(Input, Input.project_id == Project.id)
            .group_by(Project.id)
            .order_by(Project.created.desc(), Project.name, Project.id)
        )
        with self._session() as session:
            return [(project, number) for project, number in session.execute(query)]

    def add_project(self, name: str) -> Project:
        """Add a project."""
        return self._add(Project(name=name))

    def project(self, key: str) -> Project | None:
        """Return a project, or None."""
        return self._get(Project, key)

    def inputs(self, project: str) -> list[Input]:
        """Return the inputs of a project, the newest first."""
        query = select(Input).where(Input.project_id == project)
        return self._all(query.order_by(Input.created.desc(), Input.id))

    def add_input(self, record: Input) -> Input:
        """Add an input."""
        return self._add(record)

    def input(self, key: str) -> Input | None:
        """Return an input, or None."""
        return self._get(Input, key)

    def set_mapping(self, key: str, mapping: str) -> None:
        """State the mapping that an input is read with."""
        with self._session() as session:
            session.execute(update(Input).where(Input.id == key).values(mapping=mapping))

    def remove(self, record: Project | Input) -> None:
        """Forget a project or an input with everything below it."""
        with self._session() as session:
            if found := session.get(type(record), record.id):
                session.delete(found)

    def add_run(self, record: Run, longest: int) -> Run:
        """Queue a run.

        Raises:
            QueueFullError: `longest` runs are not over yet.
        """
        with self._queueing, self._session() as session:
            waiting = session.scalar(select(func.count(Run.id)).where(Run.state.in_(OPEN)))
            if (waiting or 0) >= longest:
                raise QueueFullError
            session.add(record)
        return record

    def run(self, key: str) -> Run | None:
        """Return a run, or None."""
        return self._get(Run, key)

    def runs(self, key: str) -> list[Run]:
        """Return the runs over an input, the newest first."""
        query = select(Run).where(Run.input_id == key)
        return self._all(query.order_by(Run.created.desc(), Run.kind == CHECK, Run.id))

    def runs_below(self, record: Project | Input) -> list[Run]:
        """Return all runs of a project or an input."""
        query = select(Run).join(Input, Input.id == Run.input_id)
        owner = Input.project_id if isinstance(record, Project) else Input.id
        return self._all(query.where(owner == record.id))

    def unfinished(self, state: str = RUNNING) -> list[Run]:
        """Return the runs in a state of those that are not over, the oldest first."""
        return self._all(select(Run).where(Run.state == state).order_by(Run.created, Run.id))

    def begin_next(self) -> Run | None:
        """Return the run that has waited longest, now running; None where none waits."""
        oldest = select(Run).where(Run.state == QUEUED).order_by(Run.created, Run.id).limit(1)
        with self._session() as session:
            if found := session.scalar(oldest):
                found.state, found.started = RUNNING, now()
            return found

    def end(self, key: str, state: str, **said: Any) -> bool:
        """End a run that is not over; return whether it was not.

        Args:
            key: The run.
            state: How it ended.
            said: Its `counts` and `message`.
        """
        ended = update(Run).where(Run.id == key, Run.state.in_(OPEN))
        with self._session() as session:
            result = session.execute(ended.values(state=state, finished=now(), **said))
            return bool(result.rowcount)  # type: ignore[attr-defined]

    def _add(self, record: Any) -> Any:
        with self._session() as session:
            session.add(record)
        return record

    def _get(self, kind: type[Any], key: str) -> Any:
        with self._session() as session:
            return session.get(kind, key)

    def _all(self, query: Any) -> list[Any]:
        with self._session() as session:
            found: Sequence[Any] = session.scalars(query).all()
            return list(found)


def open_workspace(address: str) -> Workspace:
    """Open the database of a workspace, and lay its tables out where it is new.

    Args:
        address: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.

    Raises:
        UsageError: No such kind of database, it cannot be reached, or its tables are of another
            version. The message holds no password.
    """
    url = _url(address)
    try:
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        _lay_out(engine)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise UsageError(
            f"the database {shown(url)} cannot be used ({_cause(error)}); check that it runs, that "
            "it exists, and that user and password are right"
        ) from None
    return Workspace(engine)


def shown(url: URL) -> str:
    """Return an address without user and password."""
    place = f"{url.host or ''}{f':{url.port}' if url.port else ''}"
    return f"{url.get_backend_name()}://{place}/{url.database or ''}"


def _url(address: str) -> URL:
    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        backend = ""
    if backend == "sqlite":
        return url.set(drivername="sqlite")
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+pg8000")
    raise UsageError(
        "--database is sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; what was given is "
        "neither"
    )


def _cause(error: BaseException) -> str:
    """Return the kind of error alone: what drivers say may quote the address."""
    inner = getattr(error, "orig", None) or error.__cause__ or error
    return type(inner).__name__


def _prepare_sqlite(connection: Any, _: object) -> None:
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "busy_timeout = 10000"):
        connection.execute(f"PRAGMA {pragma}")


def _lay_out(engine: Engine) -> None:
    Record.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        versions = list(session.scalars(select(Layout.version)))
        if not versions:
            session.add(Layout(version=LAYOUT))
        elif versions != [LAYOUT]:
            raise UsageError(
                f"the database is laid out as version {versions[0]}, and this Nenuphar knows "
                f"version {LAYOUT}; use the release that made it, or another database"
            )
