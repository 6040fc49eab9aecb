"""An operator's own Bet and Result endpoints on Unbet's ledger, as small as they can be:
`uvicorn --factory examples.operator:build`. See docs/integration.md."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from unbet import (
    Balance,
    Bet,
    InvalidOperationError,
    Refusal,
    Result,
    Settlement,
    Status,
    balance,
    connect_to,
    place_bet,
    settle_bet,
    transact,
)
from unbet.runtime.settings import LedgerSettings, ProviderSettings, load

ANSWERS: Final[dict[Status | Refusal, tuple[int, str]]] = {
    Status.DONE: (0, "Success"),
    Status.CONFLICT: (120, "The reference was used before, with other details"),
    Refusal.INSUFFICIENT_FUNDS: (1, "Insufficient balance"),
    Refusal.PLAYER_FROZEN: (6, "The player is frozen"),
    # 120 stops the provider's tries: no further one could end otherwise.
    Refusal.CANCELLED: (120, "The bet was cancelled"),
    Refusal.BET_REFUSED: (120, "The bet was refused"),
    Refusal.UNKNOWN_BET: (120, "There is no such bet"),
}
"""The provider's codes for what the ledger says."""

BAD_PARAMETERS: Final = 7
TRY_AGAIN: Final = 100

Move = Callable[[Connection], Result]
Read = Callable[[dict[str, Any], str], Move]


def build(engine: Engine | None = None, provider: str | None = None) -> Starlette:
    """The application. `provider` is the id that the receiver has in `UNBET_PROVIDER_ID`: bet and
    cancel meet under it, however the provider's requests spell it."""
    engine = engine or connect_to(load(LedgerSettings).database_url, name="operator", pool_size=8)
    provider = provider or load(ProviderSettings).provider_id

    def endpoint(read: Read) -> Callable[[Request], Any]:
        async def answer(request: Request) -> JSONResponse:
            return await run_in_threadpool(_answer, engine, provider, read, await request.body())

        return answer

    return Starlette(
        routes=[
            Route("/bet", endpoint(_bet), methods=["POST"]),
            Route("/result", endpoint(_result), methods=["POST"]),
        ]
    )


def _bet(sent: dict[str, Any], provider: str) -> Move:
    bet = Bet(
        user_id=sent.get("userId"),
        currency=sent.get("currency"),
        amount=sent.get("amount"),
        provider=provider,
        reference=sent.get("reference"),
    )
    return lambda connection: place_bet(connection, bet)


def _result(sent: dict[str, Any], provider: str) -> Move:
    settlement = Settlement(
        provider=provider,
        bet_reference=sent.get("betReference"),
        reference=sent.get("reference"),
        amount=sent.get("amount"),
    )
    return lambda connection: settle_bet(connection, settlement)


def _answer(engine: Engine, provider: str, read: Read, body: bytes) -> JSONResponse:
    try:
        sent = _fields(body)
        move = read(sent, provider)
        result, balance = transact(engine, lambda c: (move(c), _balance(c, sent)))
    except (InvalidOperationError, ValueError) as error:
        return _say(BAD_PARAMETERS, str(error))
    except SQLAlchemyError:
        # Committed or not, nobody knows; the next try does, and changes nothing if it was.
        return _say(TRY_AGAIN, "Try again")
    code, description = ANSWERS[result.refusal or result.status]
    return _say(code, description, cash=f"{balance.cash:f}", bonus=f"{balance.bonus:f}")


def _fields(body: bytes) -> dict[str, Any]:
    # A float would round amounts before the ledger has seen them.
    try:
        sent = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        # The last two: an exponent that no Decimal has, brackets without an end.
        raise ValueError("expected JSON") from None
    if not isinstance(sent, dict):
        raise ValueError("expected a JSON object")
    return sent


def _balance(connection: Connection, sent: dict[str, Any]) -> Balance:
    return balance(connection, str(sent.get("userId")), str(sent.get("currency")))


def _say(code: int, description: str, **more: str) -> JSONResponse:
    return JSONResponse({"error": code, "description": description, **more})
