"""`nenuphar mapping`, `validate`, `template` and `schema`: getting one's own data in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nenuphar.domain.problems import Problem
    from nenuphar.io.result import ReadResult

EXIT_REJECTED = 1

mapping_app = typer.Typer(
    no_args_is_help=True, help="What the columns of a table mean: draft, list, show."
)


class TemplateForm(StrEnum):
    """Forms of an empty case."""

    YAML = "yaml"
    XLSX = "xlsx"


class SchemaKind(StrEnum):
    """Things that have a JSON Schema."""

    CASE = "case"
    MAPPING = "mapping"
    RECORD = "record"


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.add_typer(mapping_app, name="mapping")
    app.command()(validate)
    app.command()(template)
    app.command()(schema)


@mapping_app.command("draft")
def draft(
    table: Path = typer.Argument(..., metavar="FILE", help="A table (.csv .tsv .xlsx .parquet)."),
    out: Path | None = typer.Option(None, "--out", "-o", help="File to write; else printed."),
) -> None:
    """Propose a mapping of a table: columns, units and values matched with the known facts.

    Every line says how sure it is. Read and correct it before use.

    **Example:** `nenuphar mapping draft readings.csv -o readings.yaml`
    """
    from nenuphar.io.draft import draft_mapping
    from nenuphar.knowledge.base import load_knowledge

    _deliver(draft_mapping(table, load_knowledge()).encode(), out)


@mapping_app.command("list")
def list_mappings(
    as_json: bool = typer.Option(False, "--json", help="Print as JSON."),
) -> None:
    """List the mappings that are shipped.

    **Example:** `nenuphar mapping list`
    """
    import json

    from nenuphar.io.mapping import load_mapping, shipped_mappings
    from nenuphar.knowledge.base import load_knowledge

    knowledge = load_knowledge()
    titles = {name: load_mapping(name, knowledge).title for name in shipped_mappings()}
    if as_json:
        typer.echo(json.dumps(titles, indent=2, ensure_ascii=False))
        return
    for name, title in titles.items():
        typer.echo(f"{name:24} {title}")


@mapping_app.command("show")
def show(name: str = typer.Argument(..., help="Name of a shipped mapping.")) -> None:
    """Print a shipped mapping with its comments, as an example to start from.

    **Example:** `nenuphar mapping show lung-net-readers > mine.yaml`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.io.mapping import shipped_mappings
    from nenuphar.io.values import nearest

    shipped = shipped_mappings()
    if name not in shipped:
        near = nearest(name, shipped)
        hint = f"did you mean {near[0]}?" if near else "shipped: " + ", ".join(shipped)
        raise UsageError(f"no mapping is called {name[:60]!r}; {hint}")
    typer.echo(shipped[name], nl=False)


def validate(
    source: Path = typer.Argument(..., metavar="INPUT", help="Anything that `assess` reads."),
    mapping: str = typer.Option(
        "", "--mapping", help="For tables: a mapping file or the name of a shipped one."
    ),
    limit: int = typer.Option(50, "--limit", min=0, help="Most problems to show; 0 shows all."),
    as_json: bool = typer.Option(False, "--json", help="Print counts and problems as JSON."),
) -> None:
    """Read an input and say what would be rejected, without concluding anything.

    Exit code 1 means that records or values were rejected.

    **Example:** `nenuphar validate readings.csv --mapping lung-net-readers`
    """
    import json
    from dataclasses import asdict

    from nenuphar.io.inputs import read_input
    from nenuphar.knowledge.base import load_knowledge

    knowledge = load_knowledge()
    result = read_input(source, knowledge, mapping)
    if as_json:
        problems = [asdict(problem) for problem in result.problems]
        data = {**result.counts, "problems": problems}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _print_result(result, limit)
    if result.rejected or result.values_rejected:
        raise typer.Exit(EXIT_REJECTED)


def _print_result(result: ReadResult, limit: int) -> None:
    typer.secho(
        f"{result.read} read = {result.accepted} accepted + {result.rejected} rejected; "
        f"{result.values_rejected} value(s) taken as missing",
        bold=True,
    )
    for scope, frame in result.frames.items():
        if frame.height:
            typer.echo(f"  {scope.value}: {frame.height} row(s)")
    shown = result.problems[: limit or None]
    if shown:
        _print_problems(shown)
    if len(shown) < len(result.problems):
        typer.echo(f"... and {len(result.problems) - len(shown)} more; --limit 0 shows all")


def _print_problems(problems: tuple[Problem, ...]) -> None:
    """Print one problem a line, place first, so that editors and `grep` understand it."""
    for problem in problems:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        what = [part for part in (problem.record, problem.column) if part]
        what += [repr(problem.value)] if problem.value and problem.value != problem.file else []
        about = f"{', '.join(what)}: " if what else ""
        rejected = "rejected: " if problem.rejected else ""
        typer.echo(f"{place}: {rejected}{about}{problem.reason}; {problem.fix}")


def template(
    to: TemplateForm = typer.Option(TemplateForm.YAML, "--to", help="Form of the empty case."),
    out: Path | None = typer.Option(None, "--out", "-o", help="File to write; else printed."),
) -> None:
    """Write an empty case with every fact that can be stated, its meaning and its values.

    **Example:** `nenuphar template --to xlsx -o cases.xlsx`
    """
    from nenuphar.domain.problems import UsageError
    from nenuphar.io.template import xlsx_template, yaml_template
    from nenuphar.knowledge.base import load_knowledge

    if to is TemplateForm.XLSX and out is None:
        raise UsageError("a workbook cannot be printed; name a file with --out cases.xlsx")
    knowledge = load_knowledge()
    is_yaml = to is TemplateForm.YAML
    _deliver(yaml_template(knowledge).encode() if is_yaml else xlsx_template(knowledge), out)


def schema(
    kind: SchemaKind = typer.Argument(..., help="case, mapping or record."),
    out: Path | None = typer.Option(None, "--out", "-o", help="File to write; else printed."),
) -> None:
    """Print the JSON Schema of a case, a mapping or a record, for editors that check as one types.

    **Example:** `nenuphar schema case -o case.schema.json`
    """
    import json

    from nenuphar.io.json_schemas import case_schema, mapping_schema, record_schema
    from nenuphar.knowledge.base import load_knowledge

    if kind is SchemaKind.CASE:
        data = case_schema(load_knowledge())
    elif kind is SchemaKind.MAPPING:
        data = mapping_schema(load_knowledge())
    else:
        data = record_schema()
    _deliver((json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(), out)


def _deliver(content: bytes, out: Path | None) -> None:
    """Print content, or write it to a file that appears whole or not at all."""
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    from nenuphar.domain.problems import UsageError
    from nenuphar.io.whole_file import whole_file

    try:
        with whole_file(out) as hidden:
            hidden.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out.name} cannot be written ({error.strerror})") from error
    typer.echo(f"wrote {out.name}", err=True)
