"""The receiver's own reply list in Redis, read on one connection."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contract.message import Decision, MessageError, decode_reply

BLOCK_S: Final = 1
"""One blocking read; short, so that a stop is not held up."""

HUNG_AFTER_S: Final = BLOCK_S + 2.0
"""A Redis that answers nothing for longer is hung: the connection is made anew."""

log = structlog.get_logger("receiver")


class Replies:
    """Reads replies; what is final is what the ledger says, this only wakes who waits."""

    def __init__(self, redis_url: str) -> None:
        self.list_name = f"unbet:replies:{uuid4().hex}"
        # No socket timeout: a blocking read is bounded here, from outside.
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=None,
            socket_connect_timeout=1,
            socket_keepalive=True,
            retry=None,
        )

    async def listen(self, resolve: Callable[[Iterable[Decision]], None]) -> None:
        """Hand decisions to `resolve` until cancelled. A Redis that is away is waited for."""
        while True:
            try:
                async with asyncio.timeout(HUNG_AFTER_S):
                    reply = await self._redis.blpop([self.list_name], timeout=BLOCK_S)
                if reply is not None:
                    resolve(decode_reply(reply[1]).decisions)
                    # Those who wait answer first, then the next reply is asked for.
                    await asyncio.sleep(0)
            except MessageError as error:
                log.warning("a reply was not understood", error=str(error))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("Redis is away", error=str(error) or type(error).__name__)
                await self._redis.connection_pool.disconnect()
                await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
