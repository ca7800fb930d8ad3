"""`nenuphar evidence`: what studies say together, and how far they agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from nenuphar.methods.evidence.estimate import PoolingPlan
    from nenuphar.pipeline.evidence.answer import Rows

EXIT_REJECTED, EXIT_USAGE, EXIT_UNREADABLE = 1, 2, 3

evidence_app = typer.Typer(
    help="Pool what studies report. For research use only.", no_args_is_help=True
)


@dataclass
class _Records:
    """Where outcome records and the order of codes come from; set by `register`."""

    outcomes: Callable[[], Sequence[Mapping[str, Any]]] | None = None
    ancestors: Callable[[str], Collection[str]] = lambda _code: ()


_records = _Records()


def register(
    app: typer.Typer,
    outcomes: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    ancestors: Callable[[str], Collection[str]] | None = None,
) -> None:
    """Add the commands to an app.

    Args:
        app: The app.
        outcomes: Gives the outcome records when they are asked for; None: there are none.
        ancestors: The codes properly above an entity or site code; empty for unknown codes.
    """
    _records.outcomes = outcomes
    if ancestors:
        _records.ancestors = ancestors
    app.add_typer(evidence_app, name="evidence")


@evidence_app.callback()
def _evidence() -> None:
    """Pool what studies report. For research use only."""


@evidence_app.command("pool")
def pool_command(  # noqa: PLR0913, PLR0917  # every option is one decision of the reviewer
    counts: Path | None = typer.Option(
        None, help="Table with study, events, n and, if wanted, subgroup."
    ),
    hazards: Path | None = typer.Option(None, help="Table with study, hr, ci_low, ci_high."),
    endpoint: str = typer.Option("", help="Endpoint of the records: ORR, DCR, ..., HR_OS."),
    population: list[str] = typer.Option(
        [], help="Such as 'g3 net'; given twice, the populations are compared."
    ),
    strategy: str = typer.Option("", help="Strategy of the records, such as dual_ici."),
    by: str = typer.Option("", help="Field of the records whose values are subgroups."),
    method: str = typer.Option("glmm", help="glmm, logit or freeman-tukey."),
    tau: str = typer.Option("", help="reml (default), dl or pm; the GLMM has its own."),
    ci: str = typer.Option("z", help="z or hk (Hartung-Knapp, never narrower than z's error)."),
    no_floor: bool = typer.Option(False, "--no-floor", help="Hartung-Knapp as it comes."),
    prediction: str = typer.Option("as-ci", help="as-ci (as R metafor) or riley (t, k - 2)."),
    level: float = typer.Option(0.95, help="Confidence level, a fraction."),
    subgroup: bool = typer.Option(False, "--subgroup", help="Pool by the column subgroup too."),
    leave_one_out: bool = typer.Option(
        False, "--leave-one-out", help="Pool again without each study."
    ),
    moderator: str = typer.Option("", help="Numeric column of the table to regress on."),
    forest: Path | None = typer.Option(None, help="Forest plot: .svg, .png or .html."),
    small_studies: Path | None = typer.Option(None, help="Small-study plot: .svg, .png, .html."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Pool proportions or hazard ratios over studies.

    Exit code 1: rows were rejected or nothing could be pooled (said with the reason); 2: wrong
    usage; 3: the table cannot be read. Proportions are fractions, I² is a fraction, tau² is on
    the model's scale (log odds, arcsine or log hazard ratio).

    **Example:** `nenuphar evidence pool --counts responses.csv --method glmm --json`
    """
    from nenuphar.methods.evidence.estimate import EvidenceError, PoolingPlan
    from nenuphar.pipeline.evidence import answer as answers

    if sum(map(bool, (counts, hazards, endpoint))) != 1:
        _stop("give one of --counts, --hazards or --endpoint.", EXIT_USAGE)
    try:
        plan = PoolingPlan(method, tau or "reml", ci, not no_floor, level, prediction)  # type: ignore[arg-type]
        material = _material(counts, hazards, (endpoint, population, strategy, by), moderator)
    except EvidenceError as error:
        from nenuphar.methods.evidence.counts import TableError

        _stop(str(error), EXIT_UNREADABLE if isinstance(error, TableError) else EXIT_USAGE)
    wishes = answers.Wishes(
        subgroup or bool(by) or len(population) > 1, leave_one_out, moderator, bool(tau)
    )
    answer = answers.answer(material, plan, wishes)
    if forest or small_studies:
        _draw(answer, forest, small_studies)
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False)) if as_json else _show(answer, plan)
    _warn(answer)
    raise typer.Exit(0 if answer["pooled"] and not answer["rejected"] else EXIT_REJECTED)


def _material(
    counts: Path | None, hazards: Path | None, asked: tuple[str, list[str], str, str], column: str
) -> Any:
    from nenuphar.methods.evidence.selection import Question
    from nenuphar.pipeline.evidence import answer as answers

    if counts:
        return answers.from_counts(_rows(counts), column)
    if hazards:
        return answers.from_hazards(_rows(hazards))
    if _records.outcomes is None:
        _stop("no outcome records are installed; use --counts with a table.", EXIT_USAGE)
    endpoint, population, strategy, by = asked
    question = Question(endpoint, tuple(population), strategy or None, by or None)
    return answers.from_records(_records.outcomes(), question, _records.ancestors)


