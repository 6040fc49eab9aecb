"""`unbet wallet`: what an operator needs whose bets are in a wallet of their own."""

from typing import Annotated

import typer

from unbet.cli import database
from unbet.journal.parking import count_parked
from unbet.journal.routes import differences, read_routes, record_routes, routes_of
from unbet.runtime.settings import WalletNameSettings, load
from unbet.wallets.sql import scaffold as scaffolding

app = typer.Typer(
    name="wallet", no_args_is_help=True, help="For bets that are in a wallet of your own."
)


@app.command()
def scaffold(
    users: Annotated[str, typer.Option("--users", help="Your table of players.")] = "users",
    transactions: Annotated[
        str, typer.Option("--transactions", help="Your table of bets, one row a bet.")
    ] = "transactions",
    late_bets: Annotated[
        scaffolding.LateBets,
        typer.Option(
            "--late-bets",
            help="What refuses a bet whose cancel came first: `row`, a row under the bet's own "
            "unique key; `references`, a small table that both insert into; `lock`, the player's "
            "row, which both lock before they look.",
        ),
    ] = scaffolding.LateBets.ROW,
) -> None:
    """Print the SQL to begin with for UNBET_WALLET=sql, made of your tables' names: what is added,
    what your Bet has to do, and the function `unbet_cancel`. It is yours to change.

    A table's name may have its schema and a dot before it; it is in `public` otherwise.
    """
    try:
        typer.echo(scaffolding.scaffold(users, transactions, late_bets), nl=False)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def switch(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Have this deployment's cancels decided by the wallets that UNBET_WALLET and the endpoints
    name, also those that are parked. Restart all workers and sweeps afterwards."""
    named = routes_of(load(WalletNameSettings).wallet_choice())
    with database.transaction() as connection:
        changes = differences(read_routes(connection), named)
        if not changes:
            typer.echo("These wallets are on record already.")
            return
        counts = count_parked(connection)
        typer.echo("\n".join(changes))
        typer.echo(f"Parked cancels: {counts.parked}, waiting for a person: {counts.dead}.")
        if not yes:
            typer.confirm("Put the wallets of the settings on record?", abort=True)
        record_routes(connection, named, anew=True)
    typer.echo("They are on record. Restart all workers and sweeps.")
