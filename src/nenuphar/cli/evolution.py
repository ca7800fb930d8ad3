"""`nenuphar evolution`: how the groups of a cohort may have arisen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nenuphar.pipeline.evolution.analysis import Analysis


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command("evolution-check")(evolution_check)


def evolution_check(
    cohorts: int = typer.Option(20, min=1, help="Cohorts of each truth, size and effect."),
    tumours: str = typer.Option("120,400", help="Sizes of the cohorts, with commas between."),
    effect: str = typer.Option("1.5", help="Spread of log-odds that a set brings, with commas."),
    truth: list[str] | None = typer.Option(None, help="Only this truth; may be repeated."),
    seed: int = typer.Option(0, help="Seed of the first cohort of each kind."),
    out: Path | None = typer.Option(None, "--out", "-o", help="Also write the table (.csv)."),
    as_json: bool = typer.Option(False, "--json", help="Print the table as JSON."),
) -> None:
    """Draw cohorts whose truth is known and count how often `nenuphar evolution` finds it.

    Truths are the four hypotheses, `none` (the group hangs on nothing) and `microenvironment_alone`
    (on what no hypothesis holds alone). `wrong` counts cohorts in which another hypothesis was
    favoured; `powered` those whose own simulation found enough power. Each cohort takes several
    seconds.

    **Example:** `nenuphar evolution-check --cohorts 5 --tumours 120 --truth none -o check.csv`
    """
    from nenuphar.cli.outputs import check_output, console, print_json, table_of, write_table
    from nenuphar.cli.progress import shown
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.evolution.calibration import calibrate
    from nenuphar.simulate.evolution import TRUTHS

    if out is not None:
        check_output(out)
    for name in truth or ():
        if name not in TRUTHS:
            raise UsageError(f"{name!r} is no truth; known are {', '.join(TRUTHS)}")
    sizes, effects = [int(n) for n in _numbers(tumours)], _numbers(effect)
    with shown() as progress:
        counted = calibrate(
            load_knowledge(), cohorts, sizes, effects, truth or tuple(TRUTHS), seed, progress
        )
    if out is not None:
        write_table(counted, out)
    if as_json:
        print_json(counted.to_dicts())
        return
    printed = counted.drop("^(side|surroundings)_.*$")
    table = table_of(*(name.replace("_", " ") for name in printed.columns))
    for row in printed.iter_rows():
        table.add_row(*(f"{cell}" for cell in row))
    console().print(table)


def _numbers(text: str) -> list[float]:
    from nenuphar.domain.problems import UsageError

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{text!r}: give numbers with commas between, such as 120,400") from None
    if any(number <= 0 for number in found):
        raise UsageError(f"{text!r}: give numbers above 0")
    return found
