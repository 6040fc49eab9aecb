"""The Redis that carries queue and replies: the meaning of its errors, the settings that it must
have, and those that are only warned of."""

from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SOCKET_TIMEOUT_S = 1.0
"""A Redis that accepts and never answers must not hold its caller for longer than a publish may."""

# What an error of Redis means:
#
# - *This connection is no good*: every error. Whatever a server refuses (READONLY, NOAUTH, NOPERM,
#   MISCONF, OOM, LOADING ...), the address may lead to another one by now, so no connection is used
#   again after it.
# - *Ask again*, at once and once, on a new connection: every error that is an answer or a closed
#   connection. What is asked here may be asked twice.
# - *This server is no good*: the same error again, or no answer in time. Whoever has another way
#   (the ledger) takes it; whoever has none (who reads the queue, who reads replies) waits a moment.
#
# No error of Redis is a bug of the process that meets it, and none ends it.
AWAY: Final = (redis.RedisError, OSError)
"""Every error by which Redis counts as away."""

RETRY: Final = Retry(NoBackoff(), 1, (redis.ConnectionError, redis.ResponseError))
"""redis-py closes a connection on these errors, and asks once more on a new one; on a timeout it
closes it as well. Each connection makes a copy of its own."""


_WARNINGS: Final = {
    "maxmemory": ("0", "Redis has no maxmemory: a queue that nobody reads takes the machine's."),
    "appendonly": ("no", "Redis keeps no append-only file: a restart loses what is queued."),
    "appendfsync": ("no", "Redis leaves syncing to the system: a crash loses what is queued."),
}
"""For each setting the value that is warned of, and why."""

_ASKED: Final = ("maxmemory-policy", *_WARNINGS)


Client = redis.Redis
"""What `connect` makes, for those who hand it on."""


class UnsafeBrokerError(Exception):
    """Redis is set so that it may drop messages by itself."""


def connect(url: str) -> Client:
    """A client whose every call that gets no answer ends within about a second."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        socket_keepalive=True,
        retry=RETRY,
    )


def ping(url: str) -> None:
    """Return if the server answers. Raises one of `AWAY`."""
    with connect(url) as client:
        client.ping()


def now(client: Client) -> float:
    """Seconds since 1970 by the server's clock: the one clock that receivers and workers share."""
    seconds, microseconds = client.time()
    return float(seconds) + microseconds / 1e6


def check(client: Client) -> list[str]:
    """Warnings about the server's settings. Raises `UnsafeBrokerError` if it evicts keys.

    A server that does not tell its settings (a managed one) is warned of, not refused.
    """
    try:
        settings = {name: client.config_get(name).get(name) for name in _ASKED}
    except redis.ResponseError:
        return ["Redis does not tell its settings: make sure that maxmemory-policy is noeviction."]
    policy = settings["maxmemory-policy"]
    if policy != "noeviction":
        raise UnsafeBrokerError(
            f"Redis evicts keys (maxmemory-policy={policy}): queued cancels could vanish. "
            "Set maxmemory-policy=noeviction."
        )
    return [warning for name, (value, warning) in _WARNINGS.items() if settings[name] == value]
