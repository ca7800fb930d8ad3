"""Runs, one after the other, each in a process of its own that can be ended at any time."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from nenuphar.store.publish import MANIFEST
from nenuphar.store.workspace.database import Workspace
from nenuphar.store.workspace.folder import WorkspaceFolder
from nenuphar.store.workspace.records import (
    CANCELLED,
    CHECK,
    DONE,
    FAILED,
    INTERRUPTED,
    OWN_MAPPING,
    RUNNING,
    Input,
    Run,
)
from nenuphar.web.settings import Limits

_SECRETS = ("NENUPHAR_TOKEN", "NENUPHAR_DATABASE")
_PATIENCE = 5.0
_PAUSE = 1.0
_LONGEST_LINE = 1 << 20


log = logging.getLogger("nenuphar.web")


@dataclass
class Progress:
    """How far the run is that is running.

    Attributes:
        run: Its id; empty while none runs.
        step: What is being done.
        done: How much of it is done.
        of: Of how much; 0 where that is not known.
    """

    run: str = ""
    step: str = ""
    done: int = 0
    of: int = 0


@dataclass
class Jobs:
    """The queue and its one worker; `work` runs in the event loop, the rest in any thread.

    Attributes:
        workspace: Where runs are remembered.
        folder: Where their results go.
        limits: How long a run may take.
        progress: How far the run is that is running.
    """

    workspace: Workspace
    folder: WorkspaceFolder
    limits: Limits
    progress: Progress = field(default_factory=Progress)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _child: asyncio.subprocess.Process | None = None
    _ending: threading.Lock = field(default_factory=threading.Lock)

    def recover(self) -> None:
        """Set right what a killed server left: a result that is in place is done, no other is."""
        self.folder.tidy()
        for run in self.workspace.unfinished(RUNNING):
            if (self.folder.run(run.id) / MANIFEST).exists():
                self.workspace.end(run.id, DONE, counts=self._counts(run))
            else:
                says = "The server was stopped before the run was done; nothing of it was kept."
                self.workspace.end(run.id, INTERRUPTED, message=says)

    def add(self, source: Input, kind: str, settings: dict[str, Any]) -> Run:
        """Queue a run over an input.

        Raises:
            QueueFullError: Enough wait already.
        """
        asked = {"mapping": source.mapping, **settings}
        run = Run(input_id=source.id, kind=kind, settings=asked)
        self.workspace.add_run(run, self.limits.waiting)
        self.wake()
        return run

    def wake(self) -> None:
        """Tell the worker that something waits."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    def cancel(self, run: Run) -> None:
        """Cancel a run that waits or runs."""
        with self._ending:
            ended = self.workspace.end(run.id, CANCELLED)
            if ended and self.progress.run == run.id:
                self._kill()

    async def work(self) -> None:
        """Take one run after the other until cancelled; then end the one that runs."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                run = await asyncio.to_thread(self.workspace.begin_next)
                if run is not None:
                    await self._one(run)
                    continue
            except Exception as error:  # noqa: BLE001 - a database that is away for a moment
                log.error("the worker goes on after %s", type(error).__name__)
                await asyncio.sleep(_PAUSE)
                continue
            await self._woken.wait()
            self._woken.clear()

    async def _one(self, run: Run) -> None:
        longest = self.limits.check_seconds if run.kind == CHECK else self.limits.assess_seconds
        self.progress = Progress(run.id, "Starting")
        try:
            said = await asyncio.wait_for(self._in_a_process(run), longest)
            state, words = (DONE, {"counts": said["counts"]}) if "counts" in said else (
                FAILED, {"message": str(said.get("message", ""))[:4000]})  # fmt: skip
        except TimeoutError:
            state, words = FAILED, {"message": f"It took more than {longest:.0f} s and was ended."}
        except asyncio.CancelledError:
            says = "The server was stopped before the run was done; nothing of it was kept."
            self.workspace.end(run.id, INTERRUPTED, message=says)
            raise
        finally:
            self.progress = Progress()
        ended = await asyncio.to_thread(self.workspace.end, run.id, state, **words)
        if state != DONE or not ended:
            await asyncio.to_thread(self.folder.forget, self.folder.run(run.id))

    async def _in_a_process(self, run: Run) -> dict[str, Any]:
        """Return what the process of a run says at its end; it is gone on every way out."""
        source = await asyncio.to_thread(self.workspace.input, run.input_id)
        if source is None:
            return {"message": "The input was deleted."}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "nenuphar.web.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a trace could quote a patient
            start_new_session=True,
            limit=_LONGEST_LINE,
            env={name: value for name, value in os.environ.items() if name not in _SECRETS},
        )
        self._child = child
        said: dict[str, Any] = {}
        try:
            now = await asyncio.to_thread(self.workspace.run, run.id)
            if now is None or not now.is_open:  # cancelled before there was a process to end
                return {"message": "The run was cancelled."}
            assert child.stdin is not None  # noqa: S101 - both are pipes
            assert child.stdout is not None  # noqa: S101
            child.stdin.write(json.dumps(self._order(run, source)).encode() + b"\n")
            with suppress(ConnectionError):
                await child.stdin.drain()
            async for line in child.stdout:
                said = json.loads(line)
                if "step" in said:
                    self.progress = Progress(run.id, said["step"], said["done"], said["of"])
            await child.wait()
        finally:
            self._kill()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(child.wait()), _PATIENCE)
            self._child = None
        if "counts" in said or "message" in said:
            return said
        return {"message": "The process of the run ended without a word; memory may have run out."}

    def _order(self, run: Run, source: Input) -> dict[str, Any]:
        mapping = run.settings.get("mapping", "")
        own = str(self.folder.own_mapping(source.id))
        return {
            "kind": run.kind,
            "source": str(self.folder.input(source.id) / source.name),
            "out": str(self.folder.run(run.id)),
            "mapping": own if mapping == OWN_MAPPING else mapping,
            "as_of": run.settings.get("as_of", ""),
            "reports": run.settings.get("reports", ""),
            "problems": self.limits.problems,
        }

    def _kill(self) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()

    def _counts(self, run: Run) -> dict[str, int]:
        text = (self.folder.run(run.id) / MANIFEST).read_text("utf-8")
        return dict(json.loads(text).get("counts", {}))
