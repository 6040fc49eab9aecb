"""The receiver's own reply list in Redis, read on one connection."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis

from contract import metrics, rejected
from contract.broker import AWAY
from contract.message import Decision, MessageError, decode_reply
from contract.signing import Keys, SignatureError

BLOCK_S: Final = 1
"""One blocking read; short, so that a stop is not held up."""

HUNG_AFTER_S: Final = BLOCK_S + 1.0
"""A Redis that answers nothing for longer is hung: the connection is made anew."""

log = structlog.get_logger("receiver")


class Replies:
    """Reads replies; what is final is what the ledger says, this only wakes who waits."""

    def __init__(self, redis_url: str, keys: Keys) -> None:
        self._keys = keys
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
        away = False
        while True:
            try:
                async with asyncio.timeout(HUNG_AFTER_S):
                    reply = await self._redis.blpop([self.list_name], timeout=BLOCK_S)
                    if away:
                        log.info("Redis is there again")
                        away = False
                    if reply is not None:
                        await self._read(reply[1], resolve)
                        # Those who wait answer first, then the next reply is asked for.
                        await asyncio.sleep(0)
            except AWAY as error:
                if not away:
                    log.warning("Redis is away", error=str(error) or type(error).__name__)
                    away = True
                await self._redis.connection_pool.disconnect()
                await asyncio.sleep(0.2)

    async def _read(
        self, document: bytes | str, resolve: Callable[[Iterable[Decision]], None]
    ) -> None:
        try:
            decisions = decode_reply(document, self._keys).decisions
        except (SignatureError, MessageError) as error:
            metrics.REJECTED.labels(kind="reply").inc()
            log.error("a reply was rejected", problem=str(error))
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.lpush(rejected.LIST, rejected.entry("reply", str(error), document))
                pipeline.ltrim(rejected.LIST, 0, rejected.MOST - 1)
                await pipeline.execute()
        else:
            resolve(decisions)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
