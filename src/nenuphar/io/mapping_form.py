"""What a mapping may say: the model of the YAML file, without a look at the declared facts."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from nenuphar.domain.scope import Scope


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
        file: The file beside the table that holds the column, if it is not the table itself.
        because: Anything a reader should know of the choice.
    """

    column: str = ""
    columns: Names = ()
    unit: str = ""
    codes: dict[str, str | None] = Field(default_factory=dict)
    missing: Names = ()
    date_format: str = ""
    file: str = ""
    because: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns read, in order of preference."""
        return (self.column,) if self.column else self.columns


class Beside(_Strict):
    """A file beside the table that holds more of the same specimens.

    Attributes:
        file: Its name; it stands in the folder of the table. Where it is absent, that is noted.
        kind: `table` (more columns of facts), `variants` (a MAF), `segments`, `rearrangements`, or
            `expression`.
        id: Column of the file that names the specimen; of a `table` only.
        pattern: Regular expression whose first group (or whole match) of that name is the id.
        to: Column of the main table that this id is; the id of the specimen if empty.
        genome: Genome build of segments.
        genes: Genes that the assay of variants covers; `whole_exome` for all.
    """

    file: str = Field(min_length=1)
    kind: Literal["table", "variants", "segments", "rearrangements", "expression"]
    id: str = ""
    pattern: str = ""
    to: str = ""
    genome: Literal["hg19", "hg38"] = "hg19"
    genes: Names = ()

    @field_validator("file")
    @classmethod
    def _stands_beside(cls, value: str) -> str:
        if Path(value).name != value:
            raise ValueError("names a file in the folder of the table, without a path")
        return value


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


class Part(_Strict):
    """What the rows of a table say besides, of records of another kind.

    A row for each patient may hold the specimen and the treatment: the specimen is then the row and
    the treatment a part.

    Attributes:
        row: What one row is here; of a kind that the row of the mapping does not lie in.
        keys: Columns that identify it; the patient is that of the mapping.
        constants: Facts that are the same in every row, each with the reason.
        columns: Facts and the columns that hold them.
        where: Columns and the values that a row must have to say something of this kind.
    """

    row: Scope
    keys: dict[str, KeyField | DateField] = Field(default_factory=dict)
    constants: dict[str, Constant] = Field(default_factory=dict)
    columns: dict[str, FactField] = Field(default_factory=dict)
    where: dict[str, Names] = Field(default_factory=dict)


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
        beside: Files beside the table with more of the same specimens.
        ignored: Columns that are left out on purpose; `*` stands for any text.
        also: What the same rows say of records of another kind.
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
    beside: tuple[Beside, ...] = ()
    ignored: Names = ()
    also: tuple[Part, ...] = ()

    @cached_property
    def parts(self) -> tuple[Mapping, ...]:
        """What the rows say of records of another kind, each as a mapping of its own."""
        patient = {"patient_id": self.keys.patient_id.model_dump()}
        return tuple(
            Mapping.model_validate(
                {
                    **part.model_dump(exclude_defaults=True),
                    "name": self.name,
                    "sheet": self.sheet,
                    "missing": self.missing,
                    "ignored": ("*",),
                    "keys": patient | {n: key.model_dump() for n, key in part.keys.items()},
                }
            )
            for part in self.also
        )

    def of(self, row: Scope) -> Mapping:
        """Return the mapping of the rows of one kind: this one, or the part that is of it."""
        part = next((part for part in self.parts if part.row is row), None)
        if self.row is row or part is None:
            return self
        return part.model_copy(update={"where": {**self.where, **part.where}})

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
