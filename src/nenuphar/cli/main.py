"""The command `nenuphar`: thin functions that call the pipeline, and what errors look like."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from typing import Any

import typer

from nenuphar import __version__
from nenuphar.domain.problems import (
    KnowledgeError,
    UnreadableInputError,
    UnsupportedInputError,
    UsageError,
)

EXIT_REJECTED, EXIT_USAGE, EXIT_UNREADABLE, EXIT_KNOWLEDGE, EXIT_INTERNAL = 1, 2, 3, 4, 5

app = typer.Typer(
    name="nenuphar",
    help="Neuroendocrine neoplasms made computable. For research use only.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from nenuphar.knowledge.base import load_knowledge

        typer.echo(f"nenuphar {__version__}, knowledge {load_knowledge().release}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print both versions."
    ),
) -> None:
    """Neuroendocrine neoplasms made computable. For research use only."""


def _outcomes() -> list[dict[str, Any]]:
    from nenuphar.knowledge.base import load_knowledge

    return load_knowledge().kinds("outcome")


def _ancestors(code: str) -> frozenset[str]:
    """Return what lies above an entity or a site; nothing for a code that is neither."""
    from nenuphar.knowledge.base import load_knowledge

    return load_knowledge().above(code)


def _register() -> None:
    from nenuphar.cli import (
        assess,
        codes,
        convert,
        crosswalk,
        demo,
        evidence,
        evidence_browse,
        evolution,
        explain,
        inputs,
        knowledge,
        mechanisms,
        resistance,
        response,
        score,
        segments,
        serve,
        subtype,
        therapies,
        trials,
    )

    evidence.register(app, outcomes=_outcomes, ancestors=_ancestors)
    modules = (
        *(demo, assess, explain, crosswalk, codes, convert, inputs),
        *(response, resistance, score, subtype, segments),
        *(trials, therapies, mechanisms, evolution),
        *(evidence_browse, knowledge, serve),
    )
    for module in modules:
        module.register(app)


_register()


def run() -> None:
    """Run the command; every class of error has its own exit code, and no traceback."""
    _collect_seldom()
    try:
        app()
    except (UsageError, UnsupportedInputError) as error:
        _fail("wrong usage", error, EXIT_USAGE)
    except UnreadableInputError as error:
        _fail("unreadable input", error, EXIT_UNREADABLE)
    except KnowledgeError as error:
        _fail("invalid knowledge base", error, EXIT_KNOWLEDGE)
    except Exception as error:  # noqa: BLE001  # the last line of defence: say what, not whom
        if os.environ.get("NENUPHAR_DEBUG"):
            traceback.print_exc()
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = os.path.basename(place.filename)
        message = (
            f"{type(error).__name__} in {name}:{place.lineno}. This is a fault of Nenuphar, not "
            "of your input. NENUPHAR_DEBUG=1 shows where; that trace may quote your data."
        )
        _fail("internal error", message, EXIT_INTERNAL)


def _collect_seldom() -> None:
    """Look for garbage less often, and not at all on the way out.

    A command loads thousands of records and ends. Searching them for cycles again and again, and
    once more when the interpreter shuts down, took a third of the time of a single case.
    """
    gc.set_threshold(50_000, 20, 50)
    atexit.register(_leave)


def _leave() -> None:
    """Leave what is left over alone, and let DuckDB's binding not list all of it as leaks."""
    gc.freeze()
    if "_duckdb" in sys.modules:
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _fail(what: str, why: object, code: int) -> None:
    typer.secho(f"nenuphar: {what}: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(str(why), err=True)
    sys.exit(code)
