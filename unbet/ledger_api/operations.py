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
    BonusConversion,
    Correction,
    Deposit,
    Result,
    Settlement,
    Withdrawal,
    complete_withdrawal,
    convert_bonus,
    correct,
    deposit,
    hold_withdrawal,
    place_bet,
    release_withdrawal,
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


class WithdrawalReference(_Body):
    """Which withdrawal."""

    reference: Annotated[str, text(64)]


def _deposit(connection: Connection, body: DepositBody) -> Result:
    return deposit(connection, Deposit(**body.model_dump()))


def _complete(connection: Connection, body: WithdrawalReference) -> Result:
    return complete_withdrawal(connection, body.reference)


def _release(connection: Connection, body: WithdrawalReference) -> Result:
    return release_withdrawal(connection, body.reference)


OPERATIONS: Final = (
    Operation("/bets", "bet", Right.BETS, Bet, place_bet, "Take a stake."),
    Operation(
        *("/settlements", "settlement", Right.BETS, Settlement, settle_bet),
        "Settle a bet, and pay its win, which may be 0, to cash.",
    ),
    Operation("/deposits", "deposit", Right.MONEY, DepositBody, _deposit, "Credit a player."),
    Operation(
        *("/withdrawals", "withdrawal", Right.MONEY, Withdrawal, hold_withdrawal),
        "Hold cash that a player wants to have, until it is completed or released.",
    ),
    Operation(
        *("/withdrawals/complete", "completion", Right.MONEY, WithdrawalReference, _complete),
        "The money that a withdrawal holds has left.",
    ),
    Operation(
        *("/withdrawals/release", "release", Right.MONEY, WithdrawalReference, _release),
        "The money that a withdrawal holds is the player's cash again.",
    ),
    Operation(
        *("/conversions", "conversion", Right.MONEY, BonusConversion, convert_bonus),
        "Make bonus cash.",
    ),
    Operation(
        *("/corrections", "correction", Right.CORRECT, Correction, correct),
        "Put a balance right, with the reason and the name of who does it.",
    ),
)
