"""`nenuphar crosswalk`: what a diagnosis in the words of one edition or organ is in another."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nenuphar.knowledge.base import KnowledgeBase
    from nenuphar.knowledge.crosswalk import Carried

UNIFORM = "who_2022"
"""Stands for the uniform framework where a system of terms is asked for."""


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(crosswalk)


def crosswalk(
    term: str = typer.Argument("", help="A term, such as nec_g3_2010; all are listed without it."),
    to: str = typer.Option(UNIFORM, "--to", help="Edition or organ to carry it into."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Carry a diagnosis from the words of one edition or organ into those of another.

    Says what it can be there, which facts decide, what has no word, and what is blurred on the way.

    **Example:** `nenuphar crosswalk nec_g3_2010`

    **Example:** `nenuphar crosswalk atypical_carcinoid_2021 --to digestive_2019`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.crosswalk import carry, harmonise, systems

    kb = load_knowledge()
    known = systems(kb)
    if not term:
        _list(kb, known, as_json)
        return
    terms = [each for own in known.values() for each in own]
    _must_be(term, terms, "term")
    _must_be(to, [UNIFORM, *known], "system of terms")
    carried = harmonise(kb, term) if to == UNIFORM else carry(kb, term, to)
    if as_json:
        typer.echo(json.dumps({"term": term, "to": to, **asdict(carried)}, indent=1))
        return
    _print(kb, term, to, carried)


def _must_be(name: str, known: list[str], what: str) -> None:
    from nenuphar.knowledge.check import nearest

    if name not in known:
        raise typer.BadParameter(f"{name!r} is no {what} here{nearest(name, known)}")


def _list(kb: KnowledgeBase, known: dict[str, tuple[str, ...]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(known, indent=1))
        return
    from nenuphar.knowledge.crosswalk import TERMS

    concepts = kb.terminologies[TERMS].concepts
    for system, terms in known.items():
        typer.secho(f"{system}: {concepts[system].name}", bold=True)
        for term in terms:
            typer.echo(f"  {term:28} {concepts[term].name}")


def _print(kb: KnowledgeBase, term: str, to: str, carried: Carried) -> None:
    from nenuphar.knowledge.crosswalk import NAMES, TERMS

    words = {
        code: c.name
        for name in (TERMS, NAMES)
        for code, c in kb.terminologies[name].concepts.items()
    }
    where = "the uniform framework of 2022" if to == UNIFORM else words[to]
    typer.secho(f"{words[term]} in {where}", bold=True)
    if not carried.can_be:
        typer.echo("  has no word for it")
    for name in carried.can_be:
        typer.echo(f"  {'is' if len(carried.can_be) == 1 else 'can be'} {words[name]}  [{name}]")
    if carried.decided_by:
        typer.echo(f"  decided by: {', '.join(carried.decided_by)}")
    elif len(carried.can_be) > 1:
        typer.echo("  decided by: nothing that a record could state; read the specimen again")
    if carried.unsayable and carried.can_be:
        typer.echo(f"  no word for: {', '.join(words[name] for name in carried.unsayable)}")
    if carried.blurred:
        typer.echo(f"  blurred with: {', '.join(words[name] for name in carried.blurred)}")
