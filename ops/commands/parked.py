"""`unbet parked`: the cancels that wait for the sweep, and the dead ones that wait for a person."""

from typing import Annotated, Final
from uuid import UUID

import typer

from ledger.parking import Parked, count_parked, list_parked, retry_parked
from ops import database
from ops.display import AsJson, print_json, print_table

app = typer.Typer(no_args_is_help=True, help="Cancels without a final outcome yet.")

LISTED: Final = 1000


@app.command("list")
def show(
    dead: Annotated[bool, typer.Option("--dead", help="Only those that are dead.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Show no more than this.")] = LISTED,
    as_json: AsJson = False,
) -> None:
    """Show what is parked, the longest parked first."""
    with database.transaction() as connection:
        counts = count_parked(connection)
        rows = list_parked(connection, dead_only=dead, most=most)
    if as_json:
        print_json({**counts._asdict(), "cancels": [row._asdict() for row in rows]})
        return
    typer.echo(f"{counts.parked} parked, {counts.dead} dead.")
    print_table(
        "Dead" if dead else "Parked and dead",
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
    as_json: AsJson = False,
) -> None:
    """Have the sweep try again at once, dead ones too. Exit status 1 if nothing matched."""
    if [request_id is not None, reference is not None, all_dead].count(True) != 1:
        raise typer.BadParameter("name one of REQUEST_ID, --reference and --all-dead")
    with database.transaction() as connection:
        found = retry_parked(
            connection, request_id=request_id, reference=reference, all_dead=all_dead
        )
    if as_json:
        print_json({"retried": found})
    else:
        typer.echo(f"{found} will be tried again.")
    raise typer.Exit(0 if found else 1)
