"""The operations that there are: where each is, which right it needs, and what carries it out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from unbet.core.fields import Currency, UserId
from unbet.runtime.ledger_tokens import Right
from unbet.wallets.ledger import Bet, Deposit, Result, Settlement, deposit, place_bet, settle_bet


@dataclass(frozen=True)
class Operation:
    """One `POST`. Its body has the fields of `kind`; `reference` is among them."""

    path: str
    name: str
    right: Right
    kind: type[BaseModel]
    perform: Callable[[Connection, Any], Result]


class BalanceQuestion(BaseModel):
    """Whose balances, in which currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: UserId
    currency: Currency


OPERATIONS: Final = (
    Operation("/bets", "bet", Right.BETS, Bet, place_bet),
    Operation("/settlements", "settlement", Right.BETS, Settlement, settle_bet),
    Operation("/deposits", "deposit", Right.MONEY, Deposit, deposit),
)
