"""Timelines where whole records are assessed: one patient as rows, a cohort as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.engine.rows import PatientRows
from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.pipeline.timelines import courses as line_courses

if TYPE_CHECKING:
    from nenuphar.engine.frames import Frames

METHODS = {
    "timeline.": "method.timelines",
    "endpoint.": "method.times_to_event",
    "line.": line_courses.METHOD,
}
_EARLY = "resistance.early_death_max"


def describe_rows(rows: PatientRows, knowledge: KnowledgeBase) -> None:
    """Add the facts of the timeline and its times to events to a patient's lines, in place.

    Args:
        rows: The patient's rows; without a line of treatment nothing is done, and no table
            library is loaded.
        knowledge: Declares the facts and holds what the methods read.
    """
    lines = rows[Scope.TREATMENT_LINE]
    if not any(name.startswith("line.") for line in lines for name in line.values):
        return
    from nenuphar.engine.frames import frames_of, rows_of_frames

    described = describe_frames(frames_of([rows], knowledge), knowledge)
    kept = {Scope.TREATMENT_LINE: described[Scope.TREATMENT_LINE]}
    (found,) = rows_of_frames(kept, knowledge).values()
    for line, own in zip(lines, found[Scope.TREATMENT_LINE], strict=True):
        for name, value in own.values.items():
            method = METHODS.get(name[: name.find(".") + 1])
            if method and name not in line.values:
                line.values[name] = value
                line.origins[name] = Origin(method)


def describe_frames(frames: Frames, knowledge: KnowledgeBase) -> Frames:
    """Add the facts of the timeline and its times to events to the lines of a cohort.

    What a record leaves empty of the course of a line is taken from the patient's scans first.

    Args:
        frames: Facts by scope, lesions already read.
        knowledge: Holds what the methods read.

    Returns:
        The frames, that of the treatment lines described where it has rows.
    """
    from nenuphar.methods.timelines.facts import describe
    from nenuphar.pipeline.response.best import usable_points
    from nenuphar.pipeline.timelines.endpoints import with_endpoints

    lines = frames.get(Scope.TREATMENT_LINE)
    if lines is None or lines.is_empty():
        return frames
    limit = knowledge.thresholds[_EARLY].value
    lines = line_courses.filled_from_scans(lines, usable_points(frames), knowledge)
    described = with_endpoints(describe(lines, early_death_max=limit), knowledge)
    return {**frames, Scope.TREATMENT_LINE: described}
