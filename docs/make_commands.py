"""Write `docs/commands.md`, the list of every command: `python docs/make_commands.py`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from nenuphar.cli.main import app

PAGE = Path(__file__).parent / "commands.md"
HEAD = """# Commands

Every command answers `--help`. Exit codes: 0 done; 1 read, but some records were rejected (they are
listed); 2 wrong usage; 3 unreadable input; 4 invalid knowledge base; 5 internal error.
"""


def commands(group: Any, name: str = "nenuphar") -> Iterator[tuple[str, str]]:
    """Yield every command that does something: its whole name, and its help."""
    if not hasattr(group, "commands"):
        yield name, inspect.cleandoc(group.help or "")
        return
    for word, below in group.commands.items():
        yield from commands(below, f"{name} {word}")


def commands_page() -> str:
    """Return the page: for each command what it does, and its example."""
    known = commands(typer.main.get_command(app))
    return "\n".join([HEAD, *(f"## `{name}`\n\n{says}\n" for name, says in known)])


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
