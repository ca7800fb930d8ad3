"""A laboratory's own samples for `nenuphar subtype`: what they are, and what they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from nenuphar.io.expression import ExpressionMatrix
    from nenuphar.methods.expression.subtypes import Call, Model

SHIFTED = 3
LABEL_COLUMNS = ("group", "subtype", "label", "call")
_FEW, _MOST = 5, 0.5
"""Samples, and share of them, from which on strange ones speak of their platform."""


def read_labelled(
    path: Path, matrix: ExpressionMatrix, model: Model, notes: list[str]
) -> tuple[Any, list[str]]:
    """Expression and groups of the labelled samples, from their own file or by id.

    Args:
        path: A table with ids first and a column `group`; with expression, or without.
        matrix: The input, where the labelled samples are looked for if `path` has no expression.
        model: The panel.
        notes: Where it is said what of the labels is not used, or lacks.

    Returns:
        Samples × genes of the panel, and the group of each; samples without a group are left out.

    Raises:
        RecalibrationError: There is no column of groups, a sample has two groups, or no labelled
            sample has expression.
    """
    from nenuphar.cli.panel_matrix import on_panel, share_found
    from nenuphar.io.expression import read_expression
    from nenuphar.io.tables import read_table
    from nenuphar.methods.expression.subtypes import RecalibrationError

    table = read_table(path)
    column = next((c for c in table.frame.columns if c.strip().lower() in LABEL_COLUMNS), None)
    if column is None:
        raise RecalibrationError(f"{path.name}: no column `group`; add one with the known groups")
    groups = _groups(path.name, table.frame[:, 0], table.frame[column], table.lines, notes)
    source = matrix
    if own := share_found(model.genes, table.frame.columns) >= 0.5:
        source = read_expression(path, samples_in_rows=True)
    rows = [i for i, sample in enumerate(source.samples) if sample in groups]
    if not rows:
        raise RecalibrationError(
            f"{path.name}: none of its ids is in the input; add the expression of these samples"
        )
    if unused := len(groups) - len({source.samples[i] for i in rows}):
        notes.append(f"{unused} labelled samples of {path.name} are not in the input: not used")
    both = len(groups.keys() & set(matrix.samples)) if own else len(rows)
    if both:
        notes.append(
            f"{both} labelled samples are among those that are called: how well these fit their "
            "labels says little of the others"
        )
    labels = [groups[source.samples[i]] for i in rows]
    if absent := [group for group in model.groups if group not in labels]:
        notes.append(
            f"no labelled sample is {' or '.join(absent)}: that the platform moves "
            "the genes of these groups alike is taken for granted"
        )
    return on_panel(source, model.genes)[rows], labels


def _groups(
    name: str, ids: pl.Series, labels: pl.Series, lines: pl.Series, notes: list[str]
) -> dict[str, str]:
    """The group of every labelled id; an id with two groups is an error, one twice a note."""
    from nenuphar.methods.expression.subtypes import RecalibrationError

    groups: dict[str, str] = {}
    again = 0
    for sample, label, line in zip(ids, labels, lines, strict=True):
        group = (label or "").strip()
        if not group or not sample:
            continue
        if groups.setdefault(sample, group) != group:
            raise RecalibrationError(
                f"{name}, line {line}: a sample has two groups, {groups[sample]} and {group}; "
                "keep the right one"
            )
        again += 1
    if repeated := again - len(groups):
        notes.append(f"{repeated} rows of {name} repeat the group of a sample: counted once")
    return groups


def foreign_platform(model: Model, places: Any) -> list[str]:
    """What to do where most samples resemble no group of the panel; nothing where few do.

    places: ranks among the panel's genes, samples × genes, as measured.
    """
    from nenuphar.methods.expression.subtypes import ENOUGH, familiarity

    strange = familiarity(model, places) < model.unfamiliar
    if len(strange) < _FEW or strange.mean() < _MOST:
        return []
    return [
        f"{int(strange.sum())} of {len(strange)} samples resemble no group of {model.panel}: "
        "either they are other tumours, or the platform is unfamiliar and asks for --recalibrate "
        f"with {ENOUGH}"
    ]


def what_changed(
    model: Model, fitted: Model, shift: Any, before: Sequence[Call], after: Sequence[Call]
) -> list[str]:
    """What recalibration moved: genes, the limit of the 90% sets, calls and their status."""
    import numpy as np

    most = np.argsort(-np.abs(shift), kind="stable")[:SHIFTED]
    genes = ", ".join(f"{model.genes[i]} {shift[i]:+.2f}" for i in most)
    called = [sum(one.status == "called" for one in calls) for calls in (before, after)]
    other = sum(a.call != b.call for a, b in zip(before, after, strict=True))
    return [
        f"genes moved by {np.abs(shift).mean():.2f} of the ranks on average, most of all {genes}",
        f"a group is in the 90% set from probability {1 - model.set_cut:.2f} before, "
        f"{1 - fitted.set_cut:.2f} now",
        f"{called[0]} samples were called before, {called[1]} are now; {other} changed their group",
    ]
