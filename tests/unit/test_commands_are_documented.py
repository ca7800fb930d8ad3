"""Every command shows an example in its help and stands in the list of commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from nenuphar.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")


def commands(group: Any, name: str = "nenuphar") -> Iterator[tuple[str, str]]:
    if not hasattr(group, "commands"):
        yield name, inspect.cleandoc(group.help or "")
        return
    for word, below in group.commands.items():
        yield from commands(below, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_an_example_of_it(name: str) -> None:
    assert re.search(rf"{re.escape(name)}\b", COMMANDS[name]), "add **Example:** `...` to its help"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_list_of_commands(name: str) -> None:
    assert f"## `{name}`\n" in PAGE, "run `python docs/make_commands.py`"


def test_the_architecture_names_every_floor_and_room() -> None:
    root = Path(__file__).parents[2]
    page, house = (root / "ARCHITECTURE.md").read_text("utf-8"), root / "src" / "nenuphar"
    rooms = [house, house / "methods", house / "pipeline"]
    names = {path.parent.name for room in rooms for path in room.glob("*/__init__.py")}
    assert names
    assert not {name for name in names if f"`{name}`" not in page}
