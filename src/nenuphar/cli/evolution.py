"""`nenuphar evolution`: how the groups of a cohort may have arisen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command()(evolution)
    app.command("evolution-check")(evolution_check)


def evolution(  # noqa: PLR0913, PLR0917 - one argument per documented option
    cohort: Path = typer.Argument(
        ..., metavar="COHORT", help="A table, one row a tumour, or a folder written by `assess`."
    ),
    group: str = typer.Option("", "--group", help="Column of the group of every tumour."),
    origin: list[str] | None = typer.Option(
        None, "--origin", help="Column that stands for the cell of origin; may be repeated."
    ),
    alteration: list[str] | None = typer.Option(
        None, "--alteration", help="Column of a somatic alteration; may be repeated."
    ),
    microenvironment: list[str] | None = typer.Option(
        None, "--microenvironment", help="Column of the surroundings; may be repeated."
    ),
    further: list[Path] | None = typer.Option(
        None, "--with", metavar="TABLE", help="A table with more columns of the same tumours."
    ),
    identifier: str = typer.Option("", "--id", help="Column of the ids; by default the first."),
    out: Path | None = typer.Option(None, "--out", "-o", help="Comparisons (.csv .tsv .parquet)."),
    figure: Path | None = typer.Option(
        None, "--figure", help="The figure alone (.svg) or a page that explains it (.html)."
    ),
    permutations: int = typer.Option(199, min=39, help="Permutations of every null, at most."),
    simulations: int = typer.Option(100, min=20, help="Simulated cohorts for power."),
    seed: int = typer.Option(0, min=0, help="Seed of folds, permutations and simulations."),
    as_json: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Say which hypothesis on how the groups of a cohort arose its data favour, if any.

    Fernandez-Cuesta 2025 (Figure 2B) poses four: cell of origin or somatic alterations set the
    groups, each with or without the microenvironment. They are fitted as graphs, compared by
    cross-validated likelihood on the same tumours, held against permutations, and the answer is
    given only where simulated cohorts of the same size and effect would mostly lead to it;
    otherwise it is "cannot tell", with the reasons. What is found is association, never cause.
    Rows and values that cannot be used are listed in OUT.rejected.tsv.

    Columns are named as they stand in the table, or by a pattern with `*`. Numbers, words and
    yes/no may be mixed. Missing values are not "no": a feature mostly missing, or of which one
    value alone is on record, is set aside and listed, and so are tumours of which a whole set is
    missing. Of a folder of `nenuphar assess` the roles of facts are guessed where none are named.

    **Examples:** `nenuphar evolution cohort.csv --group cluster --origin location
    --alteration 'Mutation_*' --microenvironment 'T.cells*' -o compared.csv --figure groups.html`

    `nenuphar evolution samples.csv --with copy_number.csv --group cluster --origin location
    --alteration 'del_*' --microenvironment 'quantiseq.*' --json`

    Exit code: 0 done, 1 some rows or values could not be used, 2 wrong usage, 3 unreadable input.
    """
    from nenuphar.cli.outputs import check_output, print_json, write_table
    from nenuphar.cli.progress import shown
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.methods.evolution.features import ALTERATIONS, MICROENVIRONMENT, ORIGIN
    from nenuphar.pipeline.evolution.analysis import analyse
    from nenuphar.pipeline.evolution.reading import Roles, read_cohort
    from nenuphar.pipeline.evolution.telling import (
        comparisons,
        told,
        write_figure,
        write_problems,
    )

    if out is not None:
        check_output(out)
    _check_figure(figure)
    named = {
        ORIGIN: origin or (),
        ALTERATIONS: alteration or (),
        MICROENVIRONMENT: microenvironment or (),
    }
    knowledge = load_knowledge()
    read = read_cohort(cohort, further or (), Roles(group, named, identifier))
    with shown() as progress:
        analysis = analyse(
            read, knowledge, progress,
            permutations=permutations, simulations=simulations, seed=seed,
        )  # fmt: skip
    found = told(analysis, read, knowledge)
    if out is not None:
        write_table(comparisons(found), out)
        write_problems(read, out)
    if figure is not None:
        write_figure(found, read, cohort.stem, figure, knowledge)
    if as_json:
        print_json(found)
    else:
        _print_found(found, [path for path in (out, figure) if path is not None])
    lost = any(problem.rejected or problem.value for problem in read.problems)
    raise typer.Exit(1 if lost else 0)


def _check_figure(figure: Path | None) -> None:
    from nenuphar.domain.problems import UsageError

    if figure is None:
        return
    if figure.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"{figure.name}: a figure ends in .svg or .html")
    if not figure.resolve().parent.is_dir():
        raise UsageError(f"{figure.parent}: no such folder; make it first")


def _print_found(found: dict[str, Any], files: list[Path]) -> None:
    from nenuphar.report.evolution_words import SETTLED, needed_words

    settled = found["settled"]
    typer.echo(f"{found['verdict']}.")
    if settled and settled["side"] and not found["favoured"]:
        typer.echo(
            f"Settled so far: {SETTLED[settled['side']]}; {SETTLED[settled['microenvironment']]}."
        )
    for one in (*found["reasons"], *found["notes"]):
        typer.echo(f"  - {one['says']}")
    if needed := needed_words(found["power"]):
        typer.echo(f"  {needed}")
    groups = ", ".join(f"{name} {n}" for name, n in found["groups"].items())
    typer.echo(f"\n{found['tumours']} tumours: {groups or 'none that can be used'}")
    for one in found["hypotheses"]:
        if one["gain_over_no_parents"] is not None:
            typer.echo(f"  {one['name']:<38} gain {one['gain_over_no_parents']:+.3f} nats a tumour")
    for name, share in found["restating"].items():
        typer.echo(f"  {name} alone tells {share:.0%} of the group: was it drawn up from it?")
    _print_aside(found)
    typer.echo(f"\n{found['association_only']}")
    for path in files:
        typer.echo(f"Wrote {path}")


def _print_aside(found: dict[str, Any]) -> None:
    aside = found["set_aside"]
    for one in aside:
        if one["kind"] != "tumour":
            typer.echo(f"  set aside: {one['kind']} {one['name']}: {one['reason']}")
    reasons: dict[str, int] = {}
    for one in aside:
        if one["kind"] == "tumour":
            reasons[one["reason"]] = reasons.get(one["reason"], 0) + 1
    for reason, n in reasons.items():
        typer.echo(f"  set aside: {n} tumours: {reason}")
    if found["rejected"]:
        typer.echo(f"  {found['rejected']} of {found['read']} rows could not be read")


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

    Truths are the four hypotheses, `none` (the group hangs on nothing), `microenvironment_alone`
    (on what no hypothesis holds alone) and `bystander` (on the cell of origin, with which the
    surroundings go without a part in the group). `wrong` counts cohorts in which another hypothesis
    was favoured; `powered` those whose own simulation found enough power. Each cohort takes several
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
