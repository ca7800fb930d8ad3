"""What a trial is called, and what is known of its recruitment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_NAME = 20


def trial_label(record: Mapping[str, Any]) -> str:
    """Return what a trial is called: registry number and first other id or name, if it is short."""
    name = str(record.get("name", ""))
    other = record.get("other_ids") or [name if len(name) <= _LONGEST_NAME else ""]
    parts = [record.get("nct_id", ""), other[0]]
    short = str(record["id"]).split(".")[1].replace("_", "-").upper()
    return " ".join(part for part in parts if part) or short


def status_words(record: Mapping[str, Any]) -> str:
    """Return what is known of recruitment, always with the date at which it was true."""
    status = record.get("recruitment_status")
    if not status:
        return "not stated"
    return f"{status} as of {record.get('status_as_of') or 'an unstated date'}"