def _rows(path: Path) -> Rows:
    """Rows of a table as text; delimiter, encoding and line ends are found from the content."""
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.io.tables import read_table
    from nenuphar.methods.evidence.counts import RejectedRow
    from nenuphar.pipeline.evidence.answer import Rows

    try:
        table = read_table(path)
    except UnreadableInputError as error:
        _stop(str(error), EXIT_UNREADABLE)
    rejected = tuple(
        RejectedRow(p.line, p.record, p.column, p.value, p.reason, p.fix)
        for p in table.problems
        if p.rejected
    )
    notes = tuple(f"{p.reason}; {p.fix}" for p in table.problems if not p.rejected)
    return Rows(table.frame.to_dicts(), table.lines.to_list(), rejected, notes)


def _draw(answer: Mapping[str, Any], forest: Path | None, small_studies: Path | None) -> None:
    from nenuphar.report.figures.forest import (
        FigureFormatError,
        forest_plot,
        small_study_plot,
        write_chart,
    )

    if not answer["studies"]:
        _stop("there is nothing to draw: no study was pooled.", EXIT_REJECTED, answer)
    comparison = answer.get("subgroups") or {}
    parts = [(part["name"], part) for part in comparison.get("estimates", ())]
    try:
        if forest:
            write_chart(forest_plot(answer, parts, answer["title"]), forest)
        if small_studies:
            write_chart(small_study_plot(answer, answer["title"]), small_studies)
    except (FigureFormatError, OSError) as error:
        _stop(str(error), EXIT_USAGE)


def _show(answer: Mapping[str, Any], plan: PoolingPlan) -> None:
    from rich.console import Console

    console = Console()
    if answer["studies"]:
        console.print(_studies_table(answer))
        console.print(_summary(answer, plan), highlight=False)
    for part in (answer.get("subgroups") or {}).get("estimates", ()):
        console.print(f"{part['name']}: {_interval(part)}, k = {part['k']}", highlight=False)
    if answer.get("subgroups"):
        test = answer["subgroups"]
        console.print(_test(test), highlight=False)
    for row in answer.get("leave_one_out") or ():
        console.print(f"Without {row['without']}: {_interval(row)}", highlight=False)
    for line in (answer.get("regression") or {}).get("coefficients", ()):
        console.print(
            f"{line['name']}: {line['estimate']:.4g} "
            f"({line['ci_low']:.4g} to {line['ci_high']:.4g}), P = {line['p_value']:.3g}",
            highlight=False,
        )


def _test(test: Mapping[str, Any]) -> str:
    if test["p_value"] is None:
        return "Subgroups alike? No test: no study has an event, or every patient has."
    return (
        f"Subgroups alike? {test['test']} {test['statistic']:.3f} on {test['df']} df, "
        f"P = {test['p_value']:.3g}"
    )


def _studies_table(answer: Mapping[str, Any]) -> Table:
    from rich import box
    from rich.table import Table

    ratio = answer["measure"] == "hazard_ratio"
    table = Table(title=answer["title"], box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("Study")
    table.add_column("Subgroup")
    table.add_column("" if ratio else "Events/n", justify="right")
    table.add_column("Hazard ratio (CI)" if ratio else "Proportion (exact CI)", justify="right")
    table.add_column("Weight", justify="right")
    for study in answer["studies"]:
        counted = "" if study["n"] is None else f"{study['events']}/{study['n']}"
        weight = "" if study["weight"] is None else f"{100 * study['weight']:.1f}%"
        text = _interval({**study, "measure": answer["measure"]})
        table.add_row(study["study"], study["subgroup"] or "", counted, text, weight)
    return table


def _summary(answer: Mapping[str, Any], plan: PoolingPlan) -> str:
    kind = "Pooled" if answer["pooled"] else "Not pooled"
    text = f"[bold]{kind}: {_interval(answer)}[/bold], k = {answer['k']}, {answer['method']}"
    if answer["tau2"] is None:
        return text
    reach = _interval(
        {
            "estimate": answer["estimate"],
            "ci_low": answer["prediction_low"],
            "ci_high": answer["prediction_high"],
            "measure": answer["measure"],
        }
    ).partition(" ")[2]
    return (
        f"{text}, {plan.ci} interval\ntau² = {answer['tau2']:.4g}, I² = {100 * answer['i2']:.1f}%, "
        f"Q = {answer['q']:.2f} on {answer['q_df']} df (P = {answer['q_p']:.3g})\n"
        f"Prediction interval for a new study {reach}"
    )


def _interval(value: Mapping[str, Any]) -> str:
    numbers = [value[name] for name in ("estimate", "ci_low", "ci_high")]
    if None in numbers:
        return "not estimable"
    if value["measure"] == "hazard_ratio":
        return "{:.2f} ({:.2f} to {:.2f})".format(*numbers)
    return "{:.1f}% ({:.1f} to {:.1f})".format(*(100 * number for number in numbers))


def _warn(answer: Mapping[str, Any]) -> None:
    """Say on standard error what was left out, refused or is to be kept in mind."""
    for row in answer["rejected"]:
        where = f"line {row['line']}, {row['study'] or 'no name'}, {row['column']}"
        typer.echo(f"rejected: {where} = {row['value']!r}: {row['reason']}; {row['fix']}", err=True)
    for row in answer["set_aside"]:
        typer.echo(f"set aside: {row['record']} ({row['study']}): {row['reason']}", err=True)
    for reason in answer["refused"]:
        typer.echo(f"refused: {reason}", err=True)
    for note in answer["notes"]:
        typer.echo(f"note: {note}", err=True)
    counts = answer["rows"]
    typer.echo(
        f"{counts['read']} read = {counts['used']} used + {counts['set_aside']} set aside + "
        f"{counts['rejected']} rejected. For research use only.",
        err=True,
    )


def _stop(message: str, code: int, answer: Mapping[str, Any] | None = None) -> NoReturn:
    if answer is not None:
        _warn(answer)
    typer.echo(f"nenuphar evidence pool: {message}", err=True)
    raise typer.Exit(code)
