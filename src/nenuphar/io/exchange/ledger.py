"""The account of a document: what became a fact, what did not, and what was left out on purpose.

Every scalar of a document is in exactly one of three columns, so that the account adds up and
nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from nenuphar.domain.problems import Problem
from nenuphar.io.result import Findings, shorten

Column = Literal["carried", "lost", "aside", "unread"]

_NAME = re.compile(r"\w{1,60}", re.ASCII)
_INNER = re.compile(
    r"(?:/(?:\d+|coding|code|system|display|text|url|id|label|unit|value|valueCodeableConcept"
    r"|valueQuantity|valueString|concept|reference))+$"
)
"""Ends of a pointer that lead into a field; the field is listed, not each of its parts."""

_INDEX = re.compile(r"/\d+(?=/|$)")
_UNREAD = "no fact is read from this field"
_KEEP = "keep the document beside the case"


class Ledger:
    """Accounts for one document; claims on a part hold for what lies below it."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._claims: dict[str, Column] = {}
        self._lost: dict[tuple[str, str, str, str], list[str]] = {}

    def carry(self, *pointers: str) -> None:
        """Account for parts that a fact, an id or a date was read from."""
        for pointer in pointers:
            self._claims.setdefault(pointer, "carried")

    def aside(self, *pointers: str) -> None:
        """Account for parts that are left out on purpose: identity and administration."""
        for pointer in pointers:
            self._claims.setdefault(pointer, "aside")

    def leave(self, *pointers: str) -> None:
        """Give back parts that a wider claim would cover and that nothing was read from."""
        for pointer in pointers:
            self._claims[pointer] = "unread"

    def lose(
        self,
        pointer: str,
        record: str,
        what: str,
        reason: str,
        fix: str = _KEEP,
        *,
        value: bool = False,
    ) -> None:
        """List a part that is not carried; equal ones of a record are listed once.

        Args:
            pointer: JSON pointer of the part.
            record: Id of the patient.
            what: The code and the kind of value, never words of the record.
            reason: Why it is not carried.
            fix: What would carry it.
            value: Whether it is a known thing whose value could not be read.
        """
        self._claims[pointer] = "lost"
        if value:
            self._write(record, pointer, what, reason, fix)
            self.findings.values_rejected += 1
        else:
            self._lost.setdefault((record, what, reason, fix), []).append(pointer)

    def remark(self, pointer: str, record: str, what: str, reason: str, fix: str) -> None:
        """List something that costs nothing, but must be said."""
        self._write(record, pointer, what, reason, fix)

    def close(self, data: Any, record: str, root: str = "") -> None:
        """List what nobody claimed, and how the document adds up where not all of it is carried."""
        counts: Counter[str | None] = Counter()
        unread: dict[str, dict[str, None]] = {}
        for pointer, column in self._leaves(data, root, self._claims.get(root)):
            unclaimed = column in (None, "unread")
            counts["lost" if unclaimed else column] += 1
            if unclaimed:
                field = _INNER.sub("", pointer)
                unread.setdefault(_INDEX.sub("/*", field), {})[field] = None
        for pattern, fields in unread.items():
            self._lost.setdefault((record, _last_name(pattern), _UNREAD, _KEEP), []).extend(fields)
        for (own, what, reason, fix), pointers in self._lost.items():
            more = f" ({len(pointers)} times, the first is named)" if len(pointers) > 1 else ""
            text = f"not carried: {reason}{more}"
            self._write(own, pointers[0], what, text, fix)
        self._lost.clear()
        total = sum(counts.values())
        if not counts["lost"]:
            return
        self._write(
            record,
            "",
            "",
            f"{total} statement(s) = {counts['carried']} carried + {counts['lost']} not carried + "
            f"{counts['aside']} of identity and administration, left out on purpose",
            "what is not carried is listed with its path",
        )

    def _write(self, record: str, pointer: str, what: str, reason: str, fix: str) -> None:
        """List something; a pointer is not cut short, for it leads to the part."""
        place = (self.findings.file, 0, shorten(record), pointer, shorten(what))
        self.findings.problems.append(Problem(*place, reason, fix))

    def _leaves(
        self, data: Any, pointer: str, column: Column | None
    ) -> Iterator[tuple[str, Column | None]]:
        if isinstance(data, dict):
            children = [(str(key), value) for key, value in data.items()]
        elif isinstance(data, list):
            children = [(str(number), value) for number, value in enumerate(data)]
        else:
            yield pointer, column
            return
        for name, value in children:
            below = f"{pointer}/{escape(name)}"
            yield from self._leaves(value, below, self._claims.get(below, column))


def escape(name: str) -> str:
    """Write a key as a part of a JSON pointer; a key that is no name of a field may be anything."""
    return name if _NAME.fullmatch(name) else "?"


def _last_name(pattern: str) -> str:
    """Return the last name of a pointer that is no index."""
    return next((part for part in reversed(pattern.split("/")) if part not in ("", "*")), "")
