"""How far a long job is, shown on a terminal and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def shown() -> Iterator[Callable[[str, int, int], None]]:
    """Show the steps of a job while it runs, and clear them when it is done.

    Yields:
        What the job tells each step: what it does, how much of it is done, and of how much (0 where
        that is not known). Where errors do not go to a terminal nothing is shown.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step, done, of: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), Elapsed())
    with Progress(*columns, MofNCompleteColumn(), console=console, transient=True) as progress:
        task = progress.add_task("Starting", total=None)
        yield lambda step, done, of: progress.update(
            task, description=step, completed=done, total=of or None
        )
