"""The console without what it looks at: it stays up and says so."""

import httpx
import pytest
import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from starlette.applications import Starlette

from tests.ops.console.conftest import ANNA
from tests.ops.console.serving import served
from unbet.console.app import create_app
from unbet.runtime.settings import Settings


@pytest.mark.usefixtures("console_settings")
def test_pages_say_what_is_away_and_no_password_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {
        "UNBET_DATABASE_URL": "postgresql://unbet:secret-word@127.0.0.1:1/unbet",
        "UNBET_BROKER_URL": "redis://:secret-word@127.0.0.1:1/0",
    }
    for name, value in away.items():
        monkeypatch.setenv(name, value)
    with (
        structlog.testing.capture_logs() as lines,
        served(create_app(Settings())) as address,
        httpx.Client(base_url=address, auth=ANNA, trust_env=False) as anna,
    ):
        now = anna.get("/")
        assert now.status_code == 200
        assert "PostgreSQL does not answer</h1>" in now.text
        assert "Redis does not answer" in now.text
        for path in ("/search?words=r1", "/explain?reference=r1", "/parked"):
            page = anna.get(path)
            assert page.status_code == 503, path
            assert "PostgreSQL does not answer in time" in page.text
            assert "secret-word" not in page.text
    assert [line for line in lines if line["log_level"] == "error"] == []


@pytest.mark.usefixtures("console_settings")
def test_a_receiver_that_hides_its_metrics_is_not_said_to_be_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served(Starlette()) as receiver:
        monkeypatch.setenv("UNBET_CONSOLE_METRICS_URLS", f"{receiver}/metrics")
        with (
            served(create_app(Settings())) as address,
            httpx.Client(base_url=address, auth=ANNA, trust_env=False) as anna,
        ):
            now = anna.get("/").text
    assert "1 of 1 receivers does not show metrics" in now
    assert "not shown to this address" in now
    assert "o receiver answers" not in now


def test_a_page_that_cannot_be_made_is_not_said_to_be_postgresqls_absence(
    anna: httpx.Client, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE unbet_ledger.wins RENAME TO hidden_wins"))
    try:
        with structlog.testing.capture_logs() as lines:
            page = anna.get("/search", params={"words": "r1"})
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE unbet_ledger.hidden_wins RENAME TO wins"))
    assert page.status_code == 500
    assert "This page could not be made" in page.text
    assert "PostgreSQL" not in page.text
    assert "wins" not in page.text
    (line,) = (line for line in lines if line["event"] == "a page could not be made")
    assert isinstance(line["exc_info"], ProgrammingError)


def test_a_page_that_waits_for_too_long_says_that_postgresql_does_not_answer(
    anna: httpx.Client, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE unbet_ledger.wins"))
        page = anna.get("/search", params={"words": "r1"})
    assert page.status_code == 503
    assert "PostgreSQL does not answer in time" in page.text
