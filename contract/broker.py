"""The Redis that carries queue and replies: what it must be set to, and what is only warned of."""

import redis

SOCKET_TIMEOUT_S = 1.0
"""A Redis that accepts and never answers must not hold its caller for longer than a publish may."""


class UnsafeBrokerError(Exception):
    """Redis is set so that it may drop messages by itself."""


def connect(url: str) -> "redis.Redis":
    """A client whose every call ends within about a second, without retries of its own."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        socket_keepalive=True,
        retry=None,
    )


def check(client: "redis.Redis") -> list[str]:
    """Warnings about the server's settings. Raises `UnsafeBrokerError` if it evicts keys.

    A server that does not tell its settings (a managed one) is warned of, not refused.
    """
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
        append_only = client.config_get("appendonly").get("appendonly")
        fsync = client.config_get("appendfsync").get("appendfsync")
    except redis.ResponseError:
        return ["Redis does not tell its settings: make sure that maxmemory-policy is noeviction."]
    if policy != "noeviction":
        raise UnsafeBrokerError(
            f"Redis evicts keys (maxmemory-policy={policy}): queued cancels could vanish. "
            "Set maxmemory-policy=noeviction."
        )
    if append_only != "yes":
        return ["Redis keeps no append-only file: a restart loses what is queued (appendonly=no)."]
    if fsync == "no":
        return [
            "Redis leaves syncing to the system: a crash loses what is queued (appendfsync=no)."
        ]
    return []
