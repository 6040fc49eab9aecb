"""An operator whose bets are in our ledger, for the conformance kit."""

import asyncio
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

import unbet
from testbed.provider import Dialect, LedgerOperator, NoAnswerError, Player
from unbet.cli.database import sentence
from unbet.wallets.ledger.operations import Balance, BalanceType


class LedgerTestWallet(LedgerOperator):
    """A `OperatorWallet`: takes bets into the ledger, and reads what it holds."""

    def __init__(self, engine: Engine, provider_id: str, dialect: Dialect) -> None:
        super().__init__(engine, provider_id, dialect)
        self._engine = engine

    async def deposit_bonus(self, player: Player, amount: Decimal, reference: str) -> None:
        """Credit the player's bonus."""
        await self._deposit(player, amount, reference, BalanceType.BONUS)

    async def money(self, player: Player) -> Balance:
        """What the player has."""
        return await asyncio.to_thread(self._money, player)

    async def freeze(self, user_id: str) -> None:
        """Refuse the player's bets from now on."""
        await asyncio.to_thread(self._freeze, user_id)

    def _money(self, player: Player) -> Balance:
        try:
            with self._engine.connect() as connection:
                return unbet.balance(connection, player.user_id, player.currency)
        except DBAPIError as error:
            raise NoAnswerError(sentence(error)) from None

    def _freeze(self, user_id: str) -> None:
        try:
            with self._engine.begin() as connection:
                unbet.freeze(connection, user_id)
        except DBAPIError as error:
            raise NoAnswerError(sentence(error)) from None
