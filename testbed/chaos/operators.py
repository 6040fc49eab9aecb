"""The operator's side of the game, in shards: one held account holds up only its shard's bets."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from zlib import crc32

from sqlalchemy import Engine

from testbed.provider import Answer, Bet, LedgerOperator, Player, Win


class Operators:
    """An `Operator` made of several, each with an engine of its own; a player has one of them."""

    def __init__(self, engines: Iterable[Engine], provider_id: str) -> None:
        self._lanes: Sequence[LedgerOperator] = [
            LedgerOperator(engine, provider_id) for engine in engines
        ]

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:
        """Credit the player's cash."""
        await self._shard(player.user_id).deposit(player, amount, reference)

    async def place(self, bet: Bet) -> Answer:
        """Take a stake."""
        return await self._shard(bet.user_id).place(bet)

    async def settle(self, win: Win) -> Answer:
        """Pay a win; it does not name its player, so that it goes by its reference."""
        return await self._shard(win.reference).settle(win)

    def _shard(self, name: str) -> LedgerOperator:
        return self._lanes[crc32(name.encode()) % len(self._lanes)]
