"""The commands of a player's withdrawals, corrections and bonus: `withdraw`, `complete-withdrawal`,
`release-withdrawal`, `correct`, `convert-bonus`."""

from typing import Annotated

import typer

import unbet
from unbet.cli.commands.ledger import Amount, Currency, User, drawn, execute
from unbet.cli.display import AsJson
from unbet.cli.instructions import (
    ConvertInstruction,
    CorrectInstruction,
    EndInstruction,
    WithdrawInstruction,
)
from unbet.cli.people import login

app = typer.Typer()

Reference = Annotated[
    str | None,
    typer.Option("--reference", help="The same one again changes nothing; random if not given."),
]
Withdrawal = Annotated[str, typer.Argument(metavar="REFERENCE", help="The withdrawal's.")]


@app.command()
def withdraw(
    user: User,
    currency: Currency,
    amount: Amount,
    reference: Reference = None,
    as_json: AsJson = False,
) -> None:
    """Hold cash that a player wants to have, in the built-in ledger, until it is completed or
    released. Exit status 3 if it is refused."""
    order = WithdrawInstruction(
        user=user, currency=currency, amount=amount, reference=drawn(reference)
    )
    operation = order.operation()
    execute("Withdrawal", order.reference, as_json, lambda c: unbet.hold_withdrawal(c, operation))


@app.command("complete-withdrawal")
def complete_withdrawal(reference: Withdrawal, as_json: AsJson = False) -> None:
    """Say that the money of a withdrawal from the built-in ledger has left. Exit status 3 if it is
    refused."""
    order = EndInstruction(op="complete_withdrawal", reference=reference)
    end = order.operation()
    execute("Completion of", reference, as_json, lambda c: unbet.end_all(c, [end])[0])


@app.command("release-withdrawal")
def release_withdrawal(reference: Withdrawal, as_json: AsJson = False) -> None:
    """Make the money of a withdrawal in the built-in ledger the player's cash again. Exit status 3
    if it is refused."""
    order = EndInstruction(op="release_withdrawal", reference=reference)
    end = order.operation()
    execute("Release of", reference, as_json, lambda c: unbet.end_all(c, [end])[0])


@app.command()
def correct(
    user: User,
    currency: Currency,
    amount: Amount,
    direction: Annotated[
        unbet.Direction, typer.Option("--direction", help="Whether the player gets it or pays it.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who says so, for the record; your login if not given."),
    ] = None,
    bonus: Annotated[bool, typer.Option("--bonus", help="Of the bonus, not the cash.")] = False,
    reference: Reference = None,
    as_json: AsJson = False,
) -> None:
    """Put a player's balance in the built-in ledger right, on record. Exit status 3 if it is
    refused."""
    order = CorrectInstruction(
        user=user,
        currency=currency,
        amount=amount,
        direction=direction.value,
        reference=drawn(reference),
        reason=reason,
        by=login() if by is None else by,
        bonus=bonus,
    )
    operation = order.operation()
    execute("Correction", order.reference, as_json, lambda c: unbet.correct(c, operation))


@app.command("convert-bonus")
def convert_bonus(
    user: User,
    currency: Currency,
    amount: Amount,
    reference: Reference = None,
    as_json: AsJson = False,
) -> None:
    """Make a player's bonus cash in the built-in ledger. Exit status 3 if it is refused."""
    order = ConvertInstruction(
        user=user, currency=currency, amount=amount, reference=drawn(reference)
    )
    operation = order.operation()
    execute("Conversion", order.reference, as_json, lambda c: unbet.convert_bonus(c, operation))
