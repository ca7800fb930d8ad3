"""Processes that share the work of a job."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

MOST = 8
"""Processes at most where nobody says how many; each holds the knowledge and its libraries."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def pool_of(workers: int) -> Iterator[Executor | None]:
    """Open a pool of processes; None for one worker, which is this process.

    Processes start when they are first needed. Leaving by an error drops what has not begun.
    """
    if workers <= 1:
        yield None
        return
    # A fresh interpreter for each worker: Polars' thread pool does not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_leave_with_parent)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _leave_with_parent() -> None:
    """End this worker when its parent is gone: a killed run leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def leave() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
