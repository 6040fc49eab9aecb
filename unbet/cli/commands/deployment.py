"""`unbet deployment`: which deployment the database is of; a new identity for a copied one."""

from typing import Annotated

import typer

from unbet.cli import database
from unbet.cli.display import AsJson, print_json, print_table, report
from unbet.cli.people import login
from unbet.database.deployment import Recorded, history, is_at_origin, record

app = typer.Typer(
    name="deployment", no_args_is_help=True, help="Which deployment the database is of."
)

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the id that tells this deployment from others, and since when it is this one."""
    with database.transaction() as connection:
        recorded = history(connection)
        at_origin = is_at_origin(connection, recorded[0])
    if as_json:
        document = {**_document(recorded[0]), "at_origin": at_origin}
        print_json({**document, "history": [_document(row) for row in recorded]})
        return
    typer.echo(f"This database is of deployment {recorded[0].id}.")
    if not at_origin:
        typer.echo(
            "It is not where that was recorded: `renew` if it is a copy, `keep` if it has moved."
        )
    rows = [(str(row.id), row.recorded_at, row.recorded_by) for row in recorded]
    print_table("Recorded", ("deployment", "at", "by"), rows)


@app.command()
def renew(yes: Yes = False, as_json: AsJson = False) -> None:
    """Make a copied database a deployment of its own, before anything is started on it."""
    meaning = (
        "From now on this database is another deployment: what is on its way to the one that it "
        "was is not decided here any more."
    )
    _record(meaning, yes=yes, keep=False, as_json=as_json)


@app.command()
def keep(yes: Yes = False, as_json: AsJson = False) -> None:
    """Record that the deployment has moved here (pg_upgrade, dump and restore) and that the
    database it was in is gone."""
    meaning = (
        "This database goes on as the same deployment. The one that it was copied from must not be "
        "used any more."
    )
    _record(meaning, yes=yes, keep=True, as_json=as_json)


def _record(meaning: str, *, yes: bool, keep: bool, as_json: bool) -> None:
    if not yes:
        typer.confirm(f"{meaning} Go on?", abort=True, err=True)
    with database.transaction() as connection:
        made = record(connection, recorded_by=login(), keep=keep)
    report(as_json, _document(made), f"This database is of deployment {made.id}.")


def _document(row: Recorded) -> dict[str, object]:
    return {"deployment": row.id, "recorded_at": row.recorded_at, "recorded_by": row.recorded_by}
