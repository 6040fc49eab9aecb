"""Messages and replies that are not ours or cannot be read. The newest are kept for a person to
look at.

No money depends on them: a cancel that was answered is stored in the ledger or on a receiver's
disk.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from unbet.broker.presence import key
from unbet.broker.redis_server import Client

LIST: Final = "rejected"
"""In the Redis of the replies, a deployment's own (`presence.py`); the newest first."""

MAX_KEPT: Final = 1000
MAX_LENGTH: Final = 16 * 1024
"""Characters kept of one."""


class Rejected(NamedTuple):
    """A message or reply that was kept aside."""

    at: str
    """When it was rejected, in ISO 8601."""
    kind: str
    """`message` or `reply`."""
    problem: str
    content: str
    """As it was, but for its end if it was long."""


def newest(client: Client, deployment: UUID) -> list[Rejected]:
    """All that are kept, the newest first. Raises `redis.RedisError`."""
    return [Rejected(**json.loads(kept)) for kept in client.lrange(key(deployment, LIST), 0, -1)]


def forget(client: Client, deployment: UUID) -> None:
    """Keep none of them any longer. Raises `redis.RedisError`."""
    client.delete(key(deployment, LIST))


def keep(client: Client, deployment: UUID, kind: str, problem: str, content: str | bytes) -> None:
    """Keep a rejected message or reply (`kind`) aside. Raises `redis.RedisError`."""
    with client.pipeline(transaction=False) as pipeline:
        put(pipeline, deployment, kind, problem, content)
        pipeline.execute()


def put(pipeline: Any, deployment: UUID, kind: str, problem: str, content: str | bytes) -> None:
    """Add the commands to `pipeline` that keep a rejected message or reply (`kind`) aside."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    kept = Rejected(datetime.now(UTC).isoformat(), kind, problem, text[:MAX_LENGTH])
    aside = key(deployment, LIST)
    pipeline.lpush(aside, json.dumps(kept._asdict()))
    pipeline.ltrim(aside, 0, MAX_KEPT - 1)
