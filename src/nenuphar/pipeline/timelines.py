"""Timelines where whole records are assessed: one patient as rows, a cohort as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase

if TYPE_CHECKING:
    from nenuphar.engine.frames import Frames

METHOD = "method.timelines"
_EARLY = "resistance.early_death_max"


def describe_rows(rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the facts of the timeline to a patient's lines of treatment, in place.

    Args:
        rows: The patient's rows; without a line of treatment nothing is done, and no table
            library is loaded.
        knowledge: Declares the facts and holds the threshold that the method reads.
    """
    lines = rows[Scope.TREATMENT_LINE]
    if not any(name.startswith("line.") for line in lines for name in line.values):
        return
    from nenuphar.engine.frames import frames_of, rows_of_frames
    from nenuphar.methods.timelines.facts import describe

    frame = frames_of([rows], knowledge)[Scope.TREATMENT_LINE]
    limit = knowledge.thresholds[_EARLY].value
    described = {Scope.TREATMENT_LINE: describe(frame, early_death_max=limit)}
    (found,) = rows_of_frames(described, knowledge).values()
    for line, own in zip(lines, found[Scope.TREATMENT_LINE], strict=True):
        for name, value in own.values.items():
            if name.startswith("timeline."):
                line.values[name] = value
                line.origins[name] = Origin(METHOD)


def describe_frames(frames: Frames, knowledge: KnowledgeBase) -> Frames:
    """Add the facts of the timeline to the lines of treatment of a cohort.

    Args:
        frames: Observed facts by scope.
        knowledge: Holds the threshold that the method reads.

    Returns:
        The frames, that of the treatment lines described where it has rows.
    """
    from nenuphar.methods.timelines.facts import describe

    lines = frames.get(Scope.TREATMENT_LINE)
    if lines is None or lines.is_empty():
        return frames
    limit = knowledge.thresholds[_EARLY].value
    return {**frames, Scope.TREATMENT_LINE: describe(lines, early_death_max=limit)}
