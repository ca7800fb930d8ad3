"""Reference pages in Markdown, made from the records."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from nenuphar.knowledge.base import KnowledgeBase
from nenuphar.knowledge.search import headline
from nenuphar.report.matrix import matrix_page


def write_reference(kb: KnowledgeBase, folder: Path) -> None:
    """Write one page for each kind of record, the matrix of the classification, and an index.

    Args:
        kb: The knowledge base.
        folder: Where to write; made if it does not exist.
    """
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for key in sorted(kb.raw):
        by_kind[kb.raw[key]["kind"]].append(kb.raw[key])
    folder.mkdir(parents=True, exist_ok=True)
    index = [f"# Knowledge base {kb.release}", "", "Made from the records; do not edit.", ""]
    for kind, records in sorted(by_kind.items()):
        (folder / f"{kind}.md").write_text(_page(kind, records), encoding="utf-8")
        index.append(f"- [{kind}]({kind}.md): {len(records)}")
    if "tumour.who_edition" in kb.facts:
        (folder / "matrix.md").write_text(matrix_page(kb), encoding="utf-8")
        index.append("- [Editions, sites and entities](matrix.md)")
    (folder / "README.md").write_text("\n".join(index) + "\n", encoding="utf-8")


def _page(kind: str, records: list[dict[str, Any]]) -> str:
    title = kind.replace("_", " ").capitalize()
    lines = [f"# {title}", "", "Made from the records; do not edit.", ""]
    lines += ["| id | what it says | sources |", "|---|---|---|"]
    for record in records:
        sources = "; ".join(
            " ".join(part for part in (s["source"], s.get("locator", "")) if part)
            for s in record["sources"]
        )
        lines.append(f"| `{record['id']}` | {_cell(headline(record))} | {_cell(sources)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
