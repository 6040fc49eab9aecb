"""Checks the database and Redis before a process works, and reports why it does not start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from unbet.broker import redis_server
from unbet.database.deadlines import CALL_LIMIT_S, connect_within
from unbet.database.deployment import DeploymentError, Identity, require_deployment
from unbet.database.engine import UnsafeDatabaseError, connect_to
from unbet.database.faults import first_line
from unbet.database.migrate import SchemaError
from unbet.database.pooling import require_own_sessions
from unbet.runtime import logs
from unbet.runtime.settings import SettingsError

UNSAFE: Final[tuple[type[Exception], ...]] = (
    *(SettingsError, UnsafeDatabaseError, SchemaError, DeploymentError),
    redis_server.UnsafeBrokerError,
)
"""With any of these a promise could not be kept, so nothing is begun."""

AWAY: Final[tuple[type[Exception], ...]] = (DBAPIError, *redis_server.AWAY)
"""With these the database or Redis is away, for a moment perhaps."""


@contextmanager
def starting(name: str, *more: type[Exception]) -> Iterator[None]:
    """End the process with one sentence on anything `UNSAFE`, or any of `more`, in the block."""
    try:
        yield
    except (*UNSAFE, *more) as error:
        refuse(name, str(error))


def refuse(name: str, why: str) -> NoReturn:
    """End this process, the `name` (such as "receiver"), for the reason that `why` says."""
    logs.refuse(f"{name if name[0].isupper() else f'The {name}'} does not start: {why}")


def check_database(
    url: str, name: str, identity: Identity, *requirements: Callable[[Connection], None]
) -> None:
    """Refuse a database that is another deployment's, is behind a pooler that shares its sessions,
    or does not meet one of `requirements`; log what a person is to be warned of.

    Raises one of `UNSAFE`, and `DBAPIError` where the database is away.
    """
    # By an engine that is not compared: what is wrong with a database is told in its own words.
    engine = connect_to(url, name=f"{name}-start", pool_size=1)
    try:
        with connect_within(engine, CALL_LIMIT_S) as connection:
            for require in requirements:
                require(connection)
            warnings = require_deployment(connection, identity)
        require_own_sessions(engine)
    finally:
        engine.dispose()
    for warning in warnings:
        structlog.get_logger(name).warning(warning)


def check_redis(url: str, name: str) -> None:
    """Refuse a Redis that may drop messages by itself; log what a person is to be warned of. Raises
    `UnsafeBrokerError`, and one of `redis_server.AWAY`."""
    with redis_server.connect(url) as client:
        for warning in redis_server.check(client):
            structlog.get_logger(name).warning(warning)


@contextmanager
def unless_away(name: str) -> Iterator[None]:
    """For a process that starts all the same, and says meanwhile that it cannot work."""
    log = structlog.get_logger(name)
    try:
        yield
    except DBAPIError as error:
        log.warning("PostgreSQL is away", error=first_line(error))
    except redis_server.AWAY as error:
        log.warning("Redis is away", error=str(error))
