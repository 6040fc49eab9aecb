"""The commands of a player's money in the built-in ledger: `migrate`, `deposit`, `bet`, `settle`,
`freeze`, `balance`. All but the first are refused where bets are in another wallet."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import uuid4

import typer
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

import unbet
from unbet.cli import database
from unbet.cli.display import AsJson, report
from unbet.cli.instructions import (
    BalanceQuestion,
    BetInstruction,
    DepositInstruction,
    FreezeInstruction,
    SettleInstruction,
)
from unbet.core.money import amount
from unbet.database.faults import AWAY, fault_of
from unbet.runtime.settings import ProviderSettings, load
from unbet.wallets.ledger.operations import Result, Status

app = typer.Typer()

EXIT_REFUSED: Final = 3

User = Annotated[str, typer.Argument(metavar="USER", help="The player, as the operator names it.")]
Currency = Annotated[str, typer.Argument(metavar="CURRENCY", help="For example EUR.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="For example 10.00.")]
Provider = Annotated[
    str | None,
    typer.Option("--provider", help="The provider's id; UNBET_PROVIDER_ID if not given."),
]


@app.command("migrate")
def bring_up_to_date(as_json: AsJson = False) -> None:
    """Bring the database's schema up to date."""
    revision = database.migrated()
    report(as_json, {"revision": revision}, f"The schema is at revision {revision}.")


@app.command()
def deposit(
    user: User,
    currency: Currency,
    amount: Amount,
    bonus: Annotated[bool, typer.Option("--bonus", help="Credit the bonus, not the cash.")] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference", help="The same one again changes nothing; random if not given."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Credit a player in the built-in ledger. Exit status 3 if the reference was used for something
    else."""
    order = DepositInstruction(
        user=user,
        currency=currency,
        amount=amount,
        reference=drawn(reference),
        bonus=bonus,
    )
    execute("Deposit", order.reference, as_json, lambda c: unbet.deposit(c, order.operation()))


@app.command()
def bet(
    user: User,
    currency: Currency,
    amount: Amount,
    reference: Annotated[str, typer.Option("--reference", help="The bet's reference.")],
    round_id: Annotated[
        str | None, typer.Option("--round", help="The bet's round, for cancels of rounds.")
    ] = None,
    provider: Provider = None,
    as_json: AsJson = False,
) -> None:
    """Take a stake from a player's cash, then bonus, in the built-in ledger. Exit status 3 if it is
    refused."""
    order = BetInstruction(
        user=user,
        currency=currency,
        amount=amount,
        provider=_provider(provider),
        reference=reference,
        round_id=round_id,
    )
    execute("Bet", order.reference, as_json, lambda c: unbet.place_bet(c, order.operation()))


@app.command()
def settle(
    reference: Annotated[str, typer.Option("--reference", help="The bet's reference.")],
    win: Annotated[str, typer.Option("--win", metavar="AMOUNT", help="0 for a lost bet.")],
    win_reference: Annotated[
        str | None, typer.Option("--win-reference", help="The win's own; the bet's if not given.")
    ] = None,
    provider: Provider = None,
    as_json: AsJson = False,
) -> None:
    """Give a bet in the built-in ledger its result and pay the win. Exit status 3 if it is
    refused."""
    order = SettleInstruction(
        provider=_provider(provider), reference=reference, win=win, win_reference=win_reference
    )
    operation = order.operation()
    execute("Settlement", operation.reference, as_json, lambda c: unbet.settle_bet(c, operation))


@app.command()
def freeze(user: User, as_json: AsJson = False) -> None:
    """Refuse a player's bets and withdrawals in the built-in ledger. Cancels still give stakes
    back."""
    order = FreezeInstruction(op="freeze", user=user)
    with database.ledger_transaction() as connection:
        unbet.freeze(connection, order.user)
    report(as_json, {"user": user, "frozen": True}, f"{user} is frozen: bets are refused.")


@app.command()
def unfreeze(user: User, as_json: AsJson = False) -> None:
    """Take a player's bets in the built-in ledger again."""
    order = FreezeInstruction(op="unfreeze", user=user)
    with database.ledger_transaction() as connection:
        unbet.unfreeze(connection, order.user)
    report(as_json, {"user": user, "frozen": False}, f"{user} is not frozen.")


@app.command()
def balance(user: User, currency: Currency, as_json: AsJson = False) -> None:
    """Show what a player has in the built-in ledger."""
    question = BalanceQuestion(user=user, currency=currency)
    with database.ledger_transaction() as connection:
        held = unbet.balance(connection, question.user, question.currency)
    shown = f"cash {amount(held.cash)} {currency}, bonus {amount(held.bonus)} {currency}"
    if held.held:
        shown += f", held {amount(held.held)} {currency}"
    report(as_json, {"user": user, "currency": currency} | held.model_dump(), shown)


def _provider(given: str | None) -> str:
    provider = load(ProviderSettings).provider_id if given is None else given
    database.require_ours(provider)
    return provider


def drawn(reference: str | None) -> str:
    """`reference`, or a new one."""
    return uuid4().hex if reference is None else reference


def execute(what: str, reference: str, as_json: bool, work: Callable[[Connection], Result]) -> None:
    """Do `work` in a transaction, show its result and exit."""
    try:
        with database.ledger_transaction() as connection:
            result = work(connection)
    except DBAPIError as error:
        if fault_of(error) in AWAY:
            again = f"With the reference {reference} it can be sent again: nothing is done twice."
            typer.echo(f"Perhaps it is done, perhaps not. {again}", err=True)
        raise
    status, reason = result.status, result.refusal
    again = ", as it was before" if result.replayed else ""
    why = f" ({reason})" if reason else ""
    report(
        as_json,
        {"reference": reference, "status": status, "replayed": result.replayed, "reason": reason},
        f"{what} {reference}: {status}{why}{again}.",
    )
    raise typer.Exit(0 if status is Status.DONE else EXIT_REFUSED)
