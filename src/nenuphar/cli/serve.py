"""`nenuphar serve`: the workspace in a browser."""

from __future__ import annotations

import os
from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(serve)


def serve(  # every option is one decision of who serves
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on."),
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="Port; 0 for any free one."),
    database: str = typer.Option(
        "",
        "--database",
        envvar="NENUPHAR_DATABASE",
        show_envvar=True,
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; by default a SQLite file "
        "in the data folder.",
    ),
    data: Path | None = typer.Option(
        None,
        "--data",
        help="Folder for inputs and results; by default beside the SQLite file, "
        "or nenuphar-workspace.",
    ),
    allow_remote: bool = typer.Option(
        False, "--allow-remote", help="Allow a --host that other machines reach."
    ),
    name: list[str] = typer.Option(
        [], "--name", help="Further name of the server (HOST or HOST:PORT), as browsers show it."
    ),
    max_upload: int = typer.Option(256, "--max-upload", min=1, help="Megabytes of one upload."),
    browser: bool = typer.Option(
        False, "--open/--no-browser", help="Open the workspace in a browser."
    ),
) -> None:
    """Serve the workspace: projects, a form for one case, the knowledge base, and all for scripts.

    It listens on this machine alone and prints a link with a token, which is the key; the
    environment variable NENUPHAR_TOKEN sets a token of one's own. Nothing is fetched from outside.

    **Example:** `nenuphar serve --port 8000 --data nenuphar-workspace`
    """
    from nenuphar.web.settings import make_settings

    settings = make_settings(
        host,
        port,
        database,
        data,
        allow_remote=allow_remote,
        names=tuple(name),
        token=os.environ.get("NENUPHAR_TOKEN", ""),
        upload_mb=max_upload,
    )
    from nenuphar.web.server import serve as run

    run(settings, typer.echo, browser=browser)
