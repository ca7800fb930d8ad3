"""What the audit reports: a discrepancy, as a record like any other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

RecordData = Mapping[str, Any]
"""A record as plain data."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_COUNTABLE = ("ORR", "DCR", "CBR", "CR", "PR", "SD", "PD")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold, or that follows from what is printed.

    Attributes:
        type: Name of the rule that found it.
        severity: `info`, `minor` (rounding, wording) or `major` (changes what a reader concludes).
        records: The records concerned, the first one first.
        printed: What is printed, as numbers or short tokens.
        recomputed: What recomputation gives.
        explanation: One or two sentences.
        about: What sets several findings of one type on one record apart.
    """

    type: str
    severity: Literal["info", "minor", "major"]
    records: tuple[RecordData, ...]
    printed: tuple[str, ...]
    recomputed: str
    explanation: str
    about: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the finding as a record of kind `discrepancy`."""
        first, *others = (str(record["id"]) for record in self.records)
        return {
            "kind": "discrepancy",
            "id": ".".join(part for part in ("audit", self.type, first, _slug(self.about)) if part),
            "version": 1,
            "status": "active",
            "sources": sources_of(self.records),
            "type": self.type,
            "severity": self.severity,
            "printed": list(self.printed),
            "recomputed": self.recomputed,
            "explanation": self.explanation,
            "record": first,
            "other_records": others,
        }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def sources_of(records: Iterable[RecordData]) -> list[dict[str, str]]:
    """Return the sources of several records, each place once, in order."""
    places = {
        (str(source["source"]), str(source.get("locator", ""))): dict(source)
        for record in reversed(list(records))
        for source in reversed(record.get("sources", []))
    }
    return list(places.values())[::-1]


def of_kind(records: Sequence[RecordData], *kinds: str) -> list[RecordData]:
    """Return the records of the named kinds."""
    return [record for record in records if record.get("kind") in kinds]


def is_countable(outcome: RecordData) -> bool:
    """Return whether an outcome's percentage is a count over a count.

    Time-to-event estimates (a Kaplan-Meier rate at nine months) and pooled ones are not.
    """
    return outcome.get("endpoint") in _COUNTABLE and "i2" not in outcome


def study_of(record: RecordData) -> str:
    """Return what identifies the study: its registry number, else its name."""
    return str(record.get("nct_id") or record.get("study") or record.get("name") or "")


def review_of(record: RecordData) -> str:
    """Return the publication that a record was taken from."""
    sources = record.get("sources") or [{}]
    return str(sources[0].get("source", ""))


def decimals_of(record: RecordData, value: float) -> int:
    """Return with how many decimals a number is printed in a record.

    The token of `printed` that equals the number tells (`87.0%`); without one, the number itself.
    """
    tokens = [t for text in record.get("printed", ()) for t in _NUMBER.findall(str(text))]
    equal = [t for t in tokens if math.isclose(float(t), value, rel_tol=1e-9, abs_tol=1e-12)]
    text = max(equal, key=len, default=f"{value:.10f}".rstrip("0").rstrip("."))
    return len(text.partition(".")[2])


def half_unit(record: RecordData, value: float) -> float:
    """Return half a unit of the last printed digit of a number, with room for float error."""
    return 0.5 * 10.0 ** -decimals_of(record, value) + 1e-9


def shown(value: float) -> str:
    """Return a number as a reader would write it."""
    return f"{value:.6g}"
