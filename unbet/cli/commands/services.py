"""`unbet services`: start, stop and show the embedded PostgreSQL and Redis."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from unbet.cli.failing import failing_on
from unbet.local import services
from unbet.local.run_record import at_work

app = typer.Typer(no_args_is_help=True, help="The embedded PostgreSQL and Redis.")

Directory = Annotated[Path, typer.Option("--dir", help="where their data is kept")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document")]
DEFAULT_DIRECTORY = Path(".unbet")

_TOLD = (services.ServicesError, OSError)
"""Such as a full disk, or a missing permission."""


@app.command()
def start(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Start both and print `export` lines for the shell: eval "$(unbet services start)"."""
    with failing_on(*_TOLD):
        variables = services.start(directory).environment()
    if as_json:
        typer.echo(json.dumps(variables))
        return
    for name, url in variables.items():
        typer.echo(f"export {name}='{url}'")  # our URLs contain no quotation mark
    end = at_work(directory) or "`unbet services stop`"
    typer.echo(f"PostgreSQL and Redis run on {directory} until {end}.", err=True)


@app.command()
def stop(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Stop both. Their data stays. Refused while `unbet run` works with them."""
    with failing_on(*_TOLD):
        if run := at_work(directory):
            raise services.ServicesError(f"{run} works with them; stop that one")
        stopped = services.stop(directory)
    if as_json:
        typer.echo(json.dumps({"stopped": stopped}))
    else:
        typer.echo(f"{' and '.join(stopped) or 'Nothing'} stopped on {directory}.", err=True)


@app.command()
def status(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Show what runs. Exit status 0 if both answer, else 1."""
    with failing_on(*_TOLD):
        found = services.status(directory)
    if as_json:
        typer.echo(json.dumps(_document(found)))
    else:
        Console().print(_table(found))
    raise typer.Exit(0 if found.ready else 1)


def _document(found: services.Status) -> dict[str, object]:
    return {
        "ready": found.ready,
        "postgres": {"pid": found.postgres_pid, "answers": found.postgres_answers},
        "redis": {"pid": found.redis_pid, "answers": found.redis_answers},
        "environment": found.services.environment(),
    }


def _table(found: services.Status) -> Table:
    table = Table("server", "state", "process", "address")
    for title, pid, answers, url in (
        ("PostgreSQL", found.postgres_pid, found.postgres_answers, found.services.database_url),
        ("Redis", found.redis_pid, found.redis_answers, found.services.broker_url),
    ):
        state = "runs" if answers else "does not answer" if pid else "stopped"
        # The address without the password: a table is looked at over shoulders.
        address = url.rpartition("@")[2] if url else ""
        table.add_row(title, state, str(pid or ""), address)
    return table
