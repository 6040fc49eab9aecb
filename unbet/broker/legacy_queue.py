"""Moves what a worker of an older version has left on the queue, in keys without a deployment's
name. Made for the keys and the channel of kombu 5.7; `tests/broker/test_legacy_queue.py` fails when
they differ."""

import json
import time
from contextlib import suppress
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog

from unbet.broker import redis_server
from unbet.broker.presence import key
from unbet.broker.queue_state import UNACKED
from unbet.core.message import QUEUE

UNACKED_INDEX: Final = "unacked_index"
ABANDONED_AFTER_S: Final = 10
"""As the older version's visibility timeout."""

MAX_MOVED: Final = 100
"""In one round, each."""

OLD_CONTROL: Final = "/{db}.celery.pidbox"
"""The channel that a worker of an older version listens to for Celery's commands; those of ours
have a deployment in their name."""

LEFT_ALONE_S: Final = 15.0
"""Since such a worker was last seen: longer than a restart of it takes."""

LEFT_FOR_S: Final = 3600
"""What is not brought along goes by itself."""

# The oldest lies on the right, where workers take.
_MOVE: Final = """
    for moved = 1, tonumber(ARGV[1]) do
        local message = redis.call('RPOP', KEYS[1])
        if not message then
            return moved - 1
        end
        redis.call('LPUSH', KEYS[2], message)
    end
    return tonumber(ARGV[1])
"""

log = structlog.get_logger("worker")


class OldQueue:
    """The queue of versions before 0004 of the schema, and what their workers had taken. As long as
    one of these is there, it is theirs: they may be another deployment's, which names itself
    nowhere. Without one its messages are this deployment's if no other one is there. If there is,
    they are nobody's: whoever sent them parks them when no reply comes."""

    def __init__(self, deployment: UUID, left_alone_s: float = LEFT_ALONE_S) -> None:
        self._queue = key(deployment, QUEUE)
        self._left_alone_s = left_alone_s
        self._worker_seen_at = float("-inf")
        self._has_reported = False
        self._has_told_of_workers = False
        self._is_left = False

    def look(self, client: redis_server.Client, *, has_others: bool) -> None:
        """Do one round; `has_others`: whether another deployment is here. Raises
        `redis.RedisError`."""
        # Once it is another's it stays so when that one goes, also for a worker that starts then.
        self._is_left = self._is_left or has_others or _goes_by_itself(client)
        if self.has_workers(client):
            return
        if self._is_left:
            self.leave(client)
        else:
            self.bring_along(client)

    def has_workers(self, client: redis_server.Client) -> bool:
        """Whether workers of an older version are there, or were a moment ago. Raises
        `redis.RedisError`."""
        database = client.connection_pool.connection_kwargs.get("db") or 0
        # Redis says of no pattern who listens to it, only how many have got a message. Of an empty
        # one kombu takes no notice.
        if client.publish(OLD_CONTROL.format(db=database), b""):
            self._worker_seen_at = time.monotonic()
            if not self._has_told_of_workers:
                log.info("a worker of an older version is here: its queue is left to it")
                self._has_told_of_workers = True
        return time.monotonic() - self._worker_seen_at < self._left_alone_s

    def bring_along(self, client: redis_server.Client) -> None:
        """Move what lies there to the deployment's own queue. Raises `redis.RedisError`."""
        moved = client.eval(_MOVE, 2, QUEUE, self._queue, str(MAX_MOVED))
        if moved:
            log.info("moved from the queue of an older version", messages=moved)
        before = redis_server.now(client) - ABANDONED_AFTER_S
        tags = client.zrange(UNACKED_INDEX, 0, before, byscore=True, offset=0, num=MAX_MOVED)
        for tag in tags:
            client.transaction(partial(self._give_back, tag), UNACKED)

    def leave(self, client: redis_server.Client) -> None:
        """Say once that it is left, and have it go by itself. Raises `redis.RedisError`."""
        if client.llen(QUEUE) and not self._has_reported:
            log.warning("messages of an older version are left: another deployment is here, too")
            self._has_reported = True
        for name in (QUEUE, UNACKED, UNACKED_INDEX):
            if client.ttl(name) == -1:
                client.expire(name, LEFT_FOR_S)

    def _give_back(self, tag: Any, pipe: Any) -> None:
        kept = pipe.hget(UNACKED, tag)
        pipe.multi()
        pipe.zrem(UNACKED_INDEX, tag)
        pipe.hdel(UNACKED, tag)
        if kept:
            pipe.rpush(self._queue, _message_of(kept))


def _goes_by_itself(client: redis_server.Client) -> bool:
    """Whether somebody has left it: Celery gives none of these keys an end."""
    return any(client.ttl(name) >= 0 for name in (QUEUE, UNACKED, UNACKED_INDEX))


def _message_of(kept: bytes) -> bytes | str:
    """The message, without what kombu keeps with it; what is no such thing as it is, for whoever
    takes it to reject."""
    with suppress(ValueError, TypeError, LookupError, RecursionError):
        return json.dumps(json.loads(kept)[0])
    return kept
