"""The length and age of the queue, asked of Redis by any process."""

from typing import Final, NamedTuple
from uuid import UUID

import orjson

from unbet.broker import redis_server
from unbet.broker.presence import key
from unbet.core.message import QUEUE, QUEUED_AT

UNACKED: Final = "unacked"
"""Where kombu keeps what workers have taken and not acknowledged."""

MAX_LENGTH: Final = 4 * 1024 * 1024
"""Bytes of a message that is looked at; a longer one stays where it is."""

# A group that a worker hands back goes to the end where new ones come: both ends are looked at.
_ENDS: Final = """
    local ends = {}
    for _, place in ipairs({-1, 0}) do
        local message = redis.call('LINDEX', KEYS[1], place)
        if message and #message <= tonumber(ARGV[1]) then
            ends[#ends + 1] = message
        end
    end
    return ends
"""


class QueueState(NamedTuple):
    """The queue at one moment."""

    length: int
    """Messages that wait for a worker."""
    unacked: int
    """Messages that workers have taken and not finished."""
    oldest_age_s: float | None
    """Seconds that the oldest waiting message has been on the queue; None if nothing waits, or if
    what waits does not say."""


def look(client: redis_server.Client, deployment: UUID) -> QueueState:
    """Ask the Redis that carries the queue. Raises `redis.RedisError`."""
    queue = key(deployment, QUEUE)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.llen(queue)
        pipeline.hlen(key(deployment, UNACKED))
        pipeline.eval(_ENDS, 1, queue, str(MAX_LENGTH))
        length, unacked, ends = pipeline.execute()
    times = [began for message in ends if (began := _began(message)) is not None]
    age_s = max(0.0, redis_server.now(client) - min(times)) if times else None
    return QueueState(length, unacked, age_s)


def _began(message: bytes | str) -> float | None:
    """When `message` was put on the queue; None for a message that is none of ours."""
    try:
        began = orjson.loads(message)["headers"][QUEUED_AT]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return float(began) if type(began) in (float, int) else None
