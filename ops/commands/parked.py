"""`unbet parked`: the cancels that wait for the sweep, and the dead ones that wait for a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final
from uuid import UUID

import typer
from sqlalchemy import Connection

from ledger.interventions import InterventionError, close_parked, retry_parked
from ledger.parking import Parked, count_parked, list_parked
from ops import database
from ops.display import AsJson, print_json, print_table
from ops.people import login

app = typer.Typer(no_args_is_help=True, help="Cancels without a final outcome yet.")

LISTED: Final = 1000

By = Annotated[
    str | None, typer.Option("--by", help="Who says so, for the record; your login if not given.")
]


@app.command("list")
def show(
    dead: Annotated[bool, typer.Option("--dead", help="Only those that are dead.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Only those that were closed.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Show no more than this.")] = LISTED,
    as_json: AsJson = False,
) -> None:
    """Show what is parked, the longest parked first."""
    if dead and closed:
        raise typer.BadParameter("--dead and --closed exclude each other")
    states = ("dead",) if dead else ("closed",) if closed else ("parked", "dead")
    with database.transaction() as connection:
        counts = count_parked(connection)
        rows = list_parked(connection, states=states, most=most)
    if as_json:
        print_json({**counts._asdict(), "cancels": [row._asdict() for row in rows]})
        return
    typer.echo(f"{counts.parked} parked, {counts.dead} dead, {counts.closed} closed.")
    print_table(
        " and ".join(states).capitalize(),
        (*(name.replace("_", " ") for name in Parked._fields),),
        rows,
        more=f"the first {most}" if len(rows) == most else None,
    )


@app.command()
def retry(
    request_id: Annotated[UUID | None, typer.Argument(help="As `list` shows it.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="All that are parked for this bet.")
    ] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that are dead.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Have the sweep try again at once, dead ones too. Exit status 1 if nothing matched.

    A closed one is tried again only by its REQUEST_ID.
    """
    if [request_id is not None, reference is not None, all_dead].count(True) != 1:
        raise typer.BadParameter("name one of REQUEST_ID, --reference and --all-dead")
    with _recorded() as connection:
        found = retry_parked(
            connection,
            made_by=by or login(),
            request_id=request_id,
            reference=reference,
            all_dead=all_dead,
        )
    if as_json:
        print_json({"retried": found})
    else:
        typer.echo(f"{found} will be tried again.")
    raise typer.Exit(0 if found else 1)


@app.command()
def close(
    request_id: Annotated[UUID, typer.Argument(help="As `list` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why nobody is to try it any more.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Give up a cancel for good: it is kept, but not tried any more. Exit status 1 if there was
    none."""
    with _recorded() as connection:
        closed = close_parked(connection, request_id, made_by=by or login(), reason=reason)
    if as_json:
        print_json({"closed": int(closed)})
    else:
        typer.echo("Closed." if closed else "No such cancel is parked or dead.")
    raise typer.Exit(0 if closed else 1)


@contextmanager
def _recorded() -> Iterator[Connection]:
    with database.transaction() as connection:
        try:
            yield connection
        except InterventionError as error:
            raise typer.BadParameter(str(error)) from None
