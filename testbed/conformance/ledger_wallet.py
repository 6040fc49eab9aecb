"""An operator whose bets are in our ledger, for the conformance kit."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import unbet
from testbed.provider import Dialect, LedgerOperator, NoAnswerError, Player
from unbet.cli.database import describe
from unbet.wallets.ledger.operations import Balance, BalanceType

T = TypeVar("T")


class LedgerTestWallet(LedgerOperator):
    """A `OperatorWallet`: takes bets into the ledger, and reads what it holds."""

    def __init__(self, engine: Engine, provider_id: str, dialect: Dialect) -> None:
        super().__init__(engine, provider_id, dialect)
        self._engine = engine

    async def deposit_bonus(self, player: Player, amount: Decimal, reference: str) -> None:
        """Credit the player's bonus."""
        await self.deposit(player, amount, reference, BalanceType.BONUS)

    async def money(self, player: Player) -> Balance:
        """What the player has."""
        return await asyncio.to_thread(self._do, lambda c: unbet.balance(c, *player))

    async def freeze(self, user_id: str) -> None:
        """Refuse the player's bets from now on."""
        await asyncio.to_thread(self._do, lambda c: unbet.freeze(c, user_id))

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            raise NoAnswerError(describe(error)) from None
