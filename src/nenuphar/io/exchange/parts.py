"""Parts of a document, each with the path that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document with its JSON pointer."""

    data: Any
    pointer: str = ""

    def get(self, name: str) -> Part | None:
        """Return a field; None where it is absent, or null, which means the same."""
        if not isinstance(self.data, dict) or self.data.get(name) is None:
            return None
        return Part(self.data[name], f"{self.pointer}/{name}")

    def text(self, name: str) -> str:
        """Return a text field; empty where it is absent."""
        found = self.get(name)
        return str(found.data).strip() if found is not None else ""

    def each(self, name: str) -> Iterator[Part]:
        """Yield the items of a repeated field."""
        found = self.get(name)
        for number, item in enumerate(found.data if found is not None else ()):
            yield Part(item, f"{self.pointer}/{name}/{number}")

    def at(self, *names: str) -> Part | None:
        """Return a field of a field of …; None where one is absent."""
        part: Part | None = self
        for name in names:
            part = part.get(name) if part is not None else None
        return part
