"""Detects a pooler that shares its sessions between connections."""

from collections.abc import Callable
from typing import Any, Final

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from unbet.database.deadlines import cut_after, no_bare_os_error
from unbet.database.engine import CONNECT_TIMEOUT_S, UnsafeDatabaseError

_ROUNDS: Final = 3
LIMIT_S: Final = 4.0


def require_own_sessions(engine: Engine) -> None:
    """Refuse a pooler that shares its sessions between transactions or statements: ours carry
    settings and prepared statements. Raises `UnsafeDatabaseError`, and `DBAPIError`.

    Two connections take turns; while one is in a transaction, a pooler has to give the other a
    session that may be another one than it had. Not noticed is a pooler that happens to give the
    same ones each time.
    """
    # Beside the pool, which may have room for one only.
    arguments, given = engine.dialect.create_connect_args(engine.url)
    ours = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "unbet-start"}
    keywords: dict[str, Any] = {**given, **ours}
    try:
        with no_bare_os_error():
            sessions = _sessions_of_one(lambda: psycopg.connect(*arguments, **keywords))
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error
    if len(sessions) > 1:
        raise UnsafeDatabaseError(
            "a pooler (such as PgBouncer) shares its sessions between transactions: settings and "
            "prepared statements would get lost. Set pool_mode = session, or connect to "
            "PostgreSQL itself."
        )


def _sessions_of_one(connect: Callable[[], psycopg.Connection[Any]]) -> set[int]:
    with (
        connect() as first,
        connect() as second,
        cut_after(LIMIT_S, first),
        cut_after(LIMIT_S, second),
    ):
        seen = {_session(first)}
        for _ in range(_ROUNDS):
            first.rollback()
            _session(second)
            seen.add(_session(first))
            second.rollback()
    return seen


def _session(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None  # noqa: S101 - it has one always
    return int(row[0])
