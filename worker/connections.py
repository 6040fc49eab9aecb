"""The resources of a worker process: one engine on the ledger, one client for replies, the keys,
and the id of its deployment."""

from functools import cache
from uuid import UUID

from sqlalchemy import Engine

from unbet.broker import redis_server
from unbet.core.wire import Keys
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.runtime.settings import WorkerSettings, read
from unbet.wallets.chosen import wallet_for
from unbet.wallets.port import Wallet


@cache
def engine() -> Engine:
    """The process's engine; a task uses one connection at a time."""
    return guard(
        connect_to(read(WorkerSettings).database_url, name="worker", pool_size=1), identity()
    )


@cache
def identity() -> Identity:
    """Learned before the first child is made, which inherits it."""
    return Identity(read(WorkerSettings).deployment)


@cache
def deployment() -> UUID:
    """Which deployment this process is of."""
    found = identity().id
    assert found  # noqa: S101 - a worker does not start without
    return found


@cache
def keys() -> Keys:
    """What signs replies and verifies messages."""
    return read(WorkerSettings).keys()


@cache
def wallet() -> Wallet:
    """What decides the cancels. Made before the first child is, which inherits it: a wrong one
    stops the start."""
    chosen = read(WorkerSettings)
    return wallet_for(chosen.wallet, engine(), hold_unknown=chosen.holds_unknown)


@cache
def replies() -> redis_server.Client:
    """The process's client for the receivers' reply lists."""
    return redis_server.connect(read(WorkerSettings).redis_url)
