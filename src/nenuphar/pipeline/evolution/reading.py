"""Reads a cohort whose columns play roles: group, cell of origin, alterations, microenvironment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from nenuphar.domain.problems import Problem, UnreadableInputError, UsageError
from nenuphar.io.columns import clean_ids
from nenuphar.io.tables import Table, read_table
from nenuphar.io.values import MISSING, nearest
from nenuphar.methods.evolution.features import PARENTS
from nenuphar.pipeline.evolution.folder import (
    features_of,
    group_of,
    is_folder_of_results,
    read_results,
)

_ID = "\0id"

_ENOUGH = 40
"""Specimens that a fact must group to be guessed as the group before others that group more."""

_MOSTLY = 0.8
"""Share of the values of a column that are numbers from which on the others are mistakes."""


@dataclass(frozen=True)
class Roles:
    """Which columns play which role; names may hold `*`.

    Attributes:
        group: Column of the group of every tumour.
        parents: Columns of each parent set.
        id: Column of the ids; empty for the first.
    """

    group: str
    parents: Mapping[str, Sequence[str]]
    id: str = ""


@dataclass(frozen=True)
class Cohort:
    """A cohort as models read it.

    Attributes:
        table: One row a tumour, all text: `tumour`, `group` and the features; null where missing.
        group: Column that the group was taken from.
        features: Features of each parent set.
        read: Rows read from the first table.
        problems: What could not be used, and remarks.
    """

    table: pl.DataFrame
    group: str
    features: Mapping[str, tuple[str, ...]]
    read: int
    problems: tuple[Problem, ...]


def read_cohort(source: Path, further: Sequence[Path], roles: Roles) -> Cohort:
    """Read a cohort from one table, or from several that share the ids of tumours.

    Args:
        source: The table that says which tumours there are, or a folder that `nenuphar assess`
            wrote.
        further: Tables with more of their columns; their ids stand in the column of the same name,
            or in the first.
        roles: Which columns play which role.

    Raises:
        UnreadableInputError: A table cannot be read, or its column of ids holds no ids.
        UsageError: A column does not exist, or plays two roles.
    """
    problems: list[Problem] = []
    if is_folder_of_results(source):
        table = read_results(source).rename({"specimen": _ID})
        height, roles = table.height, guessed(table, roles)
    else:
        first = read_table(source)
        problems += first.problems
        table = _by_id(first, _id_column(first, roles.id, source), source, problems)
        height = first.frame.height
    for path in further:
        other = read_table(path)
        problems += other.problems
        own = roles.id if roles.id in other.frame.columns else other.frame.columns[0]
        joined = _by_id(other, own, path, problems)
        taken = set(joined.columns) & set(table.columns) - {_ID}
        renamed = joined.rename({name: f"{path.stem}:{name}" for name in sorted(taken)})
        _tell_unmatched(table, renamed, path, problems)
        table = table.join(renamed, on=_ID, how="left", maintain_order="left")
    features = _features(table.columns, roles)
    chosen = [name for names in features.values() for name in names]
    read = table.select(
        pl.col(_ID).alias("tumour"),
        _known(roles.group).alias("group"),
        *(_known(name).alias(name) for name in chosen),
    )
    columns = [_mended(read[name], source.name, read["tumour"], problems) for name in chosen]
    kept = read.with_columns(columns) if columns else read
    return Cohort(kept, roles.group, features, height, tuple(problems))


def guessed(table: pl.DataFrame, roles: Roles) -> Roles:
    """Fill in roles that nobody named, from what facts are known to be."""
    group = roles.group or group_of(table, _ENOUGH)
    parents = {
        parent: roles.parents.get(parent) or features_of(table, parent, group) for parent in PARENTS
    }
    return Roles(group, parents, roles.id)


def _id_column(table: Table, wanted: str, source: Path) -> str:
    if wanted and wanted not in table.frame.columns:
        raise UsageError(f"{source.name}: no column {wanted!r}{_near(wanted, table.frame.columns)}")
    return wanted or table.frame.columns[0]


def _by_id(table: Table, column: str, path: Path, problems: list[Problem]) -> pl.DataFrame:
    """Rows with a usable id, each id once; the others are listed."""
    ids = clean_ids(table.frame[column], "")
    if ids.null_count() == len(ids):
        raise UnreadableInputError(f"{path.name}: column {column!r} holds no ids; name one by --id")
    again = ~ids.is_first_distinct() & ids.is_not_null()
    for lost, reason, fix in (
        (ids.is_null(), "the row has no id", "give every tumour an id"),
        (again, "the id occurs more than once", "keep one row for each tumour"),
    ):
        for line, name in zip(table.lines.filter(lost), ids.filter(lost), strict=True):
            problems.append(
                Problem(path.name, int(line), name or "", column, "", reason, fix, rejected=True)
            )
    kept = ids.is_not_null() & ~again
    return table.frame.with_columns(ids.alias(_ID)).filter(kept)


def _tell_unmatched(
    table: pl.DataFrame, other: pl.DataFrame, path: Path, problems: list[Problem]
) -> None:
    known = other[_ID].is_in(table[_ID].to_list())
    if not known.any():
        raise UnreadableInputError(
            f"{path.name}: none of its ids is one of the cohort; name the column of ids by --id"
        )
    lost = int((~known).sum())
    if lost:
        reason = f"{lost} of {other.height} tumours of the file are none of the cohort"
        fix = "compare the ids of both tables"
        problems.append(Problem(path.name, 0, "", "", "", reason, fix))


def _features(columns: Sequence[str], roles: Roles) -> dict[str, tuple[str, ...]]:
    """Columns of each parent set.

    Raises:
        UsageError: A name or pattern fits no column, or a column plays two roles.
    """
    if not roles.group:
        raise UsageError(f"name the column of the group by --group; columns are {_some(columns)}")
    if roles.group not in columns:
        raise UsageError(f"no column {roles.group!r} for the group{_near(roles.group, columns)}")
    found: dict[str, tuple[str, ...]] = {}
    role_of = {roles.group: "group", _ID: "id"}
    for parent in PARENTS:
        names: list[str] = []
        for pattern in roles.parents.get(parent, ()):
            fits = [c for c in columns if c == pattern] or [
                c for c in columns if "*" in pattern and fnmatchcase(c, pattern)
            ]
            if not fits:
                raise UsageError(f"no column {pattern!r} for {parent}{_near(pattern, columns)}")
            names += [name for name in fits if name not in names]
        for name in names:
            if name in role_of:
                raise UsageError(f"column {name!r} cannot be both {role_of[name]} and {parent}")
            role_of[name] = parent
        found[parent] = tuple(names)
    return found


def _near(name: str, columns: Sequence[str]) -> str:
    close = nearest(name, columns)
    return f"; did you mean {close[0]!r}?" if close else f"; columns are {_some(columns)}"


def _some(columns: Sequence[str]) -> str:
    return ", ".join([name for name in columns if name != _ID][:12])


def _known(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(~text.str.to_lowercase().is_in(sorted(MISSING))).then(text)


def _mended(column: pl.Series, file: str, ids: pl.Series, problems: list[Problem]) -> pl.Series:
    """Take as missing what is no number in a column of numbers, and list it."""
    numbers = column.cast(pl.Float64, strict=False)
    numbers = numbers.set(~numbers.is_finite().fill_null(value=True), None)
    known, read = len(column) - column.null_count(), len(column) - numbers.null_count()
    if read == known or read < _MOSTLY * known:
        return column
    wrong = column.is_not_null() & numbers.is_null()
    for name, value in zip(ids.filter(wrong), column.filter(wrong), strict=True):
        reason = "no number in a column of numbers; taken as missing"
        shown = value if len(value) <= 40 else value[:39] + "…"
        problems.append(
            Problem(file, 0, name, column.name, shown, reason, "write a number or leave it empty")
        )
    return column.set(wrong, None)
