"""Mappings: what the columns of somebody's table mean, written as a small YAML file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from nenuphar.domain.problems import UnreadableInputError, UsageError
from nenuphar.domain.quantity import QuantityError, canonical_unit
from nenuphar.domain.scope import READ_BY_ASSESSORS, Scope
from nenuphar.io.decoding import decode
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


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _named_column(value: Any) -> Any:
    """Let a column stand for `{column: ...}`."""
    return {"column": value} if isinstance(value, str) else value


Names = Annotated[
    tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | list[str])
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyColumn(_Strict):
    """A column that says whose row it is.

    Attributes:
        column: Name of the column.
        pattern: Regular expression whose first group (or whole match) is the id; a cell that it
            does not match leaves the row without an id.
    """

    column: str
    pattern: str = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        if groups > 1:
            raise ValueError("a pattern has one group, the id")
        return value


class DateColumn(_Strict):
    """A column that says when a row was taken or read.

    Attributes:
        column: Name of the column.
        date_format: How dates are written (`%d/%m/%Y`); ISO dates if empty.
    """

    column: str
    date_format: str = ""


class Constant(_Strict):
    """A value that holds for every row, and why that is known."""

    value: str
    because: str = Field(min_length=10)


class FactColumn(_Strict):
    """A column that holds a fact.

    Attributes:
        column: Name of the column.
        columns: Several columns in order of preference: in each row the first that is filled
            counts. Instead of `column`.
        unit: Unit of numbers that state none.
        codes: What texts of the column mean: a permitted value, or nothing where they say that
            nothing is known.
        missing: Further texts of this column that say that nothing is known.
        date_format: How dates are written (`%d/%m/%Y`); ISO dates if empty.
        because: Anything a reader should know of the choice.
    """

    column: str = ""
    columns: Names = ()
    unit: str = ""
    codes: dict[str, str | None] = Field(default_factory=dict)
    missing: Names = ()
    date_format: str = ""
    because: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns read, in order of preference."""
        return (self.column,) if self.column else self.columns


KeyField = Annotated[
    KeyColumn, BeforeValidator(_named_column, json_schema_input_type=str | KeyColumn)
]
DateField = Annotated[
    DateColumn, BeforeValidator(_named_column, json_schema_input_type=str | DateColumn)
]
FactField = Annotated[
    FactColumn, BeforeValidator(_named_column, json_schema_input_type=str | FactColumn)
]


class Keys(_Strict):
    """The columns that identify a row; ids are verbatim, but an integral `8.0` is `8`.

    What lies between the patient and the row and has no column is taken to be the only one of its
    kind, called `1`.
    """

    patient_id: KeyField
    tumour_id: KeyField | None = None
    specimen_id: KeyField | None = None
    component: KeyField | None = None
    assay_id: KeyField | None = None
    line_id: KeyField | None = None
    time_point_id: KeyField | None = None
    lesion_id: KeyField | None = None
    assessor: KeyField | None = None
    date: DateField | None = None


class Mapping(_Strict):
    """What a table means.

    Attributes:
        name: Its name, as `--mapping` takes it.
        title: One line on what it reads.
        source: Where such tables come from.
        row: What one row of the table is.
        sheet: Sheet of a workbook; the first if empty.
        keys: Columns that identify a row.
        constants: Facts that are the same in every row, each with the reason.
        columns: Facts and the columns that hold them.
        missing: Texts that say, anywhere in the table, that nothing is known.
        fill_down: Columns whose empty cells repeat the cell above, as in a sheet that names a
            case only on its first row; other than ids, they are filled within a case only.
        where: Columns and the values that a row must have to be taken.
        ignored: Columns that are left out on purpose; `*` stands for any text.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = ""
    source: str = ""
    row: Scope
    sheet: str = ""
    keys: Keys
    constants: dict[str, Constant] = Field(default_factory=dict)
    columns: dict[str, FactField] = Field(default_factory=dict)
    missing: Names = ()
    fill_down: Names = ()
    where: dict[str, Names] = Field(default_factory=dict)
    ignored: Names = ()

    def key(self, name: str) -> KeyColumn | None:
        """Return the column of a key, if it has one."""
        found = getattr(self.keys, name)
        return found if isinstance(found, KeyColumn) else None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that a row speaks of, widest first, its own last."""
        scopes = [self.row]
        while parent := scopes[0].parent:
            scopes.insert(0, parent)
        return tuple(scopes)


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
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
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
    if place[0] == "keys":
        return list((Keys if len(place) == 1 else KeyColumn).model_fields)
    model = models.get(str(place[0]))
    return list(model.model_fields) if model else []


_Finding = tuple[tuple[str, ...], str]


def _findings(mapping: Mapping, knowledge: KnowledgeBase) -> Iterator[_Finding]:
    """Check what a schema cannot: facts, scopes, units and codes against the declared facts."""
    yield from _key_findings(mapping)
    if not mapping.columns and not mapping.constants:
        yield ("columns",), "no fact is mapped; name one under `columns`"
    for part, facts in (("columns", mapping.columns), ("constants", mapping.constants)):
        for name in facts:
            yield from (((part, name), words) for words in _fact_findings(name, mapping, knowledge))
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


def _fact_findings(name: str, mapping: Mapping, knowledge: KnowledgeBase) -> Iterator[str]:
    declared = knowledge.facts.get(name)
    if declared is None:
        near = nearest(name, knowledge.facts, 3)
        yield f"no fact is called {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")
        return
    if declared.derived:
        yield (
            f"{name} is concluded by rules, never read; map what the report says to a fact that "
            "records it as reported"
        )
    if declared.scope not in mapping.scopes:
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
