"""The receiver's own reply list in Redis, read on one connection."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis

from unbet.broker import rejected
from unbet.broker.presence import key
from unbet.broker.redis_server import AWAY
from unbet.core.message import Decision, ForeignError, MessageError, decode_reply
from unbet.core.signing import Keys, SignatureError
from unbet.database.deployment import Identity
from unbet.runtime import metrics

BLOCK_S: Final = 1
"""One blocking read; short, so that a stop is not held up."""

HUNG_AFTER_S: Final = BLOCK_S + 1.0
"""A Redis that answers nothing for longer is hung: the connection is made anew."""

log = structlog.get_logger("receiver")


class Replies:
    """Reads replies; what is final is what the ledger says, this only wakes who waits."""

    def __init__(self, redis_url: str, keys: Keys, identity: Identity) -> None:
        self._keys = keys
        self._identity = identity
        self.list_name = f"replies:{uuid4().hex}"
        """What comes after the deployment's own in its key."""
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
        while (deployment := self._identity.id) is None:  # nothing is published before it is known
            await asyncio.sleep(0.1)
        own = key(deployment, self.list_name)
        away = False
        while True:
            try:
                async with asyncio.timeout(HUNG_AFTER_S):
                    reply = await self._redis.blpop([own], timeout=BLOCK_S)
                    if away:
                        log.info("Redis is there again")
                        away = False
                    if reply is not None:
                        await self._read(reply[1], resolve, deployment)
                        # Those who wait answer first, then the next reply is asked for.
                        await asyncio.sleep(0)
            except AWAY as error:
                if not away:
                    log.warning("Redis is away", error=str(error) or type(error).__name__)
                    away = True
                await self._redis.connection_pool.disconnect()
                await asyncio.sleep(0.2)

    async def _read(
        self,
        document: bytes | str,
        resolve: Callable[[Iterable[Decision]], None],
        deployment: UUID,
    ) -> None:
        try:
            reply = decode_reply(document, self._keys)
            reply.require_of(deployment)
        except (SignatureError, MessageError) as error:
            foreign = isinstance(error, ForeignError)
            (metrics.FOREIGN if foreign else metrics.REJECTED).labels(kind="reply").inc()
            log.error("a reply was rejected", problem=str(error))
            aside = key(deployment, rejected.LIST)
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.lpush(aside, rejected.entry("reply", str(error), document))
                pipeline.ltrim(aside, 0, rejected.MOST - 1)
                await pipeline.execute()
        else:
            resolve(reply.decisions)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
