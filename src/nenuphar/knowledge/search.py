"""Find records by words, and compare two knowledge bases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from nenuphar.knowledge.base import KnowledgeBase


class Hit(NamedTuple):
    """A record that a search found, best first by score."""

    score: int
    id: str
    kind: str
    text: str


def search(kb: KnowledgeBase, words: str, kind: str = "") -> list[Hit]:
    """Return the records that hold every word, those that name it in their id first.

    Args:
        kb: The knowledge base.
        words: Words, parted by blanks; case does not matter.
        kind: Only records of this kind.
    """
    wanted = words.lower().split()
    hits = []
    for key, record in kb.raw.items():
        if kind and record["kind"] != kind:
            continue
        text = json.dumps(record, ensure_ascii=False).lower()
        if all(word in text for word in wanted):
            score = sum(10 * (word in key) + text.count(word) for word in wanted)
            hits.append(Hit(score, key, record["kind"], headline(record)))
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))


def headline(record: Mapping[str, Any]) -> str:
    """Return the line that says most about a record."""
    fields = ("explanation", "meaning", "says", "summary", "title", "citation", "name", "study")
    for field in (*fields, "drug", "statement", "population", "marker"):
        if record.get(field):
            return str(record[field])
    return str(record["id"])


def users_of(kb: KnowledgeBase, record: str) -> list[str]:
    """Return the ids of the other records that name a record, in order."""
    return sorted(key for key, other in kb.raw.items() if key != record and _names(other, record))


def _names(value: object, name: str) -> bool:
    if isinstance(value, Mapping):
        return any(_names(part, name) for part in value.values())
    if isinstance(value, list):
        return any(_names(part, name) for part in value)
    return value == name


class Difference(NamedTuple):
    """Records that differ between two knowledge bases, by id."""

    added: list[str]
    removed: list[str]
    changed: list[str]


def compare(old: KnowledgeBase, new: KnowledgeBase) -> Difference:
    """Return which records were added, removed or changed from one base to another."""
    before, after = set(old.raw), set(new.raw)
    changed = [key for key in before & after if old.raw[key] != new.raw[key]]
    return Difference(sorted(after - before), sorted(before - after), sorted(changed))
