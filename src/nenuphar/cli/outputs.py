"""Where results go: checked before the work, written whole, told in a few lines afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

REJECTED, USAGE, UNREADABLE, INTERNAL = 1, 2, 3, 5
"""Exit codes: some records were rejected, wrong usage, unreadable input, a fault of Nenuphar."""

SUFFIXES = ".csv, .tsv or .parquet"
_SHOWN = 5
_VERDICTS = {
    "no": "rejected",
    "part": "used without the value",
    "yes": "used, please check",
}


def check_output(output: Path) -> None:
    """End the command with a usage error where a table could not be written to `output`."""
    if output.suffix not in {".csv", ".tsv", ".parquet"}:
        typer.echo(f"Error: {output.name}: give an output that ends in {SUFFIXES}", err=True)
        raise typer.Exit(USAGE)
    if not output.resolve().parent.is_dir():
        typer.echo(f"Error: {output.parent}: no such folder; make it first", err=True)
        raise typer.Exit(USAGE)


def need_output(out: Path | None, as_json: bool) -> None:
    """End the command with a usage error where its result would go nowhere."""
    if out is None and not as_json:
        message = "give an output table with -o, or ask for --json"
        raise typer.BadParameter(message)


def deliver(
    result: pl.DataFrame,
    found: Sequence[tuple[pl.DataFrame, Path]],
    read: int,
    rejected: int,
    out: Path | None,
    as_json: bool,
    **further: pl.DataFrame | None,
) -> NoReturn:
    """Write the result and the list of findings, report on stderr, and leave."""
    import polars as pl

    listed = pl.concat([_with_file(table, source) for table, source in found])
    if out is not None:
        write_table(result, out)
        side = out.with_name(f"{out.name}.rejected.tsv")
        if listed.is_empty():
            side.unlink(missing_ok=True)
        else:
            write_table(listed, side)
    if as_json:
        body = {
            "results": _plain(result),
            **{name: _plain(table) for name, table in further.items() if table is not None},
            "findings": _plain(listed),
            "read": read,
            "accepted": read - rejected,
            "rejected": rejected,
        }
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
    _report(listed, read, rejected, out)
    lost = listed.filter(pl.col("used") != "yes").height
    raise typer.Exit(REJECTED if lost else 0)


def _with_file(listed: pl.DataFrame, source: Path) -> pl.DataFrame:
    import polars as pl

    return listed.select(pl.lit(source.name).alias("file"), pl.all())


def _plain(table: pl.DataFrame) -> list[dict[str, Any]]:
    import polars as pl

    return table.with_columns(pl.col(pl.Date).cast(pl.String)).to_dicts()


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table whole or not at all, in a folder that is made where it is missing."""
    from nenuphar.io.whole_file import write_whole_table

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole_table(path, table)


def _report(listed: pl.DataFrame, read: int, rejected: int, out: Path | None) -> None:
    """Summarise on stderr: counts that reconcile, and the first findings with their fix."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"read {read} = accepted {read - rejected} + rejected {rejected}")
    for reason, group in listed.group_by("reason", maintain_order=True):
        verdict = _VERDICTS[group["used"][0]]
        shown = group.head(_SHOWN)
        places = ", ".join(
            f"{row['file']}:{row['line']} ({row['record'] or ''})"
            for row in shown.iter_rows(named=True)
        )
        more = f" and {group.height - _SHOWN} more" if group.height > _SHOWN else ""
        console.print(f"[bold]{verdict}[/bold]: {escape(f'{reason[0]}: {places}{more}')}")
        console.print(f"  fix: {escape(group['fix'][0])}")
    if out is not None and not listed.is_empty():
        console.print(f"all of them: {escape(out.name)}.rejected.tsv")


def fail(path: Path, error: Exception) -> NoReturn:
    """Say why an input cannot be used, and leave with the exit code for it."""
    from rich.console import Console
    from rich.markup import escape

    reason = str(error).removeprefix(f"{path.name}: ")
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        f"[bold red]cannot use {escape(path.name)}[/bold red]: {escape(reason)}"
    )
    raise typer.Exit(UNREADABLE)


def console() -> Console:
    """Return the console that tables are printed on."""
    from rich.console import Console

    return Console()


def table_of(*columns: str) -> Any:
    """Return an empty table with these columns."""
    from rich.table import Table

    table = Table(show_lines=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_json(data: Any) -> None:
    """Print data as JSON."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))
