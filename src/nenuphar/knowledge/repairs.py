"""Records as they are used: with repaired values in place of the printed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def repaired(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its repaired values in place of the printed ones, of the same type."""
    repairs = record.get("repaired") or []
    changed = dict(record)
    for repair in [repairs] if isinstance(repairs, Mapping) else repairs:
        name, value = repair["field"], repair["value"]
        is_text = isinstance(record.get(name), str) and isinstance(value, int | float)
        changed[name] = f"{value:g}" if is_text else value
    return changed
