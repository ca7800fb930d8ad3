"""`nenuphar trials`, `therapies` and `mechanisms`: what the knowledge base offers a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nenuphar.cli.outputs import console, print_json, table_of
from nenuphar.io.whole_file import write_whole_table, write_whole_text
from nenuphar.report.trial_words import status_words, trial_label

if TYPE_CHECKING:
    from nenuphar.knowledge.base import KnowledgeBase
    from nenuphar.pipeline.case import Assessment
    from nenuphar.pipeline.matching.trials import Question, TrialMatch

_SIGNS = {"met": "✓", "not_met": "✗", "undetermined": "?"}
_COLOURS = {"met": "green", "not_met": "red", "undetermined": "yellow"}

_HETEROGENEITY = {
    "who_2010_mixing": "G3 NET and NEC enter as one group, as in WHO 2010",
    "no_ki67": "grade and Ki-67 were not collected",
    "mixed_sites": "not digestive primaries alone",
}

trials_app = typer.Typer(help="Clinical trials: list, show, match.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CaseFile = Annotated[Path, typer.Argument(metavar="CASE", help="A case (.yaml or .json).")]


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.add_typer(trials_app, name="trials")


@trials_app.command("list")
def list_trials(
    text: str = typer.Argument("", help="Only trials that mention this."), as_json: AsJson = False
) -> None:
    """List the trials, with status as of its date.

    **Example:** `nenuphar trials list nivolumab`
    """
    from nenuphar.knowledge.base import load_knowledge

    found = [r for r in load_knowledge().kinds("trial") if text.lower() in str(r).lower()]
    if as_json:
        print_json(found)
        return
    table = table_of("Trial", "Title", "Intervention", "Status", "G3 NET?")
    for record in found:
        table.add_row(
            trial_label(record), record["name"], record["intervention"], status_words(record),
            record["enrols_g3_net"],
        )  # fmt: skip
    console().print(table)
    typer.echo(f"{len(found)} trials. Status as of its date, not as of today.")


@trials_app.command("show")
def show_trial(
    trial: str = typer.Argument(..., help="Registry number, short name or id."),
    as_json: AsJson = False,
) -> None:
    """Show a trial and its criteria.

    **Example:** `nenuphar trials show NCT02939651`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.matching.trials import criteria_of
    from nenuphar.report.criteria import CriterionWords

    kb = load_knowledge()
    records = find_trials(kb, trial)
    if as_json:
        print_json(records)
        return
    words = CriterionWords(kb)
    for record in records:
        typer.secho(f"{trial_label(record)}: {record['name']}", bold=True)
        typer.echo(f"  {record['intervention']}; phase {record.get('phase') or 'not stated'}")
        typer.echo(f"  {status_words(record)}; {record.get('condition', '')}")
        typer.echo(f"  G3 NET may enter: {record['enrols_g3_net']}; {_kept_apart(record)}")
        for flag in record.get("heterogeneity", ()):
            typer.echo(f"  caution: {_HETEROGENEITY[flag]}")
        for tree in criteria_of(record["criteria"]) if record.get("criteria") else ():
            typer.echo(f"  • {words.tree(tree)}")
        for source in record["sources"]:
            typer.echo(f"  source: {source['source']}, {source.get('locator', '')}")


@trials_app.command("match")
def match(
    source: Path = typer.Argument(
        ..., metavar="CASE|COHORT", help="A case, a folder of cases, a table."
    ),
    trial: str = typer.Option("", "--trial", help="Only this trial, with every patient or reason."),
    mapping: str = typer.Option("", "--mapping", help="For tables: a mapping."),
    out: Path | None = typer.Option(None, "--out", help="For cohorts: a TSV or Parquet file."),
    as_json: AsJson = False,
) -> None:
    """Match trials to a case, criterion by criterion, or to all patients of a cohort.

    A criterion is met (✓), not met (✗) or undetermined (?); the latter names what would decide it.
    The order is by how complete the data are, which is not suitability.

    **Example:** `nenuphar trials match case.yaml --trial NCT02939651`
    """
    from nenuphar.io.inputs import is_case_input
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.matching.trials import trials_of

    kb = load_knowledge()
    chosen = list(trials_of(kb))
    if trial:
        wanted = {record["id"] for record in find_trials(kb, trial)}
        chosen = [question for question in chosen if question.id in wanted]
    if source.is_file() and is_case_input(source) and (cases := _only_case(source, kb)):
        _match_one(cases, kb, chosen, detailed=bool(trial), as_json=as_json)
    else:
        _match_cohort(source, mapping, kb, chosen, out, as_json)


