"""`nenuphar therapies`: treatments of the knowledge base, listed or matched to a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from nenuphar.cli.outputs import console, print_json, table_of
from nenuphar.cli.trials import AsJson, CaseFile

if TYPE_CHECKING:
    from nenuphar.pipeline.matching.therapies import TherapyMatch

therapies_app = typer.Typer(help="Treatments: list, match.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.add_typer(therapies_app, name="therapies")


@therapies_app.command("list")
def list_therapies(
    text: str = typer.Argument("", help="Only treatments that mention this."),
    as_json: AsJson = False,
) -> None:
    """List the treatments with status, population and predictive factor.

    **Example:** `nenuphar therapies list belzutifan`
    """
    from nenuphar.knowledge.base import load_knowledge

    found = [r for r in load_knowledge().kinds("therapy") if text.lower() in str(r).lower()]
    if as_json:
        print_json(found)
        return
    table = table_of("Drug", "Status", "Population", "Line", "Region", "Predictive factor")
    for record in sorted(found, key=lambda r: (r["drug"].lower(), r["id"])):
        against = " (evidence against)" if record.get("negative") else ""
        table.add_row(
            record["drug"], record["status"] + against, record["population"],
            record.get("line", ""), record.get("region", ""), record.get("predictive_factor", ""),
        )  # fmt: skip
    console().print(table)


@therapies_app.command("match")
def match(
    case: CaseFile,
    everything: bool = typer.Option(False, "--all", help="Also those for other populations."),
    as_json: AsJson = False,
) -> None:
    """Match treatments to a case: population, predictive factor, evidence for and against.

    **Example:** `nenuphar therapies match case.yaml`
    """
    from nenuphar.io.case_file import read_case
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.matching.therapies import THERAPY_NOTE, match_therapies, therapy_as_data
    from nenuphar.pipeline.matching.trials import assess_with_questions

    kb = load_knowledge()
    matches = match_therapies(assess_with_questions(read_case(case, kb), kb), kb)
    if as_json:
        data = [therapy_as_data(found) for found in matches]
        print_json({"note": THERAPY_NOTE, "therapies": data})
        return
    shown = [m for m in matches if everything or m.population.value != "not_met"]
    _print(shown)
    if len(shown) < len(matches):
        typer.echo(f"{len(matches) - len(shown)} treatments are for other populations (--all).")
    typer.echo(THERAPY_NOTE)


def _print(matches: list[TherapyMatch]) -> None:
    from nenuphar.pipeline.matching.therapies import event_words, predictive_words

    table = table_of("Drug", "Status", "For whom", "This case", "Predictive factor")
    events: dict[str, None] = {}
    for found in matches:
        record = found.record
        status = record["status"]
        if record.get("negative"):
            status += "\nevidence against"
        for event in found.regulatory:
            events[f"{event['drug']}: {event_words(event)}"] = None
        table.add_row(
            record["drug"], status, _for_whom(record), _population(found),
            predictive_words(found),
        )  # fmt: skip
    console().print(table)
    for event in events:
        typer.echo(f"  {event}")


def _for_whom(record: Any) -> str:
    line = f"line: {record['line']}" if record.get("line") else ""
    parts = [record["population"], line, record.get("region", "")]
    return "; ".join(part for part in parts if part)


def _population(found: TherapyMatch) -> str:
    text = found.population.value.replace("_", " ")
    if found.provisional:
        text += ", provisional"
    missing = sorted({fact for criterion in found.criteria for fact in criterion.missing})
    if missing and found.population.value == "undetermined":
        return text + f"; would decide: {', '.join(missing)}"
    if found.as_stated_only and found.population.value == "undetermined":
        return f"fits so far; as stated only: {found.as_stated_only}"
    return text
