"""What a trial is called, and what is known of its recruitment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def trial_label(record: Mapping[str, Any]) -> str:
    """Return what a trial is called: registry number and first other id, or its short name."""
    other = record.get("other_ids") or [""]
    parts = [record.get("nct_id", ""), other[0]]
    short = str(record["id"]).split(".")[1].replace("_", "-").upper()
    return " ".join(part for part in parts if part) or short


def status_words(record: Mapping[str, Any]) -> str:
    """Return what is known of recruitment, always with the date at which it was true."""
    status = record.get("recruitment_status")
    if not status:
        return "not stated"
    return f"{status} as of {record.get('status_as_of') or 'an unstated date'}"
