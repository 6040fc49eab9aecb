"""`unbet services`: start, stop and show the embedded PostgreSQL and Redis."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from unbet.cli.display import AsJson, print_json, print_table
from unbet.cli.failing import failing_on
from unbet.local import services
from unbet.local.run_record import at_work

app = typer.Typer(name="services", no_args_is_help=True, help="The embedded PostgreSQL and Redis.")

Directory = Annotated[Path, typer.Option("--dir", help="where their data is kept")]
DEFAULT_DIRECTORY = Path(".unbet")


@app.command()
def start(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Start both and print `export` lines for the shell: eval "$(unbet services start)"."""
    with failing_on(OSError):
        variables = services.start(directory).environment()
    if as_json:
        print_json(variables)
        return
    for name, url in variables.items():
        typer.echo(f"export {name}='{url}'")  # our URLs contain no quotation mark
    end = at_work(directory) or "`unbet services stop`"
    typer.echo(f"PostgreSQL and Redis run on {directory} until {end}.", err=True)


@app.command()
def stop(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Stop both. Their data stays. Refused while `unbet run` works with them."""
    with failing_on(OSError):
        if run := at_work(directory):
            raise services.ServicesError(f"{run} works with them; stop that one")
        stopped = services.stop(directory)
    if as_json:
        print_json({"stopped": stopped})
    else:
        typer.echo(f"{' and '.join(stopped) or 'Nothing'} stopped on {directory}.", err=True)


@app.command()
def status(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Show what runs. Exit status 0 if both answer, else 1."""
    with failing_on(OSError):
        found = services.status(directory)
    if as_json:
        print_json(_document(found))
    else:
        print_table("Services", ("server", "state", "process", "address"), _rows(found))
    raise typer.Exit(0 if found.ready else 1)


def _document(found: services.Status) -> dict[str, object]:
    return {
        "ready": found.ready,
        "postgres": {"pid": found.postgres_pid, "answers": found.postgres_answers},
        "redis": {"pid": found.redis_pid, "answers": found.redis_answers},
        "environment": found.services.environment(),
    }


def _rows(found: services.Status) -> Iterator[tuple[object, ...]]:
    for title, pid, answers, url in (
        ("PostgreSQL", found.postgres_pid, found.postgres_answers, found.services.database_url),
        ("Redis", found.redis_pid, found.redis_answers, found.services.broker_url),
    ):
        state = "runs" if answers else "does not answer" if pid else "stopped"
        # The address without the password: a table is looked at over shoulders.
        yield title, state, pid, url.rpartition("@")[2] if url else None
