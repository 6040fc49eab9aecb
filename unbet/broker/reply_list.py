"""A receiver's own list in Redis, to which workers push their replies."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from redis.asyncio import Redis

from unbet.broker import rejected
from unbet.broker.presence import key

BLOCK_S: Final = 1
"""One blocking read; short, so that a stop is not held up."""


class ReplyList:
    """Is read by one reader. Every error is one of `redis_server.AWAY`."""

    def __init__(self, redis_url: str) -> None:
        self.name = f"replies:{uuid4().hex}"
        """In Redis the deployment's name is before."""
        # No socket timeout: a blocking read is bounded by whoever waits for it.
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=None,
            socket_connect_timeout=1,
            socket_keepalive=True,
            retry=None,
        )

    def reader(self, deployment: UUID) -> Callable[[], Awaitable[Any]]:
        """What waits for a reply for up to `BLOCK_S` seconds: the list's key and the document, or
        None. It is the client's own function: a frame less on the way of each reply."""
        return partial(self._redis.blpop, [key(deployment, self.name)], timeout=BLOCK_S)

    async def reject(self, deployment: UUID, problem: str, document: bytes | str) -> None:
        """Keep a document aside that is no reply."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            rejected.put(pipeline, deployment, "reply", problem, document)
            await pipeline.execute()

    async def disconnect(self) -> None:
        """Connect anew at the next read."""
        await self._redis.connection_pool.disconnect()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
