"""`unbet roles`: the rights of each process in the database, as SQL."""

from typing import Annotated

import typer

from unbet.cli import database
from unbet.database.migrate import MIGRATION_LIMITS
from unbet.database.roles import ROLES, apply_roles

app = typer.Typer()


@app.command("roles")
def give_rights(
    apply: Annotated[
        bool, typer.Option("--apply", help="Run it on UNBET_DATABASE_URL, as its superuser.")
    ] = False,
) -> None:
    """Print the SQL that gives receiver, worker and operator their rights in the database, and no
    more; for psql, after each `unbet migrate`."""
    if not apply:
        typer.echo(ROLES, nl=False)
        return
    with database.ledger_engine(MIGRATION_LIMITS) as engine, engine.begin() as connection:
        apply_roles(connection)
    typer.echo("The roles have the rights of this version.")
