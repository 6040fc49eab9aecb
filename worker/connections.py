"""What a worker process holds: one engine on the ledger, one client for replies, the keys."""

from functools import cache

import redis
from sqlalchemy import Engine

from contract import broker
from contract.settings import settings
from contract.signing import Keys
from ledger import connect_to


@cache
def engine() -> Engine:
    """The process's engine; a task uses one connection at a time."""
    return connect_to(settings().database_url, name="worker", pool_size=1)


@cache
def keys() -> Keys:
    """What signs replies and verifies messages."""
    return settings().keys()


@cache
def replies() -> "redis.Redis":
    """The process's client for the receivers' reply lists."""
    return broker.connect(settings().redis_url)
