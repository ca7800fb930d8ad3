"""Write `docs/exchange-codes.md`, what codes mean: `python docs/make_exchange.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from nenuphar.io.exchange.vocabulary import Vocabulary, code_table
from nenuphar.knowledge.base import load_knowledge

PAGE = Path(__file__).parent / "exchange-codes.md"
HEAD = """# Codes of Phenopackets and FHIR

What other systems' codes mean here; the first code of a row is the one that is written.
What is carried, and how, is told in [exchange.md](exchange.md).
"""


def rows(groups: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a row for each name with its codes."""
    return [f"| {name} | {', '.join(codes)} |" for name, codes in groups.items()]


def exchange_page() -> str:
    """Return the page: every code by what it means."""
    table, knowledge = code_table(), load_knowledge()
    vocabulary = Vocabulary(knowledge)
    by_fact = {name: vocabulary.keys_of_fact(name) for name in knowledge.facts}
    facts = {f"`{name}`": keys for name, keys in by_fact.items() if keys}
    values = {
        f"`{fact}` {value}": keys
        for fact, answers in table["values"].items()
        for value, keys in answers.items()
    }
    parts = [
        ("Facts", facts),
        ("TNM categories, put together in `stage.tnm`", {"any": table["tnm"]}),
        ("Answers to any question", table["answers"]),
        ("Answers to one question", values),
        ("Sites", table["sites"]),
        ("Diagnoses beside those of `nenuphar codes`", table["entities"]),
        ("Organs that a diagnosis names", table["organs"]),
        ("Drugs, beside their names", table["drugs"]),
        ("Units, by the code that is written first", table["units"]),
    ]
    lines = [HEAD]
    for title, groups in parts:
        lines += [f"## {title}\n", "| meaning | codes |", "|---|---|", *rows(groups), ""]
    checked = (f"| {name} | {where} |" for name, where in table["checked"].items())
    lines += ["## What the codes were held against\n", "| system | found in |", "|---|---|"]
    lines += [*checked, ""]
    sources = (f"- {each['source']} ({each['locator']})" for each in table["sources"])
    return "\n".join([*lines, "## Sources\n", *sources, ""])


if __name__ == "__main__":
    PAGE.write_text(exchange_page(), encoding="utf-8")
