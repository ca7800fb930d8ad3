"""What was wrong with an input, so that it can be mended: where, what, why and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing in an input that could not be used.

    Attributes:
        file: Name of the file, without its folder.
        line: Line (or row, for sheets) counted from 1; 0 where no line applies.
        record: Id of the record; the most that is ever told of a patient.
        column: Column or field.
        value: The value seen, shortened.
        reason: Why it matters.
        fix: What to do next.
        rejected: Whether the whole record was left out, or only this value.
    """

    file: str
    line: int
    record: str
    column: str
    value: str
    reason: str
    fix: str
    rejected: bool = False


class UnreadableInputError(Exception):
    """The input as a whole cannot be read; the message names the file, the cause and the fix."""


class UnsupportedInputError(UnreadableInputError):
    """The input has a form that is not read yet; the message names it and what to give instead."""


class UsageError(Exception):
    """The command was called in a way that cannot work; the message says what would."""


class KnowledgeError(Exception):
    """The knowledge base is invalid; `problems` lists every finding with file and line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
