"""`nenuphar kb audit`: what does not hold in the evidence, and what the reviews hold besides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nenuphar.domain.problems import UnreadableInputError

if TYPE_CHECKING:
    from rich.console import Console

    from nenuphar.methods.evidence.audit.coverage import Coverage

_SEVERITIES = ("major", "minor", "info")
_COLOURS = {"major": "red", "minor": "yellow", "info": "cyan"}


def register(kb_app: typer.Typer) -> None:
    """Add the command to the `kb` commands."""
    kb_app.command("audit")(audit)


def audit(
    reviews: Annotated[
        Path | None,
        typer.Option(help="Folder with the reviews as text: adds coverage, both ways."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recompute what the evidence prints and list what does not hold.

    Findings of the rules and errors entered by hand are told apart. With the texts of the reviews,
    every numeral without a record and every printed value that is not at its locator is listed.

    **Example:** `nenuphar kb audit --reviews texts/`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.evidence_schema import EVIDENCE_KINDS
    from nenuphar.methods.evidence.audit import audit_records, check_p_values

    records = load_knowledge().kinds(*EVIDENCE_KINDS)
    found = audit_records(records)
    entered = [record for record in records if record["kind"] == "discrepancy"]
    p_values = [
        {
            "records": [check.first["id"], check.second["id"]],
            "p_value": check.first["p_value"],
            "status": check.status,
            "counts": [list(table) for table in check.tables[:1]],
        }
        for check in check_p_values(records)
    ]
    coverage = _coverage(reviews, records) if reviews else []
    if as_json:
        output = {"found": found, "entered": entered, "p_values": p_values}
        if reviews:
            output["coverage"] = [_coverage_data(one) for one in coverage]
        typer.echo(json.dumps(output, ensure_ascii=False, indent=2))
        return
    _show(found, entered, p_values, coverage)


def _coverage(folder: Path, records: list[dict[str, Any]]) -> list[Coverage]:
    """Cover every review among the text files of a folder."""
    from nenuphar.methods.evidence.audit.coverage import cover_review

    try:
        texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))]
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInputError(f"{folder}: {error}") from error
    covered = [one for text in texts if (one := cover_review(text, records)) is not None]
    if not covered:
        raise UnreadableInputError(
            f"{folder}: none of its text files is one of the reviews that the records cite; "
            "give the folder that holds them as .txt"
        )
    return covered


def _coverage_data(one: Coverage) -> dict[str, Any]:
    return {
        "source": one.source,
        "name": one.name,
        **_coverage_counts(one),
        "uncovered": [
            {"numeral": n.text, "place": n.place, "context": n.context} for n in one.uncovered
        ],
        "misplaced": [
            {"record": t.record, "printed": t.text, "found": t.found, "locators": list(t.locators)}
            for t in one.misplaced
        ],
    }


def _coverage_counts(one: Coverage) -> dict[str, int]:
    ways = [numeral.by for numeral in one.numerals]
    return {
        "numerals": len(ways),
        "by_record": ways.count("record") + ways.count("section"),
        "by_exclusion": ways.count("exclusion"),
        "without_record": ways.count("uncovered"),
        "printed_tokens": len(one.tokens),
        "not_at_locator": len(one.misplaced),
    }


def _show(
    found: list[dict[str, Any]],
    entered: list[dict[str, Any]],
    p_values: list[dict[str, Any]],
    coverage: list[Coverage],
) -> None:
    from rich.console import Console

    console = Console()
    _show_counts(console, found, entered)
    _show_findings(console, "Found by rule", found)
    _show_findings(console, "Entered by hand", entered)
    statuses = [check["status"] for check in p_values]
    console.print(
        f"P values with counts: {statuses.count('reproduced')} of {len(statuses)} reproduced, "
        f"{statuses.count('flagged')} flagged."
    )
    for one in coverage:
        _show_coverage(console, one)


def _show_counts(
    console: Console, found: list[dict[str, Any]], entered: list[dict[str, Any]]
) -> None:
    from rich.table import Table

    table = Table("type", *_SEVERITIES, "all", title="Discrepancies")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted({finding["type"] for finding in (*found, *entered)}):
        rows = [finding for finding in (*found, *entered) if finding["type"] == name]
        counts = [sum(f["severity"] == severity for f in rows) for severity in _SEVERITIES]
        table.add_row(name, *(str(count or "") for count in counts), str(len(rows)))
    console.print(table)


def _show_findings(console: Console, title: str, findings: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "record", "printed", "recomputed", "explanation", title=title, leading=1)
    table.columns[1].overflow = "fold"
    ordered = sorted(findings, key=lambda f: (_SEVERITIES.index(f["severity"]), f["id"]))
    for finding in ordered:
        severity = finding["severity"]
        table.add_row(
            f"[{_COLOURS[severity]}]{severity}[/]\n{finding['type']}",
            escape("\n".join([finding.get("record", ""), *finding.get("other_records", [])])),
            escape(", ".join(finding.get("printed", []))),
            escape(finding.get("recomputed", "") or finding.get("should_be", "")),
            escape(finding["explanation"]),
        )
    console.print(table)


def _show_coverage(console: Console, one: Coverage) -> None:
    from rich.markup import escape
    from rich.table import Table

    counts = _coverage_counts(one)
    console.print(
        f"[bold]{one.name}[/]: {counts['numerals']} numerals; {counts['by_record']} in records, "
        f"{counts['by_exclusion']} excluded with a reason, {counts['without_record']} without. "
        f"{counts['printed_tokens']} printed values; {counts['not_at_locator']} not at their "
        "locator."
    )
    if one.uncovered:
        table = Table("numeral", "place", "context", title=f"{one.name}: without a record")
        for numeral in one.uncovered:
            table.add_row(*map(escape, (numeral.text, numeral.place, numeral.context)))
        console.print(table)
    if one.misplaced:
        table = Table("record", "printed", "found", "locator", title=f"{one.name}: not at locator")
        for token in one.misplaced:
            row = (token.record, token.text, token.found, "; ".join(token.locators))
            table.add_row(*map(escape, row))
        console.print(table)
