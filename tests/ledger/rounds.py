"""Bets of rounds, and cancels of rounds."""

from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from tests.making import PROVIDER, Operator, bet_of, cancel_of
from unbet import Bet, Result, place_bet, transact
from unbet.core.message import Cancel, Decision
from unbet.wallets.ledger.reversal import decide_cancels

LIMIT_S = 10.0


def round_bet(reference: str, round_id: str | None, amount: str = "10.00", **more: Any) -> Bet:
    return Bet(**vars(bet_of(reference, amount, **more)) | {"round_id": round_id})


def round_cancel(
    round_id: str,
    player: str | None = "alice",
    currency: str | None = "EUR",
    *,
    amount: str | None = None,
    provider: str = PROVIDER,
) -> Cancel:
    said = {
        "of_round": True,
        "player": player,
        "currency": currency,
        "amount": None if amount is None else Decimal(amount),
    }
    return cancel_of(round_id, provider=provider).model_copy(update=said)


def place(operator: Operator, *bets: Bet) -> list[Result]:
    """Each in a transaction of its own."""
    return [
        transact(operator.engine, partial(place_bet, bet=bet), within_s=LIMIT_S) for bet in bets
    ]


def decide(operator: Operator, *cancels: Cancel, hold_unknown: bool = False) -> list[Decision]:
    def work(connection: Connection) -> list[Decision]:
        return decide_cancels(connection, cancels, hold_unknown=hold_unknown)

    return transact(operator.engine, work, within_s=LIMIT_S)


def cancel_round(operator: Operator, *args: Any, **more: Any) -> Decision:
    (decision,) = decide(operator, round_cancel(*args, **more))
    return decision


def rows(operator: Operator, query: str, **values: object) -> list[tuple[Any, ...]]:
    with operator.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def states(operator: Operator) -> dict[str, str]:
    """By reference."""
    return dict(rows(operator, "SELECT reference, state FROM unbet_ledger.bets"))
