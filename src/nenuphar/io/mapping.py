"""Mappings: what the columns of somebody's table mean, written as a small YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.domain.quantity import QuantityError, canonical_unit
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.io.decoding import decode
from nenuphar.io.mapping_form import Constant, FactColumn, KeyColumn, Keys, Mapping, Part
from nenuphar.io.result import read_bytes
from nenuphar.io.safe_yaml import read_bounded
from nenuphar.io.values import (
    AREA_UNIT,
    MISSING,
    ValueParser,
    ValueProblem,
    nearest,
    plain,
    spellings_of,
)
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.yaml_lines import Marked, YamlError, line_of

_SHIPPED = "mappings"


class MappingError(UsageError):
    """A mapping that cannot be used; `findings` lists everything wrong with it."""

    def __init__(self, name: str, findings: list[str]) -> None:
        super().__init__(f"the mapping {name} cannot be used:\n" + "\n".join(findings))
        self.findings = findings


def shipped_mappings() -> dict[str, str]:
    """Return the text of every mapping that comes with Nenuphar, by name."""
    folder = resources.files("nenuphar.io").joinpath(_SHIPPED)
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    found = {entry.name.removesuffix(".yaml"): entry.read_text("utf-8") for entry in files}
    return dict(sorted(found.items()))


def load_mapping(name_or_path: str | Path, knowledge: KnowledgeBase) -> Mapping:
    """Load a shipped mapping by its name, or any mapping by its path.

    Raises:
        UnreadableInputError: There is no such mapping.
        MappingError: It is not valid; lists every finding with its line.
    """
    name = str(name_or_path)
    path = Path(name_or_path)
    if not path.is_file() and path.suffix not in (".yaml", ".yml"):
        shipped = shipped_mappings()
        if name in shipped:
            return parse_mapping(shipped[name], f"{name}.yaml", knowledge)
        near = nearest(name, shipped)
        hint = f"did you mean {near[0]!r}?" if near else "shipped: " + ", ".join(shipped)
        raise UnreadableInputError(f"there is no mapping {name[:60]!r}; {hint}")
    data, file = read_bytes(path)
    return parse_mapping(decode(data, file.name)[0], file.name, knowledge)


def parse_mapping(text: str, file: str, knowledge: KnowledgeBase) -> Mapping:
    """Read a mapping from YAML and check it against the declared facts.

    Raises:
        MappingError: It is not valid; lists every finding with its line.
    """
    try:
        data = read_bounded(text)
    except YamlError as error:
        raise MappingError(file, [f"{file}: {error}"]) from error
    if not isinstance(data, Marked):
        raise MappingError(file, [f"{file}:1: a mapping is a list of `name: value` lines"])
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        raise MappingError(file, [_say(file, data, e) for e in error.errors()]) from error
    findings = [
        f"{file}:{line_of(data, place)}: {words}" for place, words in _findings(mapping, knowledge)
    ]
    if findings:
        raise MappingError(file, findings)
    return mapping


def _say(file: str, data: Marked, error: Any) -> str:
    place = tuple(step for step in error["loc"] if step not in ("function-before",))
    words = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        name = str(place[-1])
        near = nearest(name, _fields_at(place[:-1]))
        words = "is no field here" + (f"; did you mean {near[0]!r}?" if near else "")
    path = ".".join(str(step) for step in place)
    return f"{file}:{line_of(data, place)}: {path}: {words}"


def _fields_at(place: tuple[int | str, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {"constants": Constant, "columns": FactColumn}
    if not place:
        return list(Mapping.model_fields)
    if place[0] == "also":
        return list(Part.model_fields) if len(place) == 2 else _fields_at(place[2:])
    if place[0] == "keys":
        return list((Keys if len(place) == 1 else KeyColumn).model_fields)
    model = models.get(str(place[0]))
    return list(model.model_fields) if model else []


_Place = tuple[str | int, ...]
_Finding = tuple[_Place, str]


def _findings(mapping: Mapping, knowledge: KnowledgeBase) -> Iterator[_Finding]:
    """Check what a schema cannot: facts, scopes, units and codes against the declared facts."""
    yield from _findings_of_rows(mapping, mapping.scopes, knowledge)
    taken = set(mapping.scopes)
    for i, part in enumerate(mapping.parts):
        at: _Place = ("also", i)
        if part.row in taken:
            yield (
                (*at, "row"),
                f"the mapping already describes a {part.row.value}; bring them together",
            )
            continue
        own = tuple(scope for scope in part.scopes if scope not in mapping.scopes)
        taken.update(own)
        yield from (
            ((*at, *place), words) for place, words in _findings_of_rows(part, own, knowledge)
        )


def _findings_of_rows(
    mapping: Mapping, scopes: tuple[Scope, ...], knowledge: KnowledgeBase
) -> Iterator[_Finding]:
    """Check the keys and facts of rows of one kind, which may state facts of some scopes."""
    yield from _key_findings(mapping)
    if not mapping.columns and not mapping.constants:
        yield ("columns",), "no fact is mapped; name one under `columns`"
    for part, facts in (("columns", mapping.columns), ("constants", mapping.constants)):
        for name in facts:
            found = _fact_findings(name, mapping, scopes, knowledge)
            yield from (((part, name), words) for words in found)
    for name in mapping.constants.keys() & mapping.columns.keys():
        yield ("constants", name), f"{name} is also read from a column; keep one of the two"
    for name, column in mapping.columns.items():
        if name in knowledge.facts:
            for field, words in _column_findings(name, column, knowledge):
                yield ("columns", name, field), f"{name}: {words}"
    for name, constant in mapping.constants.items():
        if name in knowledge.facts:
            try:
                constant_value(name, constant, knowledge)
            except ValueProblem as error:
                yield ("constants", name, "value"), f"{name}: {constant.value!r} {error}"


def _key_findings(mapping: Mapping) -> Iterator[_Finding]:
    used = {"assessor", "date", *mapping.row.keys}
    for name in Keys.model_fields:
        if getattr(mapping.keys, name) is not None and name not in used:
            yield ("keys", name), f"a row that is a {mapping.row.value} has no {name}"
    if mapping.keys.assessor and mapping.row not in READ_BY_ASSESSORS:
        yield ("keys", "assessor"), f"a {mapping.row.value} is not read by assessors"


def _fact_findings(
    name: str, mapping: Mapping, scopes: tuple[Scope, ...], knowledge: KnowledgeBase
) -> Iterator[str]:
    declared = knowledge.facts.get(name)
    if declared is None:
        near = nearest(name, knowledge.facts, 3)
        yield f"no fact is called {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")
        return
    if not declared.stated:
        yield (
            f"{name} is concluded by rules or methods, never read; map what the report says to a "
            "fact that records it as reported"
        )
    if declared.scope not in scopes:
        yield (
            f"{name} describes a {declared.scope.value}, but a row here is a {mapping.row.value}; "
            f"set `row: {declared.scope.value}` and its keys"
        )


def _column_findings(
    name: str, column: FactColumn, knowledge: KnowledgeBase
) -> Iterator[tuple[str, str]]:
    declared = knowledge.facts[name]
    if bool(column.column) == bool(column.columns):
        yield "column", "state either `column` or `columns`"
    if column.unit and declared.type != "number":
        yield "unit", f"is a {declared.type}, not a number; leave `unit` out"
    elif column.unit:
        yield from (("unit", words) for words in _unit_findings(column.unit, declared.unit))
    elif declared.type == "number" and declared.unit == AREA_UNIT:
        yield (
            "column",
            "a count needs its area; add `unit: per_2mm2`, or `per_mm2` or `per_10hpf`",
        )
    parser = value_parser(name, FactColumn(unit=column.unit), (), knowledge)
    for text, meant in column.codes.items():
        if meant is not None:
            try:
                parser.parse(meant)
            except (ValueProblem, QuantityError) as error:
                yield "codes", f"{text!r} is mapped to {meant!r}, which {error}"


def _unit_findings(unit: str, wanted: str) -> Iterator[str]:
    try:
        canonical, _ = canonical_unit(unit)
    except QuantityError as error:
        yield str(error)
        return
    if canonical != wanted:
        yield f"unit {unit!r} is no measure of {wanted or 'a bare number'}"


def value_parser(
    name: str, column: FactColumn, missing: tuple[str, ...], knowledge: KnowledgeBase
) -> ValueParser:
    """Return the parser of a mapped column."""
    fact = knowledge.facts[name]
    return ValueParser(
        fact,
        column.codes,
        spellings_of(fact, knowledge) if fact.type == "code" else {},
        column.unit,
        MISSING | {plain(text) for text in (*missing, *column.missing)},
        column.date_format,
    )


def constant_value(name: str, constant: Constant, knowledge: KnowledgeBase) -> Any:
    """Return the value of a constant.

    Raises:
        ValueProblem: It is no value of the fact.
    """
    value = value_parser(name, FactColumn(), (), knowledge).parse(constant.value)
    if value is None:
        raise ValueProblem("says that nothing is known", "leave the constant out")
    return value
