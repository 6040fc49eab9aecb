"""`unbet wallet`: what an operator needs whose bets are in a wallet of their own."""

from typing import Annotated

import typer

from unbet.wallets.sql import scaffold as scaffolding

app = typer.Typer(
    name="wallet", no_args_is_help=True, help="For bets that are in a wallet of your own."
)


@app.callback()
def _group() -> None:
    """So that `scaffold` stays a subcommand, though it is the only one."""


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
