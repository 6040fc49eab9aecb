"""An operator, who embeds `unbet` as the README says: bets, results and money, no cancels."""

from collections.abc import Callable, Iterable
from typing import TypedDict, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine

import unbet

PROVIDER = "LuckyMonaco"
LIMIT_S = 10.0
"""On a slow machine a player's account is held longer than the lock timeout."""

Result = TypeVar("Result")


class Player(TypedDict):
    """Whose account it is."""

    user_id: str
    currency: str


def bet_of(
    reference: str,
    amount: str = "10.00",
    *,
    user_id: str = "alice",
    currency: str = "EUR",
    provider: str = PROVIDER,
    stake_order: unbet.StakeOrder = unbet.StakeOrder.CASH_FIRST,
    round_id: str | None = None,
) -> unbet.Bet:
    return unbet.Bet(
        user_id=user_id,
        currency=currency,
        amount=amount,
        provider=provider,
        reference=reference,
        stake_order=stake_order,
        round_id=round_id,
    )


class Operator:
    """A ledger under test: each call is one committed transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def deposit(
        self,
        amount: str,
        *,
        user_id: str = "alice",
        currency: str = "EUR",
        bonus: bool = False,
        reference: str | None = None,
    ) -> unbet.Result:
        made = unbet.Deposit(
            user_id=user_id,
            currency=currency,
            amount=amount,
            reference=reference or uuid4().hex,
            balance_type=unbet.BalanceType.BONUS if bonus else unbet.BalanceType.CASH,
        )
        return self._commit(lambda connection: unbet.deposit(connection, made))

    def bet(
        self,
        reference: str,
        amount: str = "10.00",
        *,
        user_id: str = "alice",
        currency: str = "EUR",
        provider: str = PROVIDER,
        stake_order: unbet.StakeOrder = unbet.StakeOrder.CASH_FIRST,
        round_id: str | None = None,
    ) -> unbet.Result:
        made = bet_of(
            reference,
            amount,
            user_id=user_id,
            currency=currency,
            provider=provider,
            stake_order=stake_order,
            round_id=round_id,
        )
        return self._commit(lambda connection: unbet.place_bet(connection, made))

    def place(self, bets: Iterable[unbet.Bet]) -> None:
        """All of them, in one transaction."""
        made = list(bets)
        self._commit(lambda connection: unbet.place_all(connection, made))

    def settle(
        self,
        bet_reference: str,
        amount: str,
        *,
        reference: str | None = None,
        provider: str = PROVIDER,
    ) -> unbet.Result:
        made = unbet.Settlement(
            provider=provider,
            bet_reference=bet_reference,
            reference=reference or bet_reference,
            amount=amount,
        )
        return self._commit(lambda connection: unbet.settle_bet(connection, made))

    def withdraw(
        self, reference: str, amount: str, *, user_id: str = "alice", currency: str = "EUR"
    ) -> unbet.Result:
        made = unbet.Withdrawal(
            user_id=user_id, currency=currency, amount=amount, reference=reference
        )
        return self._commit(lambda connection: unbet.hold_withdrawal(connection, made))

    def complete(self, reference: str) -> unbet.Result:
        return self._commit(lambda connection: unbet.complete_withdrawal(connection, reference))

    def release(self, reference: str) -> unbet.Result:
        return self._commit(lambda connection: unbet.release_withdrawal(connection, reference))

    def correct(
        self,
        reference: str,
        amount: str,
        direction: unbet.Direction = unbet.Direction.CREDIT,
        *,
        user_id: str = "alice",
        reason: str = "counted wrongly",
        made_by: str = "ann",
        balance_type: unbet.BalanceType = unbet.BalanceType.CASH,
    ) -> unbet.Result:
        made = unbet.Correction(
            user_id=user_id,
            currency="EUR",
            amount=amount,
            direction=direction,
            reference=reference,
            reason=reason,
            made_by=made_by,
            balance_type=balance_type,
        )
        return self._commit(lambda connection: unbet.correct(connection, made))

    def convert(
        self, reference: str, amount: str, *, user_id: str = "alice", currency: str = "EUR"
    ) -> unbet.Result:
        made = unbet.BonusConversion(
            user_id=user_id, currency=currency, amount=amount, reference=reference
        )
        return self._commit(lambda connection: unbet.convert_bonus(connection, made))

    def freeze(self, user_id: str = "alice") -> None:
        self._commit(lambda connection: unbet.freeze(connection, user_id))

    def unfreeze(self, user_id: str = "alice") -> None:
        self._commit(lambda connection: unbet.unfreeze(connection, user_id))

    def balance(self, user_id: str = "alice", currency: str = "EUR") -> unbet.Balance:
        with self.engine.connect() as connection:
            return unbet.balance(connection, user_id, currency)

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        return unbet.transact(self.engine, work, within_s=LIMIT_S)
