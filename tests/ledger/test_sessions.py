"""How long a pooled session is kept, and when it is asked before it is used."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.waiting import until
from unbet import connect_to
from unbet.database.deadlines import run_within

SESSION = text("SELECT pg_backend_pid()")


@contextmanager
def connected_to(database_url: str, pool_size: int) -> Iterator[Engine]:
    made = connect_to(database_url, name="test", pool_size=pool_size)
    yield made
    made.dispose()


def session_of(engine: Engine) -> int:
    return run_within(engine, 5.0, lambda c: int(c.execute(SESSION).scalar_one()))


def test_a_session_is_made_anew_when_its_time_is_over(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected_to(database_url, 1) as engine:
        assert session_of(engine) == session_of(engine)
    monkeypatch.setattr("unbet.database.engine.SESSION_LIFETIME_S", 0)
    with connected_to(database_url, 1) as engine:
        first = session_of(engine)
        until(lambda: session_of(engine) != first, "it is kept")


def test_after_a_failed_connect_an_idle_session_is_asked_before_it_is_used(
    database_url: str,
) -> None:
    url = make_url(database_url)
    elsewhere = url.set(database="postgres").render_as_string(hide_password=False)
    with (
        psycopg.connect(elsewhere, autocommit=True) as server,
        connected_to(database_url, 2) as engine,
    ):
        # The pool hands out what was given back first.
        with engine.connect() as idle, engine.connect() as lost:
            session = idle.execute(SESSION).scalar_one()
            lost.invalidate()
        server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        try:
            with pytest.raises(OperationalError, match="not currently accepting"):
                engine.connect()
        finally:
            server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
        server.execute("SELECT pg_terminate_backend(%s, 10000)", [session])
        with engine.connect() as connection:
            assert connection.execute(SESSION).scalar_one() != session