@trials_app.command("import-ctml")
def import_ctml(
    source: Path = typer.Argument(..., metavar="FILE", help="A trial in CTML (YAML)."),
    out: Path | None = typer.Option(None, "--out", help="Write the record to this file."),
) -> None:
    """Turn a trial in MatchMiner's markup (CTML) into a draft record with a criterion tree.

    What cannot be carried over is listed; exit code 1 says that there is any.

    **Example:** `nenuphar trials import-ctml trial.yml --out trial.yaml`
    """
    import yaml

    from nenuphar.io.ctml import as_record, read_ctml
    from nenuphar.knowledge.base import load_knowledge

    trial = read_ctml(source, load_knowledge())
    record = as_record(trial, source.name)
    text = yaml.safe_dump([record], sort_keys=False, allow_unicode=True, width=100)
    if out is not None:
        write_whole_text(out, text)
    else:
        typer.echo(text)
    for lost in trial.not_carried:
        typer.secho(f"not carried over: {lost}", fg="yellow", err=True)
    raise typer.Exit(1 if trial.not_carried else 0)


@trials_app.command("g3-net")
def g3_net(
    patients: int = typer.Option(200, "--patients", min=1, help="Simulated patients of a kind."),
    figure: Path | None = typer.Option(None, "--figure", help="Write a figure as SVG."),
    as_json: AsJson = False,
) -> None:
    """Answer for every trial: could G3 NET enter, were they kept apart, what became of them?

    The criteria are run on simulated digestive G3 NET and NEC; what the sources report stands
    beside the answer: whether they could enter, how many were assessable, and the figures that are
    given for them alone, counts with their exact interval. Criteria are those that the sources
    print.

    **Example:** `nenuphar trials g3-net --figure g3_net.svg`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.pipeline.matching.g3_net import answers_as_data

    kb = load_knowledge()
    answers = [
        answer | {"name": trial_label(kb.raw[answer["trial"]])}
        for answer in answers_as_data(kb, patients)
    ]
    if figure is not None:
        from nenuphar.report.figures.g3_net import draw_g3_net

        write_whole_text(figure, draw_g3_net(answers, patients))
    if as_json:
        print_json(answers)
        return
    table = table_of("Trial", "G3 NET fit", "NEC fit", "May enter: criteria, report",
                     "Apart: criteria, report", "G3 NET", "What became of them")  # fmt: skip
    entering = [answer for answer in answers if _may_enter(answer)]
    for answer in entering:
        reported = answer["g3_net_reported"]
        table.add_row(
            answer["name"],
            *(_fit(answer[kind], patients) for kind in ("g3_net", "nec")),
            *(
                f"{answer[f'{what}_by_criteria'] or '–'}, {answer[f'{what}_as_reported'] or '–'}"
                for what in ("enrols_g3_net", "separates")
            ),
            "" if reported["n"] is None else str(reported["n"]),
            "\n".join(reported["figures"]) or ("not given apart" if reported["n"] else ""),
        )
    console().print(table)
    typer.echo(f"{len(answers) - len(entering)} further trials do not take G3 NET.")
    differ = [a["name"] for a in answers if {a["enrols_g3_net_by_criteria"],
              a["enrols_g3_net_as_reported"]} == {"yes", "no"}]  # fmt: skip
    typer.echo(f"Criteria and report differ on G3 NET: {', '.join(differ) or 'nowhere'}")


def _may_enter(answer: dict[str, Any]) -> bool:
    """Return whether criteria or report leave it possible that G3 NET enter."""
    said = {answer[f"enrols_g3_net_{how}"] for how in ("by_criteria", "as_reported")}
    return "yes" in said or "no" not in said


def _fit(counts: dict[str, int], patients: int) -> str:
    return f"{counts['met'] / patients:.0%}" if counts else "–"


def _only_case(path: Path, kb: KnowledgeBase) -> Assessment | None:
    from nenuphar.io.case_file import collect_cases
    from nenuphar.pipeline.matching.trials import assess_with_questions

    found = collect_cases(path, kb).cases
    return assess_with_questions(found[0], kb) if len(found) == 1 else None


def _match_one(
    assessment: Assessment,
    kb: KnowledgeBase,
    trials: list[Question],
    *,
    detailed: bool,
    as_json: bool,
) -> None:
    from nenuphar.pipeline.matching.trials import NOT_SUITABILITY, match_as_data, match_case

    matches = match_case(assessment, kb, trials)
    if as_json:
        data = {
            "patient": assessment.patient,
            "note": NOT_SUITABILITY,
            "trials": [match_as_data(match) for match in matches],
        }
        print_json(data)
        return
    for one in matches if detailed else [m for m in matches if m.eligibility.value == "met"]:
        _print_match(one)
    if not detailed:
        _print_matches([m for m in matches if m.eligibility.value == "undetermined"])
        failed = sum(m.eligibility.value == "not_met" for m in matches)
        typer.echo(f"{failed} further trials are not open to this case; --trial shows why.")
    typer.echo(NOT_SUITABILITY)


def _print_match(match: TrialMatch) -> None:
    word = match.eligibility.value.replace("_", " ")
    mark = " (provisional)" if match.provisional else ""
    typer.secho(f"{trial_label(match.record)}: {match.record['name']}", bold=True)
    typer.secho(f"  {word}{mark}", fg=_COLOURS[match.eligibility.value])
    typer.echo(f"  {match.record['intervention']}; {status_words(match.record)}")
    for criterion in match.criteria:
        typer.echo(f"  {_SIGNS[criterion.truth.value]} {criterion.asks}")
        for message in criterion.messages:
            typer.echo(f"      {message}")
        if criterion.tests:
            typer.echo(f"      would decide it: {' '.join(criterion.tests)}")
        if criterion.may_change:
            typer.echo(f"      could change with: {', '.join(criterion.may_change)}")
    typer.echo("")


def _print_matches(matches: list[TrialMatch]) -> None:
    if not matches:
        return
    table = table_of("Undetermined", "Determined", "Met", "Would decide", "Status")
    for match in matches:
        met = sum(c.truth.value == "met" for c in match.criteria)
        table.add_row(
            trial_label(match.record), f"{match.completeness:.0%}", f"{met}/{len(match.criteria)}",
            ", ".join(match.missing), status_words(match.record),
        )  # fmt: skip
    console().print(table)


def _match_cohort(
    source: Path,
    mapping: str,
    kb: KnowledgeBase,
    trials: list[Question],
    out: Path | None,
    as_json: bool,
) -> None:
    import polars as pl

    from nenuphar.io.inputs import read_input
    from nenuphar.pipeline.matching.cohort import match_cohort
    from nenuphar.pipeline.matching.trials import NOT_SUITABILITY, questions_of_trials

    read = read_input(source, kb, mapping, questions_of_trials(kb))
    pairs = match_cohort(read.frames, kb, trials).pairs()
    if out is not None:
        write_whole_table(out, pairs)
    if as_json:
        plain = pairs.with_columns(pl.col("eligibility", "trial_id").cast(pl.String))
        print_json({"note": NOT_SUITABILITY, "pairs": plain.to_dicts()})
        return
    counts = pairs.group_by("trial_id", maintain_order=True).agg(
        (pl.col("eligibility") == word).sum().alias(word) for word in _SIGNS
    )
    table = table_of("Trial", "Met", "Not met", "Undetermined", "Status")
    records = {question.id: question.record for question in trials}
    for name, *numbers in counts.iter_rows():
        table.add_row(trial_label(records[name]), *map(str, numbers), status_words(records[name]))
    console().print(table)
    if len(trials) == 1:
        fitting = pairs.filter(pl.col("eligibility") == "met")["patient_id"].to_list()
        typer.echo(f"Met by: {', '.join(fitting) or 'nobody'}")
    typer.echo(NOT_SUITABILITY)


def find_trials(kb: KnowledgeBase, name: str) -> list[dict[str, Any]]:
    """Return the records of a trial by registry number, other id, short name or record id.

    Raises:
        UsageError: No trial is called so.
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.check import nearest

    known = {record["id"]: _names(record) for record in kb.kinds("trial")}
    wanted = name.lower()
    found = [key for key, names in known.items() if wanted in names]
    found = found or [key for key, names in known.items() if any(wanted in n for n in names)]
    if not found:
        hint = nearest(wanted, [n for names in known.values() for n in names])
        raise UsageError(f"no trial is called {name!r}{hint}")
    return [kb.raw[key] for key in found]


def _names(record: dict[str, Any]) -> list[str]:
    short = record["id"].split(".")[1]
    names = [record["id"], short, short.replace("_", "-"), record["name"], record.get("nct_id", "")]
    return [
        n.lower()
        for n in [*names, *record.get("other_ids", ()), *record.get("other_names", ())]
        if n
    ]


def _kept_apart(record: Any) -> str:
    answer = record.get("separates_g3_net_from_nec") or "not stated"
    reason = record.get("g3_net_reason")
    return f"kept apart from NEC: {answer}" + (f". {reason}" if reason else "")
