"""The provider's clients, of which most behave well, and its operator."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal
from random import Random
from typing import Final
from zlib import crc32

from testbed.provider import (
    PLAIN,
    V4,
    Answer,
    Bet,
    Dialect,
    Endpoint,
    NoAnswerError,
    Operator,
    Player,
    Request,
    Response,
    Win,
)

RESETS: Final = "resets after sending"
HALF_CLOSES: Final = "half-closes"
NEVER_READS: Final = "never reads"

SHARES: Final = {PLAIN: 95, RESETS: 2, HALF_CLOSES: 2, NEVER_READS: 1}
"""Of a hundred requests."""

DEAF: Final = frozenset({RESETS, NEVER_READS})
"""They cannot hear an answer: that they have none needs no excuse."""

MAX_RESET_DELAY_S: Final = 0.05
DEAF_FOR_S: Final = (1.0, 9.0)
HALF_CLOSED_LIMIT_S: Final = 9.9
"""Just below the provider's ten seconds, so that the log can say whose request it was."""


class UnrulyEndpoint(Endpoint):
    """An endpoint that is called by clients of all kinds; `on_answer` is told at once of what came
    back to one that listens, None for nothing."""

    def __init__(
        self,
        url: str,
        seed: int,
        on_answer: Callable[[Response | None], object],
        dialect: Dialect = V4,
        key: str = "",
    ) -> None:
        super().__init__(url, dialect, key)
        self._dice = Random(f"clients of {seed}")  # noqa: S311 - a game's dice, no secret
        self._on_answer = on_answer

    async def call(self, request: Request, method: str | None = None) -> Response:
        """As the client that it falls to. Raises `NoAnswerError`."""
        [client] = self._dice.choices([*SHARES], [*SHARES.values()])
        try:
            if client == PLAIN:
                response = await super().call(request, method)
            else:
                response = await self._unruly(client, self.written(request, method))
        except (NoAnswerError, asyncio.CancelledError):
            if client not in DEAF:
                self._on_answer(None)
            raise
        self._on_answer(response)
        return response

    async def _unruly(self, client: str, request: bytes) -> Response:
        connection = await self.connect()
        try:
            if client == HALF_CLOSES:
                return await self._half_close(connection.send(request, half_close=True))
            connection.send_unread(request)
            if client == NEVER_READS:
                await asyncio.sleep(self._dice.uniform(*DEAF_FOR_S))
            else:
                await asyncio.sleep(self._dice.uniform(0, MAX_RESET_DELAY_S))
                connection.reset()
        finally:
            connection.close()
        raise NoAnswerError(f"its client {client}", client)

    async def _half_close(self, call: Awaitable[Response]) -> Response:
        try:
            async with asyncio.timeout(HALF_CLOSED_LIMIT_S):
                response = await call
        except TimeoutError:
            raise NoAnswerError(
                f"no answer within {HALF_CLOSED_LIMIT_S:g} s", HALF_CLOSES
            ) from None
        except NoAnswerError as error:
            raise NoAnswerError(str(error), HALF_CLOSES) from None
        return response._replace(client=HALF_CLOSES)


class Operators:
    """An `Operator` made of several, each with an engine of its own; a player has one of them."""

    def __init__(self, shards: Iterable[Operator]) -> None:
        self._shards: Sequence[Operator] = [*shards]

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:
        """Credit the player's cash."""
        await self._shard(player.user_id).deposit(player, amount, reference)

    async def place(self, bet: Bet) -> Answer:
        """Take a stake."""
        return await self._shard(bet.user_id).place(bet)

    async def settle(self, win: Win) -> Answer:
        """Pay a win; it does not name its player, so that it goes by its reference."""
        return await self._shard(win.reference).settle(win)

    def _shard(self, name: str) -> Operator:
        return self._shards[crc32(name.encode()) % len(self._shards)]
