"""The operations that there are: where each is, which right it needs, and what carries it out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from unbet.core.fields import Amount, Currency, UserId, text
from unbet.runtime.ledger_tokens import Right
from unbet.wallets.ledger import (
    BalanceType,
    Bet,
    Deposit,
    Result,
    Settlement,
    deposit,
    place_bet,
    settle_bet,
)


@dataclass(frozen=True)
class Operation:
    """One `POST`. Its body has the fields of `kind`; `reference` is among them."""

    path: str
    name: str
    right: Right
    kind: type[BaseModel]
    perform: Callable[[Connection, Any], Result]
    summary: str


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BalanceQuestion(_Body):
    """Whose balances, in which currency."""

    user_id: UserId
    currency: Currency


class DepositBody(_Body):
    """Money for a player."""

    user_id: UserId
    currency: Currency
    amount: Annotated[Amount, Field(gt=0)]
    reference: Annotated[str, text(64)]
    balance_type: BalanceType = BalanceType.CASH


def _deposit(connection: Connection, body: DepositBody) -> Result:
    fields = body.model_dump()
    return deposit(connection, Deposit(purse=fields.pop("balance_type"), **fields))


OPERATIONS: Final = (
    Operation("/bets", "bet", Right.BETS, Bet, place_bet, "Take a stake."),
    Operation(
        *("/settlements", "settlement", Right.BETS, Settlement, settle_bet),
        "Settle a bet, and pay its win, which may be 0, to cash.",
    ),
    Operation("/deposits", "deposit", Right.MONEY, DepositBody, _deposit, "Credit a player."),
)
