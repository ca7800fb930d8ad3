"""Cut-offs of the genomic methods, read from the knowledge base and traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

PREFIX = "genomics."


@dataclass(frozen=True)
class Cutoffs:
    """The thresholds of the genomic methods by id, without the prefix `genomics.`.

    Attributes:
        values: Value of every threshold, in the unit of its record.
        read: Ids that were looked up, in the order of the first look-up; the trace of a method.
    """

    values: Mapping[str, float]
    read: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        """Return a cut-off and note that it was read.

        Raises:
            KeyError: No record `genomics.<name>` exists.
        """
        if name not in self.values:
            raise KeyError(f"{PREFIX}{name} is not a threshold record; run `make kb`")
        self.read.setdefault(PREFIX + name, self.values[name])
        return self.values[name]

    def replace(self, **changes: float) -> Cutoffs:
        """Return the set with some numbers moved; `__` in a name stands for the dot."""
        moved = {name.replace("__", "."): value for name, value in changes.items()}
        return Cutoffs({**self.values, **moved})


def shipped_cutoffs() -> Cutoffs:
    """Return the cut-offs of the knowledge base, with an empty trace."""
    return Cutoffs(_shipped())


@cache
def _shipped() -> dict[str, float]:
    from nenuphar.knowledge.base import load_knowledge

    return {
        name.removeprefix(PREFIX): threshold.value
        for name, threshold in load_knowledge().thresholds.items()
        if name.startswith(PREFIX)
    }
