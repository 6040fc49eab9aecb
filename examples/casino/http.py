"""The casino over HTTP: `POST /bet`, `/result` and `/deposit`, `GET /balance`. Amounts are text in
JSON: a number would be a float before anybody sees it."""

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeVar

import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, Field

from examples.casino.casino import STANDING, Casino, text_of
from examples.casino.database import BusyError, NotNowError

Amount = Annotated[str, Field(pattern=r"^[0-9]{1,20}(\.[0-9]{1,18})?$", examples=["10.00"])]
Name = Annotated[str, Field(pattern=r"^[^\x00]{1,36}$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3,4}$")]

Done = TypeVar("Done")


class Bet(BaseModel):
    player: Name
    currency: Currency
    provider: Name
    reference: Name
    amount: Amount


class Result(BaseModel):
    provider: Name
    reference: Name
    amount: Amount


class Deposit(BaseModel):
    player: Name
    currency: Currency
    amount: Amount
    bonus: bool = False


def router_of(casino: Casino) -> APIRouter:
    """HTTP 200 for whatever became of a bet. After anything else it is sent again."""
    router = APIRouter()

    @router.post("/bet")
    def bet(sent: Bet) -> dict[str, object]:
        values = (sent.player, sent.currency, sent.provider, sent.reference, Decimal(sent.amount))
        state = _done(lambda: casino.bet(*values))
        return {"taken": state in STANDING, "state": state}

    @router.post("/result")
    def result(sent: Result) -> dict[str, str]:
        values = (sent.provider, sent.reference, Decimal(sent.amount))
        return {"state": _done(lambda: casino.settle(*values))}

    @router.post("/deposit")
    def deposit(sent: Deposit) -> dict[str, str]:
        amount, nothing = Decimal(sent.amount), Decimal(0)
        cash, bonus = (nothing, amount) if sent.bonus else (amount, nothing)
        _done(lambda: casino.deposit(sent.player, sent.currency, cash, bonus))
        return balance(sent.player, sent.currency)

    @router.get("/balance")
    def balance(player: Name, currency: Currency) -> dict[str, str]:
        cash, bonus = _done(lambda: casino.balance(player, currency))
        return {"cash": text_of(cash), "bonus": text_of(bonus)}

    return router


def serve(app: FastAPI) -> None:
    """On the port CASINO_PORT, 8090 if it is not set."""
    port = int(os.environ.get("CASINO_PORT", "8090"))
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False)


def _done(work: Callable[[], Done]) -> Done:
    try:
        return work()
    except (BusyError, NotNowError):
        raise HTTPException(503, "not now", {"Retry-After": "1"}) from None
