"""Reads H-scores of stains from a table, for `nenuphar subtype`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

WORDS = {"H", "SCORE", "HSCORE", "IHC", "STAIN"}
IDS = ("sample", "sample_id", "patient_id", "patient", "case_id", "id")
HIGHEST = 300.0


def read_h_scores(
    table: Path, markers: Sequence[str], notes: list[str], rejected: list[dict[str, Any]]
) -> tuple[list[str], Any]:
    """Ids and H-scores (samples × markers, 0-300, NaN where not done) of a table.

    A column is a marker's whose name is the marker, with or without `H score` or `IHC` around it.
    What is no H-score is appended to `rejected` and counts as not done; remarks go to `notes`.

    Raises:
        UnreadableInputError: The file is no table, or holds no marker of the panel.
    """
    import numpy as np

    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.io.tables import read_table

    found = read_table(table)
    columns = {marker: _column(found.frame.columns, marker) for marker in markers}
    absent = [marker for marker, column in columns.items() if column is None]
    if len(absent) == len(markers):
        turned = set(markers) & set(found.frame[:, 0].to_list())
        remedy = "turn the table: samples go in rows" if turned else "name them by the markers"
        raise UnreadableInputError(f"{table.name}: no column for {', '.join(markers)}; {remedy}")
    for problem in found.problems:
        if problem.rejected:
            rejected.append(asdict(problem))
        else:
            notes.append(f"{problem.reason}; {problem.fix}")
    notes += [f"no column for {marker}: taken as not done" for marker in absent]
    lines = found.lines.to_list()
    ids, kept = _ids(found.frame, table, lines, notes, rejected)
    scores = np.full((len(kept), len(markers)), np.nan)
    for place, column in enumerate(columns.values()):
        for row, (at, sample) in enumerate(zip(kept, ids, strict=True)):
            text = found.frame[column][at] if column is not None else None
            value = _number(text)
            if text is not None and value is None and text.strip().upper() not in {"NA", "NAN", ""}:
                rejected.append(
                    _reject(table, lines[at], sample, str(column), text, "no H-score (0-300)",
                            "correct the value or leave the cell empty")
                )  # fmt: skip
            scores[row, place] = np.nan if value is None else value
    _doubt_scale(scores, notes)
    return ids, scores


def _column(names: Sequence[str], marker: str) -> str | None:
    for name in names:
        if set(re.split(r"[^A-Z0-9]+", name.upper())) - WORDS - {""} == {marker}:
            return name
    return None


def _ids(
    frame: Any, table: Path, lines: Sequence[int], notes: list[str], rejected: list[dict[str, Any]]
) -> tuple[list[str], list[int]]:
    """Ids and their rows: from the first column, or from a column of ids where that one repeats."""
    column = frame.columns[0]
    if frame[column].drop_nulls().n_unique() < frame[column].drop_nulls().len():
        other = next(
            (
                name
                for name in frame.columns
                if name.strip().lower() in IDS and frame[name].n_unique() == frame.height
            ),
            None,
        )
        if other is not None:
            notes.append(f"the first column, {column}, repeats: {other} was taken as the id")
            column = other
    ids, kept, seen = [], [], set()
    for at, value in enumerate(frame[column].to_list()):
        name = (value or "").strip()
        reason = "the row has no id" if not name else "the id occurs more than once"
        if not name or name in seen:
            rejected.append(
                _reject(table, lines[at], name, column, name, reason, "name every sample once")
            )
            continue
        seen.add(name)
        ids.append(re.sub(r"^(-?\d+)\.0$", r"\1", name))
        kept.append(at)
    return ids, kept


def _reject(
    table: Path, line: int, record: str, column: str, value: str, reason: str, fix: str
) -> dict[str, Any]:
    return {
        "file": table.name, "line": line, "record": record, "column": column, "value": value,
        "reason": reason, "fix": fix,
    }  # fmt: skip


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= HIGHEST else None


def _doubt_scale(scores: Any, notes: list[str]) -> None:
    """Makes a file of expression values (fractions, all small) no readings at all."""
    import numpy as np

    read = scores[np.isfinite(scores)]
    if read.size and (read != np.rint(read)).mean() > 0.5 and read.max() < 50:
        notes.append(
            "the values are small fractions, not H-scores (0-300): no call is made; give H-scores, "
            "or a panel for expression"
        )
        scores[:] = np.nan
