"""From a table with roles to the columns that a model reads, and what is set aside and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORIGIN, ALTERATIONS, MICROENVIRONMENT = (
    "cell_of_origin",
    "somatic_alterations",
    "microenvironment",
)
PARENTS = (ORIGIN, ALTERATIONS, MICROENVIRONMENT)
"""What the group of a tumour may depend on."""

_RARER = "\0rarer"


@dataclass(frozen=True)
class Limits:
    """What a cohort must hold for a model of it to mean anything.

    Attributes:
        measured_min: Least share of tumours in which a feature, and least share of the features
            of a parent set that a tumour, must have measured.
        level_min: Least number of tumours that hold a value of a feature in words; rarer values
            are taken together.
        group_min: Least number of tumours of a group.
        tumours_min: Least number of tumours in all.
    """

    measured_min: float
    level_min: int
    group_min: int
    tumours_min: int


@dataclass(frozen=True, order=True)
class SetAside:
    """What no model reads.

    Attributes:
        kind: `feature`, `group` or `tumour`.
        name: Name of the feature or group, id of the tumour.
        reason: Why.
    """

    kind: str
    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Design:
    """What the models read.

    Attributes:
        tumours: Ids, in an order that does not depend on that of the table.
        groups: Names of the groups.
        group: Number of the group of every tumour.
        parents: Columns of every parent set, tumours × columns, NaN where missing; a set of which
            nothing can be used is left out.
        features: Columns of every feature that is used, by parent set.
        set_aside: What is not used.
    """

    tumours: tuple[str, ...]
    groups: tuple[str, ...]
    group: NDArray[np.int64]
    parents: Mapping[str, NDArray[np.float64]]
    features: Mapping[str, Mapping[str, NDArray[np.float64]]]
    set_aside: tuple[SetAside, ...]

    def columns(self, parents: Iterable[str]) -> list[NDArray[np.float64]]:
        """Columns of the named parent sets, in one order."""
        return [self.parents[parent] for parent in sorted(parents)]

    @property
    def counts(self) -> dict[str, int]:
        """Tumours of every group."""
        sizes = np.bincount(self.group, minlength=len(self.groups))
        return {name: int(n) for name, n in zip(self.groups, sizes, strict=True)}


@dataclass
class _Sorting:
    """The table while it is sorted into what is used and what is not."""

    table: pl.DataFrame
    roles: dict[str, list[str]]
    aside: list[SetAside] = field(default_factory=list)

    def drop_feature(self, parent: str, name: str, reason: str) -> None:
        self.roles[parent].remove(name)
        self.aside.append(SetAside("feature", name, reason))

    def drop_tumours(self, lost: pl.Series, reason: str) -> None:
        names = self.table["tumour"].filter(lost).to_list()
        self.aside += [SetAside("tumour", name, reason) for name in names]
        self.table = self.table.filter(~lost)


def design_of(table: pl.DataFrame, roles: Mapping[str, Sequence[str]], limits: Limits) -> Design:
    """Sort a table into what models read and what is set aside.

    A missing value never counts as `no`: a feature of which one value alone is on record, such as
    mutations listed where found, says nothing of the tumours in which it is empty. A tumour of
    which nothing of a parent set was measured takes part in no model, so that all models are held
    against each other on the same tumours.

    Args:
        table: One row a tumour, all text: `tumour` (unique), `group`, and the features; null where
            missing.
        roles: Features of each parent set.
        limits: What must be there.

    Returns:
        The design; where too little remains it has fewer tumours or parent sets than asked for.
    """
    ordered = table.sort("tumour")
    sorting = _Sorting(ordered, {parent: sorted(roles.get(parent, ())) for parent in PARENTS})
    sorting.drop_tumours(sorting.table["group"].is_null(), "no group on record")
    _drop_single_valued(sorting)
    _drop_unassayed(sorting)
    _drop_unmeasured(sorting, limits)
    _drop_small_groups(sorting, limits)
    _drop_rare(sorting, limits)
    kept = sorting.table
    names = sorted(kept["group"].unique().to_list())
    numbers = {name: number for number, name in enumerate(names)}
    features = {
        parent: {name: _columns(kept[name], limits.level_min) for name in columns}
        for parent, columns in sorting.roles.items()
        if columns and kept.height
    }
    return Design(
        tuple(kept["tumour"].to_list()),
        tuple(names),
        np.array([numbers[name] for name in kept["group"]], dtype=np.int64),
        {parent: np.hstack(list(columns.values())) for parent, columns in features.items()},
        features,
        tuple(sorted(sorting.aside)),
    )


def _each(roles: Mapping[str, list[str]]) -> Iterable[tuple[str, str]]:
    return [(parent, name) for parent, names in roles.items() for name in names]


def _drop_single_valued(sorting: _Sorting) -> None:
    for parent, name in _each(sorting.roles):
        column = sorting.table[name]
        known = column.drop_nulls()
        if known.is_empty():
            sorting.drop_feature(parent, name, "no value on record")
        elif known.n_unique() == 1:
            empty = f", and {column.null_count()} are empty, which is not `no`"
            more = empty if column.null_count() else ""
            sorting.drop_feature(parent, name, f"every value on record is the same{more}")


def _drop_unassayed(sorting: _Sorting) -> None:
    """Set aside tumours of which nothing of a parent set is known."""
    for parent, names in sorting.roles.items():
        if names:
            lost = sorting.table.select(pl.all_horizontal(pl.col(names).is_null()))
            sorting.drop_tumours(lost.to_series(), f"no feature of {_words(parent)} on record")


def _drop_unmeasured(sorting: _Sorting, limits: Limits) -> None:
    for parent, name in _each(sorting.roles):
        height = sorting.table.height
        known = height - sorting.table[name].null_count()
        if known < limits.measured_min * height:
            reason = f"mostly missing: on record in {known} of {height} tumours"
            sorting.drop_feature(parent, name, reason)
    for parent, names in sorting.roles.items():
        if names:
            share = pl.mean_horizontal(pl.col(name).is_not_null() for name in names)
            lost = sorting.table.select(share < limits.measured_min).to_series()
            sorting.drop_tumours(lost, f"most features of {_words(parent)} are missing")


def _drop_small_groups(sorting: _Sorting, limits: Limits) -> None:
    sizes = sorting.table["group"].value_counts().sort("group")
    for name, n in sizes.iter_rows():
        if n < limits.group_min:
            reason = f"{n} tumours, fewer than {limits.group_min}"
            sorting.aside.append(SetAside("group", name, reason))
            lost = sorting.table["group"] == name
            sorting.drop_tumours(lost, f"its group has fewer than {limits.group_min} tumours")


def _drop_rare(sorting: _Sorting, limits: Limits) -> None:
    """Set aside features that no longer differ enough among the tumours that are left."""
    for parent, name in _each(sorting.roles):
        column = sorting.table[name]
        if _numbers(column) is not None:
            if column.drop_nulls().n_unique() < 2:
                sorting.drop_feature(parent, name, "the same in all tumours that are left")
        elif len(_levels(column, limits.level_min)) < 2:
            reason = f"fewer than two values held by at least {limits.level_min} tumours"
            sorting.drop_feature(parent, name, reason)


def _words(parent: str) -> str:
    return parent.replace("_", " ")


def _numbers(column: pl.Series) -> pl.Series | None:
    """A column as numbers where every value is one and there are more than two; else None."""
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() != column.null_count() or numbers.drop_nulls().n_unique() < 3:
        return None
    finite = numbers.is_finite().fill_null(value=True).all()
    return numbers if finite else None


def _levels(column: pl.Series, least: int) -> list[str]:
    """Values in words that enough tumours hold; the rarer ones together, where they are enough."""
    sizes = dict(column.drop_nulls().value_counts().iter_rows())
    held = sorted(name for name, n in sizes.items() if n >= least)
    rarer = sum(n for n in sizes.values() if n < least)
    return [*held, _RARER] if rarer >= least else held


def _columns(column: pl.Series, least: int) -> NDArray[np.float64]:
    """One column for a number or for two values, one for each of several; NaN where missing."""
    numbers = _numbers(column)
    if numbers is not None:
        return numbers.fill_null(float("nan")).to_numpy().astype(float)[:, None]
    levels = _levels(column, least)
    known = column.is_not_null().to_numpy()
    if levels[-1] == _RARER:
        column = column.replace_strict(
            {name: name for name in levels[:-1]}, default=_RARER, return_dtype=pl.String
        )
    else:
        known &= column.is_in(levels).fill_null(value=False).to_numpy()
    shown = levels[1:] if len(levels) == 2 else levels
    marks = [
        np.where(known, (column == level).fill_null(value=False).to_numpy(), np.nan)
        for level in shown
    ]
    return np.column_stack(marks)
