"""The operator whose bets are in our ledger, as the conformance kit needs one."""

import asyncio
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

import ledger
from ops.database import sentence
from ops.provider import LedgerOperator, NoAnswerError, Player


class LedgerBank(LedgerOperator):
    """A `Bank`: takes bets into the ledger, and reads what it holds."""

    def __init__(self, engine: Engine, provider_id: str) -> None:
        super().__init__(engine, provider_id)
        self._engine = engine

    async def cash(self, player: Player) -> Decimal:
        """What the player has, in units of the currency."""
        return await asyncio.to_thread(self._cash, player)

    async def freeze(self, user_id: str) -> None:
        """Refuse the player's bets from now on."""
        await asyncio.to_thread(self._freeze, user_id)

    def _cash(self, player: Player) -> Decimal:
        try:
            with self._engine.connect() as connection:
                return ledger.balance(connection, player.user_id, player.currency).cash
        except DBAPIError as error:
            raise NoAnswerError(sentence(error)) from None

    def _freeze(self, user_id: str) -> None:
        try:
            with self._engine.begin() as connection:
                ledger.freeze(connection, user_id)
        except DBAPIError as error:
            raise NoAnswerError(sentence(error)) from None
