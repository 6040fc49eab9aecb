"""The demonstration of `unbet run`: a bet, and the seed's example Cancel through the endpoint."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import httpx
from sqlalchemy import Connection, Engine

import unbet
from unbet.core.money import amount
from unbet.dialects.lucky_monaco import EXAMPLE
from unbet.wallets.ledger.players import players_of

TRIES: Final = 3
CALL_LIMIT_S: Final = 10.0
"""PROTOCOL, "How the provider behaves": three tries of ten seconds."""


class DemonstrationError(Exception):
    """The example was not answered as it must be."""


def demonstrate(
    engine: Engine, url: str, provider: str, say: Callable[[str, str], None]
) -> dict[str, Any]:
    """Deposit, bet, cancel; `say` is told each step and its result. Returns the answer.

    On a ledger that has seen the example already it is sent with a new reference: the first
    decision of a reference is final. Raises `DemonstrationError`.
    """
    cancel = EXAMPLE | {"providerId": provider}
    with engine.begin() as connection:
        if players_of(connection, [(provider, cancel["reference"])]):
            cancel |= {"reference": secrets.token_hex(12), "uuid": secrets.token_hex(16)}
        reference = cancel["reference"]
        player = {"user_id": cancel["userId"], "currency": cancel["currency"]}
        money = {"amount": Decimal(100), "reference": f"demonstration {reference}"}
        unbet.deposit(connection, unbet.Deposit(**player, **money))
        say("Deposit of 100.00 USD", _balance(connection, cancel))
        stake = {"amount": Decimal(10), "provider": provider, "reference": reference}
        placed = unbet.place_bet(connection, unbet.Bet(**player, **stake))
        if placed.status is not unbet.Status.DONE:
            raise DemonstrationError(f"the bet was not placed: {placed.refusal or placed.status}")
        say("Bet of 10.00 USD", _balance(connection, cancel))
    answer = _send(url, cancel)
    expected = {"error": 0, "description": "Success", "reference": reference}
    with engine.connect() as connection:
        say("Cancel answered", _balance(connection, cancel))
    if answer != expected:
        raise DemonstrationError(f"the example was answered {answer}, not {expected}")
    return answer


def _balance(connection: Connection, cancel: dict[str, str]) -> str:
    held = unbet.balance(connection, cancel["userId"], cancel["currency"])
    return f"{amount(held.cash)} {cancel['currency']}"


def _send(url: str, cancel: dict[str, str]) -> dict[str, Any]:
    """As the provider does it: again when there is no answer, or one that says to retry."""
    answer: dict[str, Any] = {}
    with httpx.Client(timeout=CALL_LIMIT_S, trust_env=False) as client:
        for _ in range(TRIES):
            try:
                answer = client.post(url, json=cancel).raise_for_status().json()
            except httpx.HTTPError as error:
                answer = {"no answer": str(error) or type(error).__name__}
            if answer.get("error") == 0:
                break
    return answer
