"""Sources in short, for tables."""

from __future__ import annotations

from collections.abc import Mapping

from nenuphar.knowledge.base import KnowledgeBase


def short_source(source: Mapping[str, str], knowledge: KnowledgeBase) -> str:
    """Return author, year and locator of a source (`Xu 2021, Dual ICI therapy ¶1`)."""
    citation = knowledge.citations.get(source["source"], source["source"])
    return f"{citation.partition(',')[0]}, {source.get('locator', '')}".rstrip(", ")
