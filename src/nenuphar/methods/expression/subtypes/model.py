"""The fitted parameters of one expression panel, as they stand in its JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Model:
    """Parameters of a panel; nothing in it is a sample.

    A group may be fitted in several parts whose probabilities are added; most are one part of the
    same name. `part_of` gives the group of every part.

    Shapes, with g genes and k parts: `mean` g (mean rank of each gene, 0-1); `profiles`,
    `weights` k × g; `intercepts`, `bias` k; `pairs` n × 4 (part, rival, gene expected higher,
    gene expected lower); `up`, `down` k lists of genes; `view_weights` one for each view.
    """

    panel: str
    version: int
    groups: tuple[str, ...]
    parts: tuple[str, ...]
    part_of: tuple[int, ...]
    genes: tuple[str, ...]
    mean: Numbers
    profiles: Numbers
    weights: Numbers
    intercepts: Numbers
    pairs: NDArray[np.int64]
    up: tuple[tuple[int, ...], ...]
    down: tuple[tuple[int, ...], ...]
    view_weights: Numbers
    bias: Numbers
    flattening: float
    familiar: float
    unfamiliar: float
    set_cut: float
    call_at: float
    tie_within: float
    coverage_min: float

    def with_values(self, **changes: Any) -> Model:
        """The same model with some parameters replaced."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return Model(**(values | changes))


ARRAYS = ("mean", "profiles", "weights", "intercepts", "view_weights", "bias")


def to_record(model: Model) -> dict[str, Any]:
    """The model as plain numbers, rounded to four decimals, genes by name."""
    record: dict[str, Any] = {}
    for name in Model.__slots__:
        value = getattr(model, name)
        if name == "part_of":
            continue
        if name == "parts":
            value = {part: model.groups[g] for part, g in zip(value, model.part_of, strict=True)}
        elif name == "pairs":
            value = [
                [model.parts[a], model.parts[b], model.genes[i], model.genes[j]]
                for a, b, i, j in value.tolist()
            ]
        elif name in {"up", "down"}:
            value = {
                part: [model.genes[i] for i in members]
                for part, members in zip(model.parts, value, strict=True)
            }
        elif name in ARRAYS:
            value = (np.round(value, 4) + 0.0).tolist()
        elif isinstance(value, float):
            value = round(value, 4)
        record[name] = list(value) if isinstance(value, tuple) else value
    return record


def from_record(record: dict[str, Any]) -> Model:
    """The model of a JSON record; the inverse of `to_record` up to rounding."""
    values = {name: record[name] for name in Model.__slots__ if name != "part_of"}
    place = {gene: i for i, gene in enumerate(record["genes"])}
    part = {name: i for i, name in enumerate(record["parts"])}
    for name in ARRAYS:
        values[name] = np.array(record[name], dtype=np.float64)
    values["pairs"] = np.array(
        [[part[a], part[b], place[i], place[j]] for a, b, i, j in record["pairs"]], dtype=np.int64
    ).reshape(-1, 4)
    for name in ("up", "down"):
        values[name] = tuple(
            tuple(place[gene] for gene in record[name][one]) for one in record["parts"]
        )
    values["parts"] = tuple(record["parts"])
    values["part_of"] = tuple(record["groups"].index(g) for g in record["parts"].values())
    values["groups"], values["genes"] = tuple(record["groups"]), tuple(record["genes"])
    return Model(**values)


def as_text(record: dict[str, Any]) -> str:
    """JSON with one line for each row of numbers, so that a change of fit can be read in a diff."""
    lines = []
    for name, value in record.items():
        rows = value if isinstance(value, list) and value and isinstance(value[0], list) else None
        if rows:
            inner = ",\n  ".join(json.dumps(row) for row in rows)
            lines.append(f" {json.dumps(name)}: [\n  {inner}\n ]")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def load_record(panel: str) -> dict[str, Any]:
    """The shipped parameters of a panel, as read."""
    record: dict[str, Any] = json.loads((FOLDER / f"{panel}.json").read_text(encoding="utf-8"))
    return record


@cache
def load_model(panel: str) -> Model:
    """The shipped model of an expression panel."""
    return from_record(load_record(panel))
