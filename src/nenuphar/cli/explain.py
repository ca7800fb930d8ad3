"""`nenuphar explain`: why a case is concluded to be what it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nenuphar.domain.conclusion import Conclusion, RuleTrace, Trace

_SIGNS = {"met": "✓", "not_met": "✗", "undetermined": "?", "provisional": "~"}


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(explain)


def explain(
    case: Path = typer.Argument(..., help="A case, a Phenopacket or a FHIR bundle."),
    fact: str = typer.Option("", "--fact", help="Only this fact, e.g. tumour.entity."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole trace as JSON."),
) -> None:
    """Show how every conclusion about a case came about.

    Every line is a criterion: ✓ met, ✗ not met, ? undetermined.

    **Example:** `nenuphar explain case.yaml --fact tumour.entity`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.io.case_file import read_case
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.check import nearest
    from nenuphar.pipeline.case import assess

    assessment = assess(read_case(case), every=bool(fact))
    chosen = assessment.of(fact) if fact else list(assessment.conclusions)
    if fact and not chosen:
        hint = nearest(fact, load_knowledge().facts)
        raise UsageError(f"nothing is concluded about {fact!r}{hint}")
    if as_json:
        import json
        from dataclasses import asdict

        plain = [asdict(conclusion) for conclusion in chosen]
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False, default=_plain))
        return
    for conclusion in chosen:
        _print_conclusion(conclusion)


def _plain(value: object) -> str:
    return str(getattr(value, "value", value))


def _print_conclusion(conclusion: Conclusion) -> None:
    place = " / ".join(conclusion.key[1:]) or conclusion.key[0]
    reader = f", read by {conclusion.assessor}" if conclusion.assessor else ""
    value = conclusion.value or "—"
    typer.secho(f"{conclusion.fact}: {value} ({conclusion.status})", bold=True)
    typer.echo(f"  for {conclusion.scope.value} {place}{reader}")
    if conclusion.missing:
        typer.echo(f"  would decide it: {', '.join(conclusion.missing)}")
    if conclusion.alternatives:
        typer.echo(f"  still possible: {', '.join(conclusion.alternatives)}")
    for caution in conclusion.cautions:
        typer.secho(f"  caution: {caution.says}", fg="yellow")
    for rule in conclusion.rules:
        _print_rule(rule)
    typer.echo("")


def _print_rule(rule: RuleTrace) -> None:
    typer.echo(f"  {_SIGNS[rule.status]} {rule.value}  [{rule.rule_id} v{rule.version}]")
    if rule.status == "not_met":
        return  # the JSON keeps the whole trace; here what failed would only bury what stands
    typer.echo(f"      {rule.explanation}")
    _print_trace(rule.when, 3)
    if rule.unless is not None:
        typer.echo("      unless")
        _print_trace(rule.unless, 4)
    typer.echo(f"      source: {'; '.join(rule.sources)}")


def _print_trace(trace: Trace, depth: int) -> None:
    sign = _SIGNS[trace.truth.value]
    if trace.fact:
        seen = trace.value or "not known"
        text = f"{trace.fact} {trace.wanted} (seen: {seen})"
    else:
        text = f"{trace.op} {trace.wanted}".strip()
    where = f"{trace.row}: " if trace.row else ""
    typer.echo(f"{'  ' * depth}{sign} {where}{text}")
    for child in trace.children:
        _print_trace(child, depth + 1)
