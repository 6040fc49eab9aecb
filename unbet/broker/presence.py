"""The deployments that share a Redis: the name of each in its keys, and who else is present."""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from unbet.broker import redis_server
from unbet.runtime import metrics

PRESENT: Final = "unbet:deployments"
"""The one key that deployments share: when each was last here, by Redis' own clock."""

NOTE_INTERVAL_S: Final = 5.0
PRESENT_FOR_S: Final = 60
"""A deployment that has noted nothing for so long is removed; the key goes with the last one."""

MAX_SHOWN: Final = 10
"""Other deployments that are reported; the key keeps ten times as many."""

SHORT_LENGTH: Final = 12
"""Digits of an id in a key's name. Messages and replies carry the whole id."""

_NOTE: Final = """
    local now = tonumber(redis.call('TIME')[1])
    if ARGV[1] ~= '' then
        redis.call('ZADD', KEYS[1], now, ARGV[1])
    end
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -10 * tonumber(ARGV[3]) - 1)
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    return redis.call('ZREVRANGE', KEYS[1], 0, ARGV[3])
"""

log = structlog.get_logger("deployment")


def prefix(deployment: UUID) -> str:
    """What the name of each key begins with that is of `deployment`."""
    return f"unbet:{deployment.hex[:SHORT_LENGTH]}:"


def key(deployment: UUID, name: str) -> str:
    """The key in Redis that `deployment` calls `name`."""
    return prefix(deployment) + name


def present(client: redis_server.Client, deployment: UUID | None = None) -> list[UUID]:
    """The deployments that are at work on this Redis, after noting that `deployment` is. Raises
    `redis.RedisError`."""
    members = seen_lately(client, PRESENT, str(deployment or ""), PRESENT_FOR_S)
    return list(filter(None, map(_read, members)))


def seen_lately(client: redis_server.Client, name: str, member: str, for_s: int) -> list[bytes]:
    """The members of the key `name` that were noted within `for_s` seconds, the newest first, after
    noting `member`, unless that is empty. Raises `redis.RedisError`."""
    found = client.eval(_NOTE, 1, name, member, str(for_s), str(MAX_SHOWN))
    assert isinstance(found, list)  # noqa: S101 - the script says so
    return found


class Presence:
    """Notes in Redis that this process' deployment is here, and says which others are."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._noted_at = float("-inf")
        self._reported: set[UUID] = set()
        self.others: Sequence[UUID] = ()
        """As of the last time that Redis answered."""

    def note(self, deployment: UUID) -> None:
        """To be called often; Redis is asked every `NOTE_INTERVAL_S` seconds. Raises
        `redis.RedisError`."""
        if time.monotonic() - self._noted_at < NOTE_INTERVAL_S:
            return
        with redis_server.connect(self._broker_url) as client:
            found = [one for one in present(client, deployment) if one != deployment]
        self._noted_at = time.monotonic()
        for other in set(found) - self._reported:
            metrics.FOREIGN.labels(kind="deployment").inc()
            log.warning(
                "another deployment uses this Redis", deployment=str(deployment), other=str(other)
            )
        self._reported = set(found)
        self.others = found


def _read(member: bytes) -> UUID | None:
    try:
        return UUID(member.decode())
    except ValueError:
        return None
