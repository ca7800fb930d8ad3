"""`nenuphar kb`: look into the knowledge base, add to it, check it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nenuphar.cli import audit

if TYPE_CHECKING:
    from nenuphar.knowledge.base import KnowledgeBase

kb_app = typer.Typer(
    help="Look into the knowledge base, add to it, check it.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    audit.register(kb_app)
    app.add_typer(kb_app, name="kb")


@kb_app.command()
def check(
    records: Path | None = typer.Option(
        None, help="Folder of YAML records to check; by default those that ship."
    ),
    as_json: AsJson = False,
) -> None:
    """Check that records are valid, fit together and decide their own cases as stated.

    **Example:** `nenuphar kb check`
    """
    from nenuphar.domain.problems import KnowledgeError
    from nenuphar.engine.plan import make_plan
    from nenuphar.engine.rule_cases import failing_cases
    from nenuphar.knowledge.base import knowledge_base
    from nenuphar.knowledge.build import RECORDS, compile_records, to_json
    from nenuphar.knowledge.check import check as check_base

    folder = records or RECORDS
    compiled = compile_records(folder)
    kb = knowledge_base(compiled["records"], compiled["release"])
    findings = check_base(kb)
    if not findings:
        make_plan(kb)
        findings = list(failing_cases(kb))
    shipped = folder.parent / "compiled.json"
    if records is None and shipped.read_text("utf-8") != to_json(compiled):
        findings.append("compiled.json differs from the records; run `make kb`")
    if as_json:
        typer.echo(json.dumps({"findings": findings, "records": len(kb.raw)}, indent=2))
    if findings:
        raise KnowledgeError(findings)
    if not as_json:
        cases = sum(len(rule.cases) for rule in kb.rules.values())
        typer.echo(
            f"{len(kb.raw)} records fit together; {len(kb.rules)} rules decide {cases} cases."
        )


@kb_app.command()
def show(
    record: str = typer.Argument(..., help="Id of a record, or name of a panel of `subtype`."),
    as_json: AsJson = False,
) -> None:
    """Show one record with everything that refers to it, or what a fitted panel looks at.

    **Example:** `nenuphar kb show lung.typical_carcinoid`, `nenuphar kb show lung-nen`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.check import nearest
    from nenuphar.knowledge.search import users_of

    kb = load_knowledge()
    if record not in kb.raw:
        from nenuphar.methods.expression.subtypes.describe import describe_panel, panels

        if record not in panels():
            known = [*kb.raw, *panels()]
            raise UsageError(f"no record has the id {record!r}{nearest(record, known)}")
        _show(describe_panel(record), as_json)
        return
    _show(kb.raw[record], as_json)
    if as_json:
        return
    typer.echo(f"content hash: {kb.hash_of(record)}")
    if users := users_of(kb, record):
        typer.echo(f"used by: {', '.join(users)}")


def _show(data: Mapping[str, object], as_json: bool) -> None:
    import yaml

    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    text = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=96)
    typer.echo(text.rstrip())


@kb_app.command()
def search(
    words: str = typer.Argument(..., help="Words that the record must hold."),
    kind: str = typer.Option("", help="Only records of this kind."),
    limit: int = typer.Option(20, min=1, help="How many to print."),
    as_json: AsJson = False,
) -> None:
    """Find records by words.

    **Example:** `nenuphar kb search "Ki-67 carcinoid"`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.search import search as find

    hits = find(load_knowledge(), words, kind)
    if as_json:
        typer.echo(json.dumps([hit._asdict() for hit in hits], indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "kind", "what it says", box=None)
    for hit in hits[:limit]:
        table.add_row(hit.id, hit.kind, hit.text)
    Console().print(table)
    if len(hits) > limit:
        typer.echo(f"{len(hits) - limit} more; raise --limit to see them", err=True)


@kb_app.command()
def new(
    kind: str = typer.Argument(..., help="rule, subtype, trial, therapy, outcome, fact, ..."),
    record_id: str = typer.Option(..., "--id", help="Its permanent id, dotted and lower case."),
    output: Path | None = typer.Option(None, "-o", help="File to write; by default the terminal."),
) -> None:
    """Write the skeleton of a new record.

    **Example:** `nenuphar kb new rule --id gep.net.g3 -o gep.yaml`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.skeleton import skeleton

    try:
        text = skeleton(kind, record_id)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if output is None:
        typer.echo(text, nl=False)
        return
    if output.exists():
        raise UsageError(f"{output} exists already; choose another file or append by hand")
    output.write_text(text, encoding="utf-8")


@kb_app.command()
def diff(
    old: Path = typer.Argument(..., help="A compiled.json or the output of `kb export`."),
    as_json: AsJson = False,
) -> None:
    """Show which records, and which golden cases, differ from an earlier knowledge base.

    Every rule's own cases are the golden cases: each is assessed under both bases.

    **Example:** `nenuphar kb diff compiled-2026.11.json`
    """
    from nenuphar.knowledge.base import load_knowledge
    from nenuphar.knowledge.search import compare
    from nenuphar.pipeline.golden import changed_cases

    before, now = _read_base(old), load_knowledge()
    difference = compare(before, now)
    cases = changed_cases(before, now)
    if as_json:
        data = {**difference._asdict(), "cases": [case._asdict() for case in cases]}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for name, ids in difference._asdict().items():
        typer.echo(f"{name}: {', '.join(ids) or 'none'}")
    for case in cases:
        typer.echo(f"{case.rule} / {case.name}: {case.fact} {case.before} → {case.after}")
    typer.echo(f"{len(cases)} golden cases change their conclusion")


def _read_base(path: Path) -> KnowledgeBase:
    from nenuphar.domain.problems import UnreadableInputError
    from nenuphar.knowledge.base import knowledge_base
    from nenuphar.knowledge.interchange import as_imported

    try:
        data = json.loads(path.read_text("utf-8"))
        records = data["records"] if isinstance(data, dict) else data
        return knowledge_base(as_imported(records), "earlier")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableInputError(f"{path}: not a knowledge base in JSON ({error})") from error


@kb_app.command()
def export(
    output: Path = typer.Option(..., "-o", "--output", help="File (json) or folder (markdown)."),
    format_: str = typer.Option("json", "--format", help="json or markdown."),
) -> None:
    """Write every record, as JSON for scripts or as reference pages for readers.

    **Example:** `nenuphar kb export --format json -o knowledge.json`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.knowledge.base import load_knowledge

    kb = load_knowledge()
    if format_ == "markdown":
        from nenuphar.report.reference import write_reference

        write_reference(kb, output)
        return
    if format_ != "json":
        raise UsageError(f"--format is json or markdown, not {format_!r}")
    from nenuphar.knowledge.interchange import as_exported
    from nenuphar.methods.evidence.audit import audit_records

    records = [kb.raw[key] for key in sorted(kb.raw)]
    records += audit_records(records)  # what recomputation finds, beside what was entered by hand
    records = [as_exported(record) for record in records]
    text = json.dumps(records, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    partial = output.with_name(f".{output.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(output)
    typer.echo(f"{len(records)} records written to {output}")
