"""`nenuphar mechanisms`: mechanisms of resistance to immunotherapy that a case shows."""

from __future__ import annotations

from pathlib import Path

import typer

from nenuphar.cli.outputs import console, print_json, table_of
from nenuphar.cli.trials import AsJson, CaseFile
from nenuphar.io.whole_file import write_whole_text


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(mechanisms)


def mechanisms(
    case: CaseFile,
    figure: Path | None = typer.Option(None, "--figure", help="Write the map as SVG."),
    as_json: AsJson = False,
) -> None:
    """Show which mechanisms of resistance a case supports, contradicts or says nothing about.

    **Example:** `nenuphar mechanisms case.yaml --figure map.svg`
    """
    from nenuphar.io.case_file import read_case
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.matching.mechanisms import (
        MECHANISM_NOTE,
        chapters,
        match_mechanisms,
        mechanism_as_data,
    )
    from nenuphar.pipeline.matching.trials import assess_with_questions
    from nenuphar.report.figures.mechanism_map import draw_mechanisms, line_of, words

    kb = load_knowledge()
    assessment = assess_with_questions(read_case(case, kb), kb)
    matches = match_mechanisms(assessment, kb)
    drawn = chapters(matches)
    if figure is not None:
        title = f"Mechanisms of resistance to immunotherapy: {assessment.patient}"
        write_whole_text(figure, draw_mechanisms(drawn, title))
    if as_json:
        data = [mechanism_as_data(match) for match in matches]
        print_json({"patient": assessment.patient, "note": MECHANISM_NOTE, "mechanisms": data})
        return
    table = table_of("Chapter", "This case", "Shown by", "Strategies")
    for side in ("intrinsic", "extrinsic"):
        table.add_section()
        table.add_row(f"[bold]{side.capitalize()}[/bold]")
        for chapter in (one for one in drawn if one.side == side):
            table.add_row(
                chapter.category, chapter.says, "\n".join(map(line_of, chapter.entries)),
                ", ".join(map(words, chapter.strategies)),
            )  # fmt: skip
    console().print(table)
    typer.echo(MECHANISM_NOTE)
