"""Publish the evidence page: records of the literature and what the audit finds in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods.evidence.audit import audit_records
from nenuphar.methods.evidence.effects import clopper_pearson
from nenuphar.pipeline.case import stamp_of
from nenuphar.report.evidence_page import KINDS, evidence_page
from nenuphar.store.publish import publish
from nenuphar.store.results import write_manifest


def write_browser(out: Path) -> tuple[Path, int]:
    """Write the evidence page into a folder of its own.

    Args:
        out: The folder; an earlier one of Nenuphar's is replaced as a whole, anything else is not.

    Returns:
        The page, and the number of records on it.
    """
    knowledge = load_knowledge()
    page, number = browser_page(knowledge)
    publish(out, partial(_build, page=page, knowledge_release=knowledge.release))
    return out / "index.html", number


@lru_cache(maxsize=1)
def browser_page(knowledge: KnowledgeBase) -> tuple[str, int]:
    """Return the evidence page as HTML, and the number of records on it."""
    records = knowledge.kinds(*KINDS)
    records += audit_records([knowledge.raw[key] for key in sorted(knowledge.raw)])
    page = evidence_page(records, knowledge, stamp_of(knowledge), exact_intervals(records))
    return page, len(records)


def exact_intervals(records: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """Return the exact 95% intervals, in percent, of shares whose counts are known.

    A share with a printed interval is left to it.

    Args:
        records: Records of any kind; outcomes have `events` and `n`, frequencies `numerator` and
            `denominator`.
    """
    names = {"outcome": ("events", "n"), "prevalence": ("numerator", "denominator")}
    found = {}
    for record in records:
        part, whole = (record.get(name) for name in names.get(record["kind"], ("", "")))
        if part is not None and whole and part <= whole and record.get("ci_low") is None:
            low, high = clopper_pearson(part, whole)
            found[str(record["id"])] = (100 * low, 100 * high)
    return found


def _build(folder: Path, page: str, knowledge_release: str) -> None:
    (folder / "index.html").write_text(page, encoding="utf-8")
    write_manifest(folder, {"made_by": "nenuphar", "knowledge": {"release": knowledge_release}})
