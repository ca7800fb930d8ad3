"""Records as a page shows them: fields, sources as cited, criteria as a tree in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.criterion import (
    AllOf,
    AnyOf,
    AtLeast,
    Criterion,
    Not,
    Over,
    facts_of,
    parse_criterion,
    walk,
)
from nenuphar.knowledge.search import headline, users_of
from nenuphar.report.criteria import CriterionWords

_TREES = ("when", "unless", "silent_where", "criteria", "predictive_criteria")
_SHOWN_APART = {"id", "kind", "version", "status", "sources", "cases", *_TREES}
_MOST_USERS = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a criterion tree in words.

    Attributes:
        says: What it asks.
        children: Its parts.
        note: What the record says of it.
    """

    says: str
    children: tuple[Node, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class RecordView:
    """A record as its page shows it.

    Attributes:
        id: Its permanent id.
        kind: Its kind.
        title: The line that says most about it.
        version: Its version; so are `status` and the hash of its content.
        fields: Its other fields.
        trees: Its criteria, by the name of the field.
        reads: Facts and thresholds that the criteria read and that have a record.
        cases: Cases that it decides, as it states them.
        sources: Citation, locator, reference and DOI or registry id of each.
        users: Ids of records that name it, and how many there are in all.
    """

    id: str
    kind: str
    title: str
    version: int
    status: str
    hash: str
    fields: tuple[tuple[str, Any], ...]
    trees: tuple[tuple[str, Node], ...]
    reads: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...]
    sources: tuple[tuple[str, str, str, str], ...]
    users: tuple[tuple[str, ...], int]


def view_of(kb: KnowledgeBase, record_id: str) -> RecordView:
    """Lay a record out.

    Raises:
        KeyError: No record has this id.
    """
    record = kb.raw[record_id]
    parsed = {
        name: parse_criterion(record[name], literals=True) for name in _TREES if record.get(name)
    }
    words = CriterionWords(kb)
    users = users_of(kb, record_id)
    return RecordView(
        record_id,
        record["kind"],
        headline(record),
        record.get("version", 1),
        record.get("status", "active"),
        kb.hash_of(record_id),
        tuple((name, value) for name, value in record.items() if name not in _SHOWN_APART),
        tuple((name, node_of(tree, words)) for name, tree in parsed.items()),
        tuple(sorted({name for tree in parsed.values() for name in _read_by(tree)} & set(kb.raw))),
        tuple(record.get("cases", ())),
        tuple(
            (
                kb.citations.get(source["source"], ""),
                source.get("locator", ""),
                source.get("reference", ""),
                source["source"],
            )
            for source in record["sources"]
        ),
        (tuple(users[:_MOST_USERS]), len(users)),
    )


def node_of(tree: Criterion, words: CriterionWords) -> Node:
    """Return a criterion tree as nodes in words."""

    def joint(head: str, *children: Criterion) -> Node:
        return Node(head, tuple(node_of(child, words) for child in children))

    match tree:
        case AllOf(children):
            return joint("all of", *children)
        case AnyOf(children):
            return joint("any of", *children)
        case AtLeast(k, children):
            return joint(f"at least {k} of", *children)
        case Not(child):
            return joint("not", child)
        case Over(that=that, where=where):
            chosen = tree.quantifier.replace("count", f"at least {tree.at_least} ×")
            parts = [joint("where", where)] if where is not None else []
            return Node(f"{chosen} {tree.scope}".replace("_", " "), (*parts, joint("that", that)))
    return Node(words.tree(tree), (), getattr(tree, "note", ""))


def _read_by(tree: Criterion) -> set[str]:
    """Return the facts and thresholds that a tree reads."""
    limits = {
        limit.threshold
        for part in walk(tree)
        for name in ("limit", "low", "high")
        if (limit := getattr(part, name, None)) is not None
    }
    return facts_of(tree) | limits
