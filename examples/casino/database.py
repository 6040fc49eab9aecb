"""A casino's database, MariaDB or PostgreSQL: its sessions and its transactions."""

import os
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine, TextClause, create_engine, text
from sqlalchemy.exc import OperationalError, TimeoutError

LOCK_WAIT_S: Final = 1
"""Whoever asks has seconds; MariaDB would wait for 50."""
TRIES: Final = 5
"""MariaDB breaks a deadlock by rolling one side back, which begins again."""

_DRIVERS: Final = {"mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
_SESSIONS: Final[dict[str, dict[str, object]]] = {
    "mariadb": {
        "charset": "utf8mb4",
        "connect_timeout": 2,
        "read_timeout": 10,
        "write_timeout": 10,
        # Without STRICT a reference that is too long is cut, and an amount out of range is changed.
        "init_command": (
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
            f"innodb_lock_wait_timeout = {LOCK_WAIT_S}"
        ),
    },
    "postgresql": {"connect_timeout": 2, "options": f"-c lock_timeout={LOCK_WAIT_S}s"},
}
_DEADLOCK: Final[frozenset[object]] = frozenset({1213, "40P01"})
_LOCK_WAIT: Final[frozenset[object]] = frozenset({1205, "55P03"})

Done = TypeVar("Done")


class NotNowError(Exception):
    """Nothing was done: the database cannot be had."""


class BusyError(Exception):
    """Nothing was done: somebody else holds what it needs."""


def engine_for(url: str, pool_size: int = 8) -> Engine:
    """`mariadb://user:password@host/`, or `postgresql://…/database`."""
    kind, _, rest = url.partition("://")
    kind = kind.partition("+")[0]
    return create_engine(
        f"{_DRIVERS[kind]}://{rest}",
        connect_args=_SESSIONS[kind],
        # MariaDB's REPEATABLE READ would lock gaps, and show a snapshot older than the locks.
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_WAIT_S,
        pool_pre_ping=True,
    )


def engine_of_environment() -> Engine:
    """On CASINO_DATABASE_URL."""
    return engine_for(os.environ["CASINO_DATABASE_URL"])


def insert_once(engine: Engine, statement: str, *key: str) -> TextClause:
    """`statement`, which leaves a row alone that has this key."""
    if engine.dialect.name == "postgresql":
        return text(f"{statement} ON CONFLICT ({', '.join(key)}) DO NOTHING")
    # Not INSERT IGNORE: it also cuts what is too long. And it takes a shared lock on the row that
    # is there, as a failed INSERT does: two that then want to change the row are a deadlock.
    return text(f"{statement} ON DUPLICATE KEY UPDATE {key[0]} = {key[0]}")


def transact(engine: Engine, work: Callable[[Connection], Done], *, keep: bool = True) -> Done:
    """What `work` returns, committed, or without `keep` rolled back. Raises `NotNowError` and
    `BusyError`; after any other exception it may be done or not."""
    for _ in range(TRIES):
        try:
            connection = engine.connect()
        except TimeoutError as error:  # all connections are in use
            raise BusyError from error
        except OperationalError as error:
            raise NotNowError from error
        with connection:
            try:
                done = work(connection)
            except OperationalError as error:
                if _is(error, _DEADLOCK):
                    continue
                raise (BusyError if _is(error, _LOCK_WAIT) else NotNowError) from error
            if keep:
                connection.commit()
            return done
    raise BusyError


def _is(error: OperationalError, codes: frozenset[object]) -> bool:
    """By MariaDB's number, which is the first of what the driver says, or PostgreSQL's SQLSTATE."""
    said = {getattr(error.orig, "sqlstate", None), *(error.orig.args[:1] if error.orig else ())}
    return bool(said & codes)
